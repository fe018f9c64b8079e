import { type Errand, type HeldPlan, type JobRecord, onlyShows, type RouteResult, type RouteState, type Trip } from '../model/job.ts';
import type { Change } from '../model/plan.ts';
import { changeKey, judgeBreakers, planHash } from '../rules/breakers.ts';
import type { SnapshotState } from '../store/store.ts';
import type { SyncContext } from './context.ts';
import { isRemoval } from './countRoute.ts';
import { decide } from './decide.ts';
import type { TargetSide } from './planning.ts';
import { approvedFor } from './routeMemory.ts';
import type { RangeSummary } from './sealed.ts';

const REMOVALS_WINDOW_MS = 23 * 3_600_000;
const APPROVED_BREAKERS = new Set(['removals', 'creations', 'clearedPercent', 'addressChangesPercent', 'firstRun', 'sourceShrinkPercent']);

/** What judging asks of a route. `sourceState` null: an undo or a retire, which read no source. */
export type SealedSide = Pick<TargetSide, 'route' | 'configuration'> & { readonly sourceState: Pick<SnapshotState, 'unstamped'> | null };

export interface Verdict {
  readonly held: boolean;
  readonly trips: readonly Trip[];
  readonly hash: string | null;
}

/**
 * Judges a route's plan: breakers, pause, rejection; keeps a held plan in the route's memory or resolves the one that stands (design §3,
 * Holding and approval). A simulation tells what would trip and remembers nothing.
 */
export async function judgeRoute(
  context: SyncContext,
  record: JobRecord,
  planning: SealedSide,
  changes: readonly Change[],
  summary: RangeSummary,
): Promise<Verdict> {
  const state = await context.store.routes.get(planning.route.id);
  const simulation = onlyShows(record);
  // Held by an attempt of this activity whose host died: what was approved is used up, and judging again would count it.
  if (state.held?.job === record.job.id && state.held.round === record.round && !simulation)
    return { held: true, trips: state.held.trips, hash: state.held.hash };
  const doable = changes.filter((change) => change.change !== 'skip' && change.change !== 'keep' && !change.firstPart);
  if (planning.configuration.paused && !simulation && doable.length > 0) return paused(doable.length);
  const trips = tripsOf(
    { id: record.job.id, createdAt: record.job.createdAt, only: record.only, errand: record.errand },
    planning,
    state,
    doable,
    summary,
  );
  if (simulation) return { held: false, trips, hash: trips.length > 0 ? hashOf(planning, doable, trips) : null };
  if (trips.length === 0) {
    if (state.held) await resolve(context, record, state.held, planning.route.id);
    return { held: false, trips, hash: null };
  }
  return hold(context, record, planning, state, doable, trips);
}

function paused(changes: number): Verdict {
  const nextStep = 'The configuration says "paused": set it to false to let plans run.';
  return {
    held: true,
    hash: null,
    trips: [{ breaker: 'paused', kind: null, before: null, after: null, value: changes, limit: 0, nextStep }],
  };
}

/** For whom breakers judge: a job, or a look at what one would do now. */
export interface Judged {
  readonly id: string;
  readonly createdAt: string;
  readonly only: readonly string[] | null;
  readonly errand?: Errand | undefined;
}

/** Which breakers a route's changes (those that would be carried out) trip. */
export function tripsOf(
  job: Judged,
  planning: SealedSide,
  state: RouteState,
  doable: readonly Change[],
  summary: RangeSummary,
): readonly Trip[] {
  const approved = approvedFor(job, state);
  const counting = doable.filter((change) => !approved.has(changeKey(change)));
  const since = Date.parse(job.createdAt) - REMOVALS_WINDOW_MS;
  return judgeBreakers(planning.route.breakers, {
    removals: counting.filter(isRemoval).length,
    removalsBefore: state.removals.filter((one) => one.job !== job.id && Date.parse(one.at) >= since).reduce((n, one) => n + one.count, 0),
    creations: counting.filter(isCreation).length,
    conversions: counting.filter((change) => change.converts && !change.converts.begun).length,
    adoptions: counting.filter((change) => change.change === 'adopt').length,
    clearing: counting.filter(
      (change) => change.change === 'update' && !change.orphan && change.fields.some((field) => field.after === null),
    ).length,
    addressChanges: counting.filter((change) => change.change === 'update' && !change.orphan && changesAddress(change)).length,
    linked: summary.linked,
    source: planning.sourceState?.unstamped ?? {},
    // A shrink that was approved is accepted for this round; `only` is no read of the source, and an errand reads none.
    accepted: job.only || job.errand || (state.held?.decision?.what === 'approved' && !state.held.errand) ? null : state.accepted,
    firstRun: !state.ranOnce && !job.only && !job.errand,
  });
}

