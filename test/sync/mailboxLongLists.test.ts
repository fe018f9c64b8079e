import { describe, expect, it } from 'vitest';
import type { CopyContact } from '../../shared/connectors/copies.ts';
import { editContact } from '../../shared/connectors/memory/memoryCopies.ts';
import { FailureError } from '../../shared/model/failure.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import type { Step } from './inProcess.ts';
import { copiesOf, type MailboxWorld, mailboxWorld, names, ours, ROUTE, TEAM } from './mailboxWorld.ts';
import { person } from './world.ts';

const edited = (fields: object) => (contact: CopyContact) => ({ ...contact, fields: { ...contact.fields, ...fields } });

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
