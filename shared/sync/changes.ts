import { causeText } from '../model/failure.ts';
import { type JobRecord, onlyShows, TERMINAL } from '../model/job.ts';
import type { Batch, Change, Outcome } from '../model/plan.ts';
import type { SyncContext } from './context.ts';
import type { SealedRoute } from './sealed.ts';

/** One change as the API shows it (contract, "A change"). */
export interface ChangeView {
  readonly id: string;
  readonly route: string;
  readonly change: Change['change'];
  readonly kind: Change['kind'];
  readonly object: string;
  readonly target: string | null;
  readonly address: string;
  readonly displayName: string;
  readonly reason: string;
  readonly fields: readonly { readonly name: string; readonly before: unknown; readonly after: unknown }[];
  readonly result: 'planned' | 'done' | 'failed' | 'held' | 'skipped' | 'kept';
  readonly cause: string | null;
  readonly nextStep: string | null;
  readonly retryAt: string | null;
  readonly since: string | null;
  readonly owner: Change['owner'];
}

export type ChangeFilter = Partial<Record<'route' | 'change' | 'kind' | 'result' | 'reason' | 'address' | 'object', string>>;

/** All changes of a job, route by route, in the order of the plan. `onlyNew`: without those that had failed in the job before. */
export async function* changesOf(
  context: SyncContext,
  record: JobRecord,
  filter: ChangeFilter,
  onlyNew: boolean,
): AsyncGenerator<ChangeView> {
  for (const route of record.job.routes) {
    const round = record.plannedIn[route.id];
    if (round === undefined || (filter.route && filter.route !== route.id)) continue;
    const key = { job: record.job.id, round, route: route.id };
    const sealed = (await context.store.plans.getSealed(key)) as SealedRoute | null;
    if (!sealed) continue;
    for await (const batch of context.store.plans.batches(key)) {
      for (const change of batch.changes) {
        if (change.firstPart) continue;
        const view = changeView(change, batch, sealed, { simulation: onlyShows(record), over: TERMINAL.has(record.job.state) });
        if (!matches(view, filter)) continue;
        if (onlyNew && view.result === 'failed' && (await context.store.links.get(change.route, change.sourceId))?.retry?.tries !== 1)
          continue;
        yield view;
      }
    }
  }
}

function matches(view: ChangeView, filter: ChangeFilter): boolean {
  const exact = (['change', 'kind', 'result', 'object'] as const).every((name) => !filter[name] || view[name] === filter[name]);
  const reason = !filter.reason || view.reason === filter.reason || view.reason.startsWith(`${filter.reason}:`);
  return exact && reason && (!filter.address || view.address.toLowerCase() === filter.address.toLowerCase());
}

/** A planned change with what became of it. */
export function changeView(
  change: Change,
  batch: Batch,
  sealed: SealedRoute,
  job: { readonly simulation: boolean; readonly over: boolean },
): ChangeView {
  const known: Outcome | undefined = batch.outcomes[change.id];
  // While the job runs, a change with parts that wait is on its way, not failed.
  const outcome = known?.provisional && !job.over ? undefined : known;
  const fields = change.change === 'create' ? createdFields(change) : change.fields;
  return {
    id: change.id,
    route: change.route,
    change: outcome?.collision ? 'skip' : change.change,
    kind: change.kind,
    object: change.sourceId,
    target: outcome?.targetId ?? change.targetId,
    address: change.address,
    displayName: change.displayName,
    reason: outcome?.collision ? 'collision' : change.reason,
    fields,
    result: resultOf(change, outcome, sealed, job.simulation),
    cause: outcome?.failure ? causeText(outcome.failure) : null,
    nextStep: outcome?.failure?.nextStep ?? null,
    retryAt: outcome?.retryAt ?? null,
    since: change.since,
    owner: outcome?.owner ?? change.owner,
  };
}

function createdFields(change: Change): readonly { name: string; before: null; after: unknown }[] {
  return Object.entries(change.desired ?? {}).flatMap(([name, after]) => (after === null ? [] : [{ name, before: null, after }]));
}

function resultOf(change: Change, outcome: Outcome | undefined, sealed: SealedRoute, simulation: boolean): ChangeView['result'] {
  if (change.change === 'skip') return 'skipped';
  if (change.change === 'keep') return 'kept';
  if (outcome) return outcome.result;
  if (simulation) return 'planned';
  return sealed.verdict === 'held' ? 'held' : 'planned';
}
