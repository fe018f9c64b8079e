import { describe, expect, it } from 'vitest';
import type { CopyContact } from '../../shared/connectors/copies.ts';
import { editContact } from '../../shared/connectors/memory/memoryCopies.ts';
import { FailureError, ThrottledError } from '../../shared/model/failure.ts';
import { beginCopies } from '../../shared/sync/beginCopies.ts';
import { cancelJob } from '../../shared/sync/cancel.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import type { Step } from './inProcess.ts';
import { copiesOf, type MailboxWorld, mailboxWorld, names, ours, ownContactsAreUntouched, ROUTE, TEAM } from './mailboxWorld.ts';
import { person } from './world.ts';

const edited = (fields: object) => (contact: CopyContact) => ({ ...contact, fields: { ...contact.fields, ...fields } });

describe('copies in mailboxes', () => {
  it('fill each mailbox once; entries are counted once', async () => {
    const world = mailboxWorld();
    const record = await world.run({ action: 'sync' });
    expect(record.job).toMatchObject({ state: 'completed', routes: [{ pulled: 8, created: 8, failed: 0 }] });
    expect(copiesOf(record)).toEqual({ mailboxes: 5, written: 40, failed: 0, joined: 5, left: 0, problems: [] });
    for (const mailbox of TEAM) {
      const folder = ours(world, mailbox);
      expect(folder.name).toBe('a');
      expect([...folder.contacts.values()].map((contact) => contact.stamp).sort()).toEqual(
        Array.from({ length: 8 }, (_, n) => `galsync:${ROUTE}:a-${n}`),
      );
    }
    expect(world.mail.mailboxes.get('m6')!.folders.size).toBe(1);
    expect(world.b.writes).toBe(0);
    ownContactsAreUntouched(world);
  });

  it('a quiet run writes nothing and costs one call for each mailbox', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    Object.assign(world.mail, { calls: 0, writes: 0 });
    const record = await world.run({ action: 'sync' });
    expect(record.job.routes[0]).toMatchObject({ created: 0, updated: 0, unchanged: 8 });
    expect(copiesOf(record)).toMatchObject({ mailboxes: 5, written: 0, failed: 0, joined: 0 });
    expect([world.mail.calls, world.mail.writes]).toEqual([5, 0]);
  });

  it('a rename, a newcomer and a leaver reach every mailbox', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Married Name', givenName: 'P3', surname: 'a' } }));
    world.a.entries.set('a-9', person('a', 9));
    world.a.entries.delete('a-1');
    const record = await world.run({ action: 'sync' });
    expect(record.job.routes[0]).toMatchObject({ created: 1, updated: 1, leavers: { deleted: 1, hidden: 0 } });
    expect(copiesOf(record)).toMatchObject({ written: 15, failed: 0 });
    for (const mailbox of TEAM) {
      const list = names(ours(world, mailbox));
      expect(list).toContain('Married Name');
      expect(list).toContain('Person 9');
      expect(list).not.toContain('Person 1');
      expect(list).toHaveLength(8);
    }
    // The title was ours and is empty in the source now.
    expect(
      [...ours(world, 'm1').contacts.values()].find((one) => one.fields.displayName === 'Married Name')!.fields.jobTitle,
    ).toBeUndefined();
    ownContactsAreUntouched(world);
  });

  it('a mailbox that joins is filled, one that leaves loses our contacts and nothing else', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    const left = ours(world, 'm1');
    left.contacts.set('mine', { id: 'mine', version: 'v0', stamp: null, note: null, fields: { displayName: 'Put here by hand' } });
    world.mail.groups.set('team@b.example', ['m2', 'm3', 'm4', 'm5', 'm6']);
    await world.run({ action: 'sync' });
    expect(names(left)).toEqual(['Put here by hand']);
    expect(world.mail.mailboxes.get('m1')!.folders.has(left.id)).toBe(true);
    expect(names(ours(world, 'm6'))).toHaveLength(8);
    world.mail.groups.set('team@b.example', ['m3', 'm4', 'm5', 'm6']);
    const record = await world.run({ action: 'sync' });
    expect([...world.mail.mailboxes.get('m2')!.folders.keys()]).toEqual(['own']);
    expect(copiesOf(record)).toMatchObject({ mailboxes: 4, written: 8, left: 1 });
    world.mail.groups.set('team@b.example', ['m2', 'm3', 'm4', 'm5', 'm6']);
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ mailboxes: 5, written: 8, joined: 1 });
    ownContactsAreUntouched(world);
  });

  it('who is out for the days of grace stays in the mailboxes until they are over', async () => {
    const world = mailboxWorld();
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'hideThenDelete', days: 2 } };
    });
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-1');
    await world.run({ action: 'sync' });
    expect(names(ours(world, 'm1'))).toContain('Person 1');
    world.clock.now += 3 * 86_400_000;
    await world.run({ action: 'sync' });
    expect(names(ours(world, 'm1'))).not.toContain('Person 1');
  });

  it('an edit is repaired, a contact removed by hand comes back, a second copy goes', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    const folder = ours(world, 'm2');
    const [first, second, third] = [...folder.contacts.values()];
    editContact(folder, first!.id, edited({ jobTitle: 'Chief of everything', notes: 'my own note' }));
    editContact(folder, second!.id, () => null);
    folder.contacts.set('again', { ...third!, id: 'again' });
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ written: 3 });
    const repaired = folder.contacts.get(first!.id)!.fields;
    expect(repaired).toMatchObject({ jobTitle: 'Engineer', notes: 'my own note' });
    expect(names(folder)).toHaveLength(8);
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 0 });
  });

  it('drift "leave": an edit stays, and other fields still follow the source', async () => {
    const world = mailboxWorld();
    world.push({ drift: { default: 'leave' } });
    await world.run({ action: 'sync' });
    const folder = ours(world, 'm2');
    const one = [...folder.contacts.values()].find((contact) => contact.stamp?.endsWith(':a-2'))!;
    editContact(folder, one.id, edited({ jobTitle: 'Chief of everything' }));
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 0 });
    world.a.entries.set(
      'a-2',
      person('a', 2, { attributes: { displayName: 'Renamed', givenName: 'P2', surname: 'a', jobTitle: 'Director' } }),
    );
    await world.run({ action: 'sync' });
    expect(folder.contacts.get(one.id)!.fields).toMatchObject({ displayName: 'Renamed', jobTitle: 'Chief of everything' });
    expect([...ours(world, 'm1').contacts.values()].find((contact) => contact.stamp === one.stamp)!.fields.jobTitle).toBe('Director');
  });

  it('a value that the mailbox spells its own way is written once, never again and again', async () => {
    const world = mailboxWorld();
    world.mail.keeps = (fields) => ({ ...fields, ...(fields.jobTitle ? { jobTitle: `${String(fields.jobTitle).slice(0, 4)}.` } : {}) });
    await world.run({ action: 'sync' });
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 0 });
    // Even if every contact has to be looked at.
    for (const mailbox of TEAM) editContact(ours(world, mailbox), [...ours(world, mailbox).contacts.keys()][0]!, edited({ notes: 'x' }));
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 0 });
  });

  it('a folder that somebody deleted is made again; a new name in the configuration renames it, a name of theirs stays', async () => {
    const world = mailboxWorld();
    await world.run({ action: 'sync' });
    world.mail.mailboxes.get('m1')!.folders.delete(ours(world, 'm1').id);
    ours(world, 'm2').name = 'Partners';
    await world.run({ action: 'sync' });
    expect(names(ours(world, 'm1'))).toHaveLength(8);
    expect(ours(world, 'm2').name).toBe('Partners');
    world.push({ mailboxes: { of: ['team@b.example'], folder: 'Company A' } });
    await world.run({ action: 'sync' });
    expect([ours(world, 'm1').name, ours(world, 'm2').name]).toEqual(['Company A', 'Company A']);
  });

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

  it('a directory copies its own people into its own mailboxes (from = to)', async () => {
    const world = mailboxWorld(0);
    for (let n = 0; n < 4; n += 1) world.b.entries.set(`b-${n}`, person('b', n));
    world.configure((document) => {
      document.routes[0]!['from'] = 'b';
    });
    const record = await world.run({ action: 'sync' });
    expect(record.job).toMatchObject({ state: 'completed', routes: [{ pulled: 4, created: 4, skipped: 0 }], connectors: [{ id: 'b' }] });
    expect(names(ours(world, 'm1'))).toHaveLength(4);
    expect(await world.store.leases.read('b')).toBeNull();
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ unchanged: 4 });
  });
});

