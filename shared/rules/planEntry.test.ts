import { describe, expect, it } from 'vitest';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { hashValue } from './diff.ts';
import { aContact, aLink, anEntry, applied, aRoute, aWorld, NOW, planOf, type RouteParts } from './harness.ts';
import type { Planned } from './view.ts';

const ADA = anEntry();

/** Ada's contact exactly as her projection wants it. */
function contactOf(entry: Entry, id = 't1', more: Partial<Entry> = {}): Entry {
  return aContact(id, entry.id, { addresses: entry.addresses, attributes: entry.attributes, ...more });
}

describe('which object an entry is', () => {
  it('linked and equal: unchanged, also where the row was not read', () => {
    const target = contactOf(ADA);
    expect(planOf(ADA, aLink(target, 'u1'), aWorld(aRoute(), [target]))).toMatchObject({ bucket: 'unchanged', change: null, link: null });
    expect(planOf(ADA, aLink(target, 'u1'), aWorld(aRoute(), [target], { unread: ['t1'] })).bucket).toBe('unchanged');
  });
  it('new: a create that takes all its addresses', () => {
    const entry = anEntry({ addresses: ['ada@a.example', 'a.berg@a.example'] });
    expect(planOf(entry, null, aWorld(aRoute(), [])).change).toMatchObject({
      change: 'create',
      reason: 'new',
      targetId: null,
      stamp: 'galsync:a-to-b:u1',
      takes: ['ada@a.example', 'a.berg@a.example'],
      desired: { displayName: 'Ada Berg', jobTitle: 'Engineer' },
    });
  });
  it('renamed, moved, another address: an update by id', () => {
    const target = contactOf(ADA);
    const entry = anEntry({ addresses: ['ada.holm@a.example'], attributes: { displayName: 'Ada Holm', jobTitle: 'Engineer' } });
    expect(planOf(entry, aLink(target, 'u1'), aWorld(aRoute(), [target])).change).toMatchObject({
      change: 'update',
      targetId: 't1',
      takes: ['ada.holm@a.example'],
      releases: ['ada@a.example'],
      fields: [{ name: 'displayName', before: 'Ada Berg', after: 'Ada Holm' }, { name: 'addresses' }],
    });
  });
  it('missing in the target: created again, with every X500 address ever seen', () => {
    const link = aLink(contactOf(ADA), 'u1', { x500: ['/o=Old'] });
    expect(planOf(anEntry({ x500: ['/o=New'] }), link, aWorld(aRoute(), [])).change).toMatchObject({
      change: 'create',
      reason: 'missingInTarget',
      targetId: null,
      alias: 'ada.12345678',
      desired: { x500: ['/o=New', '/o=Old'] },
    });
  });
  it('missing under its id but there with our stamp: that object, not a second one', () => {
    const link = aLink(contactOf(ADA), 'u1', { x500: ['/o=Old'] });
    const planned = planOf(ADA, link, aWorld(aRoute(), [contactOf(ADA, 't2')]));
    expect(planned).toMatchObject({ bucket: 'unchanged', link: { targetId: 't2', state: 'linked', x500: ['/o=Old'] } });
  });
  it('stamped without a link: linked again', () => {
    expect(planOf(ADA, null, aWorld(aRoute(), [contactOf(ADA)]))).toMatchObject({
      bucket: 'unchanged',
      link: { targetId: 't1', state: 'linked' },
    });
  });
  it('an announced create stays one whatever the index holds: the write step looks it up', () => {
    const open = aLink(contactOf(ADA), 'u1', {
      state: 'intent',
      targetId: null,
      intent: { change: 'c', at: NOW.toISOString(), what: 'create', alias: 'ada.1' },
    });
    const { stamp: _s, ...bare } = contactOf(ADA);
    for (const there of [[], [contactOf(ADA)], [bare]]) expect(planOf(ADA, open, aWorld(aRoute(), there)).change?.change).toBe('create');
    expect(planOf(ADA, open, aWorld(aRoute({ push: { existing: 'adopt' } }), [bare])).change?.change).toBe('create');
  });
});

