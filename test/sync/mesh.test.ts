import { describe, expect, it } from 'vitest';
import type { JobRecord } from '../../shared/model/job.ts';
import { parseStamp } from '../../shared/model/stamp.ts';
import { createOrganisations, type Organisations, resultOf } from './organisations.ts';
import { person } from './world.ts';

const IDS = ['a', 'b', 'c', 'd', 'e'];
const PEOPLE = 6;

/** Five organisations, every one with every other one: 20 routes. `settle` changes what a directory can do. */
function mesh(settle: (of: Organisations) => void = () => undefined): Organisations {
  const of = createOrganisations(IDS, { mesh: true });
  settle(of);
  for (const id of IDS) {
    for (let n = 0; n < PEOPLE; n += 1) of.put(id, person(id, n));
    of.put(id, person(id, 90, { kind: 'group', type: 'MailUniversalDistributionGroup', addresses: [`all@${id}.example`] }));
  }
  return of;
}

const PEOPLE_AND_GROUP = PEOPLE + 1;

/** Every address of a directory with how many objects hold it. */
function holdings(of: Organisations, id: string): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const entry of of.directories[id]!.entries.values())
    for (const address of entry.addresses) count.set(address, (count.get(address) ?? 0) + 1);
  return count;
}

/** Each person of each organisation is exactly once in each directory, at home and elsewhere; and every stamp names a route into it. */
function expectEverybodyOnceEverywhere(of: Organisations, everybody: readonly string[]): void {
  for (const id of IDS) {
    expect(Object.fromEntries(holdings(of, id)), `addresses in ${id}`).toEqual(
      Object.fromEntries(everybody.map((address) => [address, 1])),
    );
    for (const entry of of.directories[id]!.entries.values())
      if (entry.stamp) expect(parseStamp(entry.stamp)?.route).toMatch(new RegExp(`-to-${id}$`));
  }
}

function everybodyOf(of: Organisations): string[] {
  return IDS.flatMap((id) => [...of.directories[id]!.entries.values()].filter((one) => !one.stamp).flatMap((one) => one.addresses));
}

const writesOf = (of: Organisations): number => IDS.reduce((n, id) => n + of.directories[id]!.writes, 0);
const readsOf = (of: Organisations): readonly number[] => IDS.map((id) => of.directories[id]!.reads);
const results = (record: JobRecord) => record.job.routes.map((route) => resultOf(record, route.id));

const WORLDS: readonly (readonly [string, (of: Organisations) => void])[] = [
  ['directories of one kind', () => undefined],
  [
    'directories of several kinds: some cannot hide, some do not keep addresses unique, some lag',
    (of) => {
      of.directories['b']!.traits = { canHide: false, uniqueAddresses: false };
      of.directories['c']!.traits = { canHide: false };
      of.directories['d']!.traits = { knownLag: true };
      of.directories['e']!.traits = { uniqueAddresses: false };
    },
  ],
];

