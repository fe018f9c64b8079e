import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import { createOrganisations, type Organisations, resultOf } from './organisations.ts';
import { person } from './world.ts';

const IDS = ['a', 'b', 'c'];
const DOMAINS = ['a.example', 'b.example', 'c.example', 'free.example'];

interface One {
  readonly home: string;
  readonly n: number;
  readonly addresses: readonly string[];
  readonly contact: boolean;
  readonly enabled: boolean;
  /** The number of somebody of the same home, who may not be there. */
  readonly boss: number | null;
}

const address = fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.constantFrom(...DOMAINS)).map(([name, domain]) => `${name}@${domain}`);
/** People of three organisations who claim few addresses, also each other's; within a directory no address is held twice. */
const people: fc.Arbitrary<readonly One[]> = fc
  .uniqueArray(
    fc.record({
      home: fc.constantFrom(...IDS),
      n: fc.nat(6),
      addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 3 }),
      contact: fc.boolean(),
      enabled: fc.boolean(),
      boss: fc.option(fc.nat(6)),
    }),
    { minLength: 2, maxLength: 8, selector: ({ home, n }) => `${home}${n}` },
  )
  .map((all) => {
    const taken = new Set<string>();
    return all.flatMap((one) => {
      const free = one.addresses.filter((text) => !taken.has(`${one.home} ${text}`));
      for (const text of free) taken.add(`${one.home} ${text}`);
      return free.length > 0 ? [{ ...one, addresses: free }] : [];
    });
  });

function entryOf({ home, n, addresses, contact, enabled, boss }: One): Entry {
  const managerRef = boss === null ? {} : { managerRef: `${home}-${boss}` };
  return person(home, n, { addresses, enabled, ...managerRef, ...(contact ? { kind: 'contact', type: 'MailContact' } : {}) });
}

function meshOf(all: readonly One[]): Organisations {
  const of = createOrganisations(IDS, { mesh: true });
  for (const id of IDS) of.directories[id]!.managers = true;
  for (const one of all) of.put(one.home, entryOf(one));
  return of;
}

const writesOf = (of: Organisations): number => IDS.reduce((n, id) => n + of.directories[id]!.writes, 0);

async function synced(of: Organisations): Promise<void> {
  const record = await of.run({ action: 'sync' });
  // Buckets are checked by `resultOf`.
  for (const route of record.job.routes) expect(['completed', 'held']).toContain(resultOf(record, route.id).state);
}

describe('any world of three organisations', () => {
  it('comes to rest: the next run writes nothing, no address is held twice by objects of ours, nothing of ours is exported', async () => {
    await fc.assert(
      fc.asyncProperty(people, async (all) => {
        const of = meshOf(all);
        await synced(of);
        await synced(of);
        const writes = writesOf(of);
        await synced(of);
        expect(writesOf(of)).toBe(writes);
        for (const id of IDS) {
          const held = Object.values(of.ours(id)).flat();
          expect(new Set(held).size, `addresses of ours in ${id}`).toBe(held.length);
          for (const stamp of Object.keys(of.ours(id))) expect(stamp).toMatch(/^galsync:([abc])-to-[abc]:\1-\d$/);
        }
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('comes to the same whatever the order in which the directories give their objects', async () => {
    await fc.assert(
      fc.asyncProperty(
        people.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray([...all], { minLength: all.length }))),
        async ([all, shuffled]) => {
          const worlds = [meshOf(all), meshOf(shuffled)];
          for (const of of worlds) await synced(of);
          for (const id of IDS) expect(worlds[1]!.ours(id)).toEqual(worlds[0]!.ours(id));
        },
      ),
      { numRuns: 15 },
    );
  }, 120_000);

  it('comes to rest again after everybody was replaced by others who want the same addresses', async () => {
    await fc.assert(
      fc.asyncProperty(people, people, async (before, after) => {
        const of = meshOf(before);
        for (const route of ['a', 'b', 'c']) of.directories[route]!.pageSize = 3;
        await synced(of);
        for (const id of IDS)
          for (const entry of [...of.directories[id]!.entries.values()]) if (!entry.stamp) of.directories[id]!.entries.delete(entry.id);
        for (const one of after) {
          const there = [...of.directories[one.home]!.entries.values()].some((entry) =>
            entry.addresses.some((text) => one.addresses.includes(text)),
          );
          if (!there) of.put(one.home, entryOf(one));
        }
        for (let run = 0; run < 3; run += 1) await of.run({ action: 'sync' });
        const writes = writesOf(of);
        const last = await of.run({ action: 'sync' });
        for (const route of last.job.routes) resultOf(last, route.id);
        expect(writesOf(of)).toBe(writes);
      }),
      { numRuns: 20 },
    );
  }, 120_000);
});
