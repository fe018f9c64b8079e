import { describe, expect, it } from 'vitest';
import { compileWithholding } from '../../shared/rules/withhold.ts';
import { createMemoryStore } from '../../shared/store/memory/memoryStore.ts';
import type { PendingCommit } from '../../shared/store/store.ts';
import { beginCommit } from '../../shared/sync/commitPull.ts';
import { commitShards } from '../../shared/sync/commitShards.ts';
import { pullPages, startPull } from '../../shared/sync/pull.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const SECRET = '+49 170 5550';
const attributes = (n: number, city: string) => ({ displayName: `Person ${n}`, city, mobilePhone: `${SECRET}${n}` });

/** Everything that is given to the store from now on, by port and method, as text. */
function recorded(world: SyncWorld): { readonly port: string; readonly text: string }[] {
  const seen: { port: string; text: string }[] = [];
  for (const [port, methods] of Object.entries(world.store)) {
    if (typeof methods !== 'object') continue;
    for (const [name, method] of Object.entries(methods as Record<string, unknown>)) {
      if (typeof method !== 'function') continue;
      (methods as Record<string, unknown>)[name] = (...args: unknown[]) => {
        seen.push({ port: `${port}.${name}`, text: JSON.stringify(args) ?? '' });
        return (method as (...args: unknown[]) => unknown)(...args);
      };
    }
  }
  return seen;
}
const leaks = (seen: readonly { readonly port: string; readonly text: string }[]): string[] => [
  ...new Set(seen.filter((one) => one.text.includes(SECRET)).map((one) => one.port)),
];
const withhold = (world: SyncWorld, rules: unknown[]): void =>
  world.configure((document) => {
    document.connectors[0]!['pull'] = { withhold: rules };
  });
const phones = (world: SyncWorld): unknown[] => [...world.b.entries.values()].map((entry) => entry.attributes.mobilePhone ?? null);

