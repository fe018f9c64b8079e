import { describe, expect, it } from 'vitest';
import type { CopyContact } from '../../shared/connectors/copies.ts';
import { editContact } from '../../shared/connectors/memory/memoryCopies.ts';
import { FailureError, ThrottledError } from '../../shared/model/failure.ts';
import { beginCopies } from '../../shared/sync/beginCopies.ts';
import { cancelJob } from '../../shared/sync/cancel.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { copiesOf, mailboxWorld, names, ours, ROUTE, TEAM } from './mailboxWorld.ts';
import { person } from './world.ts';

const edited = (fields: object) => (contact: CopyContact) => ({ ...contact, fields: { ...contact.fields, ...fields } });

describe('copies in mailboxes, when something is in the way', () => {
  it('a mailbox that fails is named, the others are served, and the next job tries it again', async () => {
    const world = mailboxWorld();
    const fault = new FailureError({ code: 'permission', message: 'Denied by a policy for m3.', nextStep: 'Add m3 to the scope.' });
    world.mail.mailboxes.get('m3')!.fault = fault;
    const record = await world.run({ action: 'sync' });
    expect(record.job).toMatchObject({ state: 'completedWithErrors', routes: [{ state: 'completedWithErrors', created: 8, failed: 0 }] });
    expect(copiesOf(record)).toMatchObject({
      mailboxes: 5,
      written: 32,
      failed: 1,
      problems: [
        { mailbox: 'm3', address: 'm3@b.example', cause: 'permission: Denied by a policy for m3.', nextStep: 'Add m3 to the scope.' },
      ],
    });
    const { items } = await world.store.log.list(record.job.id, 'warning', 100, null);
    expect(items.map((line) => line.data)).toContainEqual(expect.objectContaining({ mailbox: 'm3', nextStep: 'Add m3 to the scope.' }));
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'copies.finished', failed: 1, written: 32 }));
    world.mail.mailboxes.get('m3')!.fault = null;
    const again = await world.run({ action: 'sync' });
    expect(again.job.state).toBe('completed');
    expect(copiesOf(again)).toMatchObject({ written: 8, failed: 0, joined: 1 });
  });

  it('a full mailbox is not tried further; one contact that is refused fails alone', async () => {
    const world = mailboxWorld(40);
    world.mail.onWrite = (mailbox, act) => {
      if (mailbox === 'm1') return { ok: false, waitMs: null, failure: { code: 'quota', message: 'm1 is full.', nextStep: 'Make room.' } };
      if (mailbox === 'm2' && act.act === 'create' && act.stamp.endsWith(':a-7'))
        return { ok: false, waitMs: null, failure: { code: 'refused', message: 'Not this one.', nextStep: 'Correct it.' } };
      return null;
    };
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ failed: 2, written: 39 + 3 * 40 });
    expect(ours(world, 'm2').contacts.size).toBe(39);
    delete world.mail.onWrite;
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ failed: 0, written: 41 });
  });

  it('requests that a mailbox throttles are sent again, only those; a long wait lets the others go first', async () => {
    const world = mailboxWorld();
    let refused = 0;
    const order: string[] = [];
    world.mail.onWrite = (mailbox) => {
      order.push(mailbox);
      if (mailbox === 'm2' && refused < 3) {
        refused += 1;
        return { ok: false, waitMs: refused === 1 ? 1_000 : 40_000 };
      }
      return null;
    };
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ written: 40, failed: 0, joined: 5 });
    expect(names(ours(world, 'm2'))).toHaveLength(8);
    expect(order.filter((mailbox) => mailbox === 'm2')).toHaveLength(11);
    expect(new Set(order).size).toBe(5);
  });

  it('no mailbox is asked before the time that it named, however short the others wait', async () => {
    const world = mailboxWorld();
    const notBefore = new Map<string, number>();
    const early: string[] = [];
    world.mail.onWrite = (mailbox) => {
      const until = notBefore.get(mailbox);
      if (until !== undefined && world.clock.now < until) early.push(mailbox);
      if (until !== undefined) return null;
      const waitMs = 10_000 * (notBefore.size + 1);
      notBefore.set(mailbox, world.clock.now + waitMs);
      return { ok: false, waitMs };
    };
    // One contact each, so that no batch is under way when the wait begins.
    for (let n = 1; n < 8; n += 1) world.a.entries.delete(`a-${n}`);
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 5, failed: 0 });
    expect(early).toEqual([]);
  });

  it('while paused not even a mailbox that joins is written to', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    world.mail.writes = 0;
    world.mail.groups.set('team@b.example', [...TEAM, 'm6']);
    world.configure((document) => {
      document['paused'] = true;
    });
    const record = await world.run({ action: 'sync' });
    expect(record.job.routes[0]).toMatchObject({ unchanged: 8, held: 0 });
    expect([world.mail.writes, world.mail.mailboxes.get('m6')!.folders.size]).toEqual([0, 1]);
  });

  it('a tenant that throttles the look-up or a write makes the job wait, and nothing is lost', async () => {
    const world = mailboxWorld();
    world.mail.resolveFault = new ThrottledError('graph', world.clock.now + 200_000);
    let thrown = false;
    world.mail.onWrite = () => {
      if (thrown) return null;
      thrown = true;
      throw new ThrottledError('graph', world.clock.now + 400_000);
    };
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 40, failed: 0, joined: 5 });
    world.mail.resolveFault = new FailureError({ code: 'permission', message: 'The group may not be read.', nextStep: 'Grant it.' });
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ mailboxes: 5, failed: 1, left: 0, problems: [{ nextStep: 'Grant it.' }] });
  });

  it('a directory that lets us wait too long for the names: the known mailboxes are served, nobody leaves', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    const record = await startJob(world.context, world.instances, { action: 'push' }, 'api', 'test');
    const input = { job: record.job.id, round: 1, route: ROUTE, instance: 'i' };
    world.mail.resolveFault = new ThrottledError('graph', world.clock.now + 3_600_000);
    expect(await beginCopies(world.context, { ...input, late: false })).toMatchObject({ lanes: 0, waitUntil: expect.any(Number) });
    expect(await beginCopies(world.context, { ...input, late: true })).toMatchObject({ lanes: 2, waitUntil: null });
    expect(copiesOf((await world.store.jobs.get(record.job.id))!)).toMatchObject({ mailboxes: 5, failed: 1 });
  });

  it('twenty refusals in a row are no matter of single mailboxes: the rest is not asked', async () => {
    const many = Array.from({ length: 100 }, (_, n) => `p${n}`);
    const world = mailboxWorld(2, undefined, many);
    world.mail.groups.set('team@b.example', many);
    const fault = new FailureError({ code: 'permission', message: 'No.', nextStep: 'Grant Contacts.ReadWrite.' });
    for (const one of world.mail.mailboxes.values()) one.fault = fault;
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ mailboxes: 100, failed: 100, written: 0 });
    expect(copiesOf(record)!.problems).toHaveLength(20);
    expect(world.mail.calls).toBe(40);
  });

  it('an edit that is made while we write is seen by the next job', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    const folder = ours(world, 'm2');
    const one = [...folder.contacts.values()].find((contact) => contact.stamp?.endsWith(':a-2'))!;
    world.a.entries.set('a-5', person('a', 5, { attributes: { displayName: 'Renamed', givenName: 'P5', surname: 'a' } }));
    world.mail.onWrite = (mailbox) => {
      if (mailbox === 'm2' && folder.contacts.get(one.id)!.version === one.version)
        editContact(folder, one.id, edited({ surname: 'Wrong' }));
      return null;
    };
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 5 });
    expect(folder.contacts.get(one.id)!.fields.surname).toBe('Wrong');
    delete world.mail.onWrite;
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 1 });
    expect(folder.contacts.get(one.id)!.fields.surname).toBe('a');
  });

  it('a group that cannot be found takes nobody anything away; half of the mailboxes gone at once must be confirmed', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    world.push({ mailboxes: { of: ['nobody@b.example', 'm1@b.example'] } });
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ mailboxes: 5, failed: 1, left: 0, problems: [{ address: 'nobody@b.example' }] });
    world.push({ mailboxes: { of: ['team@b.example'] } });
    world.mail.groups.set('team@b.example', []);
    const first = await world.run({ action: 'sync' });
    expect(copiesOf(first)).toMatchObject({ written: 0, failed: 1 });
    expect(copiesOf(first)!.problems[0]!.cause).toContain('5 of 5 mailboxes');
    expect(names(ours(world, 'm5'))).toHaveLength(8);
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ mailboxes: 0, written: 40, left: 5, failed: 0 });
  });

  it('a simulation says what would be written and writes nothing; neither does a paused or held plan', async () => {
    const world = mailboxWorld();
    expect(copiesOf(await world.run({ action: 'simulate' }))).toMatchObject({ mailboxes: 5, written: 40, joined: 5 });
    expect(world.mail.writes).toBe(0);
    world.configure((document) => {
      document['paused'] = true;
    });
    expect((await world.run({ action: 'sync' })).job.state).toBe('held');
    expect(world.mail.writes).toBe(0);
    world.configure((document) => {
      document['paused'] = false;
    });
    await world.run({ action: 'sync' });
    world.mail.writes = 0;
    world.a.entries.delete('a-1');
    world.a.entries.set('a-9', person('a', 9));
    expect(copiesOf(await world.run({ action: 'simulate', fresh: true }))).toMatchObject({ mailboxes: 5, written: 10, joined: 0 });
    for (let n = 2; n < 7; n += 1) world.a.entries.delete(`a-${n}`);
    const held = await world.run({ action: 'sync' });
    expect(held.job.state).toBe('held');
    expect(copiesOf(held)).toBeUndefined();
    expect(world.mail.writes).toBe(0);
    expect(names(ours(world, 'm1'))).toHaveLength(8);
  });

  it('a cancelled job stops within a mailbox, and the next one goes on', async () => {
    const world = mailboxWorld(60);
    let job = '';
    let writes = 0;
    world.mail.onWrite = () => {
      writes += 1;
      if (writes === 30) void cancelJob(world.context, world.instances, job);
      return null;
    };
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    job = record.job.id;
    const ended = await world.round(job, 1);
    expect(ended.job.state).toBe('cancelled');
    expect(world.mail.writes).toBeLessThanOrEqual(60);
    delete world.mail.onWrite;
    const next = await world.run({ action: 'sync' });
    expect(next.job.state).toBe('completed');
    for (const mailbox of TEAM) expect(ours(world, mailbox).contacts.size).toBe(60);
    expect(world.mail.writes).toBe(300);
  });
});