describe.each(WORLDS)('a mesh of five organisations (%s)', (_name, settle) => {
  it('everybody is exactly once everywhere, nothing is exported again, and the second run writes nothing', async () => {
    const of = mesh(settle);
    const everybody = everybodyOf(of);
    const first = await of.run({ action: 'sync' });
    expect(results(first)).toHaveLength(20);
    for (const route of results(first))
      expect(route, route.id).toMatchObject({ created: PEOPLE_AND_GROUP, skipped: 0, failed: 0, warnings: [] });
    expect(readsOf(of)).toEqual([1, 1, 1, 1, 1]);
    expectEverybodyOnceEverywhere(of, everybody);
    const writes = writesOf(of);
    expect(writes).toBe(20 * PEOPLE_AND_GROUP);
    for (let run = 2; run < 4; run += 1) {
      const quiet = await of.run({ action: 'sync' });
      for (const route of results(quiet))
        expect(route, route.id).toMatchObject({
          unchanged: PEOPLE_AND_GROUP,
          created: 0,
          updated: 0,
          skippedBecause: { stamped: 4 * PEOPLE_AND_GROUP },
          leavers: { orphaned: 0 },
        });
      expect(readsOf(of)).toEqual(IDS.map(() => run));
    }
    expect(writesOf(of)).toBe(writes);
  });

  it('who leaves one organisation leaves all the others, and no other object is touched', async () => {
    const of = mesh(settle);
    await of.run({ action: 'sync' });
    of.directories['a']!.entries.delete('a-3');
    const left = await of.run({ action: 'sync' });
    for (const route of results(left))
      expect(route.leavers, route.id).toMatchObject({ orphaned: route.id.startsWith('a-') ? 1 : 0, failed: 0, held: 0 });
    of.clock.now += 31 * 86_400_000;
    await of.run({ action: 'sync' });
    expectEverybodyOnceEverywhere(of, everybodyOf(of));
    expect(everybodyOf(of)).toHaveLength(IDS.length * PEOPLE_AND_GROUP - 1);
    const writes = writesOf(of);
    await of.run({ action: 'sync' });
    expect(writesOf(of)).toBe(writes);
  });

  it('who is renamed is one update in each other organisation', async () => {
    const of = mesh(settle);
    await of.run({ action: 'sync' });
    const writes = writesOf(of);
    of.put('b', person('b', 2, { addresses: ['married.name@b.example'], attributes: { displayName: 'Married Name' } }));
    const record = await of.run({ action: 'sync' });
    for (const route of results(record)) expect([route.updated, route.created], route.id).toEqual([route.id.startsWith('b-') ? 1 : 0, 0]);
    expect(writesOf(of) - writes).toBe(4);
    expectEverybodyOnceEverywhere(of, everybodyOf(of));
    await of.run({ action: 'sync' });
    expect(writesOf(of) - writes).toBe(4);
  });

  it('who moves from one organisation to another under the same address is there once, from the new one', async () => {
    const of = mesh(settle);
    const shared = 'mover@shared.example';
    of.put('a', person('a', 50, { addresses: [shared] }));
    await of.run({ action: 'sync' });
    of.directories['a']!.entries.delete('a-50');
    const arrived = person('b', 50, { addresses: [shared] });
    // The administrator of "b" gives the address to the new mailbox, and removes the contact that held it.
    const contact = [...of.directories['b']!.entries.values()].find((entry) => entry.stamp === 'galsync:a-to-b:a-50')!;
    of.directories['b']!.entries.delete(contact.id);
    of.put('b', arrived);
    const moved = await of.run({ action: 'sync' });
    for (const route of results(moved))
      expect([route.failed, route.leavers.failed, route.held, route.leavers.held], route.id).toEqual([0, 0, 0, 0]);
    for (const to of ['c', 'd', 'e']) {
      expect(resultOf(moved, `a-to-${to}`).leavers).toMatchObject({ orphaned: 1, deleted: 1 });
      expect(resultOf(moved, `b-to-${to}`)).toMatchObject({ created: 1 });
    }
    expectEverybodyOnceEverywhere(of, everybodyOf(of));
    const writes = writesOf(of);
    const quiet = await of.run({ action: 'sync' });
    expect(writesOf(of)).toBe(writes);
    for (const route of results(quiet)) expect([route.failed, route.leavers.orphaned], route.id).toEqual([0, 0]);
  });
});

describe('a mesh in which the new home keeps no address unique', () => {
  it('while the contact of who moved still stands in the new home, nobody is made twice', async () => {
    const of = mesh(WORLDS[1]![1]);
    const shared = 'mover@shared.example';
    of.put('a', person('a', 50, { addresses: [shared] }));
    await of.run({ action: 'sync' });
    of.directories['a']!.entries.delete('a-50');
    of.put('b', person('b', 50, { addresses: [shared] }));
    await of.run({ action: 'sync' });
    for (const to of ['a', 'c', 'd', 'e']) expect(holdings(of, to).get(shared), `in ${to}`).toBe(1);
    of.clock.now += 31 * 86_400_000;
    await of.run({ action: 'sync' });
    expectEverybodyOnceEverywhere(of, everybodyOf(of));
  });
});
