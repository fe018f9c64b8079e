import { describe, expect, it } from 'vitest';
import { approveJob } from '../../shared/sync/decide.ts';
import { startRetire, startUndo } from '../../shared/sync/startErrand.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { Died, dieAt, twice } from './deaths.ts';
import { held, retire, sums, undo } from './errands.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const asked = { trigger: 'api' as const, by: 'test', dryRun: false };

/** Two hidden, one renamed, one moved, two new: what an undo of this job must take back. */
async function busyDay(world: SyncWorld): Promise<{ job: string; before: ReturnType<typeof held> }> {
  await world.run({ action: 'sync' });
  const before = held(world);
  world.a.entries.delete('a-1');
  world.a.entries.delete('a-2');
  world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Married Name', givenName: 'P3', surname: 'a' } }));
  world.a.entries.set('a-4', person('a', 4, { addresses: ['moved@a.example'] }));
  for (const n of [98, 99]) world.a.entries.set(`a-${n}`, person('a', n));
  return { job: (await world.run({ action: 'sync' })).job.id, before };
}

describe('activities of an undo or a retire that run again after their effects', () => {
  it('leave the same jobs, the same directory and the same writes as those that run once', async () => {
    const seen = [];
    for (const world of [createWorld({ a: 40 }), createWorld({ a: 40, step: twice })]) {
      const { job, before } = await busyDay(world);
      const first = await undo(world, job);
      expect(held(world)).toEqual(before);
      const second = await undo(world, first.job.id);
      world.b.entries.delete((await world.store.links.get('a-to-b', 'a-9'))!.targetId!);
      const gone = await retire(world, 'delete');
      await approveJob(world.context, world.instances, gone.job.id, { route: 'a-to-b', plan: gone.job.routes[0]!.plan! }, 'me');
      const approved = await world.round(gone.job.id, 2);
      const { held: standing, removals } = await world.store.routes.get('a-to-b');
      seen.push({
        routes: [first, second, gone, approved].map((record) => {
          const { plan: _hash, decision, ...route } = sums(record);
          return { ...route, decision: decision?.what, done: record.job.progress };
        }),
        ...{ writes: world.b.writes, size: world.b.entries.size, standing, removals: removals.map(({ count }) => count) },
      });
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]!.size).toBe(0);
  });
});

const GAPS = [
  ['before the intents are written', 'links', 'putMany', 1, 'before'],
  ['after the intents, before the target is called', 'links', 'putMany', 1, 'after'],
  ['after the target answered, before the link row', 'links', 'put', 2, 'before'],
  ['after the link row, before the outcome', 'links', 'put', 2, 'after'],
  ['before the outcomes are joined', 'plans', 'putOutcomes', 1, 'before'],
  ['after the outcomes, before the activity answered', 'plans', 'putOutcomes', 1, 'after'],
  ['after the plan is kept, before it is sealed', 'plans', 'putSealed', 1, 'before'],
  ['after the route remembers, before the job is closed', 'routes', 'update', 1, 'after'],
] as const;

describe('an undo whose process dies', () => {
  it.each(GAPS)('%s goes on where it was, or is done again whole', async (_name, room, method, nth, when) => {
    const world = createWorld({ a: 40 });
    const { job, before } = await busyDay(world);
    const { put, putMany } = world.store.links;
    const record = await startUndo(world.context, world.instances, job, {}, asked);
    dieAt(world.store, room, method as never, nth, when);
    await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
    Object.assign(world.store.links, { put, putMany });
    const done = method === 'putSealed' ? await world.round(record.job.id, 1) : await world.resume(record.job.id, 1);
    expect(sums(done)).toMatchObject({ state: 'completed', updated: 4, failed: 0, leavers: { deleted: 2 } });
    expect(held(world)).toEqual(before);
  });

  it.each(GAPS.slice(0, 6))(
    '%s and is never gone on with: another undo of the same job takes back the rest',
    async (_name, room, method, nth, when) => {
      const world = createWorld({ a: 40 });
      const { job, before } = await busyDay(world);
      const { put, putMany } = world.store.links;
      const { putOutcomes } = world.store.plans;
      const record = await startUndo(world.context, world.instances, job, {}, asked);
      dieAt(world.store, room, method as never, nth, when);
      await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
      Object.assign(world.store.links, { put, putMany });
      Object.assign(world.store.plans, { putOutcomes });
      await world.store.jobs.update(record.job.id, (one) => ({ ...one, job: { ...one.job, state: 'failed' } }));
      const again = await undo(world, job);
      expect(sums(again)).toMatchObject({ state: 'completed', failed: 0, leavers: { failed: 0, kept: 0 } });
      expect(held(world)).toEqual(before);
    },
  );

  it.each(GAPS.slice(0, 6))(
    'a job that died %s is undone by what it did, its outcome noted or not',
    async (_name, room, method, nth, when) => {
      const world = createWorld({ a: 2 });
      // The second one takes the target's images into the links, so that the next plan writes none.
      for (let n = 0; n < 2; n += 1) expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
      world.a.entries.set('a-1', person('a', 1, { attributes: { displayName: 'Married Name' } }));
      world.a.entries.set('a-50', person('a', 50));
      const before = held(world);
      const died = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'x');
      const { put, putMany } = world.store.links;
      const { putOutcomes } = world.store.plans;
      dieAt(world.store, room, method as never, nth, when);
      await expect(world.round(died.job.id, 1)).rejects.toThrow(Died);
      Object.assign(world.store.links, { put, putMany });
      Object.assign(world.store.plans, { putOutcomes });
      await world.store.jobs.update(died.job.id, (one) => ({ ...one, job: { ...one.job, state: 'failed' } }));
      const undone = await undo(world, died.job.id);
      expect(undone.job.state).toBe('completed');
      expect(held(world)).toEqual(before);
    },
  );

  it('while it makes a deleted object again: the next one finds that object and makes no second one', async () => {
    const world = createWorld({ a: 20 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'delete' } };
    });
    await world.run({ action: 'sync' });
    const before = held(world);
    world.a.entries.delete('a-1');
    const gone = await world.run({ action: 'sync' });
    const { put } = world.store.links;
    const record = await startUndo(world.context, world.instances, gone.job.id, {}, asked);
    dieAt(world.store, 'links', 'put', 1, 'before');
    await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
    Object.assign(world.store.links, { put });
    expect(held(world)).toEqual(before);
    await world.store.jobs.update(record.job.id, (one) => ({ ...one, job: { ...one.job, state: 'failed' } }));
    expect(sums(await undo(world, gone.job.id))).toMatchObject({ created: 1, failed: 0 });
    expect([held(world), world.b.entries.size]).toEqual([before, 20]);
    expect((await world.store.links.get('a-to-b', 'a-1'))!.state).toBe('linked');
  });
});

describe('a retire whose process dies', () => {
  it.each(GAPS)('%s goes on where it was', async (_name, room, method, nth, when) => {
    const world = createWorld({ a: 12 });
    await world.run({ action: 'sync' });
    const { put, putMany } = world.store.links;
    const record = await startRetire(world.context, world.instances, 'a-to-b', { objects: 'keep' }, asked);
    dieAt(world.store, room, method as never, nth, when);
    await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
    Object.assign(world.store.links, { put, putMany });
    const done = method === 'putSealed' ? await world.round(record.job.id, 1) : await world.resume(record.job.id, 1);
    expect(sums(done)).toMatchObject({ state: 'completed', leavers: { kept: 12, failed: 0 } });
    expect([...world.b.entries.values()].filter((entry) => entry.stamp)).toEqual([]);
  });
});
