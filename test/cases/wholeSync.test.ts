import { describe, expect, it } from 'vitest';
import type { MemoryDirectory } from '../../shared/connectors/memory/memoryConnector.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { changesOf } from '../../shared/sync/changes.ts';
import { putConfiguration } from '../../shared/sync/putConfiguration.ts';
import { scheduleTick } from '../../shared/sync/schedule.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createOrganisations } from '../sync/organisations.ts';
import { createWorld, person, type SyncWorld } from '../sync/world.ts';

const route = (record: JobRecord): RouteResult => record.job.routes[0]!;
const named = (id: string, address: string, more: Partial<Entry> = {}): Entry => ({ ...person('a', 0), id, addresses: [address], ...more });
const put = (directory: MemoryDirectory, ...entries: Entry[]): void => {
  for (const one of entries) directory.entries.set(one.id, one);
};
const held = (world: SyncWorld): readonly string[] => [...world.b.entries.values()].map((one) => one.addresses.join(' ')).sort();

describe('cases over a whole sync', () => {
  it('R13 who is in the list of the deleted and among the living is one person, and the deleted claim no address', async () => {
    const world = createWorld({ a: 0 });
    put(world.a, named('u8', 'max@a.example'), named('u7', 'eva@a.example', { enabled: false }));
    world.a.pageSize = 1;
    world.a.removed = ['u7', 'd1', 'd2', 'd3'];
    const first = await world.run({ action: 'sync' });
    expect(route(first)).toMatchObject({ pulled: 2, created: 1, skipped: 1, failed: 0, skippedBecause: { disabled: 1 } });
    expect(held(world)).toEqual(['max@a.example']);
    const second = await world.run({ action: 'sync' });
    expect(route(second)).toMatchObject({ pulled: 2, created: 0, unchanged: 1, skipped: 1, leavers: { orphaned: 0 } });
  });

  it('R15 a name that is cut is equal afterwards: one loss, the second run writes nothing', async () => {
    const world = createWorld({ a: 0 });
    world.b.limits = { displayName: { maxLength: 64 } };
    put(world.a, named('long', 'long@a.example', { attributes: { displayName: `${'a'.repeat(63)}\u{1F469}\u200D\u{1F4BB}` } }));
    const first = await world.run({ action: 'sync' });
    expect(route(first)).toMatchObject({ created: 1, losses: { 'displayName cut': 1 } });
    const names = [...world.b.entries.values()].map((one) => String(one.attributes.displayName));
    expect(names).toContain('a'.repeat(63));
    expect(names.every((name) => name.isWellFormed() && name.length <= 64)).toBe(true);
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({
      updated: 0,
      unchanged: 1,
      failed: 0,
      losses: { 'displayName cut': 1 },
    });
  });

  it('R21 an address among others clashes with a user principal name: told with owner and attribute, the others go on', async () => {
    const world = createWorld({ a: 2 });
    put(world.b, {
      ...person('b', 5),
      id: 't-5',
      addresses: ['pat.lee@b.example'],
      userPrincipalName: 'pat@b.example',
    });
    put(world.a, named('pat', 'pat@a.example', { addresses: ['pat@a.example', 'pat@b.example'] }));
    for (const action of ['simulate', 'sync'] as const) {
      const record = await world.run({ action });
      expect(route(record)).toMatchObject({ pulled: 3, created: 2, skipped: 1, skippedBecause: { collision: 1 } });
      const rows = [];
      for await (const row of changesOf(world.context, record, { reason: 'collision' }, false)) rows.push(row);
      expect(rows).toMatchObject([
        { object: 'pat', change: 'skip', result: 'skipped', owner: { id: 't-5', attribute: 'userPrincipalName' } },
      ]);
    }
    expect(world.b.entries.get('t-5')!.addresses).toEqual(['pat.lee@b.example']);
    expect(held(world)).toEqual(['p0@a.example', 'p1@a.example', 'pat.lee@b.example']);
  });

  it('R31 what the target does not keep is a failure with its link, and an update at the next attempt', async () => {
    const world = createWorld({ a: 1 });
    let attempts = 0;
    world.b.onWrite = (request) => {
      attempts += 1;
      if (request.change !== 'create') return null;
      const id = 'c-1';
      world.b.entries.set(id, { ...person('b', 1), id, kind: 'contact', type: 'MailContact', addresses: [], stamp: request.setStamp! });
      const failure = { code: 'notKept' as const, message: 'The target did not keep: email.', nextStep: 'It is written again.' };
      return { ok: false, failure, retry: 'later', targetId: id, owner: null };
    };
    const first = await world.run({ action: 'sync' });
    expect(route(first)).toMatchObject({ created: 0, failed: 1, state: 'completedWithErrors' });
    expect(await world.store.links.get('a-to-b', 'a-0')).toMatchObject({ targetId: 'c-1' });
    const second = await world.run({ action: 'sync' });
    expect(route(second)).toMatchObject({ created: 0, updated: 1, failed: 0 });
    expect([attempts, held(world)]).toEqual([2, ['p0@a.example']]);
  });

  it('R37 policy keep: who is told as deleted stays; neither hidden nor deleted, and no entry of the snapshot', async () => {
    const world = createWorld({ a: 0 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'keep' }, outOfScope: { policy: 'keep' } };
    });
    put(world.a, named('u1', 'u1@a.example'), named('u2', 'u2@a.example'), named('g3', 'g3@a.example'));
    await world.run({ action: 'sync' });
    world.a.entries.delete('g3');
    world.a.removed = ['g3'];
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({
      pulled: 2,
      unchanged: 2,
      leavers: { orphaned: 1, hidden: 0, deleted: 0, kept: 1, keptBecause: { policy: 1 } },
    });
    expect(held(world)).toEqual(['g3@a.example', 'u1@a.example', 'u2@a.example']);
  });

  it('R49 a job whose orchestrator went wrong is closed with the step, and its connectors are free for the next one', async () => {
    const world = createWorld({ a: 3 });
    const says = 'Non-Deterministic workflow detected: step 1 was activity "a" when it was first run, and is activity "b" now.';
    const lost = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'me');
    const instances = { ...world.instances, state: async () => ({ state: 'ended' as const, failure: says }) };
    const next = await startJob(world.context, instances, { action: 'sync' }, 'api', 'me');
    expect((await world.store.jobs.get(lost.job.id))!.job).toMatchObject({
      state: 'failed',
      cause: expect.stringMatching(/^nonDeterministic: .*step 1/),
    });
    expect((await world.round(next.job.id, 1)).job.state).toBe('completed');
  });

  it('R51 two starts at once: one job, the other is told which', async () => {
    const world = createWorld({ a: 3 });
    const start = () =>
      startJob(world.context, world.instances, { action: 'sync' }, 'api', 'me').then(
        (record) => ({ job: record.job.id, status: 202 }),
        (error) => ({ job: error.extra?.job as string, status: error.status as number }),
      );
    const answers = await Promise.all([start(), start()]);
    expect(answers.map((one) => one.status).sort()).toEqual([202, 409]);
    expect(new Set(answers.map((one) => one.job)).size).toBe(1);
    expect((await world.store.jobs.list({}, 10, null)).items).toHaveLength(1);
  });
});

