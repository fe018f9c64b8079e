import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { Batch } from '../../shared/model/plan.ts';
import { approved, expectWhole, legacy, linked, objects, pushAs } from './conversions.ts';
import { twice } from './deaths.ts';
import { held, rows, sums, undo } from './errands.ts';
import type { Step } from './inProcess.ts';
import { person, type SyncWorld } from './world.ts';

const PLAN_TEXT = /next sync of route "a-to-b" makes the same changes again.*configuration is changed/;

/** Contacts of 8 people that one job made mail users; `before`: the contacts. */
async function converted(options: { step?: Step; stepsAside?: boolean; people?: number } = {}): Promise<{
  world: SyncWorld;
  job: string;
  before: readonly Entry[];
}> {
  const world = await linked(options.people ?? 8, 'contact', options);
  const before = objects(world);
  pushAs(world, 'mailUser');
  const record = await world.run({ action: 'sync' });
  expect(sums(record)).toMatchObject({ state: 'completed', updated: before.length });
  return { world, job: record.job.id, before };
}

const linkOf = (world: SyncWorld, sourceId: string) => world.store.links.get('a-to-b', sourceId);
const objectOf = (world: SyncWorld, sourceId: string): Entry => objects(world).find(({ stamp }) => stamp === `galsync:a-to-b:${sourceId}`)!;
const edit = (world: SyncWorld, entry: Entry, attributes: Entry['attributes']): void =>
  void world.b.entries.set(entry.id, { ...entry, attributes: { ...entry.attributes, ...attributes } });

