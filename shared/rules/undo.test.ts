import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Change } from '../model/plan.ts';
import { hashValue } from './diff.ts';
import { aChange, aContact, aLink, aRoute, aWorld, TARGET } from './harness.ts';
import { planUndo } from './undo.ts';
import type { Made, UndoView } from './undoRow.ts';

const CONTACT = aContact('t1', 'u1');
const past = (more: Partial<Change>): Change =>
  ({ ...aChange('u1', { targetId: 't1' }), id: 'job.1.a-to-b.0', order: 0, ...more }) as Change;
const renamed = past({ fields: [{ name: 'jobTitle', before: 'Clerk', after: 'Engineer' }] });
const made = past({
  change: 'create',
  targetId: null,
  desired: { displayName: 'Ada Berg', jobTitle: 'Engineer', addresses: ['ada@a.example'] },
});

interface Case {
  readonly changes?: readonly Change[];
  readonly entry?: Entry | null;
  readonly link?: Link | null;
  readonly objects?: readonly Entry[];
  readonly lagging?: boolean;
  readonly capability?: typeof TARGET;
}

function undoOf({ changes = [renamed], entry = CONTACT, link, objects = [], lagging = false, capability = TARGET }: Case) {
  const { context, view } = aWorld(aRoute(), entry ? [entry, ...objects] : objects, { capability, routes: ['a-to-b'] });
  const known = link === undefined ? aLink(CONTACT, 'u1') : link;
  const done: Made = { job: 'job', changes, targetId: 't1' };
  const seen: UndoView = { link: known, entry, lagging, hits: view.hits };
  return planUndo({ ...context, capability }, done, seen);
}

describe('the reverse of an update', () => {
  it('writes the before-values of exactly the fields that the job changed', () => {
    expect(undoOf({})).toMatchObject({
      change: 'update',
      reason: 'undone',
      orphan: false,
      fields: [{ name: 'jobTitle', before: 'Engineer', after: 'Clerk' }],
    });
  });

  it('knows a value that the target spells its own way while nobody wrote since', () => {
    const entry = aContact('t1', 'u1', { attributes: { displayName: 'Ada Berg', jobTitle: 'ENG.' } });
    const written = { jobTitle: hashValue('ENG.') };
    expect(undoOf({ entry, link: aLink(entry, 'u1', { written }) })).toMatchObject({ change: 'update' });
    expect(undoOf({ entry, link: aLink(entry, 'u1', { written, doneChange: 'later.1.a-to-b.0' }) })).toMatchObject({
      change: 'keep',
      reason: 'changedSince: jobTitle was changed by job later; undo that one first.',
    });
  });

  it('is nothing where everything is as before already, unless the directory shows writes late', () => {
    const entry = aContact('t1', 'u1', { attributes: { displayName: 'Ada Berg', jobTitle: 'Clerk' } });
    expect(undoOf({ entry })).toBeNull();
    expect(undoOf({ entry, lagging: true })).toMatchObject({ fields: [{ name: 'jobTitle', before: 'Engineer', after: 'Clerk' }] });
  });

  it('never takes X500 addresses away, nor the mark that it is ours', () => {
    const fields = [
      { name: 'x500' as const, before: null, after: ['/o=a/cn=1'] },
      { name: 'stamp' as const, before: null, after: 'galsync:a-to-b:u1' },
    ];
    expect(undoOf({ changes: [past({ fields, reason: 'restamped' })], entry: { ...CONTACT, x500: ['/o=a/cn=1'] } })).toBeNull();
  });

  it('leaves out what the target cannot hold now, and never empties the name', () => {
    const { jobTitle: _gone, ...fields } = TARGET.fields;
    expect(undoOf({ capability: { ...TARGET, fields } })).toBeNull();
    expect(undoOf({ changes: [past({ fields: [{ name: 'displayName', before: null, after: 'Ada Berg' }] })] })).toBeNull();
  });

  it.each<[string, Case, RegExp]>([
    ['is not there', { entry: null }, /not in the target any more/],
    ['is not linked', { link: null }, /relink the route/],
    ['lost its stamp', { entry: (({ stamp: _stamp, ...rest }) => rest)(CONTACT) }, /does not carry our stamp/],
    ['became a mailbox', { entry: { ...CONTACT, type: 'UserMailbox' } }, /become a UserMailbox/],
    ['is mastered elsewhere', { entry: { ...CONTACT, readOnly: true } }, /mastered in another directory/],
    ['carries another stamp', { entry: { ...CONTACT, stamp: 'galsync:r2:u1' } }, /another stamp/],
  ])('leaves an object that %s, and says so', (_what, given, why) => {
    const row = undoOf(given)!;
    expect([row.change, row.orphan, row.fields]).toEqual(['keep', true, []]);
    expect(row.reason).toMatch(why);
  });

  it('takes an address back only from whoever gives it up', () => {
    const moved = past({ fields: [{ name: 'addresses', before: ['old@a.example'], after: ['ada@a.example'] }] });
    expect(undoOf({ changes: [moved] })).toMatchObject({ takes: ['old@a.example'], releases: ['ada@a.example'], holders: [] });
    const ours = aContact('t2', 'u2', { addresses: ['old@a.example'] });
    expect(undoOf({ changes: [moved], objects: [ours] })).toMatchObject({ holders: [{ key: 'old@a.example', targetId: 't2' }] });
    const stranger: Entry = { ...ours, stamp: 'galsync:not-configured:u2' };
    expect(undoOf({ changes: [moved], objects: [stranger] })).toMatchObject({ change: 'keep', reason: expect.stringContaining('t2') });
  });

  it('of a cut cycle goes back to what was there before the first of its two writes', () => {
    const first = past({ firstPart: true, fields: [{ name: 'addresses', before: ['old@a.example'], after: ['x@galsync.invalid'] }] });
    const last = past({ fields: [{ name: 'addresses', before: ['old@a.example'], after: ['ada@a.example'] }] });
    for (const addresses of [['ada@a.example'], ['x@galsync.invalid']]) {
      const row = undoOf({ changes: [first, last], entry: { ...CONTACT, addresses } })!;
      expect(row.fields).toEqual([{ name: 'addresses', before: addresses, after: ['old@a.example'] }]);
      expect(row.firstPart).toBeUndefined();
    }
  });

  it('of a re-link gives the object back to the old id', () => {
    const change = past({
      relinkFrom: 'u0',
      fields: [{ name: 'stamp', before: 'galsync:a-to-b:u0', after: 'galsync:a-to-b:u1' }],
      reason: 'relinked',
    });
    expect(undoOf({ changes: [change] })).toMatchObject({
      ...{ sourceId: 'u0', relinkFrom: 'u1', stamp: 'galsync:a-to-b:u0', targetId: 't1', orphan: false },
      fields: [{ name: 'stamp', before: 'galsync:a-to-b:u1', after: 'galsync:a-to-b:u0' }],
    });
  });
});

