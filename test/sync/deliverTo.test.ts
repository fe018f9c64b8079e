import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { changesOf } from '../../shared/sync/changes.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const route = (record: JobRecord): RouteResult => record.job.routes[0]!;

/** People of a, with further addresses; a route that delivers to `deliverTo`. */
function delivering(people: Record<string, readonly string[]>, addresses: object = { deliverTo: ['mail.example'] }): SyncWorld {
  const world = createWorld({ a: 0 });
  for (const [n, [id, all]] of Object.entries(people).entries()) give(world, id, all, n);
  configure(world, addresses);
  return world;
}

function give(world: SyncWorld, id: string, addresses: readonly string[], n = 0): void {
  world.a.entries.set(id, { ...person('a', n), id, addresses });
}

function configure(world: SyncWorld, addresses: object, more: object = {}): void {
  world.configure((document) => {
    document.routes[0]!['push'] = { as: 'contact', addresses };
    Object.assign(document.routes[0]!, more);
  });
}

/** What somebody's object holds: addresses, then where mail goes. */
const held = (world: SyncWorld, id: string): readonly (string | null)[] => {
  const one = [...world.b.entries.values()].find(({ stamp }) => stamp === `galsync:a-to-b:${id}`);
  return one ? [one.addresses.join(' '), one.deliveryAddress ?? null] : [];
};

async function quiet(world: SyncWorld): Promise<void> {
  const { writes } = world.b;
  expect(route(await world.run({ action: 'sync' }))).toMatchObject({ created: 0, updated: 0, failed: 0 });
  expect(world.b.writes).toBe(writes);
}

async function skipped(world: SyncWorld, record: JobRecord): Promise<readonly unknown[]> {
  const rows = [];
  for await (const row of changesOf(world.context, record, { change: 'skip' }, false)) rows.push(row);
  return rows;
}

