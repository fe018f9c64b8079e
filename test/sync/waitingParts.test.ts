import { describe, expect, it } from 'vitest';
import type { FieldName } from '../../shared/model/plan.ts';
import { cancelJob } from '../../shared/sync/cancel.ts';
import { changesOf } from '../../shared/sync/changes.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { twice } from './deaths.ts';
import type { Step } from './inProcess.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const MINUTE = 60_000;

/** Guests appear in Exchange minutes after their invitation: a directory that takes some parts of a new object only later. */
function slowWorld(ms: number, fields: readonly FieldName[] = ['hidden'], people = 4, step?: Step): SyncWorld {
  const world = createWorld({ a: people, ...(step ? { step } : {}) });
  world.b.lag = { fields, ms, now: () => world.clock.now };
  return world;
}

const link = (world: SyncWorld, n: number) => world.store.links.get('a-to-b', `a-${n}`).then((found) => found!);

describe('parts of a change that wait for the target', () => {
  it('are written in the last wave of the same job; the change is done then, and counted once', async () => {
    const world = slowWorld(5 * MINUTE);
    const first = await world.run({ action: 'sync' });
    expect(first.job).toMatchObject({
      state: 'completed',
      routes: [{ created: 4, failed: 0, pulled: 4 }],
      progress: { done: 4, total: 4 },
    });
    expect(world.b.writes).toBe(8);
    expect(await link(world, 0)).toMatchObject({ open: null, retry: null, image: { hidden: 'false' } });
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ created: 0, updated: 0, unchanged: 4 });
    expect(world.b.writes).toBe(8);
  });

  it('that the target does not take within 15 minutes are failed with a time, and finished as an update by the next job', async () => {
    const world = slowWorld(60 * MINUTE);
    const first = await world.run({ action: 'sync' });
    expect(first.job).toMatchObject({ state: 'completedWithErrors', routes: [{ created: 0, failed: 4 }], progress: { done: 4 } });
    const open = await link(world, 1);
    expect(open).toMatchObject({ state: 'linked', open: { fields: ['hidden'] }, retry: { tries: 1 }, doneChange: null });
    expect(open.image).not.toHaveProperty('hidden');
    world.clock.now += 2 * 60 * MINUTE;
    const second = await world.run({ action: 'sync' });
    expect(second.job.routes[0]).toMatchObject({ created: 0, updated: 4, failed: 0 });
    expect(await link(world, 1)).toMatchObject({ open: null, retry: null });
    expect(world.b.entries.size).toBe(4);
  });

  it('wait for their time in a scheduled job, and count one try per job', async () => {
    const world = slowWorld(600 * MINUTE);
    await world.run({ action: 'sync' });
    const writes = world.b.writes;
    const early = await startJob(world.context, world.instances, { action: 'sync' }, 'schedule', 'test');
    expect((await world.round(early.job.id, 1)).job.routes[0]).toMatchObject({ failed: 4 });
    expect(world.b.writes).toBe(writes);
    world.clock.now += 30 * MINUTE;
    await world.run({ action: 'sync' });
    expect((await link(world, 2)).retry).toMatchObject({ tries: 2 });
  });

  it('are one try per job, however often the wave comes in vain', async () => {
    const world = slowWorld(0, ['hidden'], 1);
    let waves = 0;
    const failure = { code: 'notYetVisible', message: 'Not yet.', nextStep: 'Wait.' } as const;
    world.b.onWrite = (request) => {
      const made = world.b.entries.get('g1') ?? { ...person('b', 1), id: 'g1', type: 'MailContact', stamp: request.stamp };
      world.b.entries.set('g1', made);
      waves += 1;
      return {
        ok: true,
        targetId: 'g1',
        notKept: [],
        note: null,
        pending: { fields: ['hidden'], until: world.clock.now + MINUTE, failure },
      };
    };
    await world.run({ action: 'sync' });
    expect(waves).toBeGreaterThan(10);
    expect((await link(world, 0)).retry).toMatchObject({ tries: 1 });
  });

  it('stay open although the target shows by chance what they want', async () => {
    const world = slowWorld(60 * MINUTE);
    await world.run({ action: 'sync' });
    // A guest that Exchange does not know yet reads as not hidden: that is no proof.
    expect([...world.b.entries.values()].map((entry) => entry.hidden)).toEqual([false, false, false, false]);
    const plan = await world.run({ action: 'simulate' });
    expect(plan.job.routes[0]).toMatchObject({ updated: 4, unchanged: 0 });
  });

  it('may be the stamp: the object is ours by its link until then', async () => {
    const world = slowWorld(60 * MINUTE, ['stamp', 'jobTitle']);
    await world.run({ action: 'sync' });
    expect([...world.b.entries.values()].every((entry) => entry.stamp === undefined)).toBe(true);
    world.clock.now += 2 * 60 * MINUTE;
    const second = await world.run({ action: 'push' });
    expect(second.job.routes[0]).toMatchObject({ updated: 4, failed: 0, created: 0 });
    expect([...world.b.entries.values()].map((entry) => entry.stamp).sort()).toEqual([0, 1, 2, 3].map((n) => `galsync:a-to-b:a-${n}`));
  });

  it('of an update and of a hide are the same', async () => {
    const world = slowWorld(0);
    await world.run({ action: 'sync' });
    world.b.lag = { fields: ['hidden', 'jobTitle'], ms: 5 * MINUTE, now: () => world.clock.now };
    for (const id of world.b.entries.keys()) world.b.made.set(id, world.clock.now);
    world.a.entries.delete('a-0');
    world.a.entries.set('a-1', person('a', 1, { attributes: { displayName: 'New Name', jobTitle: 'Chief' } }));
    const second = await world.run({ action: 'sync' });
    expect(second.job.routes[0]).toMatchObject({ updated: 1, failed: 0, leavers: { hidden: 1 } });
    expect(await link(world, 0)).toMatchObject({ hidden: true, open: null });
    const shown = async (n: number): Promise<unknown[]> => {
      const { hidden, attributes } = world.b.entries.get((await link(world, n))!.targetId!)!;
      return [hidden, attributes.jobTitle];
    };
    expect([await shown(0), await shown(1)]).toEqual([
      [true, 'Engineer'],
      [false, 'Chief'],
    ]);
  });

  it('of a hide that never came hide nobody: it is planned again', async () => {
    const world = slowWorld(0);
    await world.run({ action: 'sync' });
    world.b.lag = { fields: ['hidden'], ms: 60 * MINUTE, now: () => world.clock.now };
    for (const id of world.b.entries.keys()) world.b.made.set(id, world.clock.now);
    world.a.entries.delete('a-0');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ leavers: { hidden: 0, failed: 1 } });
    expect(await link(world, 0)).toMatchObject({ hidden: false, leaving: null });
    world.clock.now += 60 * MINUTE;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ leavers: { hidden: 1, failed: 0 } });
  });

  it('of a job that is cancelled in its wait are failed with a time; while it runs they are on their way', async () => {
    const world = slowWorld(5 * MINUTE);
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    const sleep = world.context.sleep;
    const shown: string[] = [];
    const progress: number[] = [];
    Object.assign(world.context, {
      sleep: async (ms: number) => {
        const running = (await world.store.jobs.get(record.job.id))!;
        for await (const change of changesOf(world.context, running, {}, false)) shown.push(change.result);
        progress.push(running.job.progress.done);
        await cancelJob(world.context, world.instances, record.job.id);
        await sleep(ms);
      },
    });
    const done = await world.round(record.job.id, 1);
    expect(shown).toEqual(['planned', 'planned', 'planned', 'planned']);
    expect(progress).toEqual([4]);
    expect(done.job).toMatchObject({ state: 'cancelled', routes: [{ created: 0, failed: 4, held: 0 }] });
    Object.assign(world.context, { sleep });
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 4, failed: 0 });
  });
});

