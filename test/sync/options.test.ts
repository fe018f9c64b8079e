import { describe, expect, it } from 'vitest';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { changesOf } from '../../shared/sync/changes.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import { retain } from '../../shared/sync/retention.ts';
import { scheduleTick } from '../../shared/sync/schedule.ts';
import { routeView } from '../../shared/sync/views.ts';
import { createOrganisations } from './organisations.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const route = (record: JobRecord): RouteResult => record.job.routes[0]!;

/** What options of the configuration do in a whole sync. */
describe('options of the configuration', () => {
  it('schedule.automatic: false starts nothing by itself and shows no next runs; by hand the route runs', async () => {
    for (const automatic of [true, false]) {
      const schedule = { cron: '0 * * * *', timeZone: 'UTC', automatic };
      const of = createOrganisations(['a', 'b'], { routes: [{ id: 'a-to-b', from: 'a', to: 'b', schedule }] });
      of.put('a', person('a', 0));
      await scheduleTick(of.context, of.instances);
      of.clock.now += 3 * HOUR;
      expect((await scheduleTick(of.context, of.instances)).started).toBe(automatic ? 1 : 0);
      const { configuration } = await of.context.configuration();
      const view = (await routeView(of.context, configuration.routes[0]!)) as { nextRuns: readonly object[] };
      expect(view.nextRuns).toHaveLength(automatic ? 5 : 0);
      if (!automatic) expect((await of.run({ action: 'sync' })).job.state).toBe('completed');
    }
  });

  it('schedule.cron and timeZone: each of its times, in the zone, through the change of the clocks', async () => {
    const schedule = { cron: ['30 2 * * *', '0 12 * * 6'], timeZone: 'Europe/Paris' };
    const of = createOrganisations(['a', 'b'], { routes: [{ id: 'a-to-b', from: 'a', to: 'b', schedule }] });
    of.put('a', person('a', 0));
    of.clock.now = Date.parse('2027-03-26T12:00:00Z');
    await scheduleTick(of.context, of.instances);
    const starts: string[] = [];
    for (let hour = 0; hour < 72; hour += 0.5) {
      of.clock.now = Date.parse('2027-03-26T12:00:30Z') + hour * HOUR;
      if ((await scheduleTick(of.context, of.instances)).started === 0) continue;
      starts.push(new Date(of.clock.now).toISOString().slice(8, 16));
      const [open] = (await of.store.jobs.list({}, 1, null)).items;
      await of.round(open!.job.id, 1);
    }
    // Saturday in winter time; on Sunday there is no half past two, so it runs when the clocks have gone on; Monday in summer time.
    expect(starts).toEqual(['27T01:30', '27T11:00', '28T01:00', '29T00:30']);
  });

  it('enabled: false takes no part in a job, and its objects stay', async () => {
    const world = createWorld({ a: 3 });
    await world.run({ action: 'sync' });
    world.a.entries.clear();
    world.configure((document) => {
      document.routes[0]!['enabled'] = false;
    });
    await expect(world.run({ action: 'sync' })).rejects.toMatchObject({ status: 422, type: 'nothing-to-do' });
    await expect(world.run({ action: 'sync', routes: ['a-to-b'] })).rejects.toMatchObject({ status: 422, type: 'route-disabled' });
    expect(world.b.entries.size).toBe(3);
  });

  it('paused: a sync holds everything because of it, a simulation shows what would be done', async () => {
    const world = createWorld({ a: 4 });
    world.configure((document) => {
      document['paused'] = true;
    });
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({
      state: 'held',
      created: 0,
      held: 4,
      heldBecause: [{ breaker: 'paused' }],
    });
    expect(world.b.entries.size).toBe(0);
    const shown = await world.run({ action: 'simulate' });
    expect([shown.job.state, route(shown).created, route(shown).held]).toEqual(['completed', 4, 0]);
    world.configure((document) => {
      document['paused'] = false;
    });
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({ state: 'completed', created: 4 });
  });

  it('breakers.approvalHours: a held plan can be approved until then; after it the next trip holds a plan of its own', async () => {
    const held = async (): Promise<{ world: SyncWorld; record: JobRecord; approve: () => Promise<JobRecord> }> => {
      const world = createWorld({ a: 20 });
      world.configure((document) => {
        document.routes[0]!['breakers'] = { approvalHours: 2 };
      });
      await world.run({ action: 'sync' });
      for (let n = 0; n < 12; n += 1) world.a.entries.delete(`a-${n}`);
      const record = await world.run({ action: 'sync' });
      expect(record.job.state).toBe('held');
      const decision = { route: 'a-to-b', plan: route(record).plan! };
      return { world, record, approve: () => approveJob(world.context, world.instances, record.job.id, decision, 'me') };
    };
    const intime = await held();
    intime.world.clock.now += 1.9 * HOUR;
    expect((await intime.approve()).job.state).toBe('running');
    const late = await held();
    late.world.clock.now += 2.1 * HOUR;
    await expect(late.approve()).rejects.toMatchObject({ status: 409, type: 'expired' });
    expect(route((await late.world.store.jobs.get(late.record.job.id))!).decision).toMatchObject({ what: 'expired' });
    const next = await late.world.run({ action: 'sync' });
    expect(route(next)).toMatchObject({ state: 'held', heldBy: null });
  });

  it('retention: jobs, changes and log lines go each at its own age', async () => {
    const world = createWorld({ a: 2 });
    world.configure((document) => {
      document['retention'] = { jobs: '30d', changes: '10d', logs: '20d' };
    });
    const first = await world.run({ action: 'sync' });
    const left = async (): Promise<readonly number[]> => {
      const record = await world.store.jobs.get(first.job.id);
      let changes = 0;
      for await (const _ of changesOf(world.context, first, {}, false)) changes += 1;
      return [record ? 1 : 0, changes, Math.min(1, (await world.store.log.list(first.job.id, null, 10, null)).items.length)];
    };
    const start = world.clock.now;
    for (const [days, expected] of [
      [9, [1, 2, 1]],
      [11, [1, 0, 1]],
      [21, [1, 0, 0]],
      [31, [0, 0, 0]],
    ] as const) {
      world.clock.now = start + days * DAY;
      await retain(world.context);
      expect(await left(), `${days} days`).toEqual(expected);
    }
    // What it keeps in step is not history.
    expect((await world.store.links.get('a-to-b', 'a-0'))?.state).toBe('linked');
  });

  it('limits.lanes of the target is the ceiling of its lanes', async () => {
    const lanes = async (limit: number | null): Promise<number> => {
      const world = createWorld({ a: 90 });
      world.configure((document) => {
        document.connectors[1]!['limits'] = { lanes: limit };
      });
      const record = await world.run({ action: 'simulate' });
      const seen = new Set<number>();
      for await (const batch of world.store.plans.batches({ job: record.job.id, round: 1, route: 'a-to-b' })) seen.add(batch.lane);
      return seen.size;
    };
    expect([await lanes(null), await lanes(1)]).toEqual([2, 1]);
  });
});
