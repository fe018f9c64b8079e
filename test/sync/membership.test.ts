import { describe, expect, it } from 'vitest';
import type { MemoryGroup } from '../../shared/connectors/memory/memoryMembers.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import type { Change } from '../../shared/model/plan.ts';
import { beginCommit } from '../../shared/sync/commitPull.ts';
import { openPlanning } from '../../shared/sync/planning.ts';
import { planRange } from '../../shared/sync/planRange.ts';
import { pullPages, startPull } from '../../shared/sync/pull.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { clearCache } from '../../shared/sync/views.ts';
import { twice } from './deaths.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const group = (n: number, address: string, more: object = {}) =>
  person('a', n, { id: `g-${n}`, kind: 'group', groupType: 'distribution', addresses: [address], ...more });
const people = (...ids: number[]): { id: string; group: boolean }[] => ids.map((n) => ({ id: `a-${n}`, group: false }));
const groups = (...ids: string[]): { id: string; group: boolean }[] => ids.map((id) => ({ id, group: true }));

/** People a-0 …, a group "staff" with an address, and whatever more the test puts in. */
function worldWith(count: number, members: Record<string, MemoryGroup>, filter: object, where: 'filter' | 'pull' = 'filter'): SyncWorld {
  const world = createWorld({ a: count });
  world.a.entries.set('g-900', group(900, 'Staff@a.example'));
  for (const [id, one] of Object.entries(members)) world.a.groups.set(id, one);
  world.configure((document) => {
    if (where === 'filter') document.routes[0]!['filter'] = filter;
    else document.connectors[0]!['pull'] = filter;
    document.routes[0]!['push'] = { as: 'contact', groups: false };
    document.routes[0]!['leavers'] = { outOfScope: { policy: 'delete' } };
    document.routes[0]!['breakers'] = { removals: { count: 1000 } };
  });
  return world;
}

function route(record: JobRecord): RouteResult {
  const found = record.job.routes[0]!;
  const sum = found.created + found.updated + found.adopted + found.unchanged + found.skipped + found.failed + found.held;
  expect(sum).toBe(found.pulled);
  return found;
}
const addresses = (world: SyncWorld): string[] => [...world.b.entries.values()].map((entry) => entry.addresses[0]!).sort();

describe('filters by groups', () => {
  it.each(['filter', 'pull'] as const)(
    '%s: only members, by address in any spelling; except wins; the group itself is no member',
    async (where) => {
      const members = { 'g-900': { members: [...people(0, 1, 2), ...groups('g-900')] }, 'sec-1': { members: people(2) } };
      const world = worldWith(5, members, { onlyMembersOf: ['STAFF@a.example'], exceptMembersOf: ['sec-1'] }, where);
      const record = await world.run({ action: 'sync' });
      expect(record.job.state).toBe('completed');
      expect(addresses(world)).toEqual(['p0@a.example', 'p1@a.example']);
      expect(route(record).skippedBecause).toMatchObject({ notMember: 2, exceptMember: 1 });
    },
  );

  it('R09 nested groups count where asked, each is read once however many filters and groups name it, cycles end', async () => {
    const members = {
      'g-900': { members: [...people(0), ...groups('n-1', 'n-2')] },
      'n-1': { members: [...people(1), ...groups('n-2', 'g-900', 'n-1')] },
      'n-2': { members: [...people(2), ...groups('n-1')] },
    };
    const world = worldWith(5, members, { onlyMembersOf: ['staff@a.example', 'n-1'] });
    world.configure((document) => {
      document.connectors[0]!['pull'] = { exceptMembersOf: ['n-2'], nestedGroups: false };
    });
    await world.run({ action: 'sync' });
    expect(addresses(world)).toEqual(['p0@a.example', 'p1@a.example']);
    expect([...world.a.memberReads].sort()).toEqual(['g-900', 'n-1', 'n-2']);
    world.configure((document) => {
      document.routes[0]!['filter'] = { onlyMembersOf: ['staff@a.example'], nestedGroups: false };
    });
    await world.run({ action: 'sync' });
    expect(addresses(world)).toEqual(['p0@a.example']);
  });

  it('a new member comes, who leaves the group leaves, and a changed filter waits for nothing', async () => {
    const world = worldWith(6, { 'g-900': { members: people(0, 1) }, other: { members: people(3) } }, { onlyMembersOf: ['g-900'] });
    await world.run({ action: 'sync' });
    world.a.groups.set('g-900', { members: people(1, 2) });
    const moved = await world.run({ action: 'sync' });
    expect(addresses(world)).toEqual(['p1@a.example', 'p2@a.example']);
    expect(route(moved).leavers).toMatchObject({ deleted: 1 });
    world.configure((document) => {
      document.routes[0]!['filter'] = { onlyMembersOf: ['other'] };
    });
    world.a.entries.delete('a-5');
    world.clock.now += 2 * 86_400_000;
    const changed = await world.run({ action: 'sync' });
    expect(addresses(world)).toEqual(['p3@a.example']);
    expect([route(changed).pulled, (await world.store.snapshots.state('a'))!.unconfirmed]).toEqual([6, 0]);
  });

  it('a GUID may be written in either case', async () => {
    const id = 'abcdef00-0000-4000-8000-00000000000a';
    const world = worldWith(2, { [id]: { members: [...people(0), ...groups(id)] } }, { onlyMembersOf: [id.toUpperCase()] });
    expect(route(await world.run({ action: 'sync' })).created).toBe(1);
    expect(world.a.memberReads).toEqual([id]);
  });

  it('everybody of the directory is every person, no room', async () => {
    const world = worldWith(3, { all: { members: [], everyUser: true } }, { onlyMembersOf: ['all'] });
    world.a.entries.set('r-1', person('a', 50, { id: 'r-1', kind: 'room' }));
    expect(route(await world.run({ action: 'sync' })).created).toBe(3);
  });
});