describe('fields that an object may not have', () => {
  it('are a listed loss and a warning of a change that is done, and are not written for ever', async () => {
    const world = createWorld({ a: 3 });
    const failure = { code: 'permission', message: 'jobTitle of an administrator.', nextStep: 'Nothing.' } as const;
    let asked = 0;
    world.b.onWrite = (request) => {
      if (request.fields.jobTitle === undefined) return null;
      asked += 1;
      const { jobTitle: _, ...fields } = request.fields;
      world.b.onWrite = undefined as never;
      const id = request.targetId ?? `made-${asked}`;
      world.b.entries.set(id, {
        ...(world.b.entries.get(id) ?? person('x', asked, { id, type: 'MailContact', kind: 'contact', attributes: {} })),
        addresses: fields.addresses as string[],
        attributes: { displayName: fields.displayName as string, givenName: fields.givenName as string, surname: fields.surname as string },
        ...(request.setStamp ? { stamp: request.setStamp } : {}),
      });
      return { ok: true, targetId: id, notKept: [], note: null, refused: [{ name: 'jobTitle', failure }] };
    };
    const first = await world.run({ action: 'sync' });
    expect(first.job.routes[0]).toMatchObject({ created: 3, failed: 0 });
    const rows = [];
    for await (const change of changesOf(world.context, first, {}, false)) rows.push([change.result, change.cause]);
    expect(rows.filter(([, cause]) => cause)).toEqual([['done', 'permission: Written without jobTitle. jobTitle of an administrator.']]);
    const writes = world.b.writes;
    for (const action of ['sync', 'push', 'sync'] as const) {
      const quiet = await world.run({ action });
      expect(quiet.job.routes[0]).toMatchObject({ updated: 0, unchanged: 3, losses: { 'jobTitle not kept': 1 } });
    }
    expect(world.b.writes).toBe(writes);
    for (const entry of [...world.a.entries.values()])
      world.a.entries.set(entry.id, { ...entry, attributes: { ...entry.attributes, jobTitle: 'Other' } });
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 3 });
  });
});

