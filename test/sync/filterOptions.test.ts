import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { RouteResult } from '../../shared/model/job.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const GOOGLE = {
  id: 'a',
  kind: 'googleWorkspace',
  domain: 'a.example',
  credential: { kind: 'serviceAccountKey', key: 'A_KEY', subject: 'galsync@a.example' },
};

/** One entry of each sort that an option of `pull` or `filter` tells from the others, named after what tells it. */
const ENTRIES: Readonly<Record<string, Partial<Entry>>> = {
  user: { orgUnit: '/Sales/EMEA' },
  secondary: { addresses: ['secondary@a.example', 'secondary@other.example'] },
  branch: { addresses: ['branch@lab.a.example'], orgUnit: '/Lab' },
  chief: { attributes: { displayName: 'chief', jobTitle: 'CEO' }, orgUnit: '/Sales' },
  room: { kind: 'room' },
  shared: { kind: 'sharedMailbox' },
  contact: { kind: 'contact' },
  list: { kind: 'group', groupType: 'distribution' },
  security: { kind: 'group', groupType: 'mailSecurity' },
  team: { kind: 'group', groupType: 'microsoft365' },
  dynamic: { kind: 'group', groupType: 'dynamic' },
  internal: { kind: 'group', groupType: 'distribution', internalOnly: true },
  disabled: { enabled: false },
  disabledRoom: { kind: 'room', enabled: false },
  guest: { external: true },
  hidden: { hidden: true },
};
const BY_DEFAULT = Object.keys(ENTRIES).filter((id) => !['contact', 'disabled', 'guest', 'hidden'].includes(id));
const not = (...ids: readonly string[]): readonly string[] => BY_DEFAULT.filter((id) => !ids.includes(id));
const only = (...ids: readonly string[]): readonly string[] => BY_DEFAULT.filter((id) => ids.includes(id));
const isOf = (kind: string): readonly string[] =>
  BY_DEFAULT.filter((id) => ENTRIES[id]!.kind === kind || (kind === 'user' && !ENTRIES[id]!.kind));
const is = (attribute: string, value: string): object => ({ attribute, operator: 'Equals', value });

function filtering(pull: object, filter: object): SyncWorld {
  const world = createWorld({ a: 0 });
  for (const [id, more] of Object.entries(ENTRIES))
    world.a.entries.set(id, { ...person('a', 0), id, addresses: [`${id}@a.example`], orgUnit: '/Elsewhere', ...more });
  world.configure((document) => {
    document.connectors[0] = { ...GOOGLE, pull };
    document.routes[0]!['filter'] = filter;
  });
  return world;
}

async function pushed(world: SyncWorld): Promise<{ ids: readonly string[]; route: RouteResult }> {
  const [route] = (await world.run({ action: 'sync' })).job.routes;
  expect(route!.state).toBe('completed');
  const ids = [...world.b.entries.values()].map(({ stamp }) => stamp!.split(':')[2]!);
  return { ids: Object.keys(ENTRIES).filter((id) => ids.includes(id)), route: route! };
}

/** Each of them is in `pull` and in `filter`. */
const BOTH: readonly (readonly [object, readonly string[], string])[] = [
  [{ users: false }, not(...isOf('user')), 'kind'],
  [{ groups: false }, not(...isOf('group')), 'kind'],
  [{ rooms: false }, not('room', 'disabledRoom'), 'kind'],
  [{ sharedMailboxes: false }, not('shared'), 'kind'],
  [{ groupTypes: ['distribution', 'dynamic'] }, not('security', 'team'), 'kind'],
  [{ groupTypes: ['mailSecurity', 'microsoft365'] }, not('list', 'internal', 'dynamic'), 'kind'],
  [{ domains: { include: ['LAB.a.example'] } }, only('branch'), 'domain'],
  [{ domains: { include: ['*.a.example'] } }, only('branch'), 'domain'],
  [{ domains: { exclude: ['a.example'] } }, only('branch'), 'domain'],
  [{ domains: { include: ['other.example'], of: 'primary' } }, [], 'domain'],
  [{ domains: { include: ['other.example'], of: 'any' } }, only('secondary'), 'domain'],
  [{ orgUnits: { include: ['/sales'] } }, not('secondary', 'branch'), 'orgUnit'],
  [{ orgUnits: { exclude: ['/Sales'] } }, not('user', 'chief'), 'orgUnit'],
  [{ orgUnits: { include: ['/Sales'], exclude: ['/Sales/EMEA'] } }, not('user', 'secondary', 'branch'), 'orgUnit'],
  [{ where: is('jobTitle', 'ceo') }, only('chief'), 'where'],
  [
    { where: { user: is('jobTitle', 'ceo'), room: { not: is('enabled', 'false') } } },
    not('user', 'secondary', 'branch', 'disabledRoom'),
    'where',
  ],
];

describe.each(['pull', 'filter'] as const)('options of %s over a whole sync', (place) => {
  it.each(BOTH)('%j', async (options, expected, reason) => {
    const { ids, route } = await pushed(filtering(place === 'pull' ? options : {}, place === 'filter' ? options : {}));
    expect(ids).toEqual(expected);
    expect(route.skippedBecause[reason as 'kind']).toBeGreaterThanOrEqual(BY_DEFAULT.length - expected.length);
  });
});

describe('options of pull over a whole sync', () => {
  it.each([
    [{}, BY_DEFAULT],
    [{ contacts: true }, Object.keys(ENTRIES).filter((id) => BY_DEFAULT.includes(id) || id === 'contact')],
    [{ disabledUsers: true }, Object.keys(ENTRIES).filter((id) => BY_DEFAULT.includes(id) || id === 'disabled')],
    [{ externalUsers: true }, Object.keys(ENTRIES).filter((id) => BY_DEFAULT.includes(id) || id === 'guest')],
    [{ hiddenEntries: true }, Object.keys(ENTRIES).filter((id) => BY_DEFAULT.includes(id) || id === 'hidden')],
    [{ internalOnlyGroups: false }, not('internal')],
  ])('%j', async (pull, expected) => {
    expect((await pushed(filtering(pull, {}))).ids).toEqual(expected);
  });

  it('filter.contacts: false keeps contacts back that pull lets out; push.groups: false keeps groups back', async () => {
    expect((await pushed(filtering({ contacts: true }, { contacts: false }))).ids).toEqual(BY_DEFAULT);
    const world = filtering({}, {});
    world.configure((document) => {
      document.routes[0]!['push'] = { as: 'contact', groups: false };
    });
    expect((await pushed(world)).ids).toEqual(not(...isOf('group')));
  });
});
