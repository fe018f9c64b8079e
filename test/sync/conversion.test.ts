import { describe, expect, it } from 'vitest';
import type { WriteAnswer, WriteRequest } from '../../shared/connectors/connector.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import type { Step } from './inProcess.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const twice: Step = async (activity) => {
  await activity();
  return activity();
};

type As = 'contact' | 'mailUser';

function pushAs(world: SyncWorld, as: As): void {
  world.configure((document) => {
    document.routes[0]!['push'] = { as };
  });
}

/** A world whose people of `a` are objects of `as` in `b`, with one X500 address of the directory's own each. */
async function linked(people: number, as: As, options: { step?: Step; stepsAside?: boolean } = {}): Promise<SyncWorld> {
  const world = createWorld({ a: people, ...(options.step ? { step: options.step } : {}) });
  world.b.legacyNames = true;
  if (options.stepsAside === false) world.b.stepsAside = false;
  pushAs(world, as);
  await world.run({ action: 'sync' });
  return world;
}

async function approved(world: SyncWorld, held: JobRecord): Promise<RouteResult> {
  const { plan } = held.job.routes[0]!;
  await approveJob(world.context, world.instances, held.job.id, { route: 'a-to-b', plan: plan! }, 'me');
  return (await world.round(held.job.id, 2)).job.routes[0]!;
}

const objects = (world: SyncWorld): readonly Entry[] => [...world.b.entries.values()];
const legacy = (entry: Entry): string => `/o=memory/cn=${entry.id}`;

/** One object for each person: of that type, with its stamp, addresses, and every X500 address that there ever was. */
function expectWhole(world: SyncWorld, type: string, former: readonly Entry[]): void {
  const now = objects(world);
  expect(now.map((entry) => entry.type)).toEqual(former.map(() => type));
  for (const old of former) {
    const entry = now.find(({ stamp }) => stamp === old.stamp)!;
    expect(entry).toMatchObject({ addresses: old.addresses, hidden: old.hidden, attributes: old.attributes });
    expect(entry.x500).toEqual(expect.arrayContaining([legacy(old), ...(old.x500 ?? [])]));
  }
}

async function expectQuiet(world: SyncWorld, people: number): Promise<void> {
  const { job } = await world.run({ action: 'sync' });
  expect(job).toMatchObject({ state: 'completed', routes: [{ updated: 0, created: 0, failed: 0, unchanged: people }] });
}

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
    const [first] = objects(world);
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

