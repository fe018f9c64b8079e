import type { RouteSettings } from '../model/configuration.ts';
import type { Decision, HeldPlan, JobRecord, RouteState } from '../model/job.ts';
import type { Instances, SyncContext } from './context.ts';
import { Refusal } from './refusal.ts';
import { emptyResult, leaseAndStart } from './startJob.ts';

/**
 * Approves a held plan (design §3): takes the leases of the route's connectors and starts the job's next round over that route alone.
 * Throws `Refusal`: 404, 409 wrong hash, expired, decided before, held by another job, or busy.
 */
export async function approveJob(
  context: SyncContext,
  instances: Instances,
  id: string,
  input: { route: string; plan: string; reason?: string | undefined },
  by: string,
): Promise<JobRecord> {
  const { record, held } = await heldPlan(context, id, input.route);
  await refuseStale(context, id, input, held);
  const { configuration } = await context.configuration();
  const route = configuration.routes.find((candidate) => candidate.id === input.route);
  if (!route) throw new Refusal('not-found', 404, `There is no route "${input.route}" in the configuration any more.`);
  const decision: Decision = { what: 'approved', by, at: context.now().toISOString(), reason: input.reason };
  const next = await context.store.jobs.update(id, (current): JobRecord => {
    if (current.round !== record.round) throw new Refusal('decided', 409, 'Somebody else decided about this job just now.');
    return nextRound(current, route, decision);
  });
  await context.store.routes.update(route.id, (state) => ({
    ...state,
    approved: held.keys,
    held: state.held ? { ...state.held, decision } : null,
  }));
  await leaseAndStart(context, instances, next, async () => {
    await context.store.jobs.update(id, () => record);
    await context.store.routes.update(route.id, (state) => ({ ...state, approved: [], held }));
  });
  context.log({ event: 'plan.approved', job: id, route: route.id, plan: held.hash, by });
  return (await context.store.jobs.get(id)) ?? next;
}

/** Only the plan that was looked at is approved, and only in its time. */
async function refuseStale(
  context: SyncContext,
  id: string,
  input: { readonly route: string; readonly plan: string },
  held: HeldPlan,
): Promise<void> {
  if (held.hash !== input.plan)
    throw new Refusal(
      'wrong-plan',
      409,
      `The held plan of route "${input.route}" is ${held.hash}, not ${input.plan}: look at it again before approving.`,
      { plan: held.hash },
    );
  if (held.expiresAt < context.now().toISOString()) {
    await decide(context, id, input.route, { what: 'expired', by: 'galsync', at: context.now().toISOString() });
    throw new Refusal(
      'expired',
      409,
      `The held plan of route "${input.route}" expired at ${held.expiresAt}; the next job holds a new one if it still trips.`,
    );
  }
}

/** The job's next round, over the route that was approved alone. */
function nextRound(current: JobRecord, route: RouteSettings, decision: Decision): JobRecord {
  const round = current.round + 1;
  return {
    ...current,
    connectors: current.connectors
      .filter(({ id }) => id === route.from || id === route.to)
      .map(({ id }) => ({ id, source: id === route.from, target: id === route.to })),
    round,
    roundRoutes: [route.id],
    instance: `${current.job.id}.${round}`,
    cancelRequested: false,
    lanes: {},
    waits: {},
    pushStartedAt: null,
    job: {
      ...current.job,
      routes: current.job.routes.map((known) =>
        known.id === route.id ? { ...emptyResult(route.id), state: 'queued' as const, decision } : known,
      ),
      state: 'running',
      cause: null,
      finishedAt: null,
      progress: { phase: 'pull', done: 0, total: 0, ratePerMinute: null, secondsLeft: null, waitingUntil: null },
    },
  };
}

/** Rejects a held plan: the same changes are not held up for approval again until they differ; the route stays held and says so. */
export async function rejectJob(
  context: SyncContext,
  id: string,
  input: { route: string; reason?: string | undefined },
  by: string,
): Promise<JobRecord> {
  const { held } = await heldPlan(context, id, input.route);
  const record = await decide(context, id, input.route, { what: 'rejected', by, at: context.now().toISOString(), reason: input.reason });
  context.log({ event: 'plan.rejected', job: id, route: input.route, plan: held.hash, by });
  return record;
}

async function heldPlan(context: SyncContext, id: string, route: string): Promise<{ record: JobRecord; held: HeldPlan }> {
  const record = await context.store.jobs.get(id);
  if (!record) throw new Refusal('not-found', 404, `There is no job "${id}".`);
  if (!record.job.routes.some((known) => known.id === route)) throw new Refusal('not-found', 404, `Job ${id} has no route "${route}".`);
  const { held } = await context.store.routes.get(route);
  const shown = record.job.routes.find((known) => known.id === route);
  if (shown?.decision)
    throw new Refusal(
      'decided',
      409,
      `The plan of route "${route}" in this job was ${shown.decision.what} at ${shown.decision.at} by ${shown.decision.by}.`,
    );
  if (!held) throw new Refusal('nothing-held', 409, `Route "${route}" has no held plan.`);
  if (held.job !== id)
    throw new Refusal('held-by-other-job', 409, `The held plan of route "${route}" belongs to job ${held.job}; decide there.`, {
      heldBy: held.job,
    });
  if (held.decision)
    throw new Refusal(
      'decided',
      409,
      `The held plan of route "${route}" was ${held.decision.what} at ${held.decision.at} by ${held.decision.by}.`,
    );
  return { record, held };
}

/** Writes a decision into the route's memory and into the job that holds the plan. */
export async function decide(context: SyncContext, job: string, route: string, decision: Decision): Promise<JobRecord> {
  await context.store.routes.update(route, (state): RouteState => {
    if (!state.held || state.held.job !== job) return state;
    if (decision.what === 'rejected') return { ...state, held: { ...state.held, decision }, rejected: state.held.hash };
    return { ...state, held: null };
  });
  return context.store.jobs.update(job, (record) => ({
    ...record,
    job: { ...record.job, routes: record.job.routes.map((known) => (known.id === route ? { ...known, decision } : known)) },
  }));
}
