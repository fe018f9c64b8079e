import { describe, expect, it } from 'vitest';
import type { Configuration } from '../../shared/model/configuration.ts';
import { approveJob, rejectJob } from '../../shared/sync/decide.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { held, rows, sums, undo } from './errands.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const named = (n: number, displayName: string) => ({ attributes: { displayName, givenName: `P${n}`, surname: 'a', jobTitle: 'Engineer' } });
const objectOf = async (world: SyncWorld, sourceId: string): Promise<string> =>
  (await world.store.links.get('a-to-b', sourceId))!.targetId!;

/** A synced world in which one job did a little of everything: 1 and 2 hidden, 3 renamed, 4 moved, 99 new. */
async function busyDay(
  more: Parameters<typeof createWorld>[0] = { a: 40 },
): Promise<{ world: SyncWorld; job: string; before: ReturnType<typeof held> }> {
  const world = createWorld(more);
  expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
  const before = held(world);
  world.a.entries.delete('a-1');
  world.a.entries.delete('a-2');
  world.a.entries.set('a-3', person('a', 3, named(3, 'Married Name')));
  world.a.entries.set('a-4', person('a', 4, { addresses: ['moved@a.example', 'p4@a.example'] }));
  world.a.entries.set('a-99', person('a', 99));
  const record = await world.run({ action: 'sync' });
  expect(sums(record)).toMatchObject({ created: 1, updated: 2, leavers: { hidden: 2 } });
  return { world, job: record.job.id, before };
}