describe('what is not ours', () => {
  const mailbox = anEntry({ id: 't-5', type: 'UserMailbox', addresses: ['pat@b.example'], userPrincipalName: 'ada@a.example' });
  it('R21 any attribute that holds an address is a collision, with its owner and attribute; also in a secondary address', () => {
    const world = aWorld(aRoute(), [mailbox]);
    expect(planOf(ADA, null, world)).toMatchObject({
      bucket: 'skipped',
      skipReason: 'collision',
      change: { change: 'skip', owner: { id: 't-5', attribute: 'userPrincipalName' } },
    });
    const second = anEntry({ addresses: ['x@a.example', 'ada@a.example'] });
    expect(planOf(second, null, world).skipReason).toBe('collision');
    const contact = anEntry({ id: 't-6', type: 'MailContact', addresses: ['x@b.example'], deliveryAddress: 'ada@a.example' });
    expect(planOf(ADA, null, aWorld(aRoute(), [contact])).change?.owner).toMatchObject({ id: 't-6', attribute: 'targetAddress' });
  });
  it('R23 whatever the spelling of the address', () => {
    const target = anEntry({ id: 't', type: 'MailContact', addresses: ['ZO\u00cb@a.example'] });
    expect(planOf(anEntry({ addresses: ['zoe\u0308@a.example'] }), null, aWorld(aRoute(), [target])).skipReason).toBe('collision');
  });
  it('a linked person stays linked when somebody else gets an address that the object holds already', () => {
    const target = contactOf(ADA);
    const other = anEntry({ id: 't9', type: 'sharedContact' });
    expect(planOf(ADA, aLink(target, 'u1'), aWorld(aRoute(), [target, other])).bucket).toBe('unchanged');
    const more = anEntry({ addresses: ['ada@a.example', 'new@a.example'] });
    const holder = anEntry({ id: 't8', type: 'UserMailbox', addresses: ['new@a.example'] });
    expect(planOf(more, aLink(target, 'u1'), aWorld(aRoute(), [target, holder])).skipReason).toBe('collision');
  });
  it('a stamp of a route that is not configured belongs to somebody else', () => {
    const foreign = anEntry({ id: 'f', type: 'MailContact', stamp: 'galsync:other-installation:x' });
    expect(planOf(ADA, null, aWorld(aRoute({ push: { existing: 'takeOver' } }), [foreign], { routes: ['a-to-b'] })).skipReason).toBe(
      'collision',
    );
    expect(planOf(ADA, null, aWorld(aRoute(), [foreign], { routes: ['a-to-b', 'other-installation'] })).change).toMatchObject({
      change: 'create',
      holders: [{ key: 'ada@a.example', targetId: 'f' }],
    });
  });
  it.each<[string, Partial<Entry>]>([
    ['a mailbox', { type: 'UserMailbox' }],
    ['synchronised from AD', { readOnly: true }],
    ['another stamp', { stamp: 'galsync:c-to-b:7' }],
  ])('what has become something else (%s) is released, once and for good', (_what, more) => {
    const target = contactOf(ADA, 't1', more);
    const first = planOf(ADA, aLink(target, 'u1', { imageHash: 'older' }), aWorld(aRoute(), [target]));
    expect(first).toMatchObject({
      skipReason: 'takenOver',
      link: { state: 'ended', endedBecause: 'takenOver' },
      change: { change: 'skip' },
    });
    expect(planOf(ADA, first.link, aWorld(aRoute(), [{ ...target, stamp: 'x' }])).skipReason).toBe('takenOver');
  });
  it('so is one whose stamp place holds something else; an emptied one is stamped again', () => {
    const { stamp: _s, ...bare } = contactOf(ADA);
    expect(planOf(ADA, aLink(bare, 'u1'), aWorld(aRoute(), [{ ...bare, stampPlace: 'payroll' }])).skipReason).toBe('takenOver');
    expect(planOf(ADA, aLink(bare, 'u1'), aWorld(aRoute(), [bare])).change).toMatchObject({
      reason: 'restamped',
      fields: [{ name: 'stamp', before: null, after: 'galsync:a-to-b:u1' }],
    });
  });
});

describe('existing objects', () => {
  const { stamp: _s, ...bare } = contactOf(ADA, 't1', {
    addresses: ['ada@a.example', 'old@a.example'],
    attributes: { displayName: 'A', city: 'Oslo' },
  });
  const existing = (how: RouteParts['push'], objects: readonly Entry[] = [bare]): Planned =>
    planOf(ADA, null, aWorld(aRoute({ push: how ?? {} }), objects));
  it('adopt and takeOver change what differs and stamp; adopting empties nothing', () => {
    expect(existing({ existing: 'adopt', emptyFields: 'always' }).change).toMatchObject({
      change: 'adopt',
      targetId: 't1',
      stamp: 'galsync-adopted:a-to-b:u1',
      reason: 'adopted',
      releases: ['old@a.example'],
    });
    const names = (how: RouteParts['push']) => existing(how).change?.fields.map((field) => field.name);
    expect(names({ existing: 'adopt', emptyFields: 'always' })).not.toContain('city');
    expect(names({ existing: 'takeOver', emptyFields: 'always' })).toContain('city');
    expect(existing({ existing: 'takeOver' }).change?.stamp).toBe('galsync:a-to-b:u1');
  });
  it('only of the same type, writable, with a free stamp place, and the only one: else a collision', () => {
    const twin = { ...bare, id: 't2' };
    for (const objects of [[{ ...bare, type: 'UserMailbox' }], [{ ...bare, readOnly: true }], [{ ...bare, stampPlace: 'x' }], [bare, twin]])
      expect(existing({ existing: 'adopt' }, objects).skipReason).toBe('collision');
    const world = aWorld(aRoute({ push: { existing: 'adopt' } }), [bare]);
    expect(planOf(ADA, null, { ...world, context: { ...world.context, existingWhere: () => false } }).skipReason).toBe('collision');
  });
});

