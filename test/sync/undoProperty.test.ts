import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import { approved, pushAs } from './conversions.ts';
import { held, rows, sums, undo } from './errands.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const PEOPLE = 30;
/** Who manages others keeps the own addresses: whom an address of two people names is nobody's guess. */
const boss = fc.integer({ min: 40, max: 43 });
const anybody = fc.oneof({ weight: 4, arbitrary: fc.nat(PEOPLE - 1) }, { weight: 1, arbitrary: boss });

/** What may happen in the source between two jobs. */
const happening = fc.oneof(
  fc.record({ what: fc.constant('leaves' as const), n: anybody }),
  fc.record({ what: fc.constant('returns' as const), n: anybody }),
  fc.record({ what: fc.constant('joins' as const), n: fc.integer({ min: 50, max: 55 }) }),
  fc.record({ what: fc.constant('title' as const), n: fc.nat(PEOPLE - 1), value: fc.constantFrom('Engineer', 'Director', '') }),
  fc.record({ what: fc.constant('department' as const), n: fc.nat(PEOPLE - 1), value: fc.constantFrom('Sales', 'Research', '') }),
  fc.record({ what: fc.constant('address' as const), n: fc.nat(PEOPLE - 1), to: fc.integer({ min: 0, max: PEOPLE + 3 }) }),
  fc.record({ what: fc.constant('boss' as const), n: anybody, to: boss }),
  fc.record({ what: fc.constant('swap' as const), n: fc.nat(PEOPLE - 1), to: fc.nat(PEOPLE - 1) }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A day and the push type that the route has by its evening: objects are converted. */
const day = fc.record({
  happenings: fc.array(happening, { maxLength: 6 }),
  as: fc.oneof({ weight: 3, arbitrary: fc.constant('contact' as const) }, { weight: 1, arbitrary: fc.constant('guest' as const) }),
});

const policy = fc.constantFrom('delete', 'hide', 'hideThenDelete');
/** Edits of others in the target after the job, by the place of the object. */
const edit = fc.record({ at: fc.nat(60), name: fc.constantFrom('jobTitle' as const, 'city' as const, 'displayName' as const) });

function happen(world: SyncWorld, one: Happening): void {
  const id = `a-${one.n}`;
  const known = world.a.entries.get(id);
  const attribute = (name: string, value: string): void => {
    if (!known) return;
    const attributes: Record<string, unknown> = { ...known.attributes, [name]: value };
    if (value === '') delete attributes[name];
    world.a.entries.set(id, { ...known, attributes } as Entry);
  };
  if (one.what === 'leaves') world.a.entries.delete(id);
  else if (one.what === 'returns' || one.what === 'joins') world.a.entries.set(id, known ?? person('a', one.n));
  else if (one.what === 'title') attribute('jobTitle', one.value);
  else if (one.what === 'department') attribute('department', one.value);
  else if (one.what === 'address' && known) world.a.entries.set(id, { ...known, addresses: [`p${one.to}@a.example`, ...known.addresses] });
  else if (one.what === 'boss' && known) world.a.entries.set(id, { ...known, managerRef: `a-${one.to}` });
  else if (one.what === 'swap' && known) {
    const other = world.a.entries.get(`a-${one.to}`);
    if (!other || other === known) return;
    world.a.entries.set(id, { ...known, addresses: other.addresses });
    world.a.entries.set(`a-${one.to}`, { ...other, addresses: known.addresses });
  }
}

async function start(leavers: string): Promise<SyncWorld> {
  const world = createWorld({ a: PEOPLE });
  for (const directory of [world.a, world.b]) directory.managers = true;
  for (let n = 40; n < 44; n += 1) world.a.entries.set(`a-${n}`, person('a', n));
  world.configure((document) => {
    document.routes[0]!['leavers'] = { gone: { policy: leavers, ...(leavers === 'hideThenDelete' ? { days: 1 } : {}) } };
    document.routes[0]!['breakers'] = {
      removals: { count: 500, percent: 100, max: 500 },
      sourceShrinkPercent: 100,
      addressChangesPercent: 100,
    };
  });
  await world.run({ action: 'sync' });
  return world;
}

async function job(world: SyncWorld, day: readonly Happening[], as: 'contact' | 'guest'): Promise<string | null> {
  for (const one of day) happen(world, one);
  pushAs(world, as);
  world.clock.now += 2 * 86_400_000;
  const record = await world.run({ action: 'sync' });
  const { created, updated, failed, leavers } = sums(record);
  fc.pre(record.job.state !== 'held' && failed === 0 && leavers.failed === 0);
  return created + updated + leavers.hidden + leavers.deleted > 0 ? record.job.id : null;
}

/** Who has left loses a manager whose object is replaced: no plan looks after leavers' fields. */
function ofTheLiving(world: SyncWorld, objects: ReturnType<typeof held>): unknown {
  const living = new Set([...world.a.entries.keys()].map((id) => `galsync:a-to-b:${id}`));
  return Object.fromEntries(
    Object.entries(objects).map(([key, { managerRef, ...rest }]) => [key, living.has(rest.stamp ?? '') ? { ...rest, managerRef } : rest]),
  );
}

describe('undo, for any jobs', () => {
  it('taken back in turn, the last one first, they leave the target as it was', async () => {
    await fc.assert(
      fc.asyncProperty(policy, fc.array(day, { minLength: 1, maxLength: 3 }), async (leavers, days) => {
        const world = await start(leavers);
        const done: { id: string; before: ReturnType<typeof held> }[] = [];
        for (const { happenings, as } of days) {
          const before = held(world);
          const id = await job(world, happenings, as);
          if (id) done.push({ id, before });
        }
        for (const { id, before } of done.reverse()) {
          const record = await undo(world, id);
          // Accounts that go are a removal: somebody must approve.
          const result = record.job.state === 'held' ? await approved(world, record) : sums(record);
          expect(result).toMatchObject({ state: 'completed', skipped: 0, failed: 0, leavers: { kept: 0 } });
          expect(ofTheLiving(world, held(world))).toEqual(ofTheLiving(world, before));
        }
      }),
      {
        numRuns: 30,
        examples: [
          // The manager leaves and is made again before, with or after who names it.
          [
            'delete',
            [
              { happenings: [{ what: 'boss', n: 0, to: 40 }], as: 'contact' },
              { happenings: [{ what: 'leaves', n: 40 }], as: 'contact' },
            ],
          ],
          // Both are converted back, in different lanes.
          [
            'delete',
            [
              { happenings: [{ what: 'boss', n: 18, to: 41 }], as: 'contact' },
              { happenings: [{ what: 'swap', n: 18, to: 0 }], as: 'guest' },
            ],
          ],
          // One takes another's address and leaves, the other takes over the object as the contact that it is; the route makes guests by then.
          [
            'delete',
            [
              {
                happenings: [
                  { what: 'address', n: 2, to: 19 },
                  { what: 'swap', n: 3, to: 19 },
                ],
                as: 'contact',
              },
              { happenings: [{ what: 'leaves', n: 2 }], as: 'guest' },
            ],
          ],
          // The same without guests: it takes over the object's alias, too.
          [
            'delete',
            [
              { happenings: [{ what: 'address', n: 21, to: 3 }], as: 'contact' },
              { happenings: [{ what: 'leaves', n: 21 }], as: 'contact' },
            ],
          ],
        ],
      },
    );
  }, 120_000);

  it('what others changed since stays, whatever else goes back', async () => {
    await fc.assert(
      fc.asyncProperty(policy, fc.array(happening, { maxLength: 6 }), fc.array(edit, { maxLength: 5 }), async (leavers, day, edits) => {
        const world = await start(leavers);
        const before = held(world);
        const id = await job(world, day, 'contact');
        fc.pre(id !== null);
        const edited = new Map<string, Record<string, string>>();
        for (const { at, name } of edits) {
          const entry = [...world.b.entries.values()][at % world.b.entries.size]!;
          world.b.entries.set(entry.id, { ...entry, attributes: { ...entry.attributes, [name]: 'by hand' } });
          edited.set(entry.stamp!, { ...edited.get(entry.stamp!), [name]: 'by hand' });
        }
        const after = held(world);
        const record = await undo(world, id!);
        expect(record.job.state).toBe('completed');
        sums(record);
        const now = held(world);
        for (const stamp of new Set([...Object.keys(before), ...Object.keys(after)])) {
          const by = edited.get(stamp);
          const made = before[stamp] === undefined;
          if (!by) expect(now[stamp], stamp).toEqual(before[stamp]);
          else if (made) expect(now[stamp], stamp).toEqual(after[stamp]);
          else expect(now[stamp], stamp).toEqual({ ...before[stamp], attributes: { ...before[stamp]!.attributes, ...by } });
        }
        const left = (await rows(world, record)).filter((row) => row.change === 'keep');
        expect(
          left.every((row) => row.reason.startsWith('changedSince: ')),
          'reasons',
        ).toBe(true);
      }),
      { numRuns: 30 },
    );
  }, 120_000);
});
