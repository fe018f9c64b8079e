import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConnectorSettings, Filter } from '../model/configuration.ts';
import { type Entry, KINDS } from '../model/entry.ts';
import { anEntry, aRoute, aSource, NOW, type RouteParts } from './harness.ts';
import { type GroupMembers, membershipOf, type ResolvedMembers, resolveMembers } from './membership.ts';
import { domainOwners } from './owners.ts';
import { compileSelection, type Membership, type Selected } from './select.ts';

interface Given {
  readonly pull?: Partial<ConnectorSettings['pull']>;
  readonly kind?: ConnectorSettings['kind'];
  readonly route?: RouteParts;
  readonly members?: Membership;
  readonly domains?: Readonly<Record<string, readonly string[]>>;
}

function select(entry: Partial<Entry>, given: Given = {}): Selected {
  const owners = domainOwners(
    ['a', 'b', 'c'].map((id) => ({ id, owns: null })),
    given.domains ?? { a: ['a.example'], b: ['b.example'], c: ['c.example'] },
  );
  const membership = given.members ?? null;
  const context = { source: aSource(given.pull, given.kind), route: aRoute(given.route), owners, now: NOW };
  return compileSelection({ ...context, membership: { pull: membership, filter: membership } })(anEntry(entry));
}

function reason(entry: Partial<Entry>, given: Given = {}): string {
  const selected = select(entry, given);
  return selected.kept ? 'kept' : `${selected.reason}${selected.unconfirmed ? '?' : ''}`;
}

const WHERE = { attribute: 'city', operator: 'Equals', value: 'Paris' } as const;

describe('who leaves the source over a route', () => {
  it.each([
    ['a plain person', {}, {}, 'kept'],
    ['ours, of any route or installation', { stamp: 'galsync:elsewhere:x' }, {}, 'stamped'],
    ['adopted by us', { stamp: 'galsync-adopted:r:x' }, {}, 'stamped'],
    ['a broken record', { invalid: 'two @' }, {}, 'invalid'],
    ['a contact, which is not pulled by default', { kind: 'contact' }, {}, 'kind'],
    ['a contact where asked for', { kind: 'contact' }, { pull: { contacts: true } }, 'kept'],
    ['a group where groups are not pushed', { kind: 'group' }, { route: { push: { groups: false } } }, 'kind'],
    ['a group of another type', { kind: 'group', groupType: 'dynamic' }, { pull: { groupTypes: ['distribution'] } }, 'kind'],
    ['a disabled user', { enabled: false }, {}, 'disabled'],
    ['a disabled room: its account always is', { kind: 'room', enabled: false }, {}, 'kept'],
    ['a disabled user where asked for', { enabled: false }, { pull: { disabledUsers: true } }, 'kept'],
    ['a guest', { external: true }, {}, 'external'],
    ['hidden at home', { hidden: true }, {}, 'hidden'],
    ['without an address', { addresses: [] }, {}, 'noAddress'],
    ['a group for insiders', { kind: 'group', internalOnly: true }, { pull: { internalOnlyGroups: false } }, 'internalOnly'],
    ['a domain that is excluded', {}, { route: { filter: { domains: { include: [], exclude: ['A.example'], of: 'primary' } } } }, 'domain'],
    ['fails the condition', {}, { route: { filter: { where: WHERE } } }, 'where'],
    ['a domain of somebody else', { addresses: ['x@c.example', 'x@a.example'] }, {}, 'ownedElsewhere'],
    ['a domain of the target', { addresses: ['x@B.example'] }, {}, 'targetsOwn'],
    ['a domain that nobody owns', { addresses: ['x@nobody.example'] }, {}, 'kept'],
  ] as const)('%s', (_what, entry, given, expected) => {
    expect(reason(entry as Partial<Entry>, given as Given)).toBe(expected);
  });

  it('the first reason in the order of the contract decides', () => {
    const all: Given = { pull: { internalOnlyGroups: false }, route: { filter: { where: WHERE } } };
    const everything: Partial<Entry> = {
      stamp: 'galsync:r:x',
      invalid: 'x',
      kind: 'contact',
      external: true,
      hidden: true,
      addresses: [],
    };
    expect(reason(everything, all)).toBe('stamped');
    const { stamp: _s, ...second } = everything;
    expect(reason(second, all)).toBe('invalid');
    const { invalid: _i, ...third } = second;
    expect(reason(third, all)).toBe('kind');
    expect(reason({ ...third, kind: 'user', enabled: false }, all)).toBe('disabled');
    expect(reason({ ...third, kind: 'user' }, all)).toBe('external');
    expect(reason({ ...third, kind: 'user', external: false }, all)).toBe('hidden');
    expect(reason({ addresses: [] }, all)).toBe('noAddress');
    expect(reason({ addresses: ['x@c.example'] }, all)).toBe('where');
  });

  it('an entry must pass pull and filter', () => {
    expect(reason({ kind: 'room' }, { pull: { rooms: false } })).toBe('kind');
    expect(reason({ kind: 'room' }, { route: { filter: { rooms: false } } })).toBe('kind');
    expect(reason({}, { pull: { where: { not: WHERE } }, route: { filter: { where: WHERE } } })).toBe('where');
  });

  it('domains: exact, or subdomains by "*."; of the primary or of any address', () => {
    const domains = (include: string[], exclude: string[], of: 'primary' | 'any', addresses: string[]): string =>
      reason({ addresses }, { route: { filter: { domains: { include, exclude, of } } }, domains: {} });
    expect(domains(['corp.example'], [], 'primary', ['x@corp.example'])).toBe('kept');
    expect(domains(['corp.example'], [], 'primary', ['x@hr.corp.example'])).toBe('domain');
    expect(domains(['*.corp.example'], [], 'primary', ['x@hr.corp.example'])).toBe('kept');
    expect(domains(['*.corp.example'], [], 'primary', ['x@corp.example'])).toBe('domain');
    expect(domains(['*.corp.example'], [], 'primary', ['x@evilcorp.example'])).toBe('domain');
    expect(domains(['b.x'], [], 'primary', ['p@a.x', 's@b.x'])).toBe('domain');
    expect(domains(['b.x'], [], 'any', ['p@a.x', 's@b.x'])).toBe('kept');
    expect(domains(['b.x'], ['a.x'], 'any', ['p@a.x', 's@b.x'])).toBe('domain');
  });

  it('organisational units: the unit and all below, without regard to case; in Google they regard users only', () => {
    const units = (
      orgUnit: string,
      include: string[],
      exclude: string[],
      kind: ConnectorSettings['kind'] = 'googleWorkspace',
      more = {},
    ): string => reason({ orgUnit, ...more }, { kind, pull: { orgUnits: { include, exclude } } });
    expect(units('/Sales/West', ['/sales'], [])).toBe('kept');
    expect(units('/Salesforce', ['/Sales'], [])).toBe('orgUnit');
    expect(units('/Sales', ['/'], ['/Sales/'])).toBe('orgUnit');
    expect(units('', ['/Sales'], [], 'googleWorkspace', { kind: 'group' })).toBe('kept');
    const ad = 'exchangeOnPremises';
    expect(units('OU=West,OU=Sales,DC=a,DC=example', ['ou=sales, dc=a, dc=example'], [], ad)).toBe('kept');
    expect(units('OU=Presales,DC=a,DC=example', ['OU=sales,DC=a,DC=example'], [], ad)).toBe('orgUnit');
    expect(units('OU=x,DC=a', ['DC=a'], ['OU=x,DC=a'], ad, { kind: 'group' })).toBe('orgUnit');
  });

  it('mailbox contacts may stay in their own directory', () => {
    expect(reason({}, { route: { to: 'a' } })).toBe('kept');
  });
});

