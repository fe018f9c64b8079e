import { expect, it } from 'vitest';
import type { HeldPlan } from '../../model/job.ts';
import { type Store, StoreConflict } from '../store.ts';

/** The contract of configuration, leases and waits. `fresh` answers a store without a configuration. */
export function rowContract(store: () => Store, fresh: () => Promise<Store>, name: () => string): void {
  it('configuration: nothing, first, changed, and the stale write loses', async () => {
    const { configuration } = await fresh();
    expect(await configuration.read()).toBeNull();
    const document = { version: 1, text: 'ü\u2028"\\', nested: [{ a: null }] };
    const first = await configuration.write(document, null, new Date(AT));
    expect(await configuration.read()).toEqual({ document, ...first });
    await expect(configuration.write({}, null, new Date(AT))).rejects.toThrow(StoreConflict);
    const second = await configuration.write({ two: true }, first.etag, new Date(AT));
    expect(second.version).not.toBe(first.version);
    await expect(configuration.write({ stale: true }, first.etag, new Date(AT))).rejects.toThrow(StoreConflict);
    expect((await configuration.read())?.document).toEqual({ two: true });
    await configuration.write('verbatim // text\n', '*', new Date(AT));
    expect((await configuration.read())?.document).toBe('verbatim // text\n');
  });

  it('configuration: versions that were replaced before a time go, the one in force then and all later ones stay', async () => {
    const { configuration } = await fresh();
    const days = ['2025-01-01', '2025-03-01', '2025-06-01', '2026-01-01'];
    for (const day of days) await configuration.write({ day }, '*', new Date(day));
    expect(await configuration.purge(new Date('2024-12-31'))).toBe(0);
    expect(await configuration.purge(new Date('2025-05-01'))).toBe(1);
    expect(await configuration.purge(new Date('2025-05-01'))).toBe(0);
    const kept = await Promise.all(['v1', 'v2', 'v3', 'v4'].map((version) => configuration.version(version)));
    expect(kept).toEqual([null, { day: days[1] }, { day: days[2] }, { day: days[3] }]);
    expect(await configuration.purge(new Date('2030-01-01'))).toBe(2);
    expect(await configuration.read()).toMatchObject({ document: { day: days[3] }, version: 'v4' });
  });

  it('leases: one of many takes it, others find it taken', async () => {
    const { leases } = store();
    const connector = name();
    expect(await leases.read(connector)).toBeNull();
    const takers = await Promise.all(Array.from({ length: 5 }, (_, n) => leases.take(connector, `j${n}`, `i${n}`, AT, null)));
    expect(takers.filter((lease) => lease !== null)).toHaveLength(1);
    const held = takers.find((lease) => lease !== null)!;
    expect(await leases.read(connector)).toEqual(held);
    expect(await leases.take(connector, 'late', 'i', AT, null)).toBeNull();
    expect((await leases.read(connector.toUpperCase()))?.job).toBe(held.job);
  });

  it('leases: taken over once by its ETag, and the old holder gives nothing back', async () => {
    const { leases } = store();
    const connector = name();
    const old = (await leases.take(connector, 'old', 'i', AT, null))!;
    const taken = (await leases.take(connector, 'new', 'i2', AT, old))!;
    expect(taken.instance).not.toBe(old.instance);
    expect(await leases.take(connector, 'third', 'i3', AT, old)).toBeNull();
    await leases.release(connector, 'i');
    expect((await leases.read(connector))?.job).toBe('new');
    await leases.release(connector, 'i2');
    await leases.release(connector, 'i2');
    expect(await leases.read(connector)).toBeNull();
    expect(await leases.take(connector, 'fourth', 'i4', AT, old)).toBeNull();
  });

  it('leases: an earlier round of the same job gives nothing back', async () => {
    const { leases } = store();
    const connector = name();
    await leases.take(connector, 'job', 'job.1', AT, null);
    await leases.release(connector, 'job.1');
    await leases.take(connector, 'job', 'job.2', AT, null);
    await leases.release(connector, 'job.1');
    expect((await leases.read(connector))?.instance).toBe('job.2');
  });

  it('waits: the later of two times stays', async () => {
    const { waits } = store();
    const key = `graph.microsoft.com ${name()}`;
    expect(await waits.read(key)).toBe(0);
    await Promise.all([5, 9, 7].map((n) => waits.raise(key, 1_790_000_000_000 + n)));
    expect(await waits.read(key)).toBe(1_790_000_000_009);
    await waits.raise(key, 3);
    expect(await waits.read(key)).toBe(1_790_000_000_009);
  });

  it('waits: whoever takes time gets some of their own, after what is taken and not in the past', async () => {
    const { waits } = store();
    const key = `ceiling ${name()}`;
    const now = 1_790_000_000_000;
    const taken = await Promise.all([1, 2, 3, 4].map(() => waits.take(key, now, 100)));
    expect(taken.sort()).toEqual([now, now + 100, now + 200, now + 300]);
    expect(await waits.read(key)).toBe(now + 400);
    expect(await waits.take(key, now + 1_000, 50)).toBe(now + 1_000);
    expect(await waits.read(key)).toBe(now + 1_050);
  });
}

