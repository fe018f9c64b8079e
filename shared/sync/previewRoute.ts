import type { Configuration } from '../model/configuration.ts';
import type { Counts, Trip } from '../model/job.ts';
import type { Batch, Change, FieldName } from '../model/plan.ts';
import { DIFFERENCES, type DifferenceKind, type Differences, differenceOf, newFields, slim } from '../rules/planDifference.ts';
import type { DraftChange } from '../rules/view.ts';
import type { Held } from '../store/store.ts';
import { growthBy, overfull, roomTakenSince, sumOf } from './capacity.ts';
import type { SyncContext } from './context.ts';
import { countRoute } from './countRoute.ts';
import { isCarriedOut } from './cutBatches.ts';
import { tripsOf } from './judgeRoute.ts';
import { openPlanning, type Planning } from './planning.ts';
import { type PlannedRange, planRange } from './planRange.ts';
import type { Range } from './ranges.ts';
import type { RangeSummary, SealedRoute } from './sealed.ts';
import { addUp, type RoutePlan, type SettledRoute } from './settleRoutes.ts';

/** One route planned with one configuration, range by range. */
export interface Side {
  readonly planning: Planning;
  /** Without texts of people: see `slim`. */
  readonly changes: DraftChange[];
  /** What they add to a target with a capacity, by `growthKey`: texts have a size, and they are not kept. */
  readonly growth: Map<string, Held>;
  readonly pieces: RangeSummary[];
}

export interface Sample {
  readonly object: string;
  readonly target: string | null;
  readonly kind: string;
  readonly address: string;
  readonly displayName: string;
  readonly change: string;
  readonly reason: string;
  readonly fields: readonly { readonly name: string; readonly before: unknown; readonly after: unknown }[];
}

export type Samples = Readonly<Partial<Record<DifferenceKind, readonly Sample[]>>>;

const MOST_SAMPLES = 10;
/** Claims may take some of them back: a few more are kept until then. */
const KEPT_SAMPLES = 20;

/** Opens a route for planning on the snapshots and our own writes since: the directory itself is not asked. */
export async function openSide(context: SyncContext, configuration: Configuration, route: string): Promise<Side> {
  // A managed object that the last read does not show would be asked for by id, one call each: here the read's word counts.
  const planning = await openPlanning(context, {
    configuration,
    route,
    only: null,
    earlierTarget: 'preview',
    run: 'preview',
    lookOnly: true,
  });
  return { planning, changes: [], growth: new Map(), pieces: [] };
}

/** Plans one range on both sides and keeps sums, slim changes and samples of what differs. */
export async function previewRange(
  sides: { readonly now: Side | null; readonly after: Side | null },
  range: Range,
  unread: ReadonlySet<string>,
  samples: Map<DifferenceKind, Sample[]>,
): Promise<void> {
  const now = sides.now ? await planRange(sides.now.planning, range) : null;
  const after = sides.after ? withoutUnread(await planRange(sides.after.planning, range), unread) : null;
  collectSamples(now?.changes ?? [], after?.changes ?? [], samples);
  keep(sides.now, now);
  keep(sides.after, after);
}

function keep(side: Side | null, planned: PlannedRange | null): void {
  if (!side || !planned) return;
  side.pieces.push(planned.summary);
  const { capacity } = side.planning.target;
  for (const change of planned.changes) {
    if (capacity && isCarriedOut(change)) side.growth.set(growthKey(change), growthBy(capacity, change));
    side.changes.push(slim(change));
  }
}

function growthKey({ change, sourceId }: Pick<Change, 'change' | 'sourceId'>): string {
  return `${change} ${sourceId}`;
}

/** What would not fit into the target of these routes, by route. `sides` and what claims left of their changes. */
export async function tripsOfCapacity(
  sides: readonly Side[],
  settled: ReadonlyMap<string, SettledRoute>,
): Promise<ReadonlyMap<string, readonly Trip[]>> {
  const { target, targetState } = sides[0]!.planning;
  if (!target.capacity || !targetState.held) return new Map();
  const growths = sides.map(({ planning, growth }) => {
    const changes = settled.get(planning.route.id)?.changes.filter(isCarriedOut) ?? [];
    return { route: planning.route.id, growth: sumOf(changes.flatMap((change) => growth.get(growthKey(change)) ?? [])) };
  });
  const held = sumOf([targetState.held, await roomTakenSince(sides[0]!.planning)]);
  return overfull(target.id, target.capacity, held, growths);
}

/** Fields whose source value is not read yet are neither written nor emptied; an update of nothing else is none. */
function withoutUnread(planned: PlannedRange, unread: ReadonlySet<string>): PlannedRange {
  if (unread.size === 0) return planned;
  let idle = 0;
  const changes = planned.changes.flatMap((change) => {
    if (change.orphan || change.change !== 'update') return [change];
    const fields = change.fields.filter((field) => !unread.has(field.name));
    if (fields.length > 0) return [{ ...change, fields }];
    idle += 1;
    return [];
  });
  return { ...planned, changes, summary: { ...planned.summary, unchanged: planned.summary.unchanged + idle } };
}

