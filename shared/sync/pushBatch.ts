import { z } from 'zod';
import type { Failure } from '../model/failure.ts';
import { ThrottledError } from '../model/failure.ts';
import type { Job } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import type { Batch, Change, Outcome } from '../model/plan.ts';
import type { BatchKey } from '../store/store.ts';
import { type Announced, announce, withdraw } from './announce.ts';
import { isCancelled } from './cancel.ts';
import { connectorSettings, routeSettings, type SyncContext } from './context.ts';
import { showLane } from './laneProgress.ts';
import { holdsLease } from './leases.ts';
import type { SealedRoute } from './sealed.ts';
import { type WriteContext, writeChange } from './writeChange.ts';

/** A batch begins no change after this time and returns the rest (design §3, Cancel). */
const TIME_MS = 10_000;
const REFUSALS_THAT_STOP = 3;

/** Where a lane is; travels between activities. */
export const LanePosition = z.object({
  job: z.string(),
  round: z.number().int(),
  target: z.string(),
  lane: z.number().int(),
  instance: z.string(),
  routes: z.array(z.string()),
  route: z.number().int(),
  sequence: z.number().int(),
  /** Outcomes so far, for the progress display. */
  done: z.number().int(),
  /** Refusals in a row that have nothing to do with the object. */
  refusals: z.number().int(),
  /** Why the rest is not tried any more. */
  stop: z.object({ code: z.string(), message: z.string(), nextStep: z.string(), retryAt: z.string().nullable() }).nullable(),
  /** Earliest time at which a deferred change can be looked at again (epoch ms). */
  deferredUntil: z.number().nullable(),
});
export type LanePosition = z.infer<typeof LanePosition>;

export interface LaneStep {
  readonly position: LanePosition;
  readonly end: boolean;
  readonly waitUntil: number | null;
}

/** Carries out changes of one lane until 10 s are over, a wait is due or the lane is through. */
export async function pushBatch(context: SyncContext, start: LanePosition): Promise<LaneStep> {
  const { configuration } = await context.configuration();
  const settings = connectorSettings(configuration, start.target);
  const record = await context.store.jobs.get(start.job);
  const cancelled = async (): Promise<boolean> =>
    !record || (await isCancelled(context, start.job)) || !(await holdsLease(context, start.target, start.job));
  const { connector } = context.open(settings, configuration);
  const run: Run = {
    context,
    position: start,
    until: context.now().getTime() + TIME_MS,
    trigger: record?.job.trigger ?? 'api',
    retries: !record?.errand,
    connector,
    cancelled,
    lastShown: 0,
  };
  try {
    for (;;) {
      const routeId = run.position.routes[run.position.route];
      if (routeId === undefined) return await finish(run, { position: run.position, end: true, waitUntil: null });
      const sealed = (await context.store.plans.getSealed({ job: start.job, round: start.round, route: routeId })) as SealedRoute | null;
      const batches = sealed?.verdict === 'run' ? (sealed.batches[String(start.lane)] ?? 0) : 0;
      if (run.position.sequence >= batches) {
        run.position = { ...run.position, route: run.position.route + 1, sequence: 0 };
        continue;
      }
      const as = routeSettings(configuration, routeId).push.as;
      const complete = await workOff(
        run,
        { job: start.job, round: start.round, route: routeId, lane: start.lane, sequence: run.position.sequence },
        { connector, as, now: context.now, retries: run.retries },
      );
      if (!complete) {
        const end = await cancelled();
        // Nobody waits for deferred changes of a cancelled job.
        if (end) run.position = { ...run.position, deferredUntil: null };
        return await finish(run, { position: run.position, end, waitUntil: null });
      }
      run.position = { ...run.position, sequence: run.position.sequence + 1 };
    }
  } catch (error) {
    if (error instanceof ThrottledError) return await finish(run, { position: run.position, end: false, waitUntil: error.notBefore });
    throw error;
  }
}

interface Run {
  readonly context: SyncContext;
  position: LanePosition;
  readonly until: number;
  readonly trigger: Job['trigger'];
  /** False in an undo or a retire: no later job repeats what they leave open. */
  readonly retries: boolean;
  readonly connector: WriteContext['connector'];
  readonly cancelled: () => Promise<boolean>;
  lastShown: number;
}

async function finish(run: Run, step: LaneStep): Promise<LaneStep> {
  await showLane(run.context, run.position, step.waitUntil);
  return step;
}

