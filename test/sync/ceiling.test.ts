import { describe, expect, it } from 'vitest';
import { createMemoryConnector } from '../../shared/connectors/memory/memoryConnector.ts';
import { createCeiling } from '../../shared/http/ceiling.ts';
import type { ConnectorSettings } from '../../shared/model/configuration.ts';
import { cancelJob } from '../../shared/sync/cancel.ts';
import type { SyncContext } from '../../shared/sync/context.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const PER_MINUTE = 10;

/** A world whose directories are called through the ceiling of their configuration, as `shared/http` does it; each call is noted. */
function limited(people: number): { world: SyncWorld; calls: Record<string, number[]>; longest: () => number; waits: string[] } {
  const calls: Record<string, number[]> = { a: [], b: [] };
  const waits: string[] = [];
  let longest = 0;
  const world = createWorld({
    a: people,
    async step(activity) {
      const began = world.clock.now;
      const result = await activity();
      longest = Math.max(longest, world.clock.now - began);
      const [job] = (await world.store.jobs.list({}, 1, null)).items;
      if (job?.job.state === 'waiting') waits.push(job.job.progress.waitingUntil!);
      return result;
    },
  });
  world.a.pageSize = 2;
  world.configure((document) => {
    document.connectors[0]!['limits'] = { requestsPerMinute: PER_MINUTE };
    document.connectors[1]!['limits'] = { requestsPerMinute: PER_MINUTE };
  });
  const directories = { a: world.a, b: world.b };
  const { sleep } = world.context;
  const ceilings = new Map<string, ReturnType<typeof createCeiling>>();
  (world.context as { open: SyncContext['open'] }).open = (settings: ConnectorSettings) => {
    const connector = createMemoryConnector(settings.id, directories[settings.id as 'a' | 'b']);
    const { requestsPerMinute } = settings.limits;
    if (requestsPerMinute === null) return { connector, calls: () => 1, ready: async () => undefined };
    const { store, clock } = world;
    const made = { connector: settings.id, requestsPerMinute, waits: store.waits, now: () => clock.now, sleep };
    const ceiling = ceilings.get(settings.id) ?? createCeiling(made);
    ceilings.set(settings.id, ceiling);
    return { connector: slowed(connector, ceiling.turn, () => calls[settings.id]!.push(clock.now)), calls: () => 1, ready: ceiling.ready };
  };
  return { world, calls, longest: () => longest, waits };
}

/** Calls of one connector, each at its turn. Writes of many are single ones. */
function slowed<T extends object>(connector: T, turn: () => Promise<void>, note: () => void): T {
  const asked = new Set(['readPage', 'readMembers', 'write', 'get', 'find']);
  return new Proxy(connector, {
    get(of, name) {
      const value: unknown = name === 'writeMany' ? undefined : Reflect.get(of, name);
      if (typeof value !== 'function' || !asked.has(String(name))) return value;
      return async (...args: unknown[]) => {
        await turn();
        note();
        return value.apply(of, args);
      };
    },
  });
}

const mostInAMinute = (calls: readonly number[]): number =>
  Math.max(...calls.map((from) => calls.filter((at) => at >= from && at < from + 60_000).length));

describe('limits.requestsPerMinute', () => {
  it('a job under a low ceiling waits in sight between pages and changes, idles no activity, and comes to its end', async () => {
    const { world, calls, longest, waits } = limited(25);
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'completed', routes: [{ created: 25, failed: 0 }], progress: { waitingUntil: null } });
    expect([calls['a']!.length, calls['b']!.length >= 26]).toEqual([13, true]);
    for (const each of Object.values(calls)) expect(mostInAMinute(each)).toBeLessThanOrEqual(PER_MINUTE);
    expect(waits.length).toBeGreaterThan(10);
    // One slot in line, at most, for what was begun.
    expect(longest()).toBeLessThan(12_000);
    expect(world.b.entries.size).toBe(25);
    // Nobody was announced and left open, nobody written twice.
    const again = await world.run({ action: 'sync' });
    expect(again.job.routes[0]).toMatchObject({ unchanged: 25, updated: 0, created: 0 });
  });

  it('a cancel ends the wait: what was begun stays, the rest is held', async () => {
    const { world } = limited(12);
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    const { sleep } = world.context;
    let cancelled = false;
    (world.context as { sleep: SyncContext['sleep'] }).sleep = async (ms) => {
      if (world.b.entries.size === 3 && !cancelled) {
        cancelled = true;
        await cancelJob(world.context, world.instances, record.job.id);
      }
      await sleep(ms);
    };
    const { job } = await world.round(record.job.id, 1);
    const [route] = job.routes;
    expect(job.state).toBe('cancelled');
    expect(route!.created).toBe(3);
    expect(route!.created + route!.held).toBe(12);
    expect(world.b.entries.size).toBe(route!.created);
    world.a.entries.set('late', person('a', 99));
    expect((await world.run({ action: 'sync' })).job).toMatchObject({ state: 'completed', routes: [{ created: 13 - route!.created }] });
  });
});