function collectSamples(now: readonly DraftChange[], after: readonly DraftChange[], samples: Map<DifferenceKind, Sample[]>): void {
  for (const [before, then] of paired(now, after)) {
    const kind = differenceOf(before, then);
    if (!kind) continue;
    const some = samples.get(kind) ?? [];
    if (some.length < KEPT_SAMPLES) some.push(sampleOf((then ?? before)!));
    samples.set(kind, some);
  }
}

function sampleOf(change: DraftChange): Sample {
  const created =
    change.change === 'create'
      ? Object.entries(change.desired ?? {}).flatMap(([name, after]) => (after === null ? [] : [{ name, before: null, after }]))
      : null;
  const { sourceId, targetId, kind, address, displayName, reason } = change;
  return {
    object: sourceId,
    target: targetId,
    kind,
    address,
    displayName,
    change: change.change,
    reason,
    fields: created ?? change.fields,
  };
}

/** The rows of both plans by entry. An entry may have two rows (skipped above, its object below): the one that acts counts. */
function paired<T extends Pick<Change, 'sourceId' | 'change'>>(
  now: readonly T[],
  after: readonly T[],
): readonly (readonly [T | undefined, T | undefined])[] {
  const index = (changes: readonly T[]): ReadonlyMap<string, T> => {
    const rows = new Map<string, T>();
    for (const change of changes) if (!rows.has(change.sourceId) || change.change !== 'skip') rows.set(change.sourceId, change);
    return rows;
  };
  const [before, then] = [index(now), index(after)];
  const ids = new Set([...before.keys(), ...then.keys()]);
  return [...ids].map((id) => [before.get(id), then.get(id)] as const);
}

/** A side as claims take it. */
export function planOf(side: Side): RoutePlan {
  return {
    planning: side.planning,
    key: { job: 'preview', round: 0, route: side.planning.route.id },
    changes: side.changes,
    summary: addUp(side.pieces),
  };
}

/** A route's counts as if its plan were carried out (contract, Buckets). */
export async function countsOf(route: SettledRoute): Promise<Counts> {
  const batch: Batch = { ...route.key, lane: 0, sequence: 0, changes: route.changes, outcomes: {} };
  const { counts } = await countRoute({ summary: route.summary } as SealedRoute, once(batch), 'asPlanned');
  return counts;
}

async function* once<T>(item: T): AsyncGenerator<T> {
  yield item;
}

/** Breakers that the plan would trip if a job ran now. */
export async function tripsIn(context: SyncContext, { planning, changes, summary }: SettledRoute, at: Date): Promise<readonly Trip[]> {
  const state = await context.store.routes.get(planning.route.id);
  const doable = changes.filter((change) => change.change !== 'skip' && change.change !== 'keep' && !change.firstPart);
  return tripsOf({ id: 'preview', createdAt: at.toISOString(), only: null }, planning, state, doable, summary);
}

/** What differs after claims, and the samples that still stand then. */
export function differencesOf(
  now: readonly Change[],
  after: readonly Change[],
  samples: ReadonlyMap<DifferenceKind, readonly Sample[]>,
): { readonly differences: Differences; readonly samples: Samples } {
  const entries = Object.fromEntries(DIFFERENCES.map((kind) => [kind, 0])) as Record<DifferenceKind, number>;
  const written: Partial<Record<FieldName, number>> = {};
  const cleared: Partial<Record<FieldName, number>> = {};
  const stands = new Map<string, DifferenceKind>();
  let hides = 0;
  let deletes = 0;
  for (const [before, then] of paired(carried(now), carried(after))) {
    const kind = differenceOf(before, then);
    if (!kind) continue;
    entries[kind] += 1;
    stands.set((then ?? before)!.sourceId, kind);
    if (kind === 'removes' && then?.change === 'hide') hides += 1;
    if (kind === 'removes' && then?.change === 'delete') deletes += 1;
    const fresh = newFields(before, then);
    for (const name of fresh.written) written[name] = (written[name] ?? 0) + 1;
    for (const name of fresh.cleared) cleared[name] = (cleared[name] ?? 0) + 1;
  }
  const standing = [...samples].map(
    ([kind, some]) => [kind, some.filter((one) => stands.get(one.object) === kind).slice(0, MOST_SAMPLES)] as const,
  );
  return {
    differences: { entries, hides, deletes, written, cleared },
    samples: Object.fromEntries(standing.filter(([, some]) => some.length > 0)),
  };
}

function carried(changes: readonly Change[]): readonly Change[] {
  return changes.filter((change) => !change.firstPart);
}