describe('a long list of which little changed', () => {
  const change = (world: MailboxWorld): void => {
    world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Renamed', givenName: 'P3', surname: 'a' } }));
    world.a.entries.set('a-999', person('a', 999));
    world.a.entries.delete('a-7');
  };
  const rightEverywhere = (world: MailboxWorld, size: number): void => {
    for (const mailbox of TEAM) {
      const stamps = [...ours(world, mailbox).contacts.values()].map((contact) => contact.stamp);
      expect([stamps.length, new Set(stamps).size]).toEqual([size, size]);
      expect(names(ours(world, mailbox))).toContain('Renamed');
      expect(stamps).toContain(`galsync:${ROUTE}:a-999`);
      expect(stamps).not.toContain(`galsync:${ROUTE}:a-7`);
    }
  };

  it('only those entries are looked up: four calls for each mailbox', async () => {
    const world = mailboxWorld(300);
    await world.run({ action: 'sync' });
    // Link rows of the first run are as new as its list; after a quiet night they are not.
    world.clock.now += 3_600_000;
    await world.run({ action: 'sync' });
    world.clock.now += 3_600_000;
    change(world);
    world.mail.calls = 0;
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ written: 15, failed: 0 });
    expect(world.mail.calls).toBe(5 * 4);
    rightEverywhere(world, 300);
    world.mail.calls = 0;
    await world.run({ action: 'sync' });
    expect(world.mail.calls).toBe(5);
  });

  it('a folder that somebody touched is compared as a whole, and so are all of them after some days', async () => {
    const world = mailboxWorld(300);
    await world.run({ action: 'sync' });
    world.clock.now += 3_600_000;
    await world.run({ action: 'sync' });
    world.clock.now += 3_600_000;
    change(world);
    const folder = ours(world, 'm1');
    const one = [...folder.contacts.values()].find((contact) => contact.stamp?.endsWith(':a-5'))!;
    editContact(folder, one.id, edited({ surname: 'Wrong' }));
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 16 });
    rightEverywhere(world, 300);
    expect(folder.contacts.get(one.id)!.fields.surname).toBe('a');
    // An edit that no record shows.
    folder.contacts.set(one.id, edited({ surname: 'Hidden' })(folder.contacts.get(one.id)!));
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 0 });
    world.clock.now += 14 * 86_400_000;
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 1 });
  });

  it('numbers that do not agree lead to a whole comparison', async () => {
    const world = mailboxWorld(300);
    await world.run({ action: 'sync' });
    world.clock.now += 3_600_000;
    await world.run({ action: 'sync' });
    world.clock.now += 3_600_000;
    // A link that ended without a write of ours.
    const link = (await world.store.links.get(ROUTE, 'a-8'))!;
    world.a.entries.delete('a-8');
    await world.store.links.put({ ...link, state: 'ended', writtenAt: '2026-01-01T00:00:00Z' });
    change(world);
    await world.run({ action: 'sync' });
    rightEverywhere(world, 299);
  });

  it('other rules lead to a whole comparison', async () => {
    const world = mailboxWorld(300);
    world.push({ drift: { default: 'leave' } });
    await world.run({ action: 'sync' });
    const edit = [...ours(world, 'm1').contacts.values()].find((contact) => contact.stamp?.endsWith(':a-5'))!;
    editContact(ours(world, 'm1'), edit.id, edited({ surname: 'Wrong' }));
    world.clock.now += 3_600_000;
    await world.run({ action: 'sync' });
    world.clock.now += 3_600_000;
    change(world);
    world.push({});
    await world.run({ action: 'sync' });
    rightEverywhere(world, 300);
    expect(ours(world, 'm1').contacts.get(edit.id)!.fields.surname).toBe('a');
  });
});