describe('the undo of a job', () => {
  it('brings the target back to what it was, and says that the next sync does the same again', async () => {
    const { world, job, before } = await busyDay();
    const record = await undo(world, job);
    expect(record.job).toMatchObject({ action: 'undo', undoes: job, state: 'completed' });
    expect(sums(record)).toMatchObject({ pulled: 4, updated: 4, created: 0, leavers: { deleted: 1, orphaned: 1 } });
    expect(record.job.routes[0]!.warnings.join()).toMatch(/next sync of route "a-to-b" makes the same changes again.*enabled/);
    expect(held(world)).toEqual(before);
    const again = await world.run({ action: 'sync' });
    expect(sums(again)).toMatchObject({ created: 1, updated: 2, leavers: { hidden: 2 } });
  });

  it('reads no source and holds none', async () => {
    const { world, job } = await busyDay();
    const busy = await startJob(world.context, world.instances, { action: 'pull', connectors: ['a'] }, 'api', 'x');
    await world.store.snapshots.clear('a');
    const record = await undo(world, job);
    expect(record.job).toMatchObject({ state: 'completed', connectors: [{ id: 'b', state: 'completed' }] });
    expect(await world.store.leases.read('a')).toMatchObject({ job: busy.job.id });
    expect(await world.store.leases.read('b')).toBeNull();
  });

  it('shows its plan first, and the plan is what it then does', async () => {
    const { world, job } = await busyDay();
    const writes = world.b.writes;
    const links = JSON.stringify(await world.store.links.get('a-to-b', 'a-1'));
    const shown = await undo(world, job, { dryRun: true });
    expect(shown.job).toMatchObject({ state: 'completed', dryRun: true });
    expect((await rows(world, shown)).map((row) => row.result)).toEqual(Array(5).fill('planned'));
    expect([world.b.writes, JSON.stringify(await world.store.links.get('a-to-b', 'a-1'))]).toEqual([writes, links]);
    const done = await undo(world, job);
    expect(done.job.routes[0]!.plan).toBe(shown.job.routes[0]!.plan);
    expect((await rows(world, done)).every((row) => row.result === 'done')).toBe(true);
  });

  it('takes back only the objects that are named, by source id, target id or address', async () => {
    const { world, job } = await busyDay();
    const hidden = await objectOf(world, 'a-1');
    const record = await undo(world, job, { objects: [hidden, 'P4@A.example', 'a-99'] });
    expect((await rows(world, record)).map((row) => row.object).sort()).toEqual(['a-1', 'a-4', 'a-99']);
    expect(held(world)['galsync:a-to-b:a-3']!.attributes.displayName).toBe('Married Name');
    expect(world.b.entries.get(hidden)!.hidden).toBe(false);
  });

  it('leaves what somebody changed since, field by field, and says who', async () => {
    const { world, job } = await busyDay();
    const three = world.b.entries.get(await objectOf(world, 'a-3'))!;
    world.b.entries.set(three.id, { ...three, attributes: { ...three.attributes, displayName: 'By hand' } });
    const newcomer = world.b.entries.get(await objectOf(world, 'a-99'))!;
    world.b.entries.set(newcomer.id, { ...newcomer, attributes: { ...newcomer.attributes, mobilePhone: '+49 1' } });
    const record = await undo(world, job);
    const left = (await rows(world, record)).filter((row) => row.result === 'kept');
    expect(left.map((row) => [row.object, row.change])).toEqual([
      ['a-3', 'keep'],
      ['a-99', 'keep'],
    ]);
    expect(left[0]!.reason).toBe('changedSince: displayName was changed by somebody.');
    expect(left[1]!.reason).toBe('changedSince: mobilePhone was changed by somebody.');
    expect(sums(record).leavers).toMatchObject({ kept: 2, keptBecause: { changedSince: 2 } });
    expect(held(world)['galsync:a-to-b:a-3']!.attributes.displayName).toBe('By hand');
    expect(world.b.entries.has(newcomer.id)).toBe(true);
  });

  it('undoes of an object that a later job changed only what is still of this job', async () => {
    const { world, job } = await busyDay();
    world.a.entries.set('a-4', person('a', 4, { addresses: ['moved@a.example', 'p4@a.example'], ...named(4, 'Later') }));
    world.a.entries.set('a-3', person('a', 3, named(3, 'Even later')));
    const later = await world.run({ action: 'sync' });
    const record = await undo(world, job);
    expect(held(world)['galsync:a-to-b:a-4']).toMatchObject({ addresses: ['p4@a.example'], attributes: { displayName: 'Later' } });
    expect(held(world)['galsync:a-to-b:a-3']!.attributes.displayName).toBe('Even later');
    expect((await rows(world, record)).find((row) => row.object === 'a-3')!.reason).toContain(
      `by job ${later.job.id}; undo that one first`,
    );
  });

  it('undoes an undo, and that one too', async () => {
    const { world, job, before } = await busyDay();
    const after = held(world);
    const first = await undo(world, job);
    const second = await undo(world, first.job.id);
    expect(second.job.state).toBe('completed');
    expect(held(world)).toEqual(after);
    const quiet = await world.run({ action: 'sync' });
    expect(sums(quiet)).toMatchObject({ created: 0, updated: 0, leavers: { orphaned: 2, kept: 2, keptBecause: { grace: 2 } } });
    await undo(world, second.job.id);
    expect(held(world)).toEqual(before);
  });

  it('makes deleted objects again with everything that replies need, and their days count anew', async () => {
    const world = createWorld({ a: 40 });
    world.a.entries.set('a-7', person('a', 7, { addresses: ['p7@a.example', 'seven@a.example'], x500: ['/o=a/cn=seven'] }));
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-7');
    await world.run({ action: 'sync' });
    const link = (await world.store.links.get('a-to-b', 'a-7'))!;
    const hand = world.b.entries.get(link.targetId!)!;
    world.b.entries.set(hand.id, { ...hand, x500: ['/o=a/cn=seven', '/o=b/cn=by-hand'] });
    const before = held(world);
    world.clock.now += 31 * 86_400_000;
    const gone = await world.run({ action: 'sync' });
    expect(sums(gone).leavers.deleted).toBe(1);
    const record = await undo(world, gone.job.id);
    expect(sums(record)).toMatchObject({ created: 1 });
    expect(held(world)).toEqual(before);
    expect(await world.store.links.get('a-to-b', 'a-7')).toMatchObject({ state: 'linked', hidden: true, leaving: { reason: 'gone' } });
    expect(sums(await world.run({ action: 'sync' })).leavers).toMatchObject({ deleted: 0, keptBecause: { grace: 1 } });
    world.clock.now += 31 * 86_400_000;
    expect(sums(await world.run({ action: 'sync' })).leavers.deleted).toBe(1);
  });

  it('swaps two addresses back', async () => {
    const world = createWorld({ a: 30 });
    await world.run({ action: 'sync' });
    const before = held(world);
    world.a.entries.set('a-1', person('a', 1, { addresses: ['p2@a.example'] }));
    world.a.entries.set('a-2', person('a', 2, { addresses: ['p1@a.example'] }));
    const swap = await world.run({ action: 'sync' });
    expect(sums(swap)).toMatchObject({ updated: 2, failed: 0 });
    const record = await undo(world, swap.job.id);
    expect(sums(record)).toMatchObject({ updated: 2, failed: 0 });
    expect(held(world)).toEqual(before);
  });

  it('makes again whole what went because others got its addresses', async () => {
    const world = createWorld({ a: 30 });
    world.configure((document) => {
      document.routes[0]!['breakers'] = { addressChangesPercent: 100 };
    });
    await world.run({ action: 'sync' });
    const before = held(world);
    world.a.entries.set('a-27', person('a', 27, { addresses: ['p0@a.example', 'p27@a.example'] }));
    world.a.entries.set('a-0', person('a', 0, { addresses: ['p27@a.example', 'p0@a.example'] }));
    const claimed = await world.run({ action: 'sync' });
    expect(sums(claimed)).toMatchObject({ leavers: { deleted: 1 }, skippedBecause: { claimed: 1 } });
    await undo(world, claimed.job.id);
    expect(held(world)).toEqual(before);
  });

  it('leaves an address to whoever holds it now', async () => {
    const world = createWorld({ a: 30 });
    await world.run({ action: 'sync' });
    world.a.entries.set('a-1', person('a', 1, { addresses: ['new1@a.example'], ...named(1, 'New') }));
    world.a.entries.set('a-2', person('a', 2, { addresses: ['new2@a.example'] }));
    const moved = await world.run({ action: 'sync' });
    world.b.entries.set('s-1', { ...person('b', 1), id: 's-1', addresses: ['p1@a.example'] });
    world.a.entries.set('a-50', person('a', 50, { addresses: ['p2@a.example'] }));
    await world.run({ action: 'sync' });
    const record = await undo(world, moved.job.id);
    expect(held(world)['galsync:a-to-b:a-1']).toMatchObject({ addresses: ['new1@a.example'], attributes: { displayName: 'Person 1' } });
    const found = await rows(world, record);
    expect(found.find((row) => row.object === 'a-1')).toMatchObject({ change: 'update', result: 'done' });
    expect(found.find((row) => row.object === 'a-1')!.reason).toContain('s-1');
    expect(found.find((row) => row.object === 'a-2')).toMatchObject({
      change: 'skip',
      reason: 'claimed',
      owner: { id: await objectOf(world, 'a-50') },
    });
    expect(sums(record)).toMatchObject({ updated: 1, skipped: 1, skippedBecause: { claimed: 1 } });
  });

  it('releases what was adopted, with what it held before; undone, it is adopted again', async () => {
    const adjust = (one: Configuration): Configuration => ({
      ...one,
      routes: one.routes.map((route) => ({ ...route, push: { ...route.push, existing: 'adopt' as const } })),
    });
    const world = createWorld({ a: 20, adjust });
    const theirs = { ...person('b', 1), id: 's-1', type: 'MailContact', kind: 'contact' as const, addresses: ['p1@a.example'] };
    world.b.entries.set('s-1', { ...theirs, attributes: { displayName: 'Old Name', department: 'Sales' } });
    const before = { ...held(world)['p1@a.example']! };
    const first = await world.run({ action: 'sync' });
    expect(sums(first).adopted).toBe(1);
    const after = held(world)['galsync-adopted:a-to-b:a-1'];
    const record = await undo(world, first.job.id, { objects: ['a-1'] });
    expect(sums(record).leavers).toMatchObject({ kept: 1, keptBecause: { adopted: 1 }, deleted: 0 });
    expect(held(world)['p1@a.example']).toEqual(before);
    expect((await world.store.links.get('a-to-b', 'a-1'))!.state).toBe('ended');
    await undo(world, record.job.id);
    expect(held(world)['galsync-adopted:a-to-b:a-1']).toEqual(after);
    expect(await world.store.links.get('a-to-b', 'a-1')).toMatchObject({ state: 'linked', adopted: true });
    expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ adopted: 0, updated: 0, unchanged: 20 });
  });

  it('of a first sync is held for an approver like every mass removal, and approved it reads no source', async () => {
    const world = createWorld({ a: 30 });
    const first = await world.run({ action: 'sync' });
    const record = await undo(world, first.job.id);
    expect(record.job).toMatchObject({
      state: 'held',
      routes: [{ heldBecause: [{ breaker: 'removals', value: 30 }], leavers: { held: 30 } }],
    });
    expect(world.b.entries.size).toBe(30);
    // A sync that is not held goes on meanwhile, and is no answer to the undo.
    world.a.entries.set('a-3', person('a', 3, named(3, 'Married Name')));
    expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
    const plan = record.job.routes[0]!.plan!;
    await approveJob(world.context, world.instances, record.job.id, { route: 'a-to-b', plan }, 'me');
    await world.store.snapshots.clear('a');
    const done = await world.round(record.job.id, 2);
    expect(sums(done)).toMatchObject({
      decision: { what: 'approved' },
      leavers: { deleted: 29, kept: 1, keptBecause: { changedSince: 1 } },
    });
    expect([done.job.state, world.b.entries.size]).toEqual(['completed', 1]);
    expect(await world.store.routes.get('a-to-b')).toMatchObject({ held: null, approved: [], ranOnce: true, accepted: { user: 30 } });
  });

  it('held and rejected leaves the route to its syncs', async () => {
    const world = createWorld({ a: 30 });
    const first = await world.run({ action: 'sync' });
    const record = await undo(world, first.job.id);
    await rejectJob(world.context, record.job.id, { route: 'a-to-b' }, 'me');
    expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
    expect(world.b.entries.size).toBe(30);
  });

  it('writes nothing while the configuration is paused', async () => {
    const { world, job } = await busyDay();
    world.configure((document) => {
      document['paused'] = true;
    });
    const writes = world.b.writes;
    const record = await undo(world, job);
    expect(record.job).toMatchObject({ state: 'held', routes: [{ heldBecause: [{ breaker: 'paused' }] }] });
    expect(world.b.writes).toBe(writes);
  });

  it('fails alone per object and is not repeated by a retry', async () => {
    const { world, job } = await busyDay();
    world.b.onWrite = ({ change }) => {
      const failure = { code: 'notYetVisible' as const, message: 'Not now.', nextStep: 'Wait.' };
      return change === 'delete' ? { ok: false, failure, retry: 'later', targetId: null, owner: null } : null;
    };
    const record = await undo(world, job);
    expect(sums(record)).toMatchObject({ updated: 4, leavers: { failed: 1 } });
    expect(record.job.state).toBe('completedWithErrors');
    expect((await rows(world, record)).find((row) => row.result === 'failed')).toMatchObject({ object: 'a-99', retryAt: null });
    expect((await world.store.routes.get('a-to-b')).nextRetry).toBeNull();
    delete world.b.onWrite;
    expect(sums(await undo(world, job))).toMatchObject({ updated: 0, unchanged: 4, leavers: { deleted: 1 } });
  });

  it('says in words why it cannot be done', async () => {
    const { world, job } = await busyDay();
    const refused = (id: string, input: Parameters<typeof undo>[2] = {}) =>
      undo(world, id, input).then(
        () => null,
        (error: unknown) => error,
      );
    expect(await refused('nothing')).toMatchObject({ status: 404 });
    const simulated = await world.run({ action: 'simulate' });
    expect(await refused(simulated.job.id)).toMatchObject({ status: 422, type: 'wrote-nothing' });
    const quiet = await world.run({ action: 'sync' });
    expect(await refused(quiet.job.id)).toMatchObject({ status: 422, type: 'wrote-nothing' });
    expect(await refused(job, { routes: ['b-to-a'] })).toMatchObject({ status: 404 });
    expect(await refused(job, { objects: ['a-1', 'nobody@a.example'] })).toMatchObject({
      status: 404,
      message: expect.stringContaining('nobody@a.example'),
    });
    const running = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'x');
    expect(await refused(running.job.id)).toMatchObject({ status: 409, type: 'job-not-over' });
    expect(await refused(job)).toMatchObject({ status: 409, type: 'busy', extra: { job: running.job.id } });
    await world.round(running.job.id, 1);
    await world.store.plans.purge(new Date('2027-01-01'));
    expect(await refused(job)).toMatchObject({ status: 422, type: 'changes-purged' });
    world.configure((document) => {
      document.routes = [{ id: 'other', from: 'a', to: 'b', push: { as: 'contact' } }];
    });
    expect(await refused(job)).toMatchObject({ status: 422, type: 'route-gone' });
  });
});