describe('what the link says of a leaving', () => {
  const hidden = past({ change: 'hide', orphan: true, reason: 'gone', fields: [{ name: 'hidden', before: 'false', after: 'true' }] });

  it('ends with the undo of a hide, and begins again with the undo of that', () => {
    const link = aLink(CONTACT, 'u1', { hidden: true, leaving: { reason: 'gone', since: '2026-11-01' } });
    const back = undoOf({ changes: [hidden], entry: { ...CONTACT, hidden: true }, link })!;
    expect(back).toMatchObject({ change: 'update', since: '2026-11-01', restores: { leaving: null, hidden: false } });
    const undone = past({ ...back, id: 'job.1.a-to-b.0' } as Partial<Change>);
    expect(undoOf({ changes: [undone] })).toMatchObject({ restores: { leaving: { reason: 'gone', since: '2026-11-01' }, hidden: true } });
  });

  it('stays while only a field of a leaver is undone', () => {
    const leaving = { reason: 'gone' as const, since: '2026-11-01' };
    expect(undoOf({ link: aLink(CONTACT, 'u1', { hidden: true, leaving }) })).toMatchObject({ restores: { leaving, hidden: true } });
  });
});

describe('the reverse of a create', () => {
  it('deletes what it made, and keeps all of it as before-image', () => {
    const row = undoOf({ changes: [made] })!;
    expect(row).toMatchObject({ change: 'delete', orphan: true, countedBefore: false, targetId: 't1', releases: ['ada@a.example'] });
    expect(Object.fromEntries(row.fields.map(({ name, before }) => [name, before]))).toEqual(fieldsOf(CONTACT));
  });

  it('is nothing if the object is gone, but one that is not shown yet is deleted', () => {
    expect(undoOf({ changes: [made], entry: null })).toBeNull();
    expect(undoOf({ changes: [made], entry: null, lagging: true })).toMatchObject({ change: 'delete', targetId: 't1' });
  });

  it.each<[string, Case, RegExp]>([
    [
      'was changed',
      { entry: { ...CONTACT, attributes: { displayName: 'Ada Lovelace', jobTitle: 'Engineer' } } },
      /displayName was changed/,
    ],
    ['was filled in', { entry: { ...CONTACT, attributes: { ...CONTACT.attributes, city: 'Kiel' } } }, /city was changed/],
    ['was hidden', { entry: { ...CONTACT, hidden: true } }, /hidden was changed/],
    ['is another one now', { link: aLink(aContact('t9', 'u1'), 'u1') }, /has another object now/],
    ['has no link', { link: null }, /relink the route/],
    ['is another route’s', { entry: { ...CONTACT, stamp: 'galsync:r2:u1' } }, /does not carry our stamp/],
  ])('leaves an object that %s', (_what, given, why) => {
    const row = undoOf({ changes: [made], ...given })!;
    expect(row.change).toBe('keep');
    expect(row.reason).toMatch(why);
  });

  it('is not held back by what the target never kept, nor by what the service adds itself', () => {
    const desired = { ...made.desired, notes: 'dropped by the target' };
    const entry = {
      ...CONTACT,
      x500: ['/o=own/cn=1'],
      deliveryAddress: 'ada@a.example',
      attributes: { ...CONTACT.attributes, alias: 'ada' },
    };
    expect(undoOf({ changes: [{ ...made, desired }], entry })).toMatchObject({ change: 'delete' });
  });
});

