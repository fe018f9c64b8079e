import { describe, expect, it } from 'vitest';
import { countSnapshotReads } from './snapshotReads.ts';
import { createWorld, person } from './world.ts';

describe('a quiet night', () => {
  it('reads no row of the target while planning, and those of hits when somebody is new', async () => {
    const world = createWorld({ a: 30 });
    await world.run({ action: 'sync' });
    await world.run({ action: 'sync' });
    const reads = countSnapshotReads(world);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ unchanged: 30, created: 0, updated: 0 });
    expect(reads.of('b')).toEqual([]);
    // Who takes an address that somebody's object holds there is looked at.
    world.a.entries.set('a-new', person('a', 99, { id: 'a-new', addresses: person('a', 3).addresses }));
    await world.run({ action: 'sync' });
    expect(reads.of('b').length).toBeGreaterThan(0);
  });

  it('and the night after everybody was written reads each part of either directory once, however many people are in it', async () => {
    const world = createWorld({ a: 300 });
    await world.run({ action: 'sync' });
    const reads = countSnapshotReads(world);
    const second = await world.run({ action: 'sync' });
    expect(second.job.routes[0]).toMatchObject({ unchanged: 300, created: 0, updated: 0 });
    expect(reads.of('b').length).toBeGreaterThan(0);
    expect(reads.twice()).toEqual([]);
  });
});
