import { describe, expect, it } from 'vitest';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { hashValue } from './diff.ts';
import { aContact, aLink, anEntry, applied, aRoute, aWorld, NOW, type RouteParts, type World } from './harness.ts';
import { planEntry } from './planEntry.ts';
import type { Planned } from './view.ts';

const ADA = anEntry();

function plan(entry: Entry, link: Link | null, world: World): Planned {
  return planEntry(world.context, entry, world.context.project(entry, 'contact'), link, world.view);
}

/** Ada's contact exactly as her projection wants it. */
function contactOf(entry: Entry, id = 't1', more: Partial<Entry> = {}): Entry {
  return aContact(id, entry.id, { addresses: entry.addresses, attributes: entry.attributes, ...more });
}

describe('which object an entry is', () => {
  it('linked and equal: unchanged, also where the row was not read', () => {
    const target = contactOf(ADA);
    expect(plan(ADA, aLink(target, 'u1'), aWorld(aRoute(), [target]))).toMatchObject({ bucket: 'unchanged', change: null, link: null });
    expect(plan(ADA, aLink(target, 'u1'), aWorld(aRoute(), [target], { unread: ['t1'] })).bucket).toBe('unchanged');
  });
  it('new: a create that takes all its addresses', () => {
    const entry = anEntry({ addresses: ['ada@a.example', 'a.berg@a.example'] });
    expect(plan(entry, null, aWorld(aRoute(), [])).change).toMatchObject({
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
    expect(plan(entry, aLink(target, 'u1'), aWorld(aRoute(), [target])).change).toMatchObject({
      change: 'update',
      targetId: 't1',
      takes: ['ada.holm@a.example'],
      releases: ['ada@a.example'],
      fields: [{ name: 'displayName', before: 'Ada Berg', after: 'Ada Holm' }, { name: 'addresses' }],
    });
  });
  it('missing in the target: created again, with every X500 address ever seen', () => {
    const link = aLink(contactOf(ADA), 'u1', { x500: ['/o=Old'] });
    expect(plan(anEntry({ x500: ['/o=New'] }), link, aWorld(aRoute(), [])).change).toMatchObject({
      change: 'create',
      reason: 'missingInTarget',
      targetId: null,
      alias: 'ada.12345678',
      desired: { x500: ['/o=New', '/o=Old'] },
    });
  });
  it('missing under its id but there with our stamp: that object, not a second one', () => {
    const link = aLink(contactOf(ADA), 'u1', { x500: ['/o=Old'] });
    const planned = plan(ADA, link, aWorld(aRoute(), [contactOf(ADA, 't2')]));
    expect(planned).toMatchObject({ bucket: 'unchanged', link: { targetId: 't2', state: 'linked', x500: ['/o=Old'] } });
  });
  it('stamped without a link: linked again', () => {
    expect(plan(ADA, null, aWorld(aRoute(), [contactOf(ADA)]))).toMatchObject({
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
    for (const there of [[], [contactOf(ADA)], [bare]]) expect(plan(ADA, open, aWorld(aRoute(), there)).change?.change).toBe('create');
    expect(plan(ADA, open, aWorld(aRoute({ push: { existing: 'adopt' } }), [bare])).change?.change).toBe('create');
  });
});

describe('what is not ours', () => {
  const mailbox = anEntry({ id: 't-5', type: 'UserMailbox', addresses: ['pat@b.example'], userPrincipalName: 'ada@a.example' });
  it('R21 any attribute that holds an address is a collision, with its owner and attribute; also in a secondary address', () => {
    const world = aWorld(aRoute(), [mailbox]);
    expect(plan(ADA, null, world)).toMatchObject({
      bucket: 'skipped',
      skipReason: 'collision',
      change: { change: 'skip', owner: { id: 't-5', attribute: 'userPrincipalName' } },
    });
    const second = anEntry({ addresses: ['x@a.example', 'ada@a.example'] });
    expect(plan(second, null, world).skipReason).toBe('collision');
    const contact = anEntry({ id: 't-6', type: 'MailContact', addresses: ['x@b.example'], deliveryAddress: 'ada@a.example' });
    expect(plan(ADA, null, aWorld(aRoute(), [contact])).change?.owner).toMatchObject({ id: 't-6', attribute: 'targetAddress' });
  });
  it('R23 whatever the spelling of the address', () => {
    const target = anEntry({ id: 't', type: 'MailContact', addresses: ['ZO\u00cb@a.example'] });
    expect(plan(anEntry({ addresses: ['zoe\u0308@a.example'] }), null, aWorld(aRoute(), [target])).skipReason).toBe('collision');
  });
  it('a linked person stays linked when somebody else gets an address that the object holds already', () => {
    const target = contactOf(ADA);
    const other = anEntry({ id: 't9', type: 'sharedContact' });
    expect(plan(ADA, aLink(target, 'u1'), aWorld(aRoute(), [target, other])).bucket).toBe('unchanged');
    const more = anEntry({ addresses: ['ada@a.example', 'new@a.example'] });
    const holder = anEntry({ id: 't8', type: 'UserMailbox', addresses: ['new@a.example'] });
    expect(plan(more, aLink(target, 'u1'), aWorld(aRoute(), [target, holder])).skipReason).toBe('collision');
  });
  it('a stamp of a route that is not configured belongs to somebody else', () => {
    const foreign = anEntry({ id: 'f', type: 'MailContact', stamp: 'galsync:other-installation:x' });
    expect(plan(ADA, null, aWorld(aRoute({ push: { existing: 'takeOver' } }), [foreign], { routes: ['a-to-b'] })).skipReason).toBe(
      'collision',
    );
    expect(plan(ADA, null, aWorld(aRoute(), [foreign], { routes: ['a-to-b', 'other-installation'] })).change).toMatchObject({
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
    const first = plan(ADA, aLink(target, 'u1', { imageHash: 'older' }), aWorld(aRoute(), [target]));
    expect(first).toMatchObject({
      skipReason: 'takenOver',
      link: { state: 'ended', endedBecause: 'takenOver' },
      change: { change: 'skip' },
    });
    expect(plan(ADA, first.link, aWorld(aRoute(), [{ ...target, stamp: 'x' }])).skipReason).toBe('takenOver');
  });
  it('so is one whose stamp place holds something else; an emptied one is stamped again', () => {
    const { stamp: _s, ...bare } = contactOf(ADA);
    expect(plan(ADA, aLink(bare, 'u1'), aWorld(aRoute(), [{ ...bare, stampPlace: 'payroll' }])).skipReason).toBe('takenOver');
    expect(plan(ADA, aLink(bare, 'u1'), aWorld(aRoute(), [bare])).change).toMatchObject({
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
    plan(ADA, null, aWorld(aRoute({ push: how ?? {} }), objects));
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
    expect(plan(ADA, null, { ...world, context: { ...world.context, existingWhere: () => false } }).skipReason).toBe('collision');
  });
});

describe('the same person under a new id', () => {
  const target = aContact('t1', 'old');
  it('takes the object over if the old id is absent from a complete read and the primary address is on it', () => {
    expect(plan(ADA, null, aWorld(aRoute(), [target], { absent: ['old'] })).change).toMatchObject({
      change: 'update',
      relinkFrom: 'old',
      targetId: 't1',
      holders: [],
      fields: [{ name: 'stamp', before: 'galsync:a-to-b:old', after: 'galsync:a-to-b:u1' }],
    });
  });
  it('not while the old id is there, nor by a secondary address', () => {
    expect(plan(ADA, null, aWorld(aRoute(), [target])).change).toMatchObject({ change: 'create', holders: [{ targetId: 't1' }] });
    const other = anEntry({ addresses: ['new@a.example', 'ada@a.example'] });
    expect(plan(other, null, aWorld(aRoute(), [target], { absent: ['old'] })).change?.change).toBe('create');
  });
  it('two candidates are a collision', () => {
    const second = aContact('t2', 'older');
    expect(plan(ADA, null, aWorld(aRoute(), [target, second], { absent: ['old', 'older'] })).skipReason).toBe('collision');
  });
  describe('whose stamp was emptied: the link that names the object says whose it is', () => {
    const { stamp: _s, ...bare } = target;
    const named = { linked: { t1: 'old' } };
    it('taken over and stamped, with existing "report" as with "adopt"', () => {
      for (const existing of ['report', 'adopt', 'takeOver'] as const)
        expect(plan(ADA, null, aWorld(aRoute({ push: { existing } }), [bare], { ...named, absent: ['old'] })).change).toMatchObject({
          change: 'update',
          relinkFrom: 'old',
          targetId: 't1',
          stamp: 'galsync:a-to-b:u1',
          fields: [{ name: 'stamp', before: null, after: 'galsync:a-to-b:u1' }],
        });
    });
    it('while the old id is there it is its object: neither adopted by somebody else nor a stranger', () => {
      for (const existing of ['report', 'adopt'] as const)
        expect(plan(ADA, null, aWorld(aRoute({ push: { existing } }), [bare], named)).change).toMatchObject({
          change: 'create',
          holders: [{ targetId: 't1', stamp: 'galsync:a-to-b:old' }],
        });
    });
    it('what stands in its stamp place now is not ours', () => {
      const world = aWorld(aRoute(), [{ ...bare, stampPlace: 'payroll' }], { ...named, absent: ['old'] });
      expect(plan(ADA, null, world).skipReason).toBe('collision');
    });
  });
  it('one that has become a mailbox, or is mastered elsewhere, is a stranger whatever its stamp says', () => {
    for (const more of [{ type: 'UserMailbox' }, { readOnly: true }])
      expect(plan(ADA, null, aWorld(aRoute(), [{ ...target, ...more }], { absent: ['old'] }))).toMatchObject({
        skipReason: 'collision',
        change: { owner: { id: 't1' } },
      });
  });
  it('somebody linked who takes a leaver’s address has that object as its holder', () => {
    const own = aContact('t3', 'u1', { addresses: ['first@a.example'] });
    const entry = anEntry({ addresses: ['first@a.example', 'ada@a.example'] });
    const planned = plan(entry, aLink(own, 'u1'), aWorld(aRoute(), [own, target], { absent: ['old'] }));
    expect(planned.change).toMatchObject({
      change: 'update',
      takes: ['ada@a.example'],
      holders: [{ key: 'ada@a.example', targetId: 't1' }],
    });
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
    const first = plan(ADA, link, world);
    expect(first.change?.fields).toMatchObject([{ name: 'jobTitle', after: 'Engineer' }]);
    link = written(link, first);
    const second = plan(ADA, link, world);
    expect(second.change?.fields).toMatchObject([{ name: 'jobTitle', after: 'Engineer' }]);
    link = written(link, second);
    const third = plan(ADA, link, world);
    expect(third).toMatchObject({ bucket: 'unchanged', losses: ['jobTitle not kept'] });
    link = third.link!;
    const moved = aWorld(aRoute(), [{ ...target, attributes: { ...without, city: 'Oslo' } }]);
    expect(plan(ADA, { ...link, imageHash: 'before' }, moved).bucket).toBe('unchanged');
    const promoted = anEntry({ attributes: { ...ADA.attributes, jobTitle: 'Head' } });
    expect(plan(promoted, link, world).change?.fields).toMatchObject([{ name: 'jobTitle', after: 'Head' }]);
  });
  it('a value that the target spells its own way stays ours, also when the source changes before we see it', () => {
    const route = aRoute({ push: { drift: { default: 'leave', except: [] } } });
    const target = contactOf(ADA, 't1', { addresses: ['ADA@a.example'] });
    const link = aLink(target, 'u1', {
      image: { displayName: 'Ada Berg', jobTitle: 'Engineer', addresses: ['ada@a.example'], hidden: 'false' },
      written: { addresses: hashValue(['ada@a.example']) },
      imageHash: null,
    });
    const planned = plan(anEntry({ addresses: ['ada.holm@a.example'] }), link, aWorld(route, [target]));
    expect(planned.change?.fields.map((field) => field.name)).toEqual(['addresses']);
  });
  it('an attribute that is pushed no more is emptied where galsync wrote it', () => {
    const route = aRoute({ push: { attributes: { only: null, except: ['jobTitle'] } } });
    const target = contactOf(ADA);
    const ours = { written: { jobTitle: hashValue('Engineer') } };
    expect(plan(ADA, aLink(target, 'u1', ours), aWorld(route, [target])).change?.fields).toEqual([
      { name: 'jobTitle', before: 'Engineer', after: null },
    ]);
    expect(plan(ADA, aLink(target, 'u1'), aWorld(route, [target])).bucket).toBe('unchanged');
  });
  it('an address field that drift leaves alone takes nothing', () => {
    const route = aRoute({ push: { drift: { default: 'leave', except: [] } } });
    const target = contactOf(ADA, 't1', { addresses: ['by.hand@b.example'] });
    const link = aLink(target, 'u1', { written: { addresses: hashValue(['ada@a.example']) } });
    const entry = anEntry({ attributes: { displayName: 'Ada Holm', jobTitle: 'Engineer' } });
    expect(plan(entry, link, aWorld(route, [target])).change).toMatchObject({ takes: [], releases: [] });
  });
  it('who returns in the grace period is shown again on the same link, also where the route leaves visibility alone', () => {
    const target = contactOf(ADA, 't1', { hidden: true });
    const link = aLink(target, 'u1', { hidden: true, leaving: { reason: 'gone', since: '2026-11-20T00:00:00Z' } });
    for (const addressList of ['shown', 'leave'] as const)
      expect(plan(ADA, link, aWorld(aRoute({ push: { addressList } }), [target])).change).toMatchObject({
        change: 'update',
        reason: 'returned',
        fields: [{ name: 'hidden', before: 'true', after: 'false' }],
      });
  });
});