describe('the reverse of a delete', () => {
  const image = {
    displayName: 'Ada Berg',
    jobTitle: 'Engineer',
    addresses: ['ada@a.example', 'a@a.example'],
    hidden: 'true',
    x500: ['/o=a/cn=1'],
  };
  const fields = [
    ...Object.entries(image).map(([name, before]) => ({ name: name as 'jobTitle', before, after: null })),
    { name: 'stamp' as const, before: 'galsync:a-to-b:u1', after: null },
    { name: 'employeeId' as never, before: 'not held here', after: null },
  ];
  const gone = past({ change: 'delete', orphan: true, reason: 'outOfScope:where', since: '2026-10-01', fields });
  const ended = aLink(CONTACT, 'u1', { state: 'ended', x500: ['/O=A/cn=1', '/o=older/cn=2'] });

  it('makes it again whole, with every X500 address ever seen, and its days begin anew', () => {
    expect(undoOf({ changes: [gone], entry: null, link: ended })).toMatchObject({
      ...{ change: 'create', targetId: null, orphan: false, takes: ['ada@a.example', 'a@a.example'], stamp: 'galsync:a-to-b:u1' },
      desired: { ...image, x500: ['/o=a/cn=1', '/o=older/cn=2'] },
      restores: { leaving: { reason: 'outOfScope', since: null }, hidden: true, adopted: false },
    });
    const row = undoOf({ changes: [gone], entry: null, link: ended })!;
    expect(Object.keys(row.desired!).sort()).toEqual(Object.keys(image).sort());
  });

  it('works without a link, too', () => {
    expect(undoOf({ changes: [gone], entry: null, link: null })).toMatchObject({ change: 'create', desired: image });
  });

  it('is left if the entry has an object again, or its stamp is there', () => {
    expect(undoOf({ changes: [gone], entry: null, link: aLink(aContact('t5', 'u1'), 'u1') })).toMatchObject({ change: 'keep' });
    expect(undoOf({ changes: [gone], entry: null, link: ended, objects: [aContact('t5', 'u1')] })).toMatchObject({ change: 'keep' });
  });

  it('is a collision if a stranger has an address of it', () => {
    const { stamp: _stamp, ...stranger } = aContact('s1', 'x', { addresses: ['a@a.example'] });
    expect(undoOf({ changes: [gone], entry: null, link: ended, objects: [stranger] })).toMatchObject({
      ...{ change: 'skip', reason: 'collision', desired: null, owner: { id: 's1', attribute: 'proxyAddresses' } },
    });
  });

  it('of which nothing is known any more is left', () => {
    expect(undoOf({ changes: [{ ...gone, fields: [] }], entry: null, link: ended })).toMatchObject({ change: 'create' });
    const later = { ...ended, doneChange: 'later.1.a-to-b.3' };
    expect(undoOf({ changes: [{ ...gone, fields: [] }], entry: null, link: later })).toMatchObject({ change: 'keep' });
  });
});
