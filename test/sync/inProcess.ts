import { createMemoryConnector, type MemoryDirectory } from '../../shared/connectors/memory/memoryConnector.ts';
import type { Configuration, ConnectorSettings } from '../../shared/model/configuration.ts';
import type { JobRecord } from '../../shared/model/job.ts';
import type { Store } from '../../shared/store/store.ts';
import { beginCopies } from '../../shared/sync/beginCopies.ts';
import { closeJob } from '../../shared/sync/closeJob.ts';
import { beginCommit, commitRange, finishCommit } from '../../shared/sync/commitPull.ts';
import type { RangeTotals } from '../../shared/sync/commitShards.ts';
import type { Instances, LogEvent, SyncContext } from '../../shared/sync/context.ts';
import { type CopyPosition, copyBatch } from '../../shared/sync/copyBatch.ts';
import { nextWave } from '../../shared/sync/lastWave.ts';
import { makePlan } from '../../shared/sync/makePlan.ts';
import { openJob } from '../../shared/sync/openJob.ts';
import { pullPages, startPull } from '../../shared/sync/pull.ts';
import { finishPull } from '../../shared/sync/pullProgress.ts';
import { type LanePosition, pushBatch } from '../../shared/sync/pushBatch.ts';
import { releaseSources } from '../../shared/sync/releaseSources.ts';
import { routesToPlan } from '../../shared/sync/routesToPlan.ts';
import { type SealedTarget, sealPlan } from '../../shared/sync/sealPlan.ts';
import { type JobRequest, startJob } from '../../shared/sync/startJob.ts';

/** How each activity is run: an engine runs it at least once, and again when its host died before the result was noted. */
export type Step = <T>(activity: () => Promise<T>) => Promise<T>;

/** The steps of a sync without a durable engine: what the orchestrations schedule, one after the other, on directories in memory. */
export interface InProcess {
  readonly context: SyncContext;
  readonly events: LogEvent[];
  clock: { now: number };
  run(request: JobRequest): Promise<JobRecord>;
  round(job: string, round: number): Promise<JobRecord>;
  /** Goes on with a round whose push died: the same lanes again, then the end. */
  resume(job: string, round: number): Promise<JobRecord>;
  readonly instances: Instances;
}

export function createInProcess(
  store: Store,
  configuration: () => Configuration,
  directories: Readonly<Record<string, MemoryDirectory>>,
  step: Step = (activity) => activity(),
): InProcess {
  const clock = { now: Date.parse('2026-11-25T09:00:00Z') };
  const events: LogEvent[] = [];
  const running = new Set<string>();
  let sealedTargets: SealedTarget[] = [];
  const context = contextOf(store, configuration, directories, clock, events);
  const instances: Instances = {
    start: async (_name, instance) => void running.add(instance),
    state: async (instance) => ({ state: running.has(instance) ? 'running' : 'missing', failure: null }),
    raise: async () => undefined,
  };
  const round = async (job: string, n: number): Promise<JobRecord> => {
    const opened = await step(() => openJob(context, { job, round: n }));
    if (!opened.ok) throw new Error(`round ${n} of ${job} cannot be opened`);
    for (const connector of opened.pulls) await pullOne(context, step, job, n, connector);
    const failed: Record<string, string> = {};
    for (const route of await step(() => routesToPlan(context, { job, round: n }))) {
      for (const range of route.ranges) {
        const made = await step(() => makePlan(context, { job, round: n, route: route.route, range }));
        if (!made.ok) failed[route.route] = `${made.failure.code}: ${made.failure.message}`;
      }
    }
    sealedTargets = [];
    for (const target of opened.targets) {
      const sealed = await step(() => sealPlan(context, { job, round: n, target: target.connector, routes: target.routes, failed }));
      sealedTargets.push(sealed);
      await step(() => releaseSources(context, { job, round: n }));
      await pushAll(context, step, job, n, sealed);
      for (const route of sealed.copies) await copyOne(context, step, clock, job, n, route);
    }
    await step(() => closeJob(context, { job, round: n, failure: null }));
    return (await store.jobs.get(job))!;
  };
  return {
    context,
    events,
    clock,
    instances,
    round,
    async resume(job, n) {
      for (const sealed of sealedTargets) {
        await pushAll(context, step, job, n, sealed);
        for (const route of sealed.copies) await copyOne(context, step, clock, job, n, route);
      }
      await step(() => closeJob(context, { job, round: n, failure: null }));
      return (await store.jobs.get(job))!;
    },
    async run(request) {
      clock.now += 60_000;
      const record = await startJob(context, instances, request, 'api', 'test');
      return round(record.job.id, 1);
    },
  };
}

