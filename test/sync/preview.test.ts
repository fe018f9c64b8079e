import { describe, expect, it } from 'vitest';
import { type Preview, previewConfiguration } from '../../shared/sync/preview.ts';
import type { Refusal } from '../../shared/sync/refusal.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
  [key: string]: unknown;
}

/** What the world's document would do after a change, without saving it. */
async function preview(world: SyncWorld, change: (document: Document) => void, budgetMs = 60_000): Promise<Preview> {
  let copy: Document | null = null;
  world.configure((document) => {
    copy = structuredClone(document) as Document;
  });
  change(copy!);
  return previewConfiguration(world.context, JSON.stringify(copy), { local: true, allowedHosts: [], budgetMs });
}

/** Everything that the store holds, to see that nothing was written. */
const contents = (world: SyncWorld): string =>
  JSON.stringify(world.b.entries.size) + JSON.stringify([...world.b.entries.values()]) + world.b.writes + world.a.writes;

async function synced(people: Parameters<typeof createWorld>[0], prepare?: (world: SyncWorld) => void): Promise<SyncWorld> {
  const world = createWorld(people);
  prepare?.(world);
  expect((await world.run({ action: 'sync' })).job.state).toBe('completed');
  return world;
}

describe('preview of a configuration', () => {
  it('says that nothing is affected by a document that means the same', async () => {
    const world = await synced({ a: 30 });
    const answer = await preview(world, (document) => {
      document.routes[0]!['name'] = 'Another name';
      document['paused'] = false;
    });
    expect(answer).toMatchObject({ wouldBeSaved: true, complete: true, answer: 'No route is affected.', ranges: { done: 0, of: 0 } });
    expect(answer.routes[0]).toMatchObject({ id: 'a-to-b', state: 'unaffected' });
  });

  it('tells whom a filter removes, what a map empties and writes, with samples, and which breakers would hold it', async () => {
    const world = await synced({ a: 40 }, ({ a }) => {
      for (let n = 0; n < 12; n += 1)
        a.entries.set(`a-${n}`, person('a', n, { attributes: { displayName: `Person ${n}`, jobTitle: 'Clerk', mobilePhone: `+49 ${n}` } }));
    });
    const before = contents(world);
    const answer = await preview(world, (document) => {
      document.routes[0]!['filter'] = { where: { attribute: 'jobTitle', operator: 'DoesNotEqual', value: 'Clerk' } };
      (document.routes[0]!['push'] as Record<string, unknown>)['set'] = { companyName: 'Contoso' };
    });
    const [route] = answer.routes;
    expect(route!.now).toMatchObject({ unchanged: 40, updated: 0, leavers: { orphaned: 0 } });
    expect(route!.after).toMatchObject({
      pulled: 40,
      updated: 28,
      skipped: 12,
      skippedBecause: { where: 12 },
      leavers: { orphaned: 12, hidden: 12 },
    });
    expect(route!.difference).toMatchObject({
      entries: { removes: 12, updates: 28, adds: 0 },
      hides: 12,
      deletes: 0,
      written: { companyName: 28 },
    });
    expect(route!.effect).toContain('Removes 12 (hides 12), writes companyName of 28.');
    expect(route!.heldBecause.map((trip) => trip.breaker)).toEqual(['removals']);
    expect(route!.effect).toContain('It would be held: removals 12 of at most 10.');
    expect(route!.samples.removes).toHaveLength(10);
    expect(route!.samples.removes![0]).toMatchObject({ change: 'hide', reason: 'outOfScope:where' });
    expect(route!.samples.updates![0]!.fields).toEqual([{ name: 'companyName', before: null, after: 'Contoso' }]);
    expect(contents(world)).toBe(before);
    expect((await world.store.routes.get('a-to-b')).held).toBeNull();
  });

  it('tells what would be emptied, field by field', async () => {
    const world = await synced({ a: 20 }, ({ a }) => {
      for (let n = 0; n < 5; n += 1)
        a.entries.set(`a-${n}`, person('a', n, { attributes: { displayName: `Person ${n}`, mobilePhone: `+49 ${n}` } }));
    });
    const answer = await preview(world, (document) => {
      (document.routes[0]!['push'] as Record<string, unknown>)['attributes'] = { except: ['mobilePhone'] };
    });
    expect(answer.routes[0]!.difference).toMatchObject({ cleared: { mobilePhone: 5 }, entries: { updates: 5 } });
    expect(answer.answer).toContain('Route a-to-b: Clears mobilePhone of 5.');
  });

  it('shows no attribute as emptied that the snapshot does not hold yet, and leaves conditions on such out', async () => {
    const world = await synced({ a: 12 });
    const answer = await preview(world, (document) => {
      (document.routes[0]!['push'] as Record<string, unknown>)['attributes'] = { only: '*' };
      (document.routes[0]!['push'] as Record<string, unknown>)['emptyFields'] = 'always';
      document.routes[0]!['filter'] = { where: { attribute: 'raw.employeeType', operator: 'Equals', value: 'staff' } };
    });
    const [route] = answer.routes;
    expect(route!.notReadYet.attributes).toEqual(expect.arrayContaining(['notes', 'birthday', 'raw.employeeType']));
    expect(route!.notReadYet.conditions).toEqual(['filter.where']);
    expect(route!.difference).toMatchObject({ entries: { removes: 0, updates: 0 }, cleared: {} });
    expect(route!.effect).toContain('read at the next pull');
    expect(route!.effect).toContain('these numbers are with the condition of now');
  });

  it('leaves a field out of all numbers whose attribute is newly mapped, until it was read', async () => {
    const world = await synced({ a: 12 }, (one) => {
      one.configure((document) => {
        document.routes[0]!['push'] = { as: 'contact', attributes: { only: ['displayName'] } };
      });
    });
    const answer = await preview(world, (document) => {
      document.routes[0]!['push'] = { as: 'contact', emptyFields: 'always', attributes: { only: ['displayName', 'jobTitle'] } };
    });
    const [route] = answer.routes;
    expect(route!.notReadYet).toEqual({ attributes: ['jobTitle'], fields: ['jobTitle'], conditions: [] });
    expect(route!.difference).toMatchObject({ entries: { updates: 0 }, written: {}, cleared: {} });
    expect(route!.after).toMatchObject({ pulled: 12, unchanged: 12, updated: 0 });
  });

  it('names routes that are added, and why they cannot be planned before a pull', async () => {
    const world = await synced({ a: 8, b: 6 });
    const answer = await preview(world, (document) => {
      document.routes.push({ id: 'b-to-a', from: 'b', to: 'a', push: { as: 'contact' } });
      document.connectors.push({ ...document.connectors[0], id: 'c', tenant: 'c.example' });
      document.routes.push({ id: 'c-to-a', from: 'c', to: 'a', push: { as: 'contact' } });
    });
    const added = answer.routes.find((route) => route.id === 'b-to-a')!;
    expect(added).toMatchObject({ state: 'added', now: null, after: { created: 6 }, difference: { entries: { adds: 6 } } });
    expect(added.samples.adds![0]!.fields.length).toBeGreaterThan(2);
    expect(answer.routes.find((route) => route.id === 'c-to-a')!.cause).toContain('never read');
    expect(answer.connectors).toEqual({ added: ['c'], dropped: [] });
  });

  it('shows the effect of dropping a route that still manages objects, and that PUT refuses it', async () => {
    const world = await synced({ a: 5, b: 5, both: true });
    const answer = await preview(world, (document) => document.routes.splice(1, 1));
    expect(answer.wouldBeSaved).toBe(false);
    expect(answer.faults[0]!.message).toContain('stillManages');
    expect(answer.routes.find((route) => route.id === 'b-to-a')).toMatchObject({ state: 'dropped', managed: 5 });
    const off = await preview(world, (document) => {
      document.routes[1]!['enabled'] = false;
    });
    expect(off).toMatchObject({ wouldBeSaved: true });
    expect(off.routes.find((route) => route.id === 'b-to-a')).toMatchObject({ state: 'disabled', managed: 5 });
  });

  it('answers an invalid document with all its faults', async () => {
    const world = createWorld({ a: 1 });
    const refused = await preview(world, (document) => {
      document['pausd'] = true;
      document.routes[0]!['to'] = 'nowhere';
    }).then(
      () => null,
      (error: Refusal) => error,
    );
    expect(refused).toMatchObject({ status: 400, type: 'invalid-configuration' });
    expect((refused!.extra['errors'] as { path: string }[]).map((fault) => fault.path)).toEqual(['/pausd', '/routes/0/to']);
  });

  it('counts claims: of two people with one address one is skipped', async () => {
    const world = await synced({ a: 6 }, ({ a }) => {
      a.entries.set(
        'twin',
        person('a', 99, { id: 'twin', addresses: ['p1@a.example'], attributes: { displayName: 'Twin', jobTitle: 'Clerk' } }),
      );
      a.entries.set('a-1', person('a', 1, { enabled: false }));
    });
    const answer = await preview(world, (document) => {
      document.connectors[0]!['pull'] = { disabledUsers: true };
    });
    const [route] = answer.routes;
    expect(route!.after!.skippedBecause).toMatchObject({ claimed: 1 });
    expect(route!.difference!.entries.adds).toBe(0);
  });

  it('stops when its time is over and says of how much its numbers are', async () => {
    const world = await synced({ a: 10 });
    const rows = Array.from({ length: 10_500 }, (_, n) => person('a', n + 1_000));
    for (const entry of rows) world.a.entries.set(entry.id, entry);
    await world.run({ action: 'pull' });
    const change = (document: Document): void => {
      (document.routes[0]!['push'] as Record<string, unknown>)['set'] = { companyName: 'C' };
    };
    const whole = await preview(world, change);
    expect(whole).toMatchObject({ complete: true, ranges: { done: 2, of: 2 } });
    expect(whole.routes[0]!.after!.pulled).toBe(10_510);
    let calls = 0;
    const { store } = world;
    const slow = {
      ...world.context,
      now: () => new Date(world.clock.now + (calls > 0 ? 1e9 : 0)),
      store: {
        ...store,
        links: {
          ...store.links,
          range: (...asked: Parameters<typeof store.links.range>) => {
            calls += 1;
            return store.links.range(...asked);
          },
        },
      },
    };
    let copy: Document | null = null;
    world.configure((document) => {
      copy = structuredClone(document) as Document;
      change(copy);
    });
    const part = await previewConfiguration(slow, JSON.stringify(copy), { local: true, allowedHosts: [], budgetMs: 1_000 });
    expect(part.complete).toBe(false);
    expect(part.ranges.done).toBeLessThan(2);
    expect(part.ranges.done).toBeGreaterThan(0);
    expect(part.answer).toContain(`${part.ranges.done} of 2 ranges`);
    expect(part.routes[0]!.after!.pulled).toBeLessThan(10_510);
  });
});