describe('activities of the copies that run again, or die', () => {
  it('leave the same mailboxes and the same counts as activities that run once', async () => {
    const twice: Step = async (activity) => {
      await activity();
      return activity();
    };
    const worlds = [mailboxWorld(30), mailboxWorld(30, twice)];
    const seen = [];
    for (const world of worlds) {
      const counts = [];
      counts.push(copiesOf(await world.run({ action: 'sync' })));
      world.a.entries.delete('a-1');
      world.a.entries.set('a-40', person('a', 40));
      world.mail.groups.set('team@b.example', ['m2', 'm3', 'm4', 'm5', 'm6']);
      counts.push(copiesOf(await world.run({ action: 'sync' })));
      counts.push(copiesOf(await world.run({ action: 'sync' })));
      seen.push({ counts, writes: world.mail.writes, folders: TEAM.slice(1).map((mailbox) => names(ours(world, mailbox))) });
    }
    expect(seen[1]).toEqual(seen[0]);
  });

  it.each([1, 7, 23, 41, 100])('the process dies at write %i: the same activity goes on, and no contact is there twice', async (nth) => {
    const world = mailboxWorld(30);
    let writes = 0;
    world.mail.onWrite = () => {
      writes += 1;
      if (writes === nth) throw new Error('died');
      return null;
    };
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    await expect(world.round(record.job.id, 1)).rejects.toThrow('died');
    const done = await world.resume(record.job.id, 1);
    expect(done.job).toMatchObject({ state: 'completed', routes: [{ created: 30 }] });
    for (const mailbox of TEAM) expect(ours(world, mailbox).contacts.size).toBe(30);
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 0 });
  });

  it('an answer that is lost is looked up, not written twice', async () => {
    const world = mailboxWorld(30);
    let writes = 0;
    world.mail.onWrite = () => {
      writes += 1;
      if (writes === 25) throw new FailureError({ code: 'unreachable', message: 'No answer.', nextStep: 'Wait.' });
      return null;
    };
    // The four that were made before the answer was lost are found, and counted as nobody's.
    expect(copiesOf(await world.run({ action: 'sync' }))).toMatchObject({ written: 146, failed: 0 });
    expect(world.mail.writes).toBe(150);
    for (const mailbox of TEAM) expect(ours(world, mailbox).contacts.size).toBe(30);
  });

  it('a large mailbox is filled over several activities', async () => {
    const world = mailboxWorld(300);
    world.mail.onWrite = () => {
      world.clock.now += 200;
      return null;
    };
    const record = await world.run({ action: 'sync' });
    expect(copiesOf(record)).toMatchObject({ written: 1_500, failed: 0, joined: 5 });
    expect(world.mail.writes).toBe(1_500);
  });
});
