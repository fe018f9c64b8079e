import { describe, expect, it } from 'vitest';
import type { Capability } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Change } from '../model/plan.ts';
import { hashValue } from './diff.ts';
import { aChange, aContact, aLink, aRoute, aWorld, TARGET } from './harness.ts';
import { planUndo } from './undo.ts';
import type { UndoView } from './undoRow.ts';

/** A guest holds no city and no X500 address, knows lag, and of its addresses only the first is ours. */
const { city: _city, x500: _x500, ...guestFields } = TARGET.fields;
const GUEST: Capability = {
  ...TARGET,
  as: 'guest',
  types: ['GuestMailUser'],
  holdsAccount: true,
  knownLag: true,
  fields: { ...guestFields, addresses: { maxValues: 1, keepsOthers: true }, notes: {}, signIn: {} },
};
const CONTACT = { ...TARGET, fields: { ...TARGET.fields, notes: undefined as never } };
const capabilityOf = (as: string): Capability => (as === 'guest' ? GUEST : CONTACT);

const before = {
  image: { displayName: 'Ada Berg', jobTitle: 'Clerk', city: 'Kiel', addresses: ['ada@a.example'], hidden: 'false', x500: ['/o=b/cn=old'] },
  own: ['displayName', 'jobTitle', 'city'] as const,
  leaving: null,
};
const guest: Entry = aContact('g1', 'u1', {
  kind: 'user',
  type: 'GuestMailUser',
  addresses: ['ada@a.example', 'ada_a.example#EXT#@b.example'],
  attributes: { displayName: 'Ada Berg', jobTitle: 'Engineer' },
});
const conversion: Change = {
  ...aChange('u1', {
    ...{ as: 'guest', targetId: 'c1', reason: 'converted', fields: [{ name: 'jobTitle', before: 'Clerk', after: 'Engineer' }] },
    desired: { displayName: 'Ada Berg', jobTitle: 'Engineer', addresses: ['ada@a.example'], hidden: 'false' },
    converts: { from: 'contact', begun: false, removesAccount: false, before },
  }),
  id: 'job.1.a-to-b.0',
  order: 0,
};
const written = { displayName: hashValue('Ada Berg'), jobTitle: hashValue('Engineer') };

function undone(more: { entry?: Entry | null; link?: Partial<Link>; lagging?: boolean; objects?: readonly Entry[]; change?: Change } = {}) {
  const { entry = guest, lagging = false, objects = [], change = conversion } = more;
  const { context, view } = aWorld(aRoute(), entry ? [entry, ...objects] : objects, { routes: ['a-to-b'] });
  const link = aLink(guest, 'u1', { as: 'guest', written, x500: ['/o=older/cn=x'], ...more.link });
  const seen: UndoView = { link, entry, lagging, hits: view.hits };
  return planUndo({ ...context, capabilityOf, capability: GUEST }, { job: 'job', changes: [change], targetId: 'g1' }, seen)!;
}

