import { describe, expect, it } from 'vitest';
import { SHARDS } from '../../shared/store/store.ts';
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

  it('and the night after everybody was written reads each part of either directory once, however many people are in it', async () => {
    const world = createWorld({ a: 300 });
    await world.run({ action: 'sync' });
    const { snapshots } = world.store;
    const reads: string[] = [];
    const { get, readShard, readShards } = snapshots;
    Object.assign(snapshots, {
      readShards: (connector: string, from: number, to: number) => {
        // All of them at once: a source's own, read for its range before anything is asked about them.
        if (to - from < SHARDS) for (let shard = from; shard < to; shard += 1) reads.push(`${connector} ${shard}`);
        return readShards.call(snapshots, connector, from, to);
      },
      get: (connector: string, id: string) => {
        reads.push(`${connector} by id`);
        return get.call(snapshots, connector, id);
      },
      readShard: (connector: string, shard: number) => {
        reads.push(`${connector} ${shard}`);
        return readShard.call(snapshots, connector, shard);
      },
    });
    const second = await world.run({ action: 'sync' });
    expect(second.job.routes[0]).toMatchObject({ unchanged: 300, created: 0, updated: 0 });
    expect(reads.filter((read) => read.startsWith('b ')).length).toBeGreaterThan(0);
    expect(reads.filter((read, n) => read.endsWith('by id') || reads.indexOf(read) !== n)).toEqual([]);
  });
});