const AT = '2026-11-26T01:00:00.000Z';

/** The contract of `RouteStateStore`. */
export function routeContract(store: () => Store, name: () => string): void {
  const keys = (count: number, what: string): string[] =>
    Array.from({ length: count }, (_, n) => `delete ${what}${n} ${(n * 2654435761) % 4294967296}${n}`);
  const held = (job: string, some: readonly string[]): HeldPlan => ({
    job,
    round: 1,
    hash: 'h',
    at: AT,
    expiresAt: AT,
    trips: [],
    keys: some,
    decision: null,
  });

  it('a route that was never heard of has an empty state', async () => {
    const route = name();
    expect(await store().routes.get(route)).toEqual({
      route,
      lastDue: null,
      passes: 0,
      lastJob: null,
      lastSuccess: null,
      ranOnce: false,
      accepted: null,
      held: null,
      approved: [],
      rejected: null,
      removals: [],
      nextRetry: null,
    });
  });

  it('updates of several writers all count', async () => {
    const { routes } = store();
    const route = name();
    const removal = (n: number) => ({ job: `j${n}`, round: 1, at: AT, count: n });
    await Promise.all(Array.from({ length: 6 }, (_, n) => routes.update(route, (s) => ({ ...s, removals: [...s.removals, removal(n)] }))));
    expect((await routes.get(route)).removals).toHaveLength(6);
  });

  it('50,000 keys of a held plan and of its approval survive, and go when they are settled', async () => {
    const { routes } = store();
    const route = name();
    const many = keys(50_000, 'source-');
    await routes.update(route, (s) => ({ ...s, held: held('j1', many) }));
    expect((await routes.get(route)).held?.keys).toEqual(many);
    await routes.update(route, (s) => ({ ...s, lastDue: AT }));
    await routes.update(route, (s) => ({ ...s, held: { ...s.held!, decision: { what: 'approved', by: 'x', at: AT } }, approved: many }));
    const state = await routes.get(route);
    expect([state.held?.keys, state.approved, state.lastDue]).toEqual([many, many, AT]);
    await routes.update(route, (s) => ({ ...s, held: null, approved: s.approved.slice(0, 1) }));
    expect((await routes.get(route)).approved).toEqual(many.slice(0, 1));
    await routes.update(route, (s) => ({ ...s, approved: [] }));
    expect(await routes.get(route)).toMatchObject({ held: null, approved: [], lastDue: AT });
  });

  it('a writer that loses the race spoils nothing of the winner', async () => {
    const { routes } = store();
    const route = name();
    await routes.update(route, (s) => ({ ...s, approved: ['one', 'two', 'three', 'four', 'five', 'six'] }));
    const drop = (key: string) => routes.update(route, (s) => ({ ...s, approved: s.approved.filter((k) => k !== key) }));
    await Promise.all(['one', 'two', 'three', 'four'].map(drop));
    expect((await routes.get(route)).approved).toEqual(['five', 'six']);
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => routes.update(route, (s) => ({ ...s, approved: [...s.approved, key] }))));
    expect([...(await routes.get(route)).approved].sort()).toEqual(['a', 'b', 'c', 'd', 'five', 'six']);
  });
}
