import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../model/entry.ts';
import type { FieldName, Fields, FieldValue } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { hashValue } from './diff.ts';
import { aContact, aLink, anEntry, applied, aRoute, aWorld, type RouteParts } from './harness.ts';
import { planEntry } from './planEntry.ts';
import { compileSelection } from './select.ts';
import type { Planned } from './view.ts';

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 10 }), fc.constantFrom('Zo\u00eb', 'Zoe\u0308', ' padded ', 'a\r\nb', ''));
const address = fc
  .tuple(fc.constantFrom('ada', 'A.Berg', 'zo\u00eb', 'x'), fc.constantFrom('a.example', 'Gmail.com', 'b.example'))
  .map(([name, domain]) => `${name}@${domain}`);
const entries: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom('user' as const, 'group' as const, 'contact' as const, 'room' as const),
    addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 4, selector: (one) => one.toLowerCase() }),
    attributes: fc.record({ displayName: text, jobTitle: text, city: text, notes: text, businessPhones: fc.array(text, { maxLength: 3 }) }),
    x500: fc.array(fc.constantFrom('/o=A/cn=1', '/o=a/CN=1', '/o=B/cn=2'), { maxLength: 2 }),
    hidden: fc.boolean(),
  })
  .map(({ attributes, ...rest }) => {
    const held = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value.length > 0));
    return anEntry({ ...rest, attributes: held });
  });
const settings: fc.Arbitrary<NonNullable<RouteParts['push']>> = fc.record({
  emptyFields: fc.constantFrom('never' as const, 'own' as const, 'always' as const),
  addressList: fc.constantFrom('shown' as const, 'hidden' as const, 'likeSource' as const, 'leave' as const),
  set: fc.constantFrom({}, { displayName: '{displayName}[ ({city})]', notes: '{jobTitle}' }),
  addresses: fc.record({
    secondary: fc.boolean(),
    deliverTo: fc.constantFrom([], ['b.example']),
    domains: fc.constantFrom({}, { 'a.example': 'mail.a.example' }),
    keepOriginal: fc.boolean(),
  }),
});

/** Freezes a value and all that it holds: whoever writes to it throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

/** The contact that a directory would show with these fields. */
function shown(fields: Fields, sourceId: string): Entry {
  const { addresses, deliveryAddress, x500, hidden, stamp: _stamp, sip: _sip, ...rest } = fields;
  const attributes = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  const list = (value: FieldValue | undefined): readonly string[] => (value == null ? [] : typeof value === 'string' ? [value] : value);
  return aContact('t1', sourceId, {
    addresses: list(addresses),
    hidden: hidden === 'true',
    attributes: attributes as Entry['attributes'],
    ...(typeof deliveryAddress === 'string' ? { deliveryAddress } : {}),
    ...(list(x500).length > 0 ? { x500: list(x500) } : {}),
  });
}

function plan(entry: Entry, push: NonNullable<RouteParts['push']>, target: Entry | null, written: Fields): Planned {
  const world = aWorld(aRoute({ push }), target ? [target] : []);
  const hashes = Object.fromEntries(Object.entries(written).flatMap(([name, value]) => (value == null ? [] : [[name, hashValue(value)]])));
  const link = target ? aLink(target, entry.id, { written: hashes as Partial<Record<FieldName, string>>, imageHash: 'older' }) : null;
  frozen(world.context.route);
  return planEntry(world.context, frozen(entry), frozen(world.context.project(entry, 'contact')), frozen(link), world.view);
}

describe('planning an entry, as properties', () => {
  it('a create and then nothing; the same input gives the same plan, and no rule writes to what it is given', () => {
    fc.assert(
      fc.property(entries, settings, (entry, push) => {
        const first = plan(entry, push, null, {});
        expect(first.change).toMatchObject({ change: 'create', stamp: formatStamp({ route: 'a-to-b', sourceId: 'u1', adopted: false }) });
        expect(plan(entry, push, null, {})).toEqual(first);
        const desired = first.change!.desired!;
        expect(plan(entry, push, frozen(shown(desired, 'u1')), desired)).toMatchObject({ bucket: 'unchanged', change: null });
      }),
      { numRuns: 300 },
    );
  });

  it('whatever stood there before: one update, and then nothing', () => {
    fc.assert(
      fc.property(entries, entries, settings, (before, now, push) => {
        const was = plan(before, push, null, {}).change!.desired!;
        const target = shown(was, 'u1');
        const update = plan(now, push, frozen(target), was);
        if (!update.change) return;
        expect(update.change).toMatchObject({ change: 'update', targetId: 't1' });
        const fields = applied(was, update.change);
        expect(plan(now, push, frozen(shown(fields, 'u1')), fields).change, JSON.stringify(update.change.fields)).toBeNull();
        expect(update.change.fields.some(({ name, after }) => name === 'addresses' && (after === null || after.length === 0))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('what it takes and what it gives up are what the addresses differ by', () => {
    fc.assert(
      fc.property(entries, entries, settings, (before, now, push) => {
        const was = plan(before, push, null, {}).change!;
        const update = plan(now, push, shown(was.desired!, 'u1'), was.desired!).change;
        if (!update) return;
        expect(update.takes.filter((key) => update.releases.includes(key))).toEqual([]);
        expect(update.takes.filter((key) => was.takes.includes(key))).toEqual([]);
        expect(update.releases.filter((key) => !was.takes.includes(key))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a filter that cannot be judged', () => {
  const source = { id: 'a' } as Parameters<typeof compileSelection>[0]['source'];
  it('lets nobody through: an expression that does not compile, groups whose members are not known', () => {
    const base = { owners: { ownerOf: () => null, ownedBy: () => new Set<string>(), warningsFor: () => [] }, now: new Date(0) };
    const pull = aRoute().filter;
    const compile = (filter: RouteParts['filter']) =>
      compileSelection({
        ...base,
        source: { ...source, pull: { ...pull } } as never,
        route: aRoute(filter ? { filter } : {}),
        membership: { pull: null, filter: null },
      });
    expect(compile({})(anEntry({ addresses: ['x@free.example'] })).kept).toBe(true);
    expect(() => compile({ where: { not: { attribute: 'jobTitle', operator: 'MatchRegex', value: '(?=x)' } } })).toThrow();
    expect(() => compile({ onlyMembersOf: ['nobody@a.example'] })).toThrow(/not known/);
    expect(() => compile({ exceptMembersOf: ['nobody@a.example'] })).toThrow(/not known/);
  });
});
