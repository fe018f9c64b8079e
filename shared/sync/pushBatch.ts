import { z } from 'zod';
import type { Failure } from '../model/failure.ts';
import { ThrottledError } from '../model/failure.ts';
import type { Link } from '../model/link.ts';
import type { Batch, Outcome } from '../model/plan.ts';
import type { BatchKey } from '../store/store.ts';
import { announce } from './announce.ts';
import { isCancelled } from './cancel.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { showLane } from './laneProgress.ts';
import { laneWork } from './laneWork.ts';
import { holdsLease } from './leases.ts';
import { createManagerFinder } from './managerFinder.ts';
import { type Run, writeAnnounced } from './writeAnnounced.ts';
import type { WriteContext } from './written.ts';

/** A batch begins no change after this time and returns the rest (design §3, Cancel). */
const TIME_MS = 10_000;

/** Where a lane is; travels between activities. */
export const LanePosition = z.object({
  job: z.string(),
  round: z.number().int(),
  target: z.string(),
  lane: z.number().int(),
  instance: z.string(),
  routes: z.array(z.string()),
  /** Place in the lane's list of batches, over all routes. */
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
  /** It waits for our own ceiling: no refusal of the target, and no limit of waits counts it. */
  readonly ours?: boolean;
}

/** Carries out changes of one lane until 10 s are over, a wait is due or the lane is through. */
export async function pushBatch(context: SyncContext, start: LanePosition): Promise<LaneStep> {
  const { configuration } = await context.configuration();
  const settings = connectorSettings(configuration, start.target);
  const record = await context.store.jobs.get(start.job);
  const cancelled = async (): Promise<boolean> =>
    !record || (await isCancelled(context, start.job)) || !(await holdsLease(context, start.target, start));
  const { connector, ready } = context.open(settings, configuration);
  const run: Run = {
    context,
    position: start,
    until: context.now().getTime() + TIME_MS,
    trigger: record?.job.trigger ?? 'api',
    retries: !record?.errand,
    connector,
    findManager: createManagerFinder(context, configuration, { ...start, undoes: record?.errand?.what === 'undo' }),
    cancelled,
    ready,
    lastShown: 0,
  };
  try {
    const work = await laneWork(context, start);
    for (;;) {
      const next = work[run.position.sequence];
      if (next === undefined) return await finish(run, { position: run.position, end: true, waitUntil: null });
      const key = { job: start.job, round: start.round, route: next.route, lane: start.lane, sequence: next.sequence };
      const save = (link: Link): Promise<void> => context.store.links.put(link);
      const complete = await workOff(run, key, { connector, now: context.now, sleep: context.sleep, save, retries: run.retries });
      if (!complete) {
        const end = await cancelled();
        // Nobody waits for deferred changes of a cancelled job.
        if (end) run.position = { ...run.position, deferredUntil: null };
        return await finish(run, { position: run.position, end, waitUntil: null });
      }
      run.position = { ...run.position, sequence: run.position.sequence + 1 };
    }
  } catch (error) {
    if (error instanceof ThrottledError)
      return await finish(run, { position: run.position, end: false, waitUntil: error.notBefore, ours: error.ours });
    throw error;
  }
}

async function finish(run: Run, step: LaneStep): Promise<LaneStep> {
  await showLane(run.context, run.position, step.waitUntil);
  return step;
}

/** True if every change of the batch has an outcome that stands or is deferred; false if time is over or the job was cancelled. */
async function workOff(run: Run, key: BatchKey, write: WriteContext): Promise<boolean> {
  const batch = await run.context.store.plans.getBatch(key);
  const open = batch ? batch.changes.filter((change) => !stands(batch.outcomes[change.id])) : [];
  if (!batch || open.length === 0) return true;
  const outcomes: Record<string, Outcome> = {};
  let complete = true;
  const shown = (): number => run.position.done + firstOutcomes(batch, outcomes);
  try {
    if (run.position.stop) {
      for (const change of open) if (!batch.outcomes[change.id]) outcomes[change.id] = stopped(run, run.position.stop);
      return true;
    }
    if (!(await run.cancelled())) await run.ready();
    const announced = await announce(run.context, open, run.trigger, outcomes);
    complete = await writeAnnounced(run, write, announced, outcomes, shown);
    if (run.position.stop) for (const rest of open) if (!batch.outcomes[rest.id]) outcomes[rest.id] ??= stopped(run, run.position.stop);
    return complete;
  } finally {
    if (Object.keys(outcomes).length > 0) await run.context.store.plans.putOutcomes(key, outcomes);
    run.position = { ...run.position, done: shown() };
    logFailures(run, batch, outcomes);
  }
}

/** A provisional outcome is what is true if the last wave never comes: the change is looked at again. */
function stands(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && !outcome.provisional;
}

/** Changes that have an outcome for the first time: what the progress shows, so that one that waits counts, and counts once. */
function firstOutcomes(batch: Batch, outcomes: Readonly<Record<string, Outcome>>): number {
  return Object.keys(outcomes).filter((id) => !batch.outcomes[id]).length;
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
    if (outcome?.result !== 'failed' || !outcome.failure || outcome.provisional) continue;
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
