import { describe, expect, it } from 'vitest';
import type { Store } from '../../shared/store/store.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createWorld, type SyncWorld } from './world.ts';

/** The write of one change (design §3): intents → target → stamp → link → outcome. The process dies in each gap; the next run repairs it. */
describe('a process that dies between two steps of a change', () => {
  class Died extends Error {}

  /** Makes the n-th call of a store's method die, before or after it was done. */
  function dieAt<K extends 'links' | 'plans'>(store: Store, room: K, method: keyof Store[K], nth: number, when: 'before' | 'after'): void {
    const owner = store[room] as unknown as Record<PropertyKey, (...all: unknown[]) => Promise<unknown>>;
    const original = owner[method]!;
    let calls = 0;
    owner[method] = async (...all) => {
      calls += 1;
      if (calls !== nth) return original.apply(owner, all);
      if (when === 'after') await original.apply(owner, all);
      throw new Died(`${String(method)} ${when}`);
    };
  }

  async function killed(world: SyncWorld, arrange: () => void): Promise<string> {
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    arrange();
    await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
    return record.job.id;
  }

  async function repaired(world: SyncWorld, job: string, people: number): Promise<void> {
    const done = await world.resume(job, 1);
    expect(done.job).toMatchObject({ state: 'completed', routes: [{ created: people, failed: 0, held: 0, pulled: people }] });
    const stamps = [...world.b.entries.values()].map((entry) => entry.stamp);
    expect([stamps.length, new Set(stamps).size]).toEqual([people, people]);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ created: 0, updated: 0, unchanged: people });
  }

  it.each([
    ['before the intents are written', 'links', 'putMany', 1, 'before'],
    ['after the intents, before the target is called', 'links', 'putMany', 1, 'after'],
    ['after the target answered, before the link row', 'links', 'put', 3, 'before'],
    ['after the link row, before the outcome', 'links', 'put', 3, 'after'],
    ['before the outcomes are joined', 'plans', 'putOutcomes', 1, 'before'],
    ['after the outcomes, before the activity answered', 'plans', 'putOutcomes', 1, 'after'],
  ] as const)('%s', async (_name, room, method, nth, when) => {
    const world = createWorld({ a: 8 });
    const job = await killed(world, () => dieAt(world.store, room, method as never, nth, when));
    await repaired(world, job, 8);
  });

  it('a change that was done is not sent again', async () => {
    const world = createWorld({ a: 4 });
    const job = await killed(world, () => dieAt(world.store, 'plans', 'putOutcomes', 1, 'before'));
    const writes = world.b.writes;
    await world.resume(job, 1);
    expect(world.b.writes).toBe(writes);
  });
});