describe('R29: half a conversion', () => {
  const refuse =
    (kind: WriteRequest['change'], as: As, answer: Partial<Extract<WriteAnswer, { ok: false }>> = {}) =>
    (request: WriteRequest): WriteAnswer | null =>
      request.change === kind && request.as === as
        ? {
            ok: false,
            failure: { code: 'refused', message: "It can't be invited to this directory.", nextStep: 'Ask its administrator.' },
            retry: 'never',
            targetId: null,
            owner: null,
            ...answer,
          }
        : null;

  it.each([
    ['stepped aside: it gets back what it gave up', true],
    ['went first: it is made again', false],
  ])('the new object is refused, the old one %s', async (_name, stepsAside) => {
    const world = await linked(1, 'contact', { stepsAside });
    const [lea] = objects(world);
    world.b.onWrite = refuse('create', 'mailUser');
    pushAs(world, 'mailUser');
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'completedWithErrors', routes: [{ failed: 1, updated: 0 }] });
    const [now, ...more] = objects(world);
    expect(more).toEqual([]);
    expect(now).toMatchObject({
      type: 'MailContact',
      stamp: lea!.stamp,
      addresses: lea!.addresses,
      hidden: false,
      attributes: lea!.attributes,
    });
    expect(now!.id === lea!.id).toBe(stepsAside);
    expect([legacy(now!), ...(now!.x500 ?? [])]).toContain(legacy(lea!));
    expect((await world.store.links.get('a-to-b', 'a-0'))!).toMatchObject({ as: 'contact', targetId: now!.id, converting: null });
    // Nothing stands in the way any more.
    delete world.b.onWrite;
    world.clock.now += 3_600_000;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expectWhole(world, 'MailUser', [now!]);
  });

  it('the old object can neither step aside nor change: nothing was done', async () => {
    const world = await linked(1, 'contact');
    const before = objects(world);
    world.b.onWrite = refuse('update', 'contact');
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ failed: 1 });
    expect(objects(world)).toEqual(before);
    expect(await world.store.links.get('a-to-b', 'a-0')).toMatchObject({ as: 'contact', converting: null });
  });

  it('the old object cannot be removed: the next job does', async () => {
    const world = await linked(1, 'contact');
    const contacts = objects(world);
    world.b.onWrite = refuse('delete', 'contact', { retry: 'later' });
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ failed: 1 });
    expect(objects(world)).toHaveLength(2);
    delete world.b.onWrite;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expectWhole(world, 'MailUser', contacts);
    await expectQuiet(world, 1);
  });

  it('R19: an address that is freed late is waited for', async () => {
    const world = await linked(1, 'contact');
    const contacts = objects(world);
    let refusals = 0;
    const inUse = refuse('create', 'mailUser', { retry: 'later' });
    world.b.onWrite = (request) => {
      const answer = refusals < 3 ? inUse(request) : null;
      if (answer) refusals += 1;
      return answer;
    };
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expectWhole(world, 'MailUser', contacts);
  });

  it('an answer that was lost is asked for, and no second object is made', async () => {
    const world = await linked(1, 'contact');
    const contacts = objects(world);
    const { onWrite: _none, ...plain } = world.b;
    let made = false;
    world.b.onWrite = (request) => {
      if (request.change !== 'create' || made) return null;
      made = true;
      const { fields, alias, stamp } = request;
      const entry = { ...contacts[0]!, id: 'late', type: 'MailUser', kind: 'user' as const, stamp, x500: ['/o=memory/cn=late'] };
      plain.entries.set('late', { ...entry, addresses: fields.addresses as string[], attributes: { ...entry.attributes, alias } });
      return refuse('create', 'mailUser', { retry: 'unknown' })(request);
    };
    pushAs(world, 'mailUser');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    expect(objects(world).map(({ id }) => id)).toEqual(['late']);
    expectWhole(world, 'MailUser', contacts);
  });
});