describe('push.addresses.deliverTo', () => {
  it('mail goes to the first address in the first of the domains; the primary stays the one shown; who has none is delivered to it', async () => {
    const world = delivering(
      {
        two: ['two@a.example', 'two@mail.example', 'second@mail.example', 'two@other.example'],
        other: ['other@a.example', 'other@other.example'],
        none: ['none@a.example', 'none@elsewhere.example'],
        own: ['own@mail.example', 'own@other.example'],
      },
      { deliverTo: ['MAIL.example', 'other.example'] },
    );
    const first = await world.run({ action: 'sync' });
    expect(route(first)).toMatchObject({ state: 'completed', created: 4, losses: {} });
    expect(held(world, 'two')).toEqual(['two@a.example two@mail.example second@mail.example two@other.example', 'two@mail.example']);
    expect(held(world, 'other')).toEqual(['other@a.example other@other.example', 'other@other.example']);
    expect(held(world, 'none')).toEqual(['none@a.example none@elsewhere.example', null]);
    expect(held(world, 'own')).toEqual(['own@mail.example own@other.example', null]);
    await quiet(world);
  });

  it('follows the source: another one, none, one again; and the configuration, when it names no domain any more', async () => {
    const world = delivering({ p: ['p@a.example', 'p@mail.example'] });
    const follows = async (addresses: readonly string[], delivery: string | null): Promise<void> => {
      give(world, 'p', addresses);
      expect(route(await world.run({ action: 'sync' })).state).toBe('completed');
      expect(held(world, 'p')).toEqual([addresses.join(' '), delivery]);
      await quiet(world);
    };
    await follows(['p@a.example', 'p@mail.example'], 'p@mail.example');
    await follows(['p@a.example', 'new@mail.example'], 'new@mail.example');
    await follows(['p@a.example'], null);
    await follows(['p@a.example', 'p@mail.example'], 'p@mail.example');
    await follows(['p@mail.example', 'p@a.example'], null);
    await follows(['p@a.example', 'p@mail.example'], 'p@mail.example');
    configure(world, { deliverTo: [] });
    await follows(['p@a.example', 'p@mail.example'], null);
  });

  it('is chosen among all addresses, also those that are not pushed as secondary, and after the rewriting', async () => {
    const all = ['p@a.example', 'p@mail.example'];
    for (const [addresses, expected] of [
      [{ deliverTo: ['mail.example'], secondary: false }, ['p@a.example', 'p@mail.example']],
      [{ deliverTo: ['mail.example'], except: ['mail.example'] }, ['p@a.example', 'p@mail.example']],
      [
        { deliverTo: ['a.example'], domains: { 'a.example': 'new.example' }, keepOriginal: true },
        ['p@new.example p@mail.example p@a.example', 'p@a.example'],
      ],
      [{ deliverTo: ['a.example'], domains: { 'a.example': 'new.example' } }, ['p@new.example p@mail.example', null]],
    ] as const) {
      const world = delivering({ p: all }, addresses);
      await world.run({ action: 'sync' });
      expect(held(world, 'p'), JSON.stringify(addresses)).toEqual(expected);
      await quiet(world);
    }
  });

  it('a target that keeps no place of delivery: a listed loss, the same at every run, and nothing else', async () => {
    const world = delivering({ p: ['p@a.example', 'p@mail.example'], q: ['q@a.example'] });
    const { deliveryAddress: _none, ...fields } = { displayName: {}, addresses: { maxValues: 10 }, deliveryAddress: {}, stamp: {} };
    world.b.traits = { fields };
    for (let runs = 0; runs < 2; runs += 1) expect(route(await world.run({ action: 'sync' })).losses).toMatchObject({ deliverTo: 1 });
    expect(held(world, 'p')).toEqual(['p@a.example p@mail.example', null]);
    await quiet(world);
  });

  it("somebody else's: an object of the target is a collision that names it, and stays; when it goes, the change comes", async () => {
    const world = delivering({ p: ['p@a.example'], q: ['q@a.example'] }, { deliverTo: ['mail.example'], secondary: false });
    await world.run({ action: 'sync' });
    const theirs: Entry = { ...person('b', 1), id: 'theirs', kind: 'contact', type: 'MailContact', addresses: ['p@mail.example'] };
    world.b.entries.set(theirs.id, theirs);
    give(world, 'p', ['p@a.example', 'p@mail.example']);
    give(world, 'new', ['new@a.example', 'p@mail.example'], 7);
    world.a.entries.set('new', { ...world.a.entries.get('new')!, kind: 'contact' });
    const record = await world.run({ action: 'sync' });
    expect(record.job.routes[0]!.skippedBecause['collision']).toBe(1);
    expect(await skipped(world, record)).toContainEqual(
      expect.objectContaining({ object: 'p', reason: 'collision', owner: expect.objectContaining({ id: 'theirs' }) }),
    );
    expect(held(world, 'p')).toEqual(['p@a.example', null]);
    expect(world.b.entries.get('theirs')).toEqual(theirs);
    world.b.entries.delete('theirs');
    world.a.entries.delete('new');
    await world.run({ action: 'sync' });
    expect(held(world, 'p')).toEqual(['p@a.example', 'p@mail.example']);
  });

  it('two people who would be delivered to one address: one holds it, the other is claimed; whom it was taken from gives it up first', async () => {
    const world = delivering(
      { one: ['one@a.example', 'shared@mail.example'], two: ['two@a.example', 'shared@mail.example'] },
      { deliverTo: ['mail.example'], secondary: false },
    );
    const first = await world.run({ action: 'sync' });
    expect(route(first).skippedBecause['claimed']).toBe(1);
    expect([held(world, 'one'), held(world, 'two')]).toEqual([['one@a.example', 'shared@mail.example'], []]);
    // It goes from one to the other: released before it is taken, in one job.
    give(world, 'one', ['one@a.example']);
    const next = await world.run({ action: 'sync' });
    expect(route(next)).toMatchObject({ created: 1, updated: 1, failed: 0, skipped: 0 });
    expect([held(world, 'one'), held(world, 'two')]).toEqual([
      ['one@a.example', null],
      ['two@a.example', 'shared@mail.example'],
    ]);
    give(world, 'one', ['one@a.example', 'shared@mail.example']);
    give(world, 'two', ['two@a.example'], 1);
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({ updated: 2, failed: 0, skipped: 0 });
    expect([held(world, 'one'), held(world, 'two')]).toEqual([
      ['one@a.example', 'shared@mail.example'],
      ['two@a.example', null],
    ]);
    await quiet(world);
  });

  it('many that change are held like many primary addresses', async () => {
    const people = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`p${n}`, [`p${n}@a.example`, `p${n}@mail.example`]]));
    const world = delivering(people, { deliverTo: [] });
    await world.run({ action: 'sync' });
    configure(world, { deliverTo: ['mail.example'] });
    const record = await world.run({ action: 'sync' });
    expect(route(record)).toMatchObject({ state: 'held', heldBecause: [{ breaker: 'addressChangesPercent', value: 100 }] });
    expect(held(world, 'p0')[1]).toBeNull();
  });
});