describe('the reverse of a conversion', () => {
  it('makes a contact again with all that it held, what the guest could not hold among it, and whose it was', () => {
    const row = undone();
    expect(row).toMatchObject({
      change: 'update',
      as: 'contact',
      targetId: 'g1',
      reason: 'undone',
      orphan: false,
      takes: [],
      releases: [],
    });
    expect(row.desired).toEqual({ ...before.image, x500: ['/o=b/cn=old', '/o=older/cn=x'] });
    expect(row.fields).toEqual([
      { name: 'jobTitle', before: 'Engineer', after: 'Clerk' },
      { name: 'city', before: null, after: 'Kiel' },
    ]);
    expect(row.converts).toMatchObject({ from: 'guest', begun: false, removesAccount: true, before: { image: { jobTitle: 'Engineer' } } });
    expect(row.restores).toMatchObject({ leaving: null, hidden: false, adopted: false });
    expect([...row.restores!.own!].sort()).toEqual(['city', 'displayName', 'jobTitle']);
  });

  it('gives up an address of the guest, not the one that is the directory’s own', () => {
    const moved = { ...guest, addresses: ['new@a.example', 'ada_a.example#EXT#@b.example'] };
    const change = { ...conversion, desired: { ...conversion.desired, addresses: ['new@a.example'] } };
    expect(undone({ entry: moved, change })).toMatchObject({
      ...{ takes: ['ada@a.example'], releases: ['new@a.example'], desired: { addresses: ['ada@a.example'] } },
    });
  });

  it('takes over what was changed since; what the contact cannot hold, it leaves with the guest', () => {
    const titled = { ...guest, attributes: { ...guest.attributes, jobTitle: 'Director' } };
    expect(undone({ entry: titled })).toMatchObject({
      desired: { jobTitle: 'Director', city: 'Kiel' },
      reason: 'undone: jobTitle was changed by somebody.',
    });
    const noted = { ...guest, attributes: { ...guest.attributes, notes: 'met in Rome' } };
    expect(undone({ entry: noted, link: { doneChange: 'later.1.a-to-b.0' } })).toMatchObject({
      change: 'keep',
      desired: null,
      reason: 'changedSince: notes was changed by job later; undo that one first. A contact cannot hold that: it would be lost.',
    });
    expect(undone({ entry: noted }).converts).toBeUndefined();
  });

  it('takes for nobody’s edit what waits for the directory, or what it does not show yet', () => {
    const { jobTitle: _title, ...attributes } = guest.attributes;
    const late = { ...guest, attributes };
    expect(undone({ entry: late }).desired).not.toHaveProperty('jobTitle');
    expect(undone({ entry: late, lagging: true }).desired).toMatchObject({ jobTitle: 'Clerk' });
    const open = { change: 'job.1.a-to-b.0', fields: ['jobTitle' as const], until: 0, since: null };
    expect(undone({ entry: late, link: { open } }).desired).toMatchObject({ jobTitle: 'Clerk' });
    expect(undone({ entry: null, lagging: true })).toMatchObject({ change: 'update', desired: { jobTitle: 'Clerk', city: 'Kiel' } });
  });

  it('never leaves the new object without a name or an address', () => {
    const { displayName: _name, addresses: _addresses, ...image } = before.image;
    const change = { ...conversion, converts: { ...conversion.converts!, before: { ...before, image } } };
    expect(undone({ change }).desired).toMatchObject({ displayName: 'Ada Berg', addresses: ['ada@a.example'] });
  });

  it.each<[string, Parameters<typeof undone>[0], RegExp]>([
    ['is not there', { entry: null }, /not in the target any more/],
    ['lost its stamp', { entry: (({ stamp: _stamp, ...rest }) => rest)(guest) }, /does not carry our stamp/],
    ['has been licensed', { entry: { ...guest, type: 'UserMailbox' } }, /become a UserMailbox/],
    ['was released', { link: { state: 'ended', endedBecause: 'takenOver' } }, /was released/],
    ['has no living link', { link: { state: 'ended', endedBecause: 'gone' } }, /relink the route/],
    ['was made a third type by a later job', { link: { as: 'mailUser' } }, /mailUser by now.*undo that one first/],
    [
      'is half on its way to a third type',
      { link: { converting: { from: 'guest', to: 'mailUser', oldId: 'g1', image: {} } } },
      /begun to make a mailUser of this guest/,
    ],
  ])('leaves an object that %s, and says so', (_what, given, why) => {
    const row = undone(given);
    expect([row.change, row.orphan, row.desired, row.converts]).toEqual(['keep', true, null, undefined]);
    expect(row.reason).toMatch(why);
  });

  it('of one that was refused is nothing', () => {
    const contact = aContact('c2', 'u1', { attributes: { displayName: 'Ada Berg', jobTitle: 'Clerk', city: 'Kiel' } });
    expect(undone({ entry: contact, link: { as: 'contact', targetId: 'c2' } })).toBeNull();
  });

  it('of one that was begun only takes it back and counts for no breaker; with a successor there, an account goes', () => {
    const half = { from: 'contact' as const, to: 'guest' as const, oldId: 'c1', image: before.image };
    const aside = aContact('c1', 'u1', { hidden: true, addresses: ['x@galsync.invalid'] });
    expect(undone({ entry: aside, link: { as: 'contact', targetId: 'c1', converting: half } })).toMatchObject({
      ...{ as: 'contact', desired: { ...before.image, x500: ['/o=b/cn=old', '/o=older/cn=x'] }, fields: [] },
      converts: { from: 'contact', begun: true, removesAccount: false },
    });
    expect(undone({ link: { converting: half } })).toMatchObject({
      ...{ as: 'contact', desired: { jobTitle: 'Clerk' } },
      converts: { from: 'guest', begun: false, removesAccount: true },
    });
  });

  it('that an earlier undo began is gone on with, and not counted again', () => {
    const half = { from: 'guest' as const, to: 'contact' as const, oldId: 'g1', image: { ...conversion.desired, jobTitle: 'Director' } };
    expect(undone({ entry: null, link: { converting: half } })).toMatchObject({
      ...{ as: 'contact', desired: { jobTitle: 'Director', city: 'Kiel' } },
      converts: { from: 'guest', begun: true, removesAccount: false },
    });
  });
});