describe('whose domain it is', () => {
  it('what two connectors own counts as owned by none, and is said', () => {
    const owners = domainOwners(
      [
        { id: 'a', owns: ['Shared.example'] },
        { id: 'b', owns: null },
        { id: 'constructor', owns: null },
      ],
      { b: ['shared.example', 'b.example'] },
    );
    expect([owners.ownerOf('SHARED.example'), owners.ownerOf('b.example'), owners.ownerOf('c.example')]).toEqual([null, 'b', null]);
    expect([...owners.ownedBy('b'), ...owners.ownedBy('a')]).toEqual(['b.example']);
    const said = (from: string, to: string, ...domains: string[]): readonly string[] => owners.warningsFor({ from, to }, new Set(domains));
    expect(said('a', 'c', 'new.example').join()).toMatch(/"constructor" was never read.*shared\.example is owned by a and b/s);
    expect(said('c', 'd', 'b.example')).toEqual([]);
    expect(said('c', 'd', 'shared.example')).toEqual(said('a', 'c'));
    expect(said('c', 'd', 'nobodys.example')).toEqual(said('constructor', 'd'));
  });
});

describe('members of groups', () => {
  const all = (ids: readonly string[], complete = true): ResolvedMembers => ({
    ids: new Set(ids),
    everyUser: false,
    complete,
    unreadable: [],
  });
  const filter: Partial<Filter> = { onlyMembersOf: ['g'], exceptMembersOf: ['h'] };
  const asked = (only: ResolvedMembers, except: ResolvedMembers, more: Given = {}): string =>
    reason({}, { ...more, route: { filter: { ...filter, ...more.route?.filter } }, members: membershipOf(only, except) });
  const none = all([]);

  it('only members pass; except wins', () => {
    expect(asked(all(['u1']), none)).toBe('kept');
    expect(asked(none, none)).toBe('notMember');
    expect(asked(all(['u1']), all(['u1']))).toBe('exceptMember');
  });
  it('a group that was not read completely lets nobody in and makes nobody leave', () => {
    expect(asked(all([], false), none)).toBe('notMember?');
    expect(asked(all(['u1'], false), none)).toBe('kept');
    expect(asked(all(['u1']), all([], false))).toBe('exceptMember?');
    expect(asked(all(['u1']), all(['u1'], false))).toBe('exceptMember');
  });
  it('who would be out for another reason too is out for certain', () => {
    expect(asked(all([], false), none, { route: { filter: { where: WHERE } } })).toBe('notMember');
    expect(asked(none, all([], false))).toBe('exceptMember');
  });
  it('a filter by groups whose members are not at hand fails the route: it never lets everybody through', () => {
    expect(() => select({}, { route: { filter: { exceptMembersOf: ['h'] } } })).toThrow(/filter\.exceptMembersOf/);
    expect(() => select({}, { pull: { onlyMembersOf: ['h'] } })).toThrow(/pull\.onlyMembersOf/);
  });

  function directory(groups: Record<string, readonly string[]>, incomplete: readonly string[] = []) {
    const reads: string[] = [];
    const read = (id: string): GroupMembers | null => {
      reads.push(id);
      const members = groups[id];
      return members ? { members: members.map((one) => ({ id: one, group: one in groups })), complete: !incomplete.includes(id) } : null;
    };
    return { reads, read };
  }
  it('R09 groups that contain each other, and themselves: each person once, each group read once', async () => {
    const { reads, read } = directory({ A: ['A', 'B', 'u1'], B: ['A', 'C'], C: ['B', 'u2', 'u1'] });
    const found = await resolveMembers(['A'], true, read);
    expect([...found.ids].filter((id) => id.startsWith('u')).sort()).toEqual(['u1', 'u2']);
    expect(found.ids.has('A')).toBe(false);
    expect(reads.sort()).toEqual(['A', 'B', 'C']);
  });
  it('without nesting only direct members count; a chain of 50,000 groups costs no stack', async () => {
    const { read } = directory({ A: ['B', 'u1'], B: ['u2'] });
    expect([...(await resolveMembers(['A'], false, read)).ids]).toEqual(['B', 'u1']);
    const chain = (id: string): GroupMembers => ({ members: [{ id: String(Number(id) + 1), group: Number(id) < 50_000 }], complete: true });
    expect((await resolveMembers(['0'], true, chain)).ids.size).toBe(50_001);
  });
  it('a group that holds everybody holds people, no groups and contacts', () => {
    const everybody = { ...none, everyUser: true };
    const { inOnly } = membershipOf(everybody, none);
    expect([inOnly(anEntry({ kind: 'user' })), inOnly(anEntry({ kind: 'contact' })), inOnly(anEntry({ kind: 'group' }))]).toEqual([
      true,
      false,
      false,
    ]);
  });
  it('an entry that member lists name by another id is found by it', () => {
    const { inOnly } = membershipOf(all(['entra-1']), none);
    expect([inOnly(anEntry({ id: 'guid-1', memberId: 'entra-1' })), inOnly(anEntry({ id: 'guid-1' }))]).toEqual([true, false]);
  });
  it('a member group that cannot be read makes the list incomplete, and fails nobody', async () => {
    const { read } = directory({ A: ['B', 'u1'] });
    const hidden = (id: string): GroupMembers | null => (id === 'A' ? { members: [{ id: 'B', group: true }], complete: true } : read(id));
    expect(await resolveMembers(['A'], true, hidden)).toMatchObject({ complete: false, unreadable: [] });
  });
  it('for any groups: everybody who can be reached, each group read once, whatever the order of the lists', async () => {
    const name = fc.constantFrom('A', 'B', 'C', 'D', 'u1', 'u2', 'u3');
    const lists = fc.record({ A: fc.array(name), B: fc.array(name), C: fc.array(name), D: fc.array(name) });
    await fc.assert(
      fc.asyncProperty(lists, fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D')), async (groups, asked) => {
        const { reads, read } = directory(groups);
        const { ids, complete } = await resolveMembers(asked, true, read);
        let reached = new Set<string>(asked);
        for (let size = -1; size !== reached.size; ) {
          size = reached.size;
          reached = new Set([...reached, ...[...reached].flatMap((one) => (groups as Record<string, string[]>)[one] ?? [])]);
        }
        for (const group of asked) reached.delete(group);
        expect([[...ids].sort(), complete]).toEqual([[...reached].sort(), true]);
        expect(new Set(reads).size).toBe(reads.length);
      }),
    );
  });
  it('says what could not be read', async () => {
    const { read } = directory({ A: ['B', 'u1'], B: ['u2'] }, ['B']);
    expect(await resolveMembers(['A', 'gone'], true, read)).toMatchObject({ complete: false, unreadable: ['gone'] });
  });
});

describe('as a property', () => {
  it('is the same each time, touches no entry, and always gives a reason in words', () => {
    const entry = fc.record({
      kind: fc.constantFrom(...KINDS),
      enabled: fc.boolean(),
      hidden: fc.boolean(),
      external: fc.boolean(),
      addresses: fc.subarray(['x@a.example', 'x@b.example', 'x@c.example', 'x@d.example']),
    });
    fc.assert(
      fc.property(entry, (one) => {
        const given: Given = { route: { filter: { domains: { include: [], exclude: ['d.example'], of: 'any' }, where: WHERE } } };
        const before = structuredClone(one);
        const first = select(one, given);
        expect(select(one, given)).toEqual(first);
        expect(one).toEqual(before);
        if (!first.kept) expect(first.why).toMatch(/\.$|is off\.?$/);
      }),
    );
  });
});