describe('the undo of a conversion', () => {
  it.each([
    ['contacts that stepped aside', { stepsAside: true }],
    ['contacts that had to go first', { stepsAside: false }],
    ['every activity run twice', { step: twice }],
  ])(
    'brings the contacts back, with addresses and every X500 address, once an approver says that accounts may go: %s',
    async (_name, options) => {
      const { world, job, before } = await converted(options);
      const users = objects(world);
      const record = await undo(world, job);
      expect(record.job.routes[0]!.warnings.join()).toMatch(PLAN_TEXT);
      expect(sums(record)).toMatchObject({ state: 'held', held: 8, heldBecause: [{ breaker: 'removals', value: 8 }] });
      expect(record.job.routes[0]!.heldBecause[0]!.nextStep).toContain('another push type');
      expect(objects(world)).toEqual(users);
      expect(await approved(world, record)).toMatchObject({ state: 'completed', updated: 8, failed: 0 });
      expectWhole(world, 'MailContact', before);
      for (const user of users) expect(objectOf(world, user.stamp!.split(':')[2]!).x500).toContain(legacy(user));
      // The route still says mail users: the next sync converts again, as the warning said.
      expect(sums(await world.run({ action: 'simulate' }))).toMatchObject({ updated: 8, created: 0 });
      pushAs(world, 'contact');
      expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ state: 'completed', unchanged: 8, updated: 0 });
    },
  );

  it('undone, it is converted again; and that one is undone, too', async () => {
    const { world, job, before } = await converted({ people: 2 });
    const users = objects(world);
    const first = await undo(world, job);
    expect(sums(first)).toMatchObject({ state: 'completed', updated: 2 });
    const second = await undo(world, first.job.id);
    expect(sums(second)).toMatchObject({ state: 'completed', updated: 2 });
    expectWhole(world, 'MailUser', users);
    for (const user of users)
      expect(objectOf(world, user.stamp!.split(':')[2]!)).toMatchObject({ enabled: false, userPrincipalName: user.userPrincipalName });
    expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ unchanged: 2, updated: 0 });
    // Accounts that went in the 23 hours before count, too.
    const third = await undo(world, second.job.id);
    expect(sums(third)).toMatchObject({ state: 'held', heldBecause: [{ breaker: 'removals', value: 4 }] });
    expect(await approved(world, third)).toMatchObject({ state: 'completed', updated: 2 });
    expectWhole(world, 'MailContact', before);
  });

  it('gives an account back with its sign-in name, blocked as it was, which no contact could hold', async () => {
    const world = await linked(2, 'mailUser');
    const before = held(world);
    pushAs(world, 'contact');
    const record = await world.run({ action: 'sync' });
    expect(sums(record)).toMatchObject({ updated: 2 });
    expect(objects(world).map(({ type, userPrincipalName }) => [type, userPrincipalName])).toEqual(
      Array(2).fill(['MailContact', undefined]),
    );
    expect(sums(await undo(world, record.job.id))).toMatchObject({ state: 'completed', updated: 2 });
    for (const [stamp, user] of Object.entries(held(world))) {
      const { x500, ...rest } = user;
      const { x500: old, ...was } = before[stamp]!;
      expect(rest).toEqual(was);
      expect(x500).toEqual(expect.arrayContaining([...old!]));
    }
  });

  it('shows its plan first, and takes back only who is named', async () => {
    const { world, job } = await converted({ people: 4 });
    const { writes } = world.b;
    const shown = await undo(world, job, { dryRun: true, objects: ['a-1'] });
    expect((await rows(world, shown)).map(({ object, change, reason, result }) => [object, change, reason, result])).toEqual([
      ['a-1', 'update', 'undone', 'planned'],
    ]);
    expect(world.b.writes).toBe(writes);
    const record = await undo(world, job, { objects: ['P1@A.example'] });
    expect(record.job.routes[0]!.plan).toBe(shown.job.routes[0]!.plan);
    expect(objects(world).filter(({ type }) => type === 'MailContact')).toEqual([objectOf(world, 'a-1')]);
  });

  it('takes back what else the job wrote, and keeps what was others’ in the contact before', async () => {
    const world = await linked(1, 'contact');
    edit(world, objectOf(world, 'a-0'), { city: 'Lyon', jobTitle: 'By hand' });
    world.a.entries.set('a-0', person('a', 0, { addresses: ['new@a.example', 'p0@a.example'] }));
    const before = held(world);
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    const record = await undo(world, job.id);
    expect((await rows(world, record))[0]!.fields.map(({ name, after }) => [name, after])).toContainEqual(['addresses', ['p0@a.example']]);
    const [stamp] = Object.keys(before);
    expect(held(world)[stamp!]).toMatchObject({ ...before[stamp!], x500: expect.anything() });
    const link = (await linkOf(world, 'a-0'))!;
    expect([link.written.city, link.written.jobTitle, link.written.givenName]).toEqual([undefined, undefined, expect.anything()]);
    // Theirs it stays: the next sync, back to contacts, does not empty it.
    pushAs(world, 'contact');
    await world.run({ action: 'sync' });
    expect(objectOf(world, 'a-0').attributes.city).toBe('Lyon');
  });

  it('what a later job or a person changed since goes over as it is, and the row says who', async () => {
    const { world, job } = await converted({ people: 2 });
    const { jobTitle: _title, ...attributes } = person('a', 0).attributes;
    world.a.entries.set('a-0', person('a', 0, { attributes: { ...attributes, jobTitle: 'Director' } }));
    const later = await world.run({ action: 'sync' });
    edit(world, objectOf(world, 'a-1'), { city: 'Kiel' });
    const record = await undo(world, job);
    const found = await rows(world, record);
    expect(found.find(({ object }) => object === 'a-0')!.reason).toBe(
      `undone: jobTitle was changed by job ${later.job.id}; undo that one first.`,
    );
    expect(found.find(({ object }) => object === 'a-1')!.reason).toBe('undone: city was changed by somebody.');
    expect(objectOf(world, 'a-0')).toMatchObject({ type: 'MailContact', attributes: { jobTitle: 'Director' } });
    expect(objectOf(world, 'a-1')).toMatchObject({ type: 'MailContact', attributes: { city: 'Kiel' } });
    // The later job's change is still to be undone, in what the object is now.
    expect(sums(await undo(world, later.job.id))).toMatchObject({ updated: 1 });
    expect(objectOf(world, 'a-0')).toMatchObject({ type: 'MailContact', attributes: { jobTitle: 'Engineer' } });
  });

  it('an account that somebody let sign in is left: a contact cannot hold that', async () => {
    const { world, job } = await converted({ people: 2 });
    const user = objectOf(world, 'a-0');
    world.b.entries.set(user.id, { ...user, enabled: true });
    const record = await undo(world, job);
    expect(sums(record)).toMatchObject({ updated: 1, leavers: { kept: 1, keptBecause: { changedSince: 1 } } });
    expect((await rows(world, record)).find(({ object }) => object === 'a-0')!.reason).toBe(
      'changedSince: signIn was changed by somebody. A contact cannot hold that: it would be lost.',
    );
    expect(world.b.entries.get(user.id)).toMatchObject({ type: 'MailUser', enabled: true });
  });

  it.each([
    ['seen by a sync', true, /released/],
    ['not seen yet', false, /become a UserMailbox/],
  ])('a mail user that became a mailbox is left alone: %s', async (_name, seen, why) => {
    const { world, job } = await converted({ people: 2 });
    const user = objectOf(world, 'a-0');
    world.b.entries.set(user.id, { ...user, type: 'UserMailbox' });
    if (seen) await world.run({ action: 'sync' });
    const mailbox = world.b.entries.get(user.id);
    const record = await undo(world, job);
    expect(sums(record)).toMatchObject({ updated: 1, failed: 0, leavers: { kept: 1 } });
    expect((await rows(world, record)).find(({ object }) => object === 'a-0')!.reason).toMatch(why);
    expect(world.b.entries.get(user.id)).toEqual(mailbox);
  });

  it('one that became a mailbox between plan and write is not touched either', async () => {
    const { world, job } = await converted({ people: 2 });
    const user = objectOf(world, 'a-0');
    const { put } = world.store.links;
    const { putMany } = world.store.links;
    world.store.links.putMany = async (links) => {
      world.b.entries.set(user.id, { ...user, type: 'UserMailbox' });
      return putMany(links);
    };
    expect(sums(await undo(world, job))).toMatchObject({ updated: 1, failed: 1 });
    Object.assign(world.store.links, { put, putMany });
    expect(world.b.entries.get(user.id)).toMatchObject({ type: 'UserMailbox', addresses: user.addresses });
  });

  it('an address that somebody else holds by now stays with him', async () => {
    const world = await linked(1, 'contact');
    world.a.entries.set('a-0', person('a', 0, { addresses: ['new@a.example'] }));
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    world.b.entries.set('s-1', { ...person('b', 1), id: 's-1', addresses: ['p0@a.example'] });
    const record = await undo(world, job.id);
    expect((await rows(world, record))[0]!.reason).toContain('s-1');
    expect(objectOf(world, 'a-0')).toMatchObject({ type: 'MailContact', addresses: ['new@a.example'] });
  });

  it('two who swapped an address when they were converted have their own again', async () => {
    const world = await linked(2, 'contact');
    const before = objects(world);
    world.a.entries.set('a-0', person('a', 0, { addresses: ['p1@a.example'] }));
    world.a.entries.set('a-1', person('a', 1, { addresses: ['p0@a.example'] }));
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(sums(await undo(world, job.id))).toMatchObject({ updated: 2, failed: 0 });
    expectWhole(world, 'MailContact', before);
  });

  it('a leaver who had returned when it was converted is hidden again, and its days count anew', async () => {
    const world = await linked(8, 'contact');
    world.a.entries.delete('a-0');
    await world.run({ action: 'sync' });
    expect(objectOf(world, 'a-0').hidden).toBe(true);
    world.a.entries.set('a-0', person('a', 0));
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(objectOf(world, 'a-0').hidden).toBe(false);
    await undo(world, job.id, { objects: ['a-0'] });
    expect(objectOf(world, 'a-0')).toMatchObject({ type: 'MailContact', hidden: true });
    expect(await linkOf(world, 'a-0')).toMatchObject({ hidden: true, leaving: { reason: 'gone' } });
  });

  it('a leaver who was hidden since stays hidden', async () => {
    const { world, job } = await converted();
    world.a.entries.delete('a-0');
    await world.run({ action: 'sync' });
    await undo(world, job, { objects: ['a-0'] });
    expect(objectOf(world, 'a-0')).toMatchObject({ type: 'MailContact', hidden: true });
    expect(await linkOf(world, 'a-0')).toMatchObject({ hidden: true, leaving: { reason: 'gone' } });
  });

  it('an object that was made before says which job to undo first', async () => {
    const world = await linked(8, 'contact');
    world.a.entries.set('a-9', person('a', 9));
    const made = await world.run({ action: 'sync' });
    pushAs(world, 'mailUser');
    const conversion = await world.run({ action: 'sync' });
    const early = await undo(world, made.job.id);
    expect((await rows(world, early)).map(({ change, reason }) => [change, reason])).toEqual([
      ['keep', 'changedSince: It is a mailUser by now: a later job converted it; undo that one first.'],
    ]);
    await undo(world, conversion.job.id, { objects: ['a-9'] });
    expect(sums(await undo(world, made.job.id)).leavers).toMatchObject({ deleted: 1, kept: 0 });
    expect(objects(world)).toHaveLength(8);
  });

  it('one that was converted back since has nothing left to be undone', async () => {
    const { world, job } = await converted({ people: 2 });
    pushAs(world, 'contact');
    expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ updated: 2 });
    const { writes } = world.b;
    expect(sums(await undo(world, job))).toMatchObject({ state: 'completed', unchanged: 2, updated: 0, leavers: { kept: 0 } });
    expect(world.b.writes).toBe(writes);
  });

  it('of a job of an older version, which kept no before-image, says how to do it by hand', async () => {
    const { world, job } = await converted({ people: 2 });
    const key = { job, round: 1, route: 'a-to-b' };
    const batches: Batch[] = [];
    for await (const batch of world.store.plans.batches(key)) batches.push(batch);
    await world.store.plans.putBatches(
      batches.map((batch) => ({
        ...batch,
        changes: batch.changes.map(({ converts, ...change }) => {
          const { before: _before, ...older } = converts!;
          return { ...change, converts: older };
        }),
      })),
    );
    const record = await undo(world, job);
    expect(sums(record)).toMatchObject({ updated: 0, leavers: { kept: 2, keptBecause: { changedSince: 2 } } });
    expect((await rows(world, record))[0]!.reason).toContain('set "push.as" of the route back');
  });
});
