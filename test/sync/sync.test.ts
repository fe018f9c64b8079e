import { describe, expect, it } from 'vitest';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { approveJob, rejectJob } from '../../shared/sync/decide.ts';
import { createWorld, person } from './world.ts';

function route(record: JobRecord, id = 'a-to-b'): RouteResult {
  const found = record.job.routes.find((one) => one.id === id)!;
  const sum = found.created + found.updated + found.adopted + found.unchanged + found.skipped + found.failed + found.held;
  expect(sum, `buckets of ${id}`).toBe(found.pulled);
  const { leavers: l } = found;
  expect(l.hidden + l.deleted + l.kept + l.failed + l.held, `leavers of ${id}`).toBe(l.orphaned);
  return found;
}

describe('a sync over two directories', () => {
  it('creates, then writes nothing, then updates only what changed', async () => {
    const world = createWorld({ a: 30, b: 20, both: true });
    const first = await world.run({ action: 'sync' });
    expect(first.job.state).toBe('completed');
    expect(route(first).created).toBe(30);
    expect(route(first, 'b-to-a').created).toBe(20);
    const writes = world.a.writes + world.b.writes;
    for (let n = 0; n < 2; n += 1) {
      const quiet = await world.run({ action: 'sync' });
      expect([route(quiet).created, route(quiet).updated, route(quiet).unchanged]).toEqual([0, 0, 30]);
      expect(route(quiet).skippedBecause).toEqual({ stamped: 20 });
    }
    expect(world.a.writes + world.b.writes).toBe(writes);
    world.a.entries.set(
      'a-3',
      person('a', 3, { attributes: { displayName: 'Married Name', givenName: 'P3', surname: 'a', jobTitle: 'Engineer' } }),
    );
    const third = await world.run({ action: 'sync' });
    expect([route(third).updated, world.b.writes + world.a.writes - writes]).toEqual([1, 1]);
  });

  it('simulates without writing anywhere but its own plan', async () => {
    const world = createWorld({ a: 5 });
    const simulated = await world.run({ action: 'simulate' });
    expect(route(simulated).created).toBe(5);
    expect(world.b.writes).toBe(0);
    const links = [];
    for await (const link of world.store.links.range('a-to-b', 0, 256)) links.push(link);
    expect(links).toEqual([]);
  });

  it('hides leavers, waits for the grace, deletes on or after the day, and shows again who returns', async () => {
    const world = createWorld({ a: 40 });
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-1');
    world.a.entries.delete('a-2');
    const hidden = await world.run({ action: 'sync' });
    expect(route(hidden).leavers).toMatchObject({ orphaned: 2, hidden: 2 });
    world.a.entries.set('a-2', person('a', 2));
    const back = await world.run({ action: 'sync' });
    expect(route(back)).toMatchObject({ updated: 1, leavers: { kept: 1, keptBecause: { grace: 1 } } });
    expect([...world.b.entries.values()].filter((entry) => entry.hidden)).toHaveLength(1);
    world.clock.now += 31 * 86_400_000;
    const gone = await world.run({ action: 'sync' });
    expect(route(gone).leavers).toMatchObject({ orphaned: 1, deleted: 1 });
    expect(world.b.entries.size).toBe(39);
  });

  it('R03 a read that shrinks and stays small is held again and again; nothing is deleted', async () => {
    const world = createWorld({ a: 100 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'delete' } };
    });
    await world.run({ action: 'sync' });
    for (let n = 28; n < 100; n += 1) world.a.entries.delete(`a-${n}`);
    for (let run = 0; run < 2; run += 1) {
      const record = await world.run({ action: 'sync' });
      expect(record.job.state).toBe('held');
      const shrink = (run === 0 ? route(record).heldBecause : route(record).heldBecause).find(
        (trip) => trip.breaker === 'sourceShrinkPercent',
      );
      expect(shrink).toMatchObject({ before: 100, after: 28, value: 72 });
      expect(route(record).heldBecause.find((trip) => trip.breaker === 'removals')).toMatchObject({ value: 72 });
      expect(route(record).leavers).toMatchObject({ orphaned: 72, held: 72, deleted: 0 });
    }
    expect(world.b.entries.size).toBe(100);
  });

  it('people who are missing are noticed although as many others came twice: the read fails, nobody is removed', async () => {
    const world = createWorld({ a: 100 });
    await world.run({ action: 'sync' });
    world.a.replays = 10;
    const record = await world.run({ action: 'sync' });
    expect(record.job.state).toBe('failed');
    expect(route(record).cause).toMatch(/incompleteRead/);
    expect([...world.b.entries.values()].filter((entry) => entry.hidden)).toEqual([]);
    expect(world.b.entries.size).toBe(100);
  });

  it('R33 a small tenant whose bind account sees nothing is held', async () => {
    const world = createWorld({ a: 8 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'delete' } };
    });
    await world.run({ action: 'sync' });
    world.a.entries.clear();
    const record = await world.run({ action: 'sync' });
    expect(record.job.state).toBe('held');
    expect(
      route(record)
        .heldBecause.map((trip) => trip.breaker)
        .sort(),
    ).toEqual(['removals', 'sourceShrinkPercent']);
    expect(world.b.entries.size).toBe(8);
  });

  it('approves a held plan after the source changed a little; what is new is judged by itself', async () => {
    const world = createWorld({ a: 60 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 20; n += 1) world.a.entries.delete(`a-${n}`);
    const held = await world.run({ action: 'sync' });
    const plan = route(held).plan!;
    expect(held.job.state).toBe('held');
    const writes = world.b.writes;
    const between = await world.run({ action: 'sync' });
    expect([route(between).heldBy, route(between).plan, world.b.writes]).toEqual([held.job.id, plan, writes]);
    await expect(
      approveJob(world.context, world.instances, held.job.id, { route: 'a-to-b', plan: 'sha256:wrong' }, 'me'),
    ).rejects.toMatchObject({ status: 409 });
    await expect(approveJob(world.context, world.instances, between.job.id, { route: 'a-to-b', plan }, 'me')).rejects.toMatchObject({
      status: 409,
    });
    world.a.entries.set('a-0', person('a', 0));
    world.a.entries.delete('a-30');
    await approveJob(world.context, world.instances, held.job.id, { route: 'a-to-b', plan }, 'me');
    const done = await world.round(held.job.id, 2);
    expect(done.job.state).toBe('completed');
    expect(route(done)).toMatchObject({ decision: { what: 'approved' }, leavers: { hidden: 20, orphaned: 20 } });
    world.a.entries.delete('a-31');
    expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
  });

  it('keeps a rejected plan held until its changes differ', async () => {
    const world = createWorld({ a: 60 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 20; n += 1) world.a.entries.delete(`a-${n}`);
    const held = await world.run({ action: 'sync' });
    await rejectJob(world.context, held.job.id, { route: 'a-to-b' }, 'me');
    const again = await world.run({ action: 'sync' });
    expect(again.job.state).toBe('held');
    expect(route(again).heldBecause.map((trip) => trip.breaker)).toContain('rejected');
    for (let n = 0; n < 20; n += 1) world.a.entries.set(`a-${n}`, person('a', n));
    expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
  });

  it('names the owner of an address that a stranger holds, and lets the others go on', async () => {
    const world = createWorld({ a: 3 });
    world.b.entries.set('s-1', { ...person('b', 99), id: 's-1', addresses: ['boss@b.example'], userPrincipalName: 'p1@a.example' });
    const record = await world.run({ action: 'sync' });
    expect(route(record)).toMatchObject({ created: 2, skipped: 1, skippedBecause: { collision: 1 } });
  });

  it('R35 deletes by immutable id: an object that is gone is done, whoever has its address now', async () => {
    const world = createWorld({ a: 30 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'delete' } };
    });
    await world.run({ action: 'sync' });
    const link = (await world.store.links.get('a-to-b', 'a-5'))!;
    world.b.entries.delete(link.targetId!);
    world.b.entries.set('m-7', { ...person('b', 7), id: 'm-7', addresses: ['living@b.example', 'p5@a.example'] });
    world.a.entries.delete('a-5');
    await world.run({ action: 'sync' });
    expect(world.b.entries.has('m-7')).toBe(true);
    expect((await world.store.links.get('a-to-b', 'a-5'))!.state).toBe('ended');
  });

  it('R59 counts what happened, not what was meant', async () => {
    const world = createWorld({ a: 37 });
    await world.run({ action: 'sync', only: ['a-35', 'a-36'] });
    for (const n of [35, 36])
      world.a.entries.set(
        `a-${n}`,
        person('a', n, { attributes: { displayName: `New ${n}`, givenName: 'x', surname: 'a', jobTitle: 'Engineer' } }),
      );
    world.b.onWrite = (request) => {
      const failure = { code: 'quota' as const, message: 'The directory is full.', nextStep: 'Raise the quota.' };
      if (request.change === 'create') return { ok: false, failure, retry: 'never', targetId: null, owner: null };
      return String(request.fields.displayName) === 'New 36'
        ? { ok: false, failure: { ...failure, code: 'notYetVisible' }, retry: 'later', targetId: null, owner: null }
        : null;
    };
    const record = await world.run({ action: 'sync' });
    expect(route(record)).toMatchObject({ created: 0, updated: 1, failed: 36, pulled: 37, state: 'completedWithErrors' });
    expect((await world.store.routes.get('a-to-b')).nextRetry).not.toBeNull();
  });

  it('does not run two jobs on one connector', async () => {
    const world = createWorld({ a: 3 });
    const { startJob } = await import('../../shared/sync/startJob.ts');
    const first = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'x');
    await expect(startJob(world.context, world.instances, { action: 'sync' }, 'api', 'y')).rejects.toMatchObject({
      status: 409,
      extra: { job: first.job.id },
    });
  });
});