describe('over several runs', () => {
  /** Carries a planned change out as sync does, and has the target show `shown` at the next read. */
  function written(link: Link, planned: Planned): Link {
    const base = planned.link ?? link;
    const fields = planned.change!.fields;
    const hashes = Object.fromEntries(fields.filter(({ after }) => after !== null).map(({ name, after }) => [name, hashValue(after)]));
    return {
      ...base,
      image: applied(base.image, { fields }),
      written: { ...base.written, ...hashes },
      imageHash: null,
      writtenAt: NOW.toISOString(),
    };
  }
  it('a value that the target drops is written twice, then listed as not kept, and tried again when it differs', () => {
    const { jobTitle: _j, ...without } = ADA.attributes;
    const target = contactOf(ADA, 't1', { attributes: without });
    const world = aWorld(aRoute(), [target]);
    let link = aLink(target, 'u1');
    const first = planOf(ADA, link, world);
    expect(first.change?.fields).toMatchObject([{ name: 'jobTitle', after: 'Engineer' }]);
    link = written(link, first);
    const second = planOf(ADA, link, world);
    expect(second.change?.fields).toMatchObject([{ name: 'jobTitle', after: 'Engineer' }]);
    link = written(link, second);
    const third = planOf(ADA, link, world);
    expect(third).toMatchObject({ bucket: 'unchanged', losses: ['jobTitle not kept'] });
    link = third.link!;
    const moved = aWorld(aRoute(), [{ ...target, attributes: { ...without, city: 'Oslo' } }]);
    expect(planOf(ADA, { ...link, imageHash: 'before' }, moved).bucket).toBe('unchanged');
    const promoted = anEntry({ attributes: { ...ADA.attributes, jobTitle: 'Head' } });
    expect(planOf(promoted, link, world).change?.fields).toMatchObject([{ name: 'jobTitle', after: 'Head' }]);
  });
  it('a value that the target spells its own way stays ours, also when the source changes before we see it', () => {
    const route = aRoute({ push: { drift: { default: 'leave', except: [] } } });
    const target = contactOf(ADA, 't1', { addresses: ['ADA@a.example'] });
    const link = aLink(target, 'u1', {
      image: { displayName: 'Ada Berg', jobTitle: 'Engineer', addresses: ['ada@a.example'], hidden: 'false' },
      written: { addresses: hashValue(['ada@a.example']) },
      imageHash: null,
    });
    const planned = planOf(anEntry({ addresses: ['ada.holm@a.example'] }), link, aWorld(route, [target]));
    expect(planned.change?.fields.map((field) => field.name)).toEqual(['addresses']);
  });
  it('an attribute that is pushed no more is emptied where galsync wrote it', () => {
    const route = aRoute({ push: { attributes: { only: null, except: ['jobTitle'] } } });
    const target = contactOf(ADA);
    const ours = { written: { jobTitle: hashValue('Engineer') } };
    expect(planOf(ADA, aLink(target, 'u1', ours), aWorld(route, [target])).change?.fields).toEqual([
      { name: 'jobTitle', before: 'Engineer', after: null },
    ]);
    expect(planOf(ADA, aLink(target, 'u1'), aWorld(route, [target])).bucket).toBe('unchanged');
  });
  it('an address field that drift leaves alone takes nothing', () => {
    const route = aRoute({ push: { drift: { default: 'leave', except: [] } } });
    const target = contactOf(ADA, 't1', { addresses: ['by.hand@b.example'] });
    const link = aLink(target, 'u1', { written: { addresses: hashValue(['ada@a.example']) } });
    const entry = anEntry({ attributes: { displayName: 'Ada Holm', jobTitle: 'Engineer' } });
    expect(planOf(entry, link, aWorld(route, [target])).change).toMatchObject({ takes: [], releases: [] });
  });
  it('who returns in the grace period is shown again on the same link, also where the route leaves visibility alone', () => {
    const target = contactOf(ADA, 't1', { hidden: true });
    const link = aLink(target, 'u1', { hidden: true, leaving: { reason: 'gone', since: '2026-11-20T00:00:00Z' } });
    for (const addressList of ['shown', 'leave'] as const)
      expect(planOf(ADA, link, aWorld(aRoute({ push: { addressList } }), [target])).change).toMatchObject({
        change: 'update',
        reason: 'returned',
        fields: [{ name: 'hidden', before: 'true', after: 'false' }],
      });
  });
});