describe('R43 the host was down at the due minute', () => {
  const scheduled = async (cron: string, savedAt: string) => {
    const of = createOrganisations(['a', 'b'], {
      routes: [{ id: 'a-to-b', from: 'a', to: 'b', schedule: { cron, timeZone: 'UTC' } }],
    });
    of.put('a', person('a', 0));
    of.clock.now = Date.parse(savedAt);
    let document: object = {};
    of.configure((one) => {
      document = structuredClone(one);
    });
    await putConfiguration(of.context, JSON.stringify(document), { ifMatch: null, dryRun: false, local: true, allowedHosts: [] });
    /** The timer ticks each minute, but not while the host is down; answers the times at which jobs were made. */
    const ticks = async (from: string, to: string): Promise<readonly string[]> => {
      const made: string[] = [];
      for (let at = Date.parse(from); at <= Date.parse(to); at += 60_000) {
        of.clock.now = at;
        if ((await scheduleTick(of.context, of.instances)).started > 0) made.push(new Date(at).toISOString().slice(11, 16));
        for (const record of (await of.store.jobs.list({ state: 'queued' }, 10, null)).items) await of.round(record.job.id, 1);
      }
      return made;
    };
    return ticks;
  };

  it('R43 a new route, daily at 01:00, saved at 00:30, down over its first due minute: exactly one job soon after', async () => {
    const ticks = await scheduled('0 1 * * *', '2026-11-25T00:30:00Z');
    expect(await ticks('2026-11-25T00:31:00Z', '2026-11-25T00:59:00Z')).toEqual([]);
    expect(await ticks('2026-11-25T01:00:12Z', '2026-11-25T03:00:12Z')).toEqual(['01:00']);
  });

  it('R43 every 15 minutes, down from 03:05 to 06:10: exactly one catch-up job, the next one at 06:15', async () => {
    const ticks = await scheduled('*/15 * * * *', '2026-11-25T02:50:00Z');
    expect(await ticks('2026-11-25T02:51:00Z', '2026-11-25T03:04:00Z')).toEqual(['03:00']);
    expect(await ticks('2026-11-25T06:10:00Z', '2026-11-25T06:31:00Z')).toEqual(['06:10', '06:15', '06:30']);
  });
});