describe('a process that dies in the middle of a conversion', () => {
  class Died extends Error {}

  /** Dies at the n-th step: a write to the target or a link row, before or after it was done. Counts the steps if `nth` is none. */
  function dieAt(world: SyncWorld, nth: number, when: 'before' | 'after'): { steps: number } {
    const seen = { steps: 0 };
    const entries = world.b.entries;
    const dies = (): boolean => {
      seen.steps += 1;
      return seen.steps === nth;
    };
    const put = world.store.links.put;
    world.store.links.put = async (link) => {
      const now = dies();
      if (!now || when === 'after') await put(link);
      if (now) throw new Died('links.put');
    };
    world.b.onWrite = () => {
      if (dies()) {
        if (when === 'before') throw new Died('write');
        // The directory does it, and nobody hears of it.
        const change = <K extends 'set' | 'delete'>(name: K): void => {
          const original = entries[name].bind(entries) as (...all: unknown[]) => unknown;
          entries[name] = ((...all: unknown[]) => {
            entries[name] = original as never;
            original(...all);
            throw new Died('write');
          }) as never;
        };
        change('set');
        change('delete');
      }
      return null;
    };
    return seen;
  }

  function alive(world: SyncWorld, put: SyncWorld['store']['links']['put']): void {
    delete world.b.onWrite;
    world.store.links.put = put;
    for (const name of ['set', 'delete'] as const) delete (world.b.entries as unknown as Record<string, unknown>)[name];
  }

  async function died(
    stepsAside: boolean,
    nth: number,
    when: 'before' | 'after',
  ): Promise<{ world: SyncWorld; contacts: readonly Entry[] }> {
    const world = await linked(1, 'contact', { stepsAside });
    const contacts = objects(world);
    const { put } = world.store.links;
    pushAs(world, 'mailUser');
    dieAt(world, nth, when);
    await world.run({ action: 'sync' }).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
    });
    alive(world, put);
    return { world, contacts };
  }

  const steps = async (stepsAside: boolean): Promise<number> => {
    const world = await linked(1, 'contact', { stepsAside });
    pushAs(world, 'mailUser');
    const seen = dieAt(world, -1, 'before');
    await world.run({ action: 'sync' });
    return seen.steps;
  };

  /** What dies inside the connector is an error of the change; what dies at a link row takes the activity with it. Both are repaired. */
  async function next(world: SyncWorld): Promise<JobRecord> {
    const running = (await world.store.jobs.list({}, 5, null)).items.find((one) => one.job.finishedAt === null);
    if (running) return world.resume(running.job.id, 1);
    world.clock.now += 3_600_000;
    return world.run({ action: 'sync' });
  }

  describe.each([
    ['that steps aside', true],
    ['that must go first', false],
  ])('with an old object %s', (_name, stepsAside) => {
    it('goes on from every gap', async () => {
      const all = await steps(stepsAside);
      expect(all).toBeGreaterThan(5);
      for (let nth = 1; nth <= all; nth += 1)
        for (const when of ['before', 'after'] as const) {
          const { world, contacts } = await died(stepsAside, nth, when);
          await next(world);
          await world.run({ action: 'sync' });
          const title = `${when} step ${nth} of ${all}`;
          expect(
            objects(world).map(({ type }) => type),
            title,
          ).toEqual(['MailUser']);
          expectWhole(world, 'MailUser', contacts);
          await expectQuiet(world, 1);
        }
    });

    it('is taken back from every gap when the route is changed back', async () => {
      const all = await steps(stepsAside);
      for (let nth = 1; nth <= all; nth += 1)
        for (const when of ['before', 'after'] as const) {
          const { world, contacts } = await died(stepsAside, nth, when);
          pushAs(world, 'contact');
          await next(world);
          world.clock.now += 3_600_000;
          await world.run({ action: 'sync' });
          const [now, ...more] = objects(world);
          const title = `${when} step ${nth} of ${all}`;
          expect([now?.type, more.length], title).toEqual(['MailContact', 0]);
          expect(now, title).toMatchObject({ stamp: contacts[0]!.stamp, addresses: contacts[0]!.addresses, hidden: false });
          expect([legacy(now!), ...(now!.x500 ?? [])], title).toContain(legacy(contacts[0]!));
          await expectQuiet(world, 1);
        }
    });

    it('leaves no second object behind when the person has left', async () => {
      const all = await steps(stepsAside);
      for (let nth = 1; nth <= all; nth += 1)
        for (const when of ['before', 'after'] as const) {
          const { world } = await died(stepsAside, nth, when);
          world.a.entries.set('a-7', person('a', 7));
          world.configure((document) => {
            document.routes[0]!['leavers'] = { gone: { policy: 'delete' } };
          });
          world.a.entries.delete('a-0');
          await next(world);
          world.clock.now += 3_600_000;
          await world.run({ action: 'sync' });
          expect(
            objects(world).map(({ stamp }) => stamp),
            `${when} step ${nth} of ${all}`,
          ).toEqual(['galsync:a-to-b:a-7']);
        }
    });
  });
});

describe('a mail user that has become something else', () => {
  it('is released: the stamp goes, nothing else of it is touched, whatever the leavers say', async () => {
    const world = await linked(4, 'mailUser');
    const [ada, bo] = objects(world);
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
