import { describe, expect, it } from 'vitest';
import type { RouteResult } from '../../shared/model/job.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const DAY = 86_400_000;
const PEOPLE = 40;
type Reason = 'gone' | 'outOfScope';

/** People of a, all of them linked; whose title is "out" is out of scope. */
async function linked(options: { leavers?: object; breakers?: object }): Promise<SyncWorld> {
  const world = createWorld({ a: PEOPLE });
  world.configure((document) => {
    Object.assign(document.routes[0]!, {
      filter: { where: { attribute: 'jobTitle', operator: 'DoesNotEqual', value: 'out' } },
      ...options,
    });
  });
  expect((await sync(world)).created).toBe(PEOPLE);
  return world;
}

async function sync(world: SyncWorld): Promise<RouteResult> {
  return (await world.run({ action: 'sync' })).job.routes[0]!;
}

function edit(world: SyncWorld, n: number, more: object, addresses?: readonly string[]): void {
  const one = person('a', n);
  const attributes = { ...one.attributes, ...more };
  world.a.entries.set(one.id, { ...one, attributes, addresses: addresses ?? one.addresses });
}

function leave(world: SyncWorld, reason: Reason, n = 0): void {
  if (reason === 'gone') world.a.entries.delete(`a-${n}`);
  else edit(world, n, { jobTitle: 'out' });
}

/** What became of the object of somebody. */
function fate(world: SyncWorld, n = 0): 'deleted' | 'hidden' | 'shown' {
  const one = [...world.b.entries.values()].find(({ stamp }) => stamp === `galsync:a-to-b:a-${n}`);
  return one ? (one.hidden ? 'hidden' : 'shown') : 'deleted';
}

describe.each<Reason>(['gone', 'outOfScope'])('leavers.%s over whole syncs', (reason) => {
  const other: Reason = reason === 'gone' ? 'outOfScope' : 'gone';
  // At once, on the day before the days are over, on that day, much later.
  it.each([
    [{ policy: 'delete' }, ['deleted', 'deleted', 'deleted', 'deleted']],
    [{ policy: 'hideThenDelete', days: 5 }, ['hidden', 'hidden', 'deleted', 'deleted']],
    [{ policy: 'hide', days: 5 }, ['hidden', 'hidden', 'hidden', 'hidden']],
    [{ policy: 'keep', days: 5 }, ['shown', 'shown', 'shown', 'shown']],
    [{ policy: undefined, days: 5 }, ['hidden', 'hidden', 'deleted', 'deleted']],
  ])('%j', async (leaver, expected) => {
    const world = await linked({ leavers: { [reason]: leaver, [other]: { policy: leaver.policy === 'keep' ? 'delete' : 'keep' } } });
    leave(world, reason);
    const start = world.clock.now;
    for (const [n, days] of [0, 4, 5, 100].entries()) {
      world.clock.now = Math.max(world.clock.now, start + days * DAY);
      expect((await sync(world)).state).toBe('completed');
      expect(fate(world), `${days} days`).toBe(expected[n]);
    }
  });

  it('who returns while hidden is shown again', async () => {
    const world = await linked({});
    leave(world, reason);
    await sync(world);
    expect(fate(world)).toBe('hidden');
    edit(world, 0, {});
    expect(await sync(world)).toMatchObject({ state: 'completed', updated: 1, created: 0 });
    expect(fate(world)).toBe('shown');
  });
});

describe('breakers over whole syncs', () => {
  const leaves = (count: number) => (world: SyncWorld) => {
    for (let n = 0; n < count; n += 1) leave(world, 'outOfScope', n);
  };
  const vanish = (count: number) => (world: SyncWorld) => {
    for (let n = 0; n < count; n += 1) leave(world, 'gone', n);
  };
  const come = (count: number) => (world: SyncWorld) => {
    for (let n = 0; n < count; n += 1) edit(world, PEOPLE + n, {});
  };
  const clear = (count: number) => (world: SyncWorld) => {
    for (let n = 0; n < count; n += 1) edit(world, n, { jobTitle: undefined });
  };
  const move = (count: number) => (world: SyncWorld) => {
    for (let n = 0; n < count; n += 1) edit(world, n, {}, [`moved${n}@a.example`]);
  };
  const KEEP = { gone: { policy: 'keep' }, outOfScope: { policy: 'keep' } };

  // Each value that holds the plan, and one beside it that lets the same plan run.
  it.each([
    ['removals', { removals: { count: 2 } }, { removals: { count: 3 } }, leaves(3), {}],
    ['removals', { removals: { count: 2, percent: 7 } }, { removals: { count: 2, percent: 8 } }, leaves(3), {}],
    ['removals', { removals: { max: 1 } }, { removals: { max: 2 } }, leaves(2), {}],
    ['creations', { creations: 2, firstRun: 'run' }, { creations: 3, firstRun: 'run' }, come(3), {}],
    ['clearedPercent', {}, { clearedPercent: 28 }, clear(11), {}],
    ['addressChangesPercent', {}, { addressChangesPercent: 28 }, move(11), {}],
    ['sourceShrinkPercent', {}, { sourceShrinkPercent: 13 }, vanish(5), KEEP],
  ])('%s: %j holds, %j does not', async (breaker, tight, wide, happens, leavers) => {
    for (const [breakers, holds] of [
      [tight, true],
      [wide, false],
    ] as const) {
      const world = await linked({ breakers, leavers });
      happens(world);
      const route = await sync(world);
      expect([route.state, route.heldBecause.map((trip) => trip.breaker)]).toEqual(holds ? ['held', [breaker]] : ['completed', []]);
      if (holds) expect(route.heldBecause[0]!.value).toBeGreaterThan(route.heldBecause[0]!.limit);
    }
  });

  it.each([
    [{}, 'completed'],
    [{ creations: 39 }, 'held'],
    [{ creations: 40 }, 'completed'],
    [{ creations: 39, firstRun: 'run' }, 'completed'],
    [{ firstRun: 'hold' }, 'held'],
  ])('firstRun: %j', async (breakers, state) => {
    const world = createWorld({ a: PEOPLE });
    world.configure((document) => {
      document.routes[0]!['breakers'] = breakers;
    });
    const route = await sync(world);
    expect([route.state, route.heldBecause.map((trip) => trip.breaker)]).toEqual([state, state === 'held' ? ['firstRun'] : []]);
  });
});