describe('values that are withheld', () => {
  it('stand in no staged page, snapshot, plan, link or job, whatever comes of the entry', async () => {
    const world = createWorld({ a: 0 });
    for (let n = 0; n < 5; n += 1)
      world.a.entries.set(`a-${n}`, person('a', n, { attributes: attributes(n, 'Oslo'), raw: { mobilePhone: SECRET } }));
    world.b.entries.set('s-1', { ...person('b', 99), id: 's-1', addresses: ['p1@a.example'] });
    withhold(world, [{ attributes: ['mobilePhone'] }]);
    const seen = recorded(world);
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-2');
    await world.run({ action: 'sync' });
    expect(leaks(seen)).toEqual([]);
    expect(phones(world)).toEqual([null, null, null, null, null]);
    expect(JSON.stringify(world.events)).not.toContain(SECRET);
  });

  it('by a condition: judged on the merged entry at the commit; staged pages are gone with the pull', async () => {
    const world = createWorld({ a: 0 });
    for (let n = 0; n < 4; n += 1) world.a.entries.set(`a-${n}`, person('a', n, { attributes: attributes(n, n < 3 ? 'Oslo' : 'Paris') }));
    withhold(world, [{ attributes: ['mobilePhone'], where: { attribute: 'city', operator: 'Equals', value: 'Oslo' } }]);
    await world.run({ action: 'sync' });
    expect(phones(world).filter(Boolean)).toEqual([`${SECRET}3`]);
    world.a.entries.delete('a-3');
    const seen = recorded(world);
    await world.run({ action: 'pull' });
    expect(leaks(seen)).toEqual(['snapshots.stage']);
    for await (const _page of world.store.snapshots.staged('a', (await world.store.snapshots.state('a'))!.version))
      throw new Error('staged');
  });

  it('staged pages of a pull that fails go too', async () => {
    const world = createWorld({ a: 0 });
    world.a.entries.set('a-1', person('a', 1, { attributes: attributes(1, 'Oslo') }));
    world.a.groups.set('g', { members: [] });
    withhold(world, [{ attributes: ['mobilePhone'], where: { attribute: 'city', operator: 'Equals', value: 'Oslo' } }]);
    world.configure((document) => {
      (document.connectors[0]!['pull'] as Record<string, unknown>)['onlyMembersOf'] = ['g'];
    });
    world.a.groups.get = () => {
      throw new Error('the directory went away');
    };
    const { job } = await world.run({ action: 'pull' });
    expect(job.connectors[0]).toMatchObject({ state: 'failed' });
    for await (const _page of world.store.snapshots.staged('a', `${job.id}.1`)) throw new Error('staged');
  });

  it('a rule that comes cleans the standing snapshot at the next pull, one that goes brings the values back; nobody is written twice', async () => {
    const world = createWorld({ a: 0 });
    for (let n = 0; n < 30; n += 1) world.a.entries.set(`a-${n}`, person('a', n, { attributes: attributes(n, 'Oslo') }));
    world.configure((document) => {
      document.routes[0]!['breakers'] = { clearedPercent: 100 };
    });
    await world.run({ action: 'sync' });
    expect(phones(world).filter(Boolean)).toHaveLength(30);
    withhold(world, [{ attributes: ['mobilePhone'] }]);
    const cleared = await world.run({ action: 'sync' });
    expect([cleared.job.routes[0]!.updated, phones(world).filter(Boolean)]).toEqual([30, []]);
    expect(JSON.stringify(await world.store.snapshots.readShards('a', 0, 256))).not.toContain(SECRET);
    withhold(world, []);
    await world.run({ action: 'sync' });
    expect(phones(world).filter(Boolean)).toHaveLength(30);
  });

  it('a rule that goes between reading and commit is no rule of what was read: the next pull is a full one', async () => {
    const world = createWorld({ a: 2 });
    withhold(world, [{ attributes: ['mobilePhone'] }]);
    const { job } = await startJob(world.context, world.instances, { action: 'pull' }, 'api', 'test');
    const step = await pullPages(world.context, startPull(job.id, 'a', 1));
    withhold(world, []);
    if (!step.ok || !(await beginCommit(world.context, step.position)).ok) throw new Error('not read');
    expect((await world.store.snapshots.pending('a'))!.next.withhold).not.toBe('');
  });

  it('in a directory that is a target too, our own objects keep what came from elsewhere: no endless update', async () => {
    const world = createWorld({ a: 3, b: 0, both: true });
    for (let n = 0; n < 3; n += 1) world.b.entries.set(`b-${n}`, person('b', n, { attributes: attributes(n, 'Oslo') }));
    withhold(world, [
      { attributes: ['mobilePhone'] },
      { attributes: ['city'], where: { attribute: 'city', operator: 'Equals', value: 'Oslo' } },
    ]);
    await world.run({ action: 'sync' });
    const writes = world.a.writes + world.b.writes;
    await world.run({ action: 'sync' });
    await world.run({ action: 'sync' });
    expect(world.a.writes + world.b.writes).toBe(writes);
    expect([...world.a.entries.values()].filter((entry) => String(entry.attributes.mobilePhone ?? '').startsWith(SECRET))).toHaveLength(3);
  });

  it('delta: the set whose old part lacks a value that leaves again is read in full at the next pull', async () => {
    const store = createMemoryStore();
    const where = { attribute: 'customAttribute1', operator: 'Equals' as const, value: 'secret' };
    const rules = compileWithholding([{ attributes: ['mobilePhone'], where }], new Date(0));
    const pending = (pull: string, fullSets: readonly string[]): PendingCommit => ({
      pull,
      pages: 9,
      fullSets,
      waitForConfirmation: false,
      next: {
        connector: 'a',
        version: pull,
        completedAt: '2026-11-25T00:00:00Z',
        fingerprint: 'f',
        tokens: {},
        readBefore: [],
        domains: [],
        losses: [],
        mode: 'full',
        read: 1,
        calls: 1,
      },
    });
    const stage = async (pull: string, n: number, set: string, fields: object): Promise<void> =>
      store.snapshots.stage('a', pull, n, { set, parts: [{ id: 'u1', primary: set === 'users', fields }], removed: [], restarted: false });
    const commit = (pull: string, full: readonly string[]) =>
      commitShards(store, rules, pending(pull, full), { from: 0, to: 256 }, { sets: ['users', 'recipients'] });
    await stage('p1', 0, 'users', { kind: 'user', attributes: { displayName: 'Ada', mobilePhone: SECRET } });
    await stage('p1', 1, 'recipients', { attributes: { customAttribute1: 'secret' } });
    expect((await commit('p1', ['users', 'recipients'])).restore).toEqual([]);
    expect(JSON.stringify(await store.snapshots.get('a', 'u1'))).not.toContain(SECRET);
    await stage('p2', 0, 'recipients', { attributes: { customAttribute1: 'open' } });
    expect((await commit('p2', ['recipients'])).restore).toEqual(['users']);
    await stage('p3', 0, 'users', { kind: 'user', attributes: { displayName: 'Ada', mobilePhone: SECRET } });
    await stage('p3', 1, 'recipients', { attributes: { customAttribute1: 'open' } });
    expect((await commit('p3', ['users', 'recipients'])).restore).toEqual([]);
    expect(await store.snapshots.get('a', 'u1')).toMatchObject({ parts: { users: { fields: { attributes: { mobilePhone: SECRET } } } } });
  });
});