/** What the steps are given: a clock that goes on with every look, ids in order, directories in memory. */
function contextOf(
  store: Store,
  configuration: () => Configuration,
  directories: Readonly<Record<string, MemoryDirectory>>,
  clock: { now: number },
  events: LogEvent[],
): SyncContext {
  let ids = 0;
  return {
    store,
    now: () => new Date(clock.now++),
    sleep: async (ms) => {
      clock.now += Math.max(0, ms);
    },
    randomHex(length) {
      ids += 1;
      return ids.toString(16).padStart(length, '0');
    },
    log: (event) => void events.push(event),
    configuration: async () => ({ configuration: configuration(), version: 'v1' }),
    open: (settings: ConnectorSettings) => ({
      connector: createMemoryConnector(settings.id, directories[settings.id]!),
      calls: () => 1,
      ready: async () => undefined,
    }),
  };
}

async function pullOne(context: SyncContext, run: Step, job: string, round: number, connector: string): Promise<void> {
  let position = startPull(job, connector, round);
  let failure = null;
  let calls = 0;
  for (;;) {
    const at = position;
    const step = await run(() => pullPages(context, at));
    if (!step.ok) {
      failure = step.failure;
      break;
    }
    position = step.position;
    if (step.done) break;
    if (step.waitUntil !== null) await context.sleep(step.waitUntil - context.now().getTime());
  }
  if (!failure) {
    const begun = await run(() => beginCommit(context, position));
    if (!begun.ok) failure = begun.failure;
    else {
      const totals: RangeTotals[] = [];
      for (const range of begun.ranges) {
        const step = await run(() => commitRange(context, { job, round, connector, range }));
        if (step.ok) {
          totals.push(step.totals);
          calls += step.totals.calls;
        } else failure = step.failure;
      }
      if (!failure) await run(() => finishCommit(context, { job, round, connector, totals }));
    }
  }
  await run(() => finishPull(context, { job, connector, calls: position.calls + calls, failure }));
}

/** Every lane of a target: they run side by side, so that each is through before the last wave of another is over. */
async function pushAll(context: SyncContext, run: Step, job: string, round: number, sealed: SealedTarget): Promise<void> {
  const through: LanePosition[] = [];
  for (const lane of sealed.lanes) through.push(await pushOne(context, run, firstPosition(job, round, sealed, lane)));
  for (const position of through) await lastWaves(context, run, position);
}

function firstPosition(job: string, round: number, { target, routes }: SealedTarget, lane: number): LanePosition {
  const instance = `${job}.${round}.push.${target}.${lane}`;
  const nothing = { sequence: 0, done: 0, refusals: 0, stop: null, deferredUntil: null };
  return { job, round, target, lane, instance, routes: [...routes], ...nothing };
}

async function pushOne(context: SyncContext, run: Step, start: LanePosition): Promise<LanePosition> {
  let position = start;
  for (;;) {
    const at = position;
    const step = await run(() => pushBatch(context, at));
    position = step.position;
    if (step.end) return position;
    if (step.waitUntil !== null) await context.sleep(step.waitUntil - context.now().getTime());
  }
}

async function lastWaves(context: SyncContext, run: Step, through: LanePosition): Promise<void> {
  let position = through;
  for (let lastWaveEnds = 0; ; ) {
    const wave = nextWave({ ...position, lastWaveEnds }, context.now().getTime());
    if (!wave) return;
    ({ lastWaveEnds } = wave.position);
    await context.sleep(wave.at - context.now().getTime());
    position = await pushOne(context, run, { ...position, ...wave.position });
  }
}

/** Copies of one route: the mailboxes are worked out, then each lane goes on until it is through; waits move the clock. */
export async function copyOne(
  context: SyncContext,
  run: Step,
  clock: { now: number },
  job: string,
  round: number,
  route: string,
): Promise<void> {
  const instance = `${job}.${round}.copies.${route}`;
  const begin = (): ReturnType<typeof beginCopies> => run(() => beginCopies(context, { job, round, route, instance, late: false }));
  let begun = await begin();
  while (begun.waitUntil !== null) {
    clock.now = Math.max(clock.now, begun.waitUntil);
    begun = await begin();
  }
  for (let lane = 0; lane < begun.lanes; lane += 1) {
    let position: CopyPosition = {
      job,
      round,
      route,
      instance,
      lane,
      lanes: begun.lanes,
      digest: begun.digest,
      asOf: begun.asOf,
      refusals: 0,
      stop: null,
    };
    for (let steps = 0; ; steps += 1) {
      if (steps > 200) throw new Error('the copies do not come to an end');
      const at = position;
      const step = await run(() => copyBatch(context, at));
      position = step.position;
      if (step.waitUntil !== null) clock.now = Math.max(clock.now, step.waitUntil);
      else if (step.end) break;
    }
  }
}
