import type { JobRecord, RouteResult, RouteState } from '../model/job.ts';
import { connectorSettings, routeSettings, type SyncContext } from './context.ts';
import type { SealedRoute } from './sealed.ts';

const REMOVALS_KEPT_MS = 48 * 3_600_000;

/**
 * What a route remembers after a push or sync: the accepted read (baseline of the shrink breaker), removals for the 23 h sum, that it ran
 * once, and that a held plan was resolved. A plan that was held moves no baseline; `only` counts neither as first run nor as accepted read.
 */
export async function afterRun(
  context: SyncContext,
  record: JobRecord,
  result: RouteResult,
  sealed: SealedRoute,
  memory: { readonly nextRetry: string | null; readonly removals: number },
): Promise<void> {
  if (record.errand) return afterErrand(context, record, result, sealed, memory.removals);
  const { configuration } = await context.configuration();
  const source = connectorSettings(configuration, routeSettings(configuration, result.id).from).id;
  const snapshot = await context.store.snapshots.state(source);
  const at = context.now().toISOString();
  const ranToEnd = sealed.verdict === 'run' && !record.cancelRequested;
  await context.store.routes.update(result.id, (current): RouteState => {
    const removals = removalsWith(context, record, current, memory.removals);
    const base: RouteState = { ...current, removals, lastJob: record.job.id, nextRetry: memory.nextRetry };
    if (!ranToEnd || record.only) return base;
    return {
      ...base,
      ranOnce: true,
      accepted: snapshot?.unstamped ?? current.accepted,
      lastSuccess: result.state === 'failed' ? current.lastSuccess : at,
      approved: [],
      // The plan of an undo or a retire waits for its own decision: this run was no answer to it.
      held: current.held?.errand && !current.held.decision ? current.held : null,
      rejected: null,
    };
  });
}

/** Keys of approved changes that count for this job: what was approved of an undo says nothing about a sync, and the other way round. */
export function approvedFor(record: Pick<JobRecord, 'errand'>, state: RouteState): ReadonlySet<string> {
  const same = state.held === null || (state.held.errand ?? false) === (record.errand !== undefined);
  return new Set(same ? state.approved : []);
}

/** An undo or a retire is no read of the source and no run of the route: it moves no baseline, and tries nothing again. */
async function afterErrand(
  context: SyncContext,
  record: JobRecord,
  result: RouteResult,
  sealed: SealedRoute,
  count: number,
): Promise<void> {
  const ranToEnd = sealed.verdict === 'run' && !record.cancelRequested;
  await context.store.routes.update(result.id, (current): RouteState => {
    const base: RouteState = { ...current, removals: removalsWith(context, record, current, count), lastJob: record.job.id };
    return ranToEnd && current.held?.job === record.job.id ? { ...base, approved: [], held: null } : base;
  });
}

function removalsWith(context: SyncContext, record: JobRecord, current: RouteState, count: number): RouteState['removals'] {
  // A repeated call has no approvals to leave out any more: the first one's count stands, even if it is 0.
  const counted = current.removals.some((known) => known.job === record.job.id && known.round === record.round);
  return [
    ...current.removals.filter(
      (known) => (known.count > 0 || known.job === record.job.id) && Date.parse(known.at) > context.now().getTime() - REMOVALS_KEPT_MS,
    ),
    ...(counted ? [] : [{ job: record.job.id, round: record.round, at: record.job.createdAt, count }]),
  ];
}
