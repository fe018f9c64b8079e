import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Capability } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Fields } from '../model/plan.ts';
import { aContact, aLink, anEntry, aRoute, aWorld, type RouteParts, TARGET } from './harness.ts';
import { planEntry } from './planEntry.ts';
import { settleManager } from './superior.ts';
import type { Sight } from './view.ts';

const text = fc.oneof(
  fc.constantFrom(
    'Ada Berg',
    'Engineer',
    'Zo\u00eb',
    'Zoe\u0308',
    ' padded ',
    'a\r\nb',
    '',
    'UK',
    'x'.repeat(40),
    '\u039f\u0394\u039f\u03a3',
  ),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const address = fc.constantFrom(
  'ada@a.example',
  'ADA@a.example',
  'a.berg@gmail.com',
  'aberg@gmail.com',
  'x@b.onmicrosoft.com',
  'z@b.example',
);
const list = fc.array(text, { maxLength: 3 });
/** One who is at the target, one who is somebody else there by now, one who comes, and one whom nobody knows. */
const MANAGERS = { 'boss@a.example': { id: 't-boss' }, 'swapped@a.example': { id: 't-other' }, 'new@a.example': { id: null } };
const boss = fc.constantFrom('', ...Object.keys(MANAGERS), 'BOSS@a.example', 'gone@a.example');
const entries: fc.Arbitrary<Entry> = fc
  .record({
    kind: fc.constantFrom('user' as const, 'group' as const),
    addresses: fc.array(address, { minLength: 1, maxLength: 3 }),
    attributes: fc.record({
      displayName: text,
      jobTitle: text,
      city: text,
      notes: text,
      country: text,
      businessPhones: list,
      manager: boss,
    }),
    x500: fc.array(fc.constantFrom('/o=A/cn=1', '/o=a/CN=1', '/o=B/cn=2'), { maxLength: 2 }),
    sip: fc.array(fc.constantFrom('ada@sip.example', 'ADA@sip.example'), { maxLength: 1 }),
    hidden: fc.boolean(),
  })
  .map(({ attributes, ...rest }) =>
    anEntry({ ...rest, attributes: Object.fromEntries(Object.entries(attributes).filter(([, value]) => value.length > 0)) }),
  );
const pushes: fc.Arbitrary<NonNullable<RouteParts['push']>> = fc.record({
  emptyFields: fc.constantFrom('never' as const, 'own' as const, 'always' as const),
  drift: fc.constantFrom({ default: 'reassert' as const, except: [] }, { default: 'leave' as const, except: [] }),
  addressList: fc.constantFrom('shown' as const, 'likeSource' as const, 'leave' as const),
  attributes: fc.constantFrom({ only: null, except: [] }, { only: '*' as const, except: ['city'] }),
  set: fc.constantFrom({}, { jobTitle: '{jobTitle}[ ({city})]' }),
  addresses: fc.record({
    secondary: fc.boolean(),
    sip: fc.boolean(),
    deliverTo: fc.constantFrom([], ['b.example']),
    domains: fc.constantFrom({}, { 'a.example': 'mail.a.example' }),
  }),
});

const { sip: _sip, hidden: _hidden, deliveryAddress: _delivery, ...few } = TARGET.fields;
const TARGETS: Readonly<Record<string, Capability>> = {
  contact: { ...TARGET, fields: { ...TARGET.fields, country: {} } },
  'with an account': {
    ...TARGET,
    canHide: false,
    fields: { ...few, signIn: {}, addresses: { maxValues: 1, keepsOthers: true }, businessPhones: { maxValues: 1, keepsOthers: true } },
  },
  'that respells': {
    ...TARGET,
    fields: { ...TARGET.fields, country: {} },
    respells: new Set(['country']),
    normalise: (name, value) => (name === 'country' ? (value === 'UK' ? 'United Kingdom' : value.length > 5 ? null : value) : value),
  },
  'with managers': { ...TARGET, fields: { ...TARGET.fields, manager: { reference: true } } },
  'that holds little': {
    ...TARGET,
    fit: (fields) =>
      Object.values(fields).flat().join('').length <= 60 || !fields.notes
        ? { fields, lost: [] }
        : { fields: { ...fields, notes: null }, lost: ['notes'] },
  },
};

/** Something that befell the object or its link since: an edit, a value of the entry's own spelling, a link that is not at rest. */
const changes = fc.record({
  image: fc.oneof(
    { weight: 3, arbitrary: fc.constant<(entry: Entry) => Fields>(() => ({})) },
    { weight: 1, arbitrary: text.map((value) => (): Fields => ({ city: value })) },
    { weight: 1, arbitrary: fc.constant((entry: Entry): Fields => ({ ...entry.attributes, addresses: entry.addresses })) },
    { weight: 1, arbitrary: fc.constant((): Fields => ({ businessPhones: ['1', '2'], customAttribute1: 'theirs' })) },
  ),
  link: fc.oneof(
    { weight: 4, arbitrary: fc.constant<Partial<Link>>({}) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Partial<Link>>(
        { notKept: { city: 'x' } },
        { hidden: true },
        { leaving: { reason: 'gone', since: '2026-11-01T00:00:00Z' } },
        { written: { notes: 'x' } },
        { written: { city: 'x' } },
        { as: 'guest' },
        { adopted: true },
        { state: 'ended' },
        { state: 'intent' },
        { targetId: null },
        { converting: { from: 'contact', to: 'guest', oldId: 't1', image: {} } },
        { open: { change: 'c', fields: ['city'], until: 0, since: null } },
      ),
    },
  ),
  seen: fc.boolean(),
});

interface Befallen {
  readonly image: (entry: Entry) => Fields;
  readonly link: Partial<Link>;
}

/** What the target holds of an entry after its projection was written, edited, and its link. */
function world(target: Capability, entry: Entry, push: NonNullable<RouteParts['push']>, { image, link }: Befallen) {
  const made = aWorld(aRoute({ push }), [aContact('t1', 'u1')], { capability: target, unread: ['t1'], managers: MANAGERS });
  const { fields } = settleManager(made.context, made.context.project(entry, 'contact'), made.view);
  const held = Object.fromEntries(Object.entries({ ...fields, ...image(entry) }).filter(([, value]) => value !== null && value !== ''));
  const managerId = held['manager'] === undefined ? null : 't-boss';
  return { made, link: { ...aLink(aContact('t1', 'u1'), 'u1'), written: {}, managerId, ...link, image: held as Fields } };
}

describe('an entry that is settled', () => {
  it.each(Object.entries(TARGETS))('%s: the full plan leaves it as it is, with the same losses', (_name, target) => {
    let settled = 0;
    fc.assert(
      fc.property(entries, pushes, changes, (entry, push, change) => {
        const { made, link } = world(target, entry, push, change);
        const sight: Sight = change.seen ? made.view.sight('t1') : { there: true, entry: null, hash: 'read' };
        const losses = made.context.settled(entry, link, sight, made.view.manager);
        if (losses === null) return;
        settled += 1;
        const projection = settleManager(made.context, made.context.project(entry, link.as), made.view);
        const planned = planEntry(made.context, entry, projection, link, made.view);
        expect(planned).toMatchObject({ bucket: 'unchanged', change: null, link: null });
        expect([...new Set(losses)].sort()).toEqual([...planned.losses].sort());
      }),
      { numRuns: 1_500 },
    );
    expect(settled).toBeGreaterThan(200);
  });

  it.each(Object.entries(TARGETS))('%s: what is held to the letter is settled', (_name, target) => {
    const entry = anEntry({ addresses: ['ada@a.example', 'a.berg@a.example'], x500: ['/o=A'], hidden: false });
    const { made, link } = world(target, entry, { addressList: 'shown' }, { image: () => ({}), link: {} });
    expect(made.context.settled(entry, link, made.view.sight('t1'), made.view.manager)).not.toBeNull();
    for (const one of [{ jobTitle: 'Head' }, { addresses: ['b.berg@a.example'] }])
      expect(
        made.context.settled(entry, { ...link, image: { ...link.image, ...one } }, made.view.sight('t1'), made.view.manager),
      ).toBeNull();
    expect(made.context.settled(entry, link, { there: false }, made.view.manager)).toBeNull();
    expect(made.context.settled(entry, link, { there: true, entry: aContact('t1', 'u1'), hash: 'new' }, made.view.manager)).toBeNull();
  });
});
