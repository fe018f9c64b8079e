import type { Job, JobRecord, JobState, RouteResult, Trip } from '../model/job.ts';
import { onlyShows, TERMINAL } from '../model/job.ts';
import type { SyncContext } from './context.ts';
import { finishedCopies } from './copyCounts.ts';
import { countRoute } from './countRoute.ts';
import { releaseLeases } from './leases.ts';
import { reportJob } from './reportJob.ts';
import { afterRun, approvedFor } from './routeMemory.ts';
import type { SealedRoute } from './sealed.ts';

/** Last step of a round: sums over change rows, state of each route and of the job, memory of the routes, leases, log. */
export async function closeJob(
  context: SyncContext,
  input: { job: string; round: number; failure: string | null },
): Promise<{ ok: boolean }> {
  const found = await context.store.jobs.get(input.job);
  if (!found || found.round !== input.round) return { ok: false };
  // The host of the attempt that closed it died before its last steps.
  if (TERMINAL.has(found.job.state)) return leave(context, found);
  const routes: RouteResult[] = [];
  for (const route of found.job.routes)
    routes.push(found.roundRoutes.includes(route.id) ? await closeRoute(context, found, route, input.failure) : route);
  const connectors = found.job.connectors.map((known) =>
    known.state === 'running' || known.state === 'queued'
      ? { ...known, state: 'failed' as const, cause: input.failure ?? 'cancelled: The job ended before this connector was read.' }
      : known,
  );
  const at = context.now().toISOString();
  const record = await context.store.jobs.update(input.job, (current) => {
    if (current.round !== input.round || TERMINAL.has(current.job.state)) return current;
    const job: Job = {
      ...current.job,
      routes,
      connectors,
      cause: input.failure,
      finishedAt: at,
      durationMs: Date.parse(at) - Date.parse(current.job.startedAt ?? at),
    };
    const progress = { ...job.progress, phase: 'done' as const, secondsLeft: null, waitingUntil: null, done: job.progress.total };
    return { ...current, waits: {}, job: { ...job, progress, state: jobState(current, job, input.failure) } };
  });
  return record.round === input.round ? leave(context, record) : { ok: false };
}

async function leave(context: SyncContext, record: JobRecord): Promise<{ ok: true }> {
  await releaseLeases(context, record, 'all');
  await reportJob(context, record);
  return { ok: true };
}

async function closeRoute(context: SyncContext, record: JobRecord, route: RouteResult, failure: string | null): Promise<RouteResult> {
  if (record.job.action === 'pull') return { ...route, state: pullState(record, route.id, failure), cause: failure };
  if (route.state === 'failed') return route;
  const round = record.plannedIn[route.id];
  const key = { job: record.job.id, round: round ?? 0, route: route.id };
  const sealed = round === record.round ? ((await context.store.plans.getSealed(key)) as SealedRoute | null) : null;
  if (!sealed)
    return {
      ...route,
      state: 'failed',
      cause:
        failure ??
        (record.cancelRequested
          ? 'cancelled: The job was cancelled before this route was planned.'
          : 'internal: This route was not planned.'),
    };
  const simulation = onlyShows(record);
  const approved = approvedFor(record, await context.store.routes.get(route.id));
  const { counts, nextRetry, removals } = await countRoute(
    sealed,
    context.store.plans.batches(key),
    simulation ? 'asPlanned' : 'held',
    approved,
  );
  const heldBecause = simulation ? sealed.trips : heldTrips(record, sealed, counts.held + counts.leavers.held);
  const copies = await finishedCopies(context, record, route);
  const failures = counts.failed + counts.leavers.failed + (copies?.failed ?? 0);
  const state = !simulation && heldBecause.length > 0 ? 'held' : failures > 0 ? 'completedWithErrors' : 'completed';
  const result: RouteResult = {
    ...route,
    ...counts,
    ...(copies ? { copies } : {}),
    state,
    cause: null,
    heldBecause,
    plan: route.plan ?? sealed.hash,
    losses: sealed.summary.losses,
    warnings: sealed.summary.warnings,
  };
  if (!simulation) await afterRun(context, record, result, sealed, { nextRetry, removals });
  return result;
}

function heldTrips(record: JobRecord, sealed: SealedRoute, held: number): readonly Trip[] {
  if (sealed.verdict === 'held') return sealed.trips;
  if (held === 0) return [];
  const nextStep = record.cancelRequested
    ? 'The rest was left because the job was cancelled; start the route again.'
    : 'The rest was left when the job ended early; start the route again.';
  return [{ breaker: 'cancelled', kind: null, before: null, after: null, value: held, limit: 0, nextStep }];
}

function pullState(record: JobRecord, _route: string, failure: string | null): RouteResult['state'] {
  return failure !== null || record.job.connectors.every((connector) => connector.state === 'failed') ? 'failed' : 'completed';
}

/** Contract, State: cancelled, else failed, held, completedWithErrors, completed. A `pull` job uses the same rule over its connectors. */
export function jobState(record: JobRecord, job: Job, failure: string | null): JobState {
  if (record.cancelRequested) return 'cancelled';
  const states: readonly string[] =
    job.action === 'pull' ? job.connectors.map((connector) => connector.state) : job.routes.map((route) => route.state);
  if (failure !== null || (states.length > 0 && states.every((state) => state === 'failed'))) return 'failed';
  if (states.includes('held')) return 'held';
  return states.includes('failed') || states.includes('completedWithErrors') ? 'completedWithErrors' : 'completed';
}
