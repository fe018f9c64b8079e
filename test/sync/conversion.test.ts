import { describe, expect, it } from 'vitest';
import { approved, expectQuiet, expectWhole, legacy, linked, objects, pushAs } from './conversions.ts';
import { twice } from './deaths.ts';
import { person } from './world.ts';

describe('a route whose push type was changed', () => {
  it.each([
    ['the old object steps aside', true],
    ['the old object must go first', false],
  ])('replaces its objects and keeps addresses, stamp and X500: %s', async (_name, stepsAside) => {
    const world = await linked(6, 'contact', { stepsAside });
    const contacts = objects(world);
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'completed', routes: [{ updated: 6, created: 0, leavers: { orphaned: 0 } }] });
    expectWhole(world, 'MailUser', contacts);
    expect(objects(world).every(({ enabled }) => !enabled)).toBe(true);
    await expectQuiet(world, 6);
    // Away from accounts: that counts as removals, and says why.
    const users = objects(world);
    pushAs(world, 'contact');
    const held = await world.run({ action: 'sync' });
    expect(held.job).toMatchObject({ state: 'held', routes: [{ held: 6, heldBecause: [{ breaker: 'removals', value: 6 }] }] });
    expect(held.job.routes[0]!.heldBecause[0]!.nextStep).toContain('"converted"');
    expect(objects(world)).toEqual(users);
    expect(await approved(world, held)).toMatchObject({ state: 'completed', updated: 6 });
    expectWhole(world, 'MailContact', users);
    for (const contact of contacts) expect(objects(world).find(({ stamp }) => stamp === contact.stamp)!.x500).toContain(legacy(contact));
    await expectQuiet(world, 6);
  });

  it('is the same when every activity runs twice', async () => {
    const world = await linked(6, 'contact', { step: twice });
    const contacts = objects(world);
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'completed', routes: [{ updated: 6 }] });
    expectWhole(world, 'MailUser', contacts);
    await expectQuiet(world, 6);
  });

  it('a simulation shows it and changes nothing', async () => {
    const world = await linked(2, 'contact');
    const before = objects(world);
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'simulate' });
    expect(job.routes[0]).toMatchObject({ updated: 2, created: 0 });
    expect(objects(world)).toEqual(before);
  });

  it('parts that wait for the new object are written in the last wave, on the new object', async () => {
    const world = await linked(2, 'contact');
    const contacts = objects(world);
    world.b.lag = { fields: ['jobTitle', 'stamp'], ms: 30_000, now: () => world.clock.now };
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'completed', routes: [{ updated: 2, failed: 0 }] });
    expectWhole(world, 'MailUser', contacts);
    await expectQuiet(world, 2);
  });

  it('many conversions are held as the creations that they are', async () => {
    const world = await linked(8, 'contact');
    world.configure((document) => {
      document.routes[0] = { ...document.routes[0], push: { as: 'mailUser' }, breakers: { creations: 7 } };
    });
    const held = await world.run({ action: 'sync' });
    expect(held.job.routes[0]).toMatchObject({ state: 'held', heldBecause: [{ breaker: 'creations', value: 8, limit: 7 }] });
    expect(await approved(world, held)).toMatchObject({ state: 'completed', updated: 8 });
  });

  it('takes a change of the person along, and what others wrote into the old object', async () => {
    const world = await linked(2, 'contact');
    const first = objects(world).find(({ stamp }) => stamp === 'galsync:a-to-b:a-0');
    world.b.entries.set(first!.id, { ...first!, attributes: { ...first!.attributes, city: 'Lyon' } });
    world.a.entries.set('a-0', person('a', 0, { addresses: ['new@a.example', 'p0@a.example'] }));
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 2 });
    expect(objects(world).find(({ stamp }) => stamp === first!.stamp)).toMatchObject({
      type: 'MailUser',
      addresses: ['new@a.example', 'p0@a.example'],
      attributes: { city: 'Lyon' },
    });
    await expectQuiet(world, 2);
  });

  it('an address that moves between two who are converted moves', async () => {
    const world = await linked(2, 'contact');
    world.a.entries.set('a-0', person('a', 0, { addresses: ['p1@a.example'] }));
    world.a.entries.set('a-1', person('a', 1, { addresses: ['p0@a.example'] }));
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 2, failed: 0 });
    expect(objects(world).map(({ type, stamp, addresses }) => [type, stamp, addresses[0]])).toEqual(
      expect.arrayContaining([
        ['MailUser', 'galsync:a-to-b:a-0', 'p1@a.example'],
        ['MailUser', 'galsync:a-to-b:a-1', 'p0@a.example'],
      ]),
    );
    await expectQuiet(world, 2);
  });

  it('who left meanwhile is hidden as what the object is, not converted and not released', async () => {
    const world = await linked(8, 'contact');
    world.a.entries.delete('a-0');
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ updated: 7, leavers: { hidden: 1, orphaned: 1 } });
    expect(objects(world).filter(({ type, hidden }) => type === 'MailContact' && hidden)).toHaveLength(1);
    // Who returns is converted then, and shown.
    world.a.entries.set('a-0', person('a', 0));
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1 });
    expect(objects(world).map(({ type, hidden }) => [type, hidden])).toEqual(Array.from({ length: 8 }, () => ['MailUser', false]));
  });
});

describe('a mail user that has become something else', () => {
  it('is released: the stamp goes, nothing else of it is touched, whatever the leavers say', async () => {
    const world = await linked(4, 'mailUser');
    const [ada, bo] = [0, 1].map((n) => objects(world).find(({ stamp }) => stamp === `galsync:a-to-b:a-${n}`));
    for (const entry of [ada!, bo!]) world.b.entries.set(entry.id, { ...entry, type: 'UserMailbox' });
    world.a.entries.delete('a-1');
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ state: 'completed', skippedBecause: { takenOver: 1 }, unchanged: 2, leavers: { orphaned: 0 } });
    for (const entry of [ada!, bo!]) {
      const { stamp: _stamp, ...unstamped } = { ...entry, type: 'UserMailbox' };
      expect(world.b.entries.get(entry.id)).toEqual(unstamped);
    }
    expect(await world.store.links.get('a-to-b', 'a-0')).toMatchObject({ state: 'ended', endedBecause: 'takenOver' });
    const writes = world.b.writes;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ skippedBecause: { takenOver: 1 }, unchanged: 2 });
    expect(world.b.writes).toBe(writes);
  });

  it('a stamp that could not be taken off is tried again', async () => {
    const world = await linked(1, 'mailUser');
    const [ada] = objects(world);
    world.b.entries.set(ada!.id, { ...ada!, type: 'UserMailbox' });
    world.b.onWrite = () => {
      throw new Error('away');
    };
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ skippedBecause: { takenOver: 1 }, failed: 0 });
    delete world.b.onWrite;
    world.clock.now += 3_600_000;
    await world.run({ action: 'sync' });
    expect(world.b.entries.get(ada!.id)!.stamp).toBeUndefined();
  });
});