describe('groups that refuse mail from outside', () => {
  it('leave by default, and each plan warns of their number; left out, they are no warning', async () => {
    const world = createWorld({ a: 3 });
    for (const n of [1, 2, 3]) world.a.entries.set(`g-${n}`, group(n, `g${n}@a.example`, { internalOnly: n < 3 }));
    const first = route(await world.run({ action: 'simulate' }));
    expect([first.created, first.warnings.filter((text) => text.startsWith('2 group(s) refuse mail'))]).toEqual([6, [expect.any(String)]]);
    world.configure((document) => {
      document.connectors[0]!['pull'] = { internalOnlyGroups: false };
    });
    const second = route(await world.run({ action: 'simulate' }));
    expect([second.created, second.skippedBecause, second.warnings]).toEqual([4, { internalOnly: 2 }, []]);
  });
});

describe('groups that cannot be read', () => {
  it.each([
    [
      'an id that is no group',
      {},
      'ghost',
      /configuration: Group "ghost" \(onlyMembersOf in the filter of route "a-to-b"\) cannot be read/,
    ],
    ['an address that no group has', {}, 'ghost@a.example', /no group with the address "ghost@a.example" \(onlyMembersOf/],
    ["a person's address", {}, 'p1@a.example', /no group with the address "p1@a.example"/],
    ['a group that may not be read', { 'sec-1': { members: people(1), refusedFrom: 0 } }, 'sec-1', /may not be read \(403\)/],
  ] as const)('%s fails the route, and nobody leaves or comes', async (_what, members, name, cause) => {
    const world = worldWith(4, { ...members, 'g-900': { members: people(0) } }, { onlyMembersOf: ['g-900'] });
    await world.run({ action: 'sync' });
    world.configure((document) => {
      document.routes[0]!['filter'] = { onlyMembersOf: [name] };
    });
    const record = await world.run({ action: 'sync' });
    expect(record.job).toMatchObject({ state: 'failed', connectors: [{ state: 'completed' }, { state: 'completed' }] });
    expect(record.job.routes[0]!.cause).toMatch(cause);
    expect(addresses(world)).toEqual(['p0@a.example']);
  });

  const lists: readonly (readonly [string, MemoryGroup, Record<string, MemoryGroup>])[] = [
    ['reads empty against its own count', { members: [], lacking: 'It reads empty although the directory counts 9 members.' }, {}],
    ['breaks off after a page', { members: people(0, 7, 1), refusedFrom: 1 }, {}],
    [
      'holds a group that may not be read',
      { members: [...people(0), ...groups('n-1')] },
      { 'n-1': { members: people(1), refusedFrom: 0 } },
    ],
    ['holds a group that is not there', { members: [...people(0), ...groups('n-2')] }, {}],
  ];
  it.each(lists)('a group that %s: who is in no list stays as it is, nobody new comes, the plan says so', async (_what, broken, more) => {
    const world = worldWith(8, { 'g-900': { members: people(0, 1) } }, { onlyMembersOf: ['g-900'] });
    await world.run({ action: 'sync' });
    world.a.pageSize = 2;
    world.a.groups.set('g-900', broken);
    for (const [id, one] of Object.entries(more)) world.a.groups.set(id, one);
    const record = await world.run({ action: 'sync' });
    expect(record.job.state).toBe('completed');
    expect(addresses(world).slice(0, 2)).toEqual(['p0@a.example', 'p1@a.example']);
    expect(route(record).leavers).toMatchObject({ deleted: 0, hidden: 0, orphaned: route(record).leavers.kept });
    expect(route(record).leavers.keptBecause['unconfirmed']).toBeGreaterThan(0);
    expect(JSON.stringify(route(record))).toContain('could not be read completely');
    world.a.groups.set('g-900', { members: people(0) });
    await world.run({ action: 'sync' });
    expect(addresses(world)).toEqual(['p0@a.example']);
  });

  it('an except group that is incomplete lets nobody in of whom it could speak', async () => {
    const world = worldWith(3, { 'g-900': { members: [], lacking: 'hidden' } }, { exceptMembersOf: ['g-900'] });
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({ created: 0, skippedBecause: { exceptMember: 3 } });
  });
});

describe('how members travel', () => {
  it('500 nested groups and one of 50,000 members: positions stay small, every page is read once, a run that died goes on', async () => {
    const nested = Array.from({ length: 500 }, (_, n) => `n-${n}`);
    const many = Array.from({ length: 50_000 }, (_, n) => ({ id: `member-with-a-long-immutable-id-${n}`, group: false }));
    const members: Record<string, MemoryGroup> = { 'g-900': { members: [...many, ...groups(...nested)] } };
    for (const id of nested) members[id] = { members: people(0) };
    const world = worldWith(2, members, { onlyMembersOf: ['staff@a.example'] });
    world.a.pageSize = 999;
    const { job } = await startJob(world.context, world.instances, { action: 'pull' }, 'api', 'test');
    let position = startPull(job.id, 'a', 1);
    let died = false;
    for (let n = 0; ; n += 1) {
      expect(JSON.stringify(position).length).toBeLessThan(2_000);
      const step = await pullPages(world.context, position);
      if (!step.ok) throw new Error(step.failure.message);
      // The host dies after the work, before its result is noted: the activity is run again from where it began.
      if (n === 5 && !died) died = true;
      else position = step.position;
      if (step.done) break;
      expect(n).toBeLessThan(40);
    }
    expect(world.a.memberReads.length).toBe(51 + 500);
    expect(new Set(world.a.memberReads).size).toBe(501);
    expect((await beginCommit(world.context, position)).ok).toBe(true);
  });

  it('every activity may run twice: nothing is lost, nothing is read into another group', async () => {
    const world = createWorld({ a: 30, step: twice });
    world.a.pageSize = 3;
    world.a.groups.set('g-1', { members: [...people(0, 1, 2, 3, 4, 5, 6), ...groups('g-2')] });
    world.a.groups.set('g-2', { members: [...people(7, 8, 9, 10), ...groups('g-1')] });
    world.configure((document) => {
      document.routes[0]!['filter'] = { onlyMembersOf: ['g-1'], exceptMembersOf: ['g-3'] };
    });
    world.a.groups.set('g-3', { members: people(2) });
    await world.run({ action: 'sync' });
    expect(addresses(world)).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `p${n}@a.example`).sort());
  });

  it('a filter whose groups were not read yet fails its route until the next pull', async () => {
    const world = worldWith(3, { 'g-900': { members: people(0) } }, {});
    const { planOf } = planning(world);
    await world.run({ action: 'sync' });
    world.configure((document) => {
      document.routes[0]!['filter'] = { onlyMembersOf: ['g-900'] };
    });
    await expect(planOf()).rejects.toThrow(/were not read yet/);
    await world.run({ action: 'pull' });
    expect((await planOf()).changes.map((change: Pick<Change, 'change'>) => change.change)).toEqual(['delete', 'delete']);
  });

  it('clearing the cache forgets members, a later pull drops those of the one before', async () => {
    const world = worldWith(3, { 'g-900': { members: people(0) } }, { onlyMembersOf: ['g-900'] });
    const first = await world.run({ action: 'pull' });
    const second = await world.run({ action: 'pull' });
    const names = (record: JobRecord) => world.store.memberships.names('a', `${record.job.id}.1`);
    expect([await names(first), await names(second)]).toEqual([null, [{ name: 'g-900', group: 'g-900' }]]);
    await clearCache(world.context, 'a');
    expect(await names(second)).toBeNull();
  });
});

/** Plans the whole route on the standing snapshots, as explain and preview do. */
function planning(world: SyncWorld) {
  return {
    async planOf() {
      const { configuration } = await world.context.configuration();
      return planRange(await openPlanning(world.context, { configuration, route: 'a-to-b', only: null }), { from: 0, to: 256 });
    },
  };
}
