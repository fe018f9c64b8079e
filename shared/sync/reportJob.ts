import type { JobRecord, RouteResult } from '../model/job.ts';
import type { SyncContext } from './context.ts';
import { reportCopies } from './copyCounts.ts';

/** Breakers that are people's own doing: pause, cancel and rejection. No alert. */
const OWN_DOING: ReadonlySet<string> = new Set(['paused', 'cancelled', 'rejected']);

/** Tells what a round came to: events for alerts and workbooks, and the job's own log. */
export async function reportJob(context: SyncContext, record: JobRecord): Promise<void> {
  const { job } = record;
  for (const route of job.routes.filter((candidate) => record.roundRoutes.includes(candidate.id)))
    await reportRoute(context, record, route);
  const sum = (pick: (route: RouteResult) => number): number => job.routes.reduce((n, route) => n + pick(route), 0);
  context.log({
    event: 'job.finished',
    job: job.id,
    action: job.action,
    state: job.state,
    trigger: job.trigger,
    durationMs: job.durationMs ?? 0,
    created: sum((r) => r.created),
    updated: sum((r) => r.updated),
    failed: sum((r) => r.failed + r.leavers.failed),
    held: sum((r) => r.held + r.leavers.held),
    hidden: sum((r) => r.leavers.hidden),
    deleted: sum((r) => r.leavers.deleted),
    cause: job.cause ? job.cause.slice(0, 300) : null,
  });
}

async function reportRoute(context: SyncContext, record: JobRecord, route: RouteResult): Promise<void> {
  const { job } = record;
  const { created, updated, adopted, unchanged, skipped, failed, held } = route;
  const { hidden, deleted, kept } = route.leavers;
  const sums = { created, updated, adopted, unchanged, skipped, failed, held, hidden, deleted };
  const { state, pulled, cause } = route;
  context.log({ event: 'route.finished', job: job.id, route: route.id, state, pulled, ...sums, kept, cause });
  const level = state === 'completed' ? ('info' as const) : state === 'failed' ? ('error' as const) : ('warning' as const);
  const data = { route: route.id, state, ...sums, cause };
  await context.store.log.append(job.id, `route.${record.round}.${route.id}`, [
    { at: context.now().toISOString(), level, message: 'The route is finished', data },
  ]);
  if (route.copies) await reportCopies(context, record, route.id, route.copies);
  for (const { breaker, value, limit, kind } of route.heldBecause)
    if (!OWN_DOING.has(breaker)) context.log({ event: 'breaker.tripped', job: job.id, route: route.id, breaker, value, limit, kind });
}