function changesAddress(change: Change): boolean {
  return change.fields.some((field) => {
    if (field.name === 'deliveryAddress') return true;
    const first = (value: unknown): string => (Array.isArray(value) ? String(value[0] ?? '') : String(value ?? '')).toLowerCase();
    return field.name === 'addresses' && first(field.before) !== first(field.after);
  });
}

/** A conversion makes a new object, too; one that an earlier job began was counted then. */
function isCreation(change: Change): boolean {
  return change.change === 'create' || change.converts?.begun === false;
}

/** What an approval covers: the changes of the kinds that tripped. A shrink covers the removals that it brings. */
function coveredBy(doable: readonly Change[], trips: readonly Trip[]): readonly Change[] {
  const tripped = new Set(trips.map((trip) => trip.breaker).filter((name) => APPROVED_BREAKERS.has(name)));
  return doable.filter((change) => {
    if (change.orphan) return tripped.has('removals') || tripped.has('sourceShrinkPercent');
    if (isCreation(change) && (tripped.has('creations') || tripped.has('firstRun'))) return true;
    if (isRemoval(change) && tripped.has('removals')) return true;
    if (change.change === 'adopt') return tripped.has('firstRun');
    if (change.change !== 'update') return false;
    return (
      (tripped.has('clearedPercent') && change.fields.some((field) => field.after === null)) ||
      (tripped.has('addressChangesPercent') && changesAddress(change))
    );
  });
}

function hashOf(planning: SealedSide, doable: readonly Change[], trips: readonly Trip[]): string {
  return planHash(planning.route.id, coveredBy(doable, trips).map(changeKey));
}

async function hold(
  context: SyncContext,
  record: JobRecord,
  planning: SealedSide,
  state: RouteState,
  doable: readonly Change[],
  trips: readonly Trip[],
): Promise<Verdict> {
  const route = planning.route.id;
  const hash = hashOf(planning, doable, trips);
  const standing = await standingPlan(context, state.held, route);
  if (standing && standing.job !== record.job.id) {
    await showNewer(context, record, route, standing, trips, doable);
    return {
      held: true,
      trips: standing.decision?.what === 'rejected' && standing.hash === hash ? [...trips, rejectedTrip(standing)] : trips,
      hash: standing.hash,
    };
  }
  if (state.rejected === hash) return { held: true, trips: [...trips, rejectedTrip(null)], hash };
  const at = context.now();
  const held: HeldPlan = {
    job: record.job.id,
    round: record.round,
    hash,
    at: at.toISOString(),
    expiresAt: new Date(at.getTime() + planning.route.breakers.approvalHours * 3_600_000).toISOString(),
    trips,
    keys: coveredBy(doable, trips).map(changeKey),
    decision: null,
    ...(record.errand ? { errand: true } : {}),
  };
  await context.store.routes.update(route, (current) => ({ ...current, held, approved: [] }));
  return { held: true, trips, hash };
}

/** The held plan that still stands; an expired one, or a rejected one whose changes differ now, makes room for a new one. */
async function standingPlan(context: SyncContext, held: HeldPlan | null, route: string): Promise<HeldPlan | null> {
  if (!held || held.decision?.what === 'approved') return null;
  if (held.decision?.what === 'rejected') return null;
  if (held.expiresAt >= context.now().toISOString()) return held;
  await decide(context, held.job, route, { what: 'expired', by: 'galsync', at: context.now().toISOString() });
  return null;
}

function rejectedTrip(held: HeldPlan | null): Trip {
  const by = held?.decision ? ` by ${held.decision.by}` : '';
  return {
    breaker: 'rejected',
    kind: null,
    before: null,
    after: null,
    value: 0,
    limit: 0,
    nextStep: `This plan was rejected${by}: it stays held until the changes differ. Repair the source or narrow the filter.`,
  };
}

/** What holds a sync back is resolved by a sync that is not held; the plan of an undo or a retire by nobody but its approver, or by time. */
async function resolve(context: SyncContext, record: JobRecord, held: HeldPlan, route: string): Promise<void> {
  if (held.decision || record.errand) return;
  if (held.errand) return void (await standingPlan(context, held, route));
  await decide(context, held.job, route, { what: 'resolved', by: 'galsync', at: context.now().toISOString() });
}

async function showNewer(
  context: SyncContext,
  record: JobRecord,
  route: string,
  standing: HeldPlan,
  trips: readonly Trip[],
  doable: readonly Change[],
): Promise<void> {
  const count = (what: string): number => doable.filter((change) => change.change === what).length;
  const newer = {
    changes: doable.length,
    create: count('create'),
    update: count('update'),
    hide: count('hide'),
    delete: count('delete'),
    heldBecause: trips,
  };
  await context.store.jobs.update(record.job.id, (current) => ({
    ...current,
    job: {
      ...current.job,
      routes: current.job.routes.map(
        (known): RouteResult => (known.id === route ? { ...known, plan: standing.hash, heldBy: standing.job, newer } : known),
      ),
    },
  }));
}
