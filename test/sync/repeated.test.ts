import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord } from '../../shared/model/job.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import { twice } from './deaths.ts';
import type { Step } from './inProcess.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const jobs: Readonly<Record<string, (world: SyncWorld) => Promise<JobRecord>>> = {
  'a first sync, both ways': (world) => world.run({ action: 'sync' }),
  'a quiet sync': (world) => world.run({ action: 'sync' }),
  'changes, leavers and a newcomer': (world) => {
    world.a.entries.delete('a-1');
    world.a.entries.delete('a-2');
    world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Married Name', givenName: 'P3', surname: 'a' } }));
    world.a.entries.set('a-99', person('a', 99));
    return world.run({ action: 'sync' });
  },
  'one returns, an address moves': (world) => {
    world.a.entries.set('a-2', person('a', 2));
    world.a.entries.set('a-4', person('a', 4, { addresses: ['moved@a.example'] }));
    world.a.entries.set('a-5', person('a', 5, { addresses: ['p5@a.example', 'p4@a.example'] }));
    return world.run({ action: 'sync' });
  },
  'the grace is over': (world) => {
    world.clock.now += 31 * 86_400_000;
    return world.run({ action: 'sync' });
  },
  'other rights: who is missing is not believed yet': (world) => {
    world.a.fingerprint = 'other rights';
    for (let n = 10; n < 13; n += 1) world.a.entries.delete(`a-${n}`);
    return world.run({ action: 'sync' });
  },
  'the next read confirms it': (world) => world.run({ action: 'sync' }),
  'a shrunken read is held': (world) => {
    for (let n = 13; n < 33; n += 1) world.a.entries.delete(`a-${n}`);
    return world.run({ action: 'sync' });
  },
  'the held plan is approved': async (world) => {
    const { held } = await world.store.routes.get('a-to-b');
    await approveJob(world.context, world.instances, held!.job, { route: 'a-to-b', plan: held!.hash }, 'me');
    return world.round(held!.job, 2);
  },
  'approved removals do not count against the next day': (world) => {
    for (let n = 33; n < 36; n += 1) world.a.entries.delete(`a-${n}`);
    return world.run({ action: 'sync' });
  },
};

/** Ten people to a manager, in two directories that keep managers as references. */
function setManagers(world: SyncWorld): void {
  for (const directory of [world.a, world.b]) directory.managers = true;
  for (const [n, [id, entry]] of [...world.a.entries].entries()) world.a.entries.set(id, { ...entry, managerRef: `a-${(n % 4) * 10}` });
}

function bossOf(world: SyncWorld, entry: Entry): readonly string[] {
  return entry.managerRef === undefined ? [] : [`${entry.stamp}: ${world.b.entries.get(entry.managerRef)?.stamp}`];
}

describe('activities that run again after their effects', () => {
  it.each([
    ['one by one', false, false],
    ['together', true, false],
    ['with managers', false, true],
  ])('leave the same jobs and the same directories as activities that run once, changes written %s', async (_name, together, managers) => {
    const worlds = [createWorld({ a: 40, b: 20, both: true }), createWorld({ a: 40, b: 20, both: true, step: twice })];
    if (managers) for (const world of worlds) setManagers(world);
    if (together) for (const directory of worlds.flatMap(({ a, b }) => [a, b])) directory.together = { calls: 0 };
    for (const [name, run] of Object.entries(jobs)) {
      const seen = [];
      for (const world of worlds) {
        const { job } = await run(world);
        const routes = job.routes.map(({ plan: _hash, heldBy: _job, decision, ...route }) => ({ ...route, decision: decision?.what }));
        const connectors = job.connectors.map(({ id, calls, pulled, read, complete }) => ({ id, calls, pulled, read, complete }));
        const { total, done } = job.progress;
        const { removals, accepted, approved } = await world.store.routes.get('a-to-b');
        seen.push({
          ...{ state: job.state, routes, connectors, total, done },
          memory: { accepted, approved, removals: removals.map(({ count }) => count) },
          writes: [world.a.writes, world.b.writes],
          unconfirmed: (await world.store.snapshots.state('a'))?.unconfirmed,
          managers: [...world.b.entries.values()].flatMap((entry) => bossOf(world, entry)).sort(),
          stamps: [...world.b.entries.values()].flatMap((entry) => entry.stamp ?? []).sort(),
          leases: await Promise.all(['a', 'b'].map((id) => world.store.leases.read(id).then((lease) => (lease?.job ? 'taken' : 'free')))),
        });
      }
      expect(seen[1], name).toEqual(seen[0]);
    }
  });

  it('a read that found less the second time keeps nothing of the pages of the first', async () => {
    let attempt = 0;
    const step: Step = async (activity) => {
      attempt += 1;
      // The second activity of a job reads the pages of "a".
      if (attempt !== 2) return activity();
      await activity();
      for (let n = 5; n < 12; n += 1) world.a.entries.delete(`a-${n}`);
      return activity();
    };
    const world = createWorld({ a: 12, step });
    world.a.pageSize = 2;
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ pulled: 5, created: 5 });
  });
});
