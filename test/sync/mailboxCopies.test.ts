import { describe, expect, it } from 'vitest';
import type { CopyContact } from '../../shared/connectors/copies.ts';
import { editContact } from '../../shared/connectors/memory/memoryCopies.ts';
import { copiesOf, mailboxWorld, names, ours, ownContactsAreUntouched, ROUTE, TEAM } from './mailboxWorld.ts';
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
