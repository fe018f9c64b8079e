import { causeText } from '../model/failure.ts';
import { type JobRecord, onlyShows, TERMINAL } from '../model/job.ts';
import type { Batch, Change, Outcome, RESULTS } from '../model/plan.ts';
import type { PlanKey } from '../store/store.ts';
import type { SyncContext } from './context.ts';
import { Refusal } from './refusal.ts';
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
  readonly result: (typeof RESULTS)[number];
  readonly cause: string | null;
  readonly nextStep: string | null;
  readonly retryAt: string | null;
  readonly since: string | null;
  readonly owner: Change['owner'];
}

export type ChangeFilter = Partial<Record<'route' | 'change' | 'kind' | 'result' | 'reason' | 'address' | 'object', string>>;

/** Where a change stands in a job's plans: what a page ended with, whatever became of the changes since. */
export interface ChangePlace {
  readonly route: string;
  readonly round: number;
  readonly lane: number;
  readonly sequence: number;
  /** Within the batch. */
  readonly at: number;
}

/** All changes of a job, route by route, in the order of the plan. `onlyNew`: without those that had failed in the job before. */
export async function* changesOf(
  context: SyncContext,
  record: JobRecord,
  filter: ChangeFilter,
  onlyNew: boolean,
): AsyncGenerator<ChangeView> {
  for await (const { view } of placedChanges(context, record, { filter, onlyNew, after: null })) yield view;
}

/**
 * The changes of a job with their places, from behind `after` on. Places are fixed once a plan is sealed, so that pages miss and repeat
 * nothing while the job runs. Throws `Refusal` 409 when the plan of that place was made again in the meantime (an approval).
 */
export async function* placedChanges(
  context: SyncContext,
  record: JobRecord,
  asked: { readonly filter: ChangeFilter; readonly onlyNew: boolean; readonly after: ChangePlace | null },
): AsyncGenerator<{ readonly view: ChangeView; readonly place: ChangePlace }> {
  const { filter, onlyNew, after } = asked;
  const job = { simulation: onlyShows(record), over: TERMINAL.has(record.job.state) };
  const ids = record.job.routes.map((route) => route.id);
  if (after && record.plannedIn[after.route] !== after.round)
    throw new Refusal('list-changed', 409, `Route "${after.route}" was planned again meanwhile: begin again without "cursor".`);
  for (const route of ids.slice(after ? ids.indexOf(after.route) : 0)) {
    const round = record.plannedIn[route];
    if (round === undefined || (filter.route && filter.route !== route)) continue;
    const key = { job: record.job.id, round, route };
    const sealed = (await context.store.plans.getSealed(key)) as SealedRoute | null;
    if (!sealed) continue;
    for await (const { batch, from } of batchesBehind(context, key, after?.route === route ? after : null)) {
      for (const [n, change] of batch.changes.slice(from).entries()) {
        if (change.firstPart) continue;
        const view = changeView(change, batch, sealed, job);
        if (!matches(view, filter) || (onlyNew && (await failedBefore(context, view)))) continue;
        yield { view, place: { route, round, lane: batch.lane, sequence: batch.sequence, at: from + n } };
      }
    }
  }
}

async function* batchesBehind(
  context: SyncContext,
  key: PlanKey,
  after: ChangePlace | null,
): AsyncGenerator<{ readonly batch: Batch; readonly from: number }> {
  const begun = after && (await context.store.plans.getBatch({ ...key, lane: after.lane, sequence: after.sequence }));
  if (begun) yield { batch: begun, from: after.at + 1 };
  for await (const batch of context.store.plans.batches(key, after ?? undefined)) yield { batch, from: 0 };
}

async function failedBefore(context: SyncContext, view: ChangeView): Promise<boolean> {
  return view.result === 'failed' && (await context.store.links.get(view.route, view.object))?.retry?.tries !== 1;
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