describe('a create over an earlier object', () => {
  it('names the object that the person had before, in every attempt', async () => {
    const world = createWorld({ a: 2 });
    await world.run({ action: 'sync' });
    const before = (await link(world, 0)).targetId!;
    world.configure((document) => Object.assign(document.routes[0]!, { leavers: { gone: { policy: 'delete' } } }));
    const gone = world.a.entries.get('a-0')!;
    world.a.entries.delete('a-0');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ leavers: { deleted: 1 } });
    world.a.entries.set('a-0', gone);
    const former: unknown[] = [];
    world.b.onWrite = (request) => {
      former.push([request.former, request.since !== undefined]);
      const failure = { code: 'unreachable', message: 'Away.', nextStep: 'Wait.' } as const;
      return former.length === 1 ? { ok: false, failure, retry: 'later', targetId: null, owner: null } : null;
    };
    await world.run({ action: 'sync' });
    world.clock.now += 60_000;
    await world.run({ action: 'sync' });
    expect(former).toEqual([
      [before, true],
      [before, true],
    ]);
  });
});

describe('waiting parts, when an activity runs again after its effects', () => {
  it('leave the same job and the same directory', async () => {
    const seen = [];
    for (const step of [undefined, twice]) {
      const world = slowWorld(5 * MINUTE, ['hidden', 'stamp'], 30, step);
      const { job } = await world.run({ action: 'sync' });
      const { created, failed, updated } = job.routes[0]!;
      seen.push({ created, failed, updated, done: job.progress.done, writes: world.b.writes, objects: world.b.entries.size });
    }
    expect(seen[0]).toMatchObject({ created: 30, writes: 60, objects: 30 });
    expect(seen[1]).toEqual(seen[0]);
  });
});