/** True if every change of the batch has an outcome or is deferred; false if time is over or the job was cancelled. */
async function workOff(run: Run, key: BatchKey, write: WriteContext): Promise<boolean> {
  const batch = await run.context.store.plans.getBatch(key);
  const open = batch ? batch.changes.filter((change) => batch.outcomes[change.id] === undefined) : [];
  if (!batch || open.length === 0) return true;
  const outcomes: Record<string, Outcome> = {};
  let complete = true;
  try {
    if (run.position.stop) {
      for (const change of open) outcomes[change.id] = stopped(run, run.position.stop);
      return true;
    }
    const announced = await announce(run.context, open, run.trigger, outcomes);
    complete = await writeAnnounced(run, write, announced, outcomes);
    if (run.position.stop) for (const rest of open) outcomes[rest.id] ??= stopped(run, run.position.stop);
    return complete;
  } finally {
    if (Object.keys(outcomes).length > 0) await run.context.store.plans.putOutcomes(key, outcomes);
    run.position = { ...run.position, done: run.position.done + Object.keys(outcomes).length };
    logFailures(run, batch, outcomes);
  }
}

/**
 * Carries out announced changes one after the other; false: time is over or the job was cancelled. What was not begun is withdrawn, so that
 * the next attempt need not ask the target what became of it: only a killed process leaves open questions behind.
 */
async function writeAnnounced(
  run: Run,
  write: WriteContext,
  announced: readonly Announced[],
  outcomes: Record<string, Outcome>,
): Promise<boolean> {
  let begun = 0;
  try {
    for (const { change, link, lookUp } of announced) {
      if (run.context.now().getTime() > run.until || (await run.cancelled())) return false;
      begun += 1;
      await writeOne(run, write, change, link, lookUp, outcomes);
      if (run.context.now().getTime() - run.lastShown > 1_500) {
        run.lastShown = run.context.now().getTime();
        await showLane(run.context, { ...run.position, done: run.position.done + Object.keys(outcomes).length }, null);
      }
      if (run.position.stop) return true;
    }
    return true;
  } finally {
    if (begun < announced.length) await withdraw(run.context, announced.slice(begun));
  }
}

/** The link row is stored before the outcome: a kill between the two finds `doneChange` and calls nothing. */
async function writeOne(
  run: Run,
  write: WriteContext,
  change: Change,
  link: Link,
  lookUp: boolean,
  outcomes: Record<string, Outcome>,
): Promise<void> {
  const written = await writeChange(write, change, link, lookUp);
  if (written.kind === 'deferred') {
    const until = Math.min(run.position.deferredUntil ?? Number.POSITIVE_INFINITY, written.until);
    run.position = { ...run.position, deferredUntil: until };
    return;
  }
  await run.context.store.links.put(written.link);
  if (change.relinkFrom && written.outcome.result === 'done') await endOldLink(run.context, change);
  outcomes[change.id] = written.outcome;
  const refusals = written.permission ? run.position.refusals + 1 : 0;
  const failure = written.outcome.failure;
  const stop = refusals >= REFUSALS_THAT_STOP && failure ? { ...failure, retryAt: null } : run.position.stop;
  run.position = { ...run.position, refusals, stop };
}

async function endOldLink(context: SyncContext, change: Change): Promise<void> {
  const old = change.relinkFrom ? await context.store.links.get(change.route, change.relinkFrom) : null;
  if (old && old.state !== 'ended') await context.store.links.put({ ...old, state: 'ended', leaving: null, endedBecause: 'relinked' });
}

function stopped(run: Run, stop: NonNullable<LanePosition['stop']>): Outcome {
  const { retryAt, ...failure } = stop;
  return {
    result: 'failed',
    at: run.context.now().toISOString(),
    targetId: null,
    failure: (run.retries ? failure : { ...failure, nextStep: 'Start this job again when the cause is gone.' }) as Failure,
    retryAt: run.retries ? retryAt : null,
    owner: null,
    note: null,
  };
}

function logFailures(run: Run, batch: Batch, outcomes: Readonly<Record<string, Outcome>>): void {
  for (const change of batch.changes) {
    const outcome = outcomes[change.id];
    if (outcome?.result !== 'failed' || !outcome.failure) continue;
    run.context.log({
      event: 'change.failed',
      job: batch.job,
      route: batch.route,
      change: change.change,
      kind: change.kind,
      object: change.sourceId,
      code: outcome.failure.code,
      message: outcome.failure.message,
      nextStep: outcome.failure.nextStep,
      retryAt: outcome.retryAt,
    });
  }
}
