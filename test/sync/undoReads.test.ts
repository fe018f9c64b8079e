import { describe, expect, it } from 'vitest';
import type { PlanStore } from '../../shared/store/store.ts';
import { openTarget } from '../../shared/sync/planning.ts';
import type { SealedRoute } from '../../shared/sync/sealed.ts';
import { undoRange } from '../../shared/sync/undoRange.ts';
import { held, undo } from './errands.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const RANGES = Array.from({ length: 16 }, (_, n) => ({ from: n * 16, to: (n + 1) * 16 }));

/** Batches read of plans, from now on. */
function batchesRead(world: SyncWorld): { count: number } {
  const seen = { count: 0 };
  const { plans } = world.store;
  for (const name of ['batches', 'batchesBetween'] as const) {
    const read = (plans[name] as (...wanted: unknown[]) => ReturnType<PlanStore['batches']>).bind(plans);
    Object.assign(plans, {
      async *[name](...wanted: unknown[]) {
        for await (const batch of read(...wanted)) {
          seen.count += 1;
          yield batch;
        }
      },
    });
  }
  return seen;
}

/** What all ranges of an undo come to. */
async function planned(world: SyncWorld, job: string): Promise<readonly string[]> {
  await world.run({ action: 'pull', connectors: ['b'] });
  const { configuration } = await world.context.configuration();
  const side = await openTarget(world.context, { configuration, route: 'a-to-b' });
  const rows: string[] = [];
  for (const range of RANGES) {
    const errand = { what: 'undo' as const, job, rounds: { 'a-to-b': 1 }, objects: null, dryRun: true };
    rows.push(...(await undoRange(side, errand, range)).changes.map((row) => `${row.change} ${row.sourceId}`));
  }
  return rows.sort();
}

/** People whose number no breaker holds. */
function worldOf(people: number): SyncWorld {
  const world = createWorld({ a: people });
  world.configure((document) => {
    document.routes[0]!['breakers'] = {
      removals: { count: 500, percent: 100, max: 500 },
      firstRun: 'run',
    };
  });
  return world;
}

const keyOf = (job: string) => ({ job, round: 1, route: 'a-to-b' });

describe('how much an undo reads', () => {
  it('a range reads the changes that lie in it, not all of the job', async () => {
    const world = worldOf(1000);
    const { job } = await world.run({ action: 'sync' });
    const sealed = (await world.store.plans.getSealed(keyOf(job.id))) as SealedRoute;
    expect(Object.values(sealed.batches).reduce((sum, n) => sum + n, 0)).toBe(50);
    const seen = batchesRead(world);
    const rows = await planned(world, job.id);
    expect(rows).toHaveLength(1000);
    expect(new Set(rows).size).toBe(1000);
    // 50 batches, and at each border between two ranges perhaps one twice.
    expect(seen.count).toBeGreaterThanOrEqual(50);
    expect(seen.count).toBeLessThanOrEqual(50 + 15);
  });

  it('a job that was sealed before galsync kept where its changes lie is undone all the same', async () => {
    const world = worldOf(200);
    await world.run({ action: 'sync' });
    const before = held(world);
    for (let n = 200; n < 280; n += 1) world.a.entries.set(`a-${n}`, person('a', n));
    const { job } = await world.run({ action: 'sync' });
    const rows = await planned(world, job.id);
    expect(rows).toHaveLength(80);
    const { shards: _shards, ...old } = (await world.store.plans.getSealed(keyOf(job.id))) as SealedRoute;
    await world.store.plans.putSealed(keyOf(job.id), old);
    expect(await planned(world, job.id)).toEqual(rows);
    expect((await undo(world, job.id)).job.state).toBe('completed');
    expect(held(world)).toEqual(before);
  });
});
