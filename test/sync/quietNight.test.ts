import { describe, expect, it } from 'vitest';
import { createWorld, person } from './world.ts';

describe('a quiet night', () => {
  it('reads no row of the target while planning, and those of hits when somebody is new', async () => {
    const world = createWorld({ a: 30 });
    await world.run({ action: 'sync' });
    await world.run({ action: 'sync' });
    const { snapshots } = world.store;
    const read: string[] = [];
    const readShard = snapshots.readShard.bind(snapshots);
    Object.assign(snapshots, {
      readShard: (connector: string, shard: number) => {
        read.push(connector);
        return readShard(connector, shard);
      },
    });
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ unchanged: 30, created: 0, updated: 0 });
    expect(read.filter((connector) => connector === 'b')).toEqual([]);
    // Who takes an address that somebody's object holds there is looked at.
    world.a.entries.set('a-new', person('a', 99, { id: 'a-new', addresses: person('a', 3).addresses }));
    await world.run({ action: 'sync' });
    expect(read.filter((connector) => connector === 'b').length).toBeGreaterThan(0);
  });
});
