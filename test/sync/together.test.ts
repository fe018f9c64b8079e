import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../../shared/model/failure.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

/** A target that takes several changes in one call (`Connector.writeMany`): every promise of single writes holds. */
describe('changes that are written together', () => {
  const worldOf = (people: number): SyncWorld => {
    const world = createWorld({ a: people });
    world.b.together = { calls: 0 };
    return world;
  };
  /** Each person once, by the stamps, and a quiet next job. */
  async function inStep(world: SyncWorld, people: number): Promise<void> {
    const stamps = [...world.b.entries.values()].map((entry) => entry.stamp);
    expect([stamps.length, new Set(stamps).size]).toEqual([people, people]);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ created: 0, updated: 0, failed: 0, unchanged: people });
  }

  it('take one call for each batch, and come to the same as single ones', async () => {
    const [together, alone] = [worldOf(50), createWorld({ a: 50 })];
    for (const world of [together, alone]) {
      await world.run({ action: 'sync' });
      for (let n = 0; n < 5; n += 1) world.a.entries.delete(`a-${n}`);
      for (let n = 5; n < 9; n += 1) world.a.entries.set(`a-${n}`, person('a', n, { attributes: { displayName: `New ${n}` } }));
      world.a.entries.set('a-60', person('a', 60));
    }
    const [one, other] = [await together.run({ action: 'sync' }), await alone.run({ action: 'sync' })];
    const { plan: _one, ...here } = one.job.routes[0]!;
    const { plan: _other, ...there } = other.job.routes[0]!;
    expect(here).toEqual(there);
    const held = (world: SyncWorld): unknown => [...world.b.entries.values()].map(({ id: _id, ...entry }) => JSON.stringify(entry)).sort();
    expect(held(together)).toEqual(held(alone));
    expect(together.b.writes).toBe(alone.b.writes);
    // 50 creates in 3 batches; 10 changes in 1.
    expect(together.b.together!.calls).toBe(4);
  });

  it('that have no answer are unknown: looked up by stamp before anything is repeated, never made twice', async () => {
    const world = worldOf(8);
    world.b.together!.fate = (request) => (/a-[2-5]$/.test(request.stamp) ? 'unanswered' : undefined);
    const first = await world.run({ action: 'sync' });
    expect(first.job.routes[0]).toMatchObject({ created: 4, failed: 4 });
    delete world.b.together!.fate;
    world.clock.now += 3_600_000;
    const second = await world.run({ action: 'sync' });
    expect(second.job.routes[0]).toMatchObject({ failed: 0 });
    expect(world.b.entries.size).toBe(8);
    await inStep(world, 8);
  });

  it('of which the connector throws in the middle: all are open questions, and found again', async () => {
    const world = worldOf(8);
    let left = 4;
    world.b.together!.fate = () => {
      left -= 1;
      if (left === 0) throw new Error('a fault that nobody foresaw');
      return undefined;
    };
    const first = await world.run({ action: 'sync' });
    expect([first.job.routes[0]!.failed, world.b.entries.size]).toEqual([8, 3]);
    delete world.b.together!.fate;
    world.clock.now += 3_600_000;
    await world.run({ action: 'sync' });
    await inStep(world, 8);
  });

  it('that were not made are written one by one', async () => {
    const world = worldOf(10);
    world.b.together!.fate = (request) => (/a-[4-9]$/.test(request.stamp) ? 'notMade' : undefined);
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 10, failed: 0 });
    await inStep(world, 10);
  });

  it('of which a part must wait: what was done is stored, the rest is neither counted nor looked up', async () => {
    const world = worldOf(10);
    let waits = 1;
    world.b.together!.fate = (request) => (waits > 0 && /a-[4-9]$/.test(request.stamp) ? 'notMade' : undefined);
    world.b.onWrite = (request) => {
      if (waits > 0 && /a-[4-9]$/.test(request.stamp)) {
        waits -= 1;
        throw new ThrottledError('b.example', world.clock.now + 60_000);
      }
      return null;
    };
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 10, failed: 0 });
    expect([job.progress.done, world.b.writes, world.b.together!.calls]).toEqual([10, 10, 2]);
    await inStep(world, 10);
  });

  it('that must all wait are sent again, and counted once', async () => {
    const world = worldOf(6);
    let waits = 2;
    world.b.together!.fate = () => {
      if (waits > 0) {
        waits -= 1;
        throw new ThrottledError('b.example', world.clock.now + 60_000);
      }
      return undefined;
    };
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 6, failed: 0 });
    expect([job.progress.done, world.b.writes]).toEqual([6, 6]);
    await inStep(world, 6);
  });

  it('three refusals in a row stop the lane: no further call', async () => {
    const world = worldOf(80);
    world.b.together!.fate = () => 'refused';
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 0, failed: 80 });
    // One batch in each of the two lanes.
    expect([world.b.together!.calls, world.b.writes]).toEqual([2, 0]);
    delete world.b.together!.fate;
    await world.run({ action: 'sync' });
    await inStep(world, 80);
  });

  it('a cancelled job begins no further call, and leaves no open question', async () => {
    const world = worldOf(50);
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    world.b.together!.fate = () => {
      void world.store.jobs.update(record.job.id, (current) => ({ ...current, cancelRequested: true }));
      return undefined;
    };
    await world.round(record.job.id, 1);
    expect([world.b.together!.calls, world.b.entries.size]).toEqual([1, 20]);
    for (let n = 0; n < 50; n += 1) {
      const link = await world.store.links.get('a-to-b', `a-${n}`);
      if (link?.state === 'intent') expect(link.intent).toBeNull();
    }
  });

  it('changes whose order matters go one by one', async () => {
    const world = worldOf(6);
    await world.run({ action: 'sync' });
    const { calls } = world.b.together!;
    world.a.entries.set('a-1', person('a', 1, { addresses: ['p2@a.example'] }));
    world.a.entries.set('a-2', person('a', 2, { addresses: ['p1@a.example'] }));
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ updated: 2, failed: 0 });
    expect(world.b.together!.calls).toBe(calls);
  });

  it('parts that wait for the target follow as they do after single writes', async () => {
    const world = worldOf(5);
    world.b.lag = { fields: ['hidden', 'stamp'], ms: 60_000, now: () => world.clock.now };
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 5, failed: 0 });
    await inStep(world, 5);
  });
});
