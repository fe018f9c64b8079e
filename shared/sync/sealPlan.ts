import { domainOf } from '../model/entry.ts';
import { type JobRecord, onlyShows } from '../model/job.ts';
import type { Batch, Change } from '../model/plan.ts';
import { planHash } from '../rules/breakers.ts';
import { type Claimant, type SettledChange, settleClaims } from '../rules/claims.ts';
import type { DomainOwners } from '../rules/owners.ts';
import { settleReverse } from '../rules/settleReverse.ts';
import type { DraftChange } from '../rules/view.ts';
import type { PlanKey } from '../store/store.ts';
import { withBeforeImages } from './beforeImages.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { judgeRoute, type SealedSide, type Verdict } from './judgeRoute.ts';
import { openPlanning, openTarget, type TargetSide } from './planning.ts';
import { BATCH_SIZE, NOTES_LANE, ORDERED_LANE, type RangeSummary, type SealedRoute } from './sealed.ts';

export interface SealedTarget {
  readonly target: string;
  readonly lanes: readonly number[];
  readonly routes: readonly string[];
}

interface RoutePlan {
  readonly planning: SealedSide & Pick<TargetSide, 'capability' | 'targetState'> & { readonly owners: DomainOwners | null };
  readonly key: PlanKey;
  readonly changes: readonly DraftChange[];
  readonly summary: RangeSummary;
}

/**
 * Seals the plans of all routes into one target (design §3, step 3): claims are settled over all of them, releases ordered before takes,
 * breakers judged, the plan hashed and cut into batches per lane. A held plan is cut too: people must see it.
 */
export async function sealPlan(
  context: SyncContext,
  input: { job: string; round: number; target: string; routes: readonly string[]; failed: Readonly<Record<string, string>> },
): Promise<SealedTarget> {
  const record = await context.store.jobs.get(input.job);
  const nothing: SealedTarget = { target: input.target, lanes: [], routes: [] };
  if (!record || record.round !== input.round || record.cancelRequested) return nothing;
  const keys: PlanKey[] = [];
  for (const route of input.routes) {
    const planned = record.job.routes.find((known) => known.id === route);
    if (planned?.state !== 'running') continue;
    const cause = input.failed[route];
    if (cause) await markFailed(context, record, route, cause);
    else keys.push({ job: input.job, round: input.round, route });
  }
  if (keys.length === 0) return nothing;
  const sealed = await sealRoutes(context, record, input.target, keys);
  await showTotals(context, input.job, sealed);
  for (const key of keys) await context.store.plans.dropDrafts(key);
  const run = sealed.filter((route) => route.verdict === 'run');
  const lanes = new Set(
    run.flatMap((route) =>
      Object.keys(route.batches)
        .map(Number)
        .filter((lane) => lane !== NOTES_LANE),
    ),
  );
  const pushes = record.job.action !== 'relink' && !onlyShows(record);
  return pushes ? { target: input.target, lanes: [...lanes].sort((a, b) => a - b), routes: run.map((route) => route.route) } : nothing;
}

async function sealRoutes(
  context: SyncContext,
  record: JobRecord,
  target: string,
  keys: readonly PlanKey[],
): Promise<readonly SealedRoute[]> {
  const plans: RoutePlan[] = [];
  for (const key of keys) plans.push(await readDrafts(context, record, key));
  const { configuration } = await context.configuration();
  const capability = plans[0]!.planning.capability;
  const settled = record.errand
    ? settleReverse(
        plans.flatMap((plan) => plan.changes),
        capability.uniqueAddresses,
      )
    : settleClaims(
        plans.flatMap((plan) =>
          claimants(
            plan,
            configuration.routes.findIndex((route) => route.id === plan.planning.route.id),
          ),
        ),
        capability.uniqueAddresses,
      );
  const complete = await withBeforeImages(context, settled);
  const settings = connectorSettings(configuration, target);
  const laneCount = Math.max(1, Math.min(capability.lanes, settings.limits.lanes ?? capability.lanes));
  const sealed: SealedRoute[] = [];
  for (const plan of plans)
    sealed.push(
      await sealRoute(
        context,
        record,
        plan,
        complete.filter((one) => one.change.route === plan.planning.route.id),
        laneCount,
      ),
    );
  return sealed;
}

async function markFailed(context: SyncContext, record: JobRecord, route: string, cause: string): Promise<void> {
  await context.store.jobs.update(record.job.id, (current) => ({
    ...current,
    job: {
      ...current.job,
      routes: current.job.routes.map((known) => (known.id === route ? { ...known, state: 'failed' as const, cause } : known)),
    },
  }));
}

async function readDrafts(context: SyncContext, record: JobRecord, key: PlanKey): Promise<RoutePlan> {
  const pieces = await context.store.plans.draftSummaries(key);
  const changes: DraftChange[] = [];
  for (const piece of pieces)
    for await (const some of context.store.plans.draftChanges(key, piece.from))
      changes.push(...(some as unknown as readonly DraftChange[]));
  const { configuration } = await context.configuration();
  const planning = record.errand
    ? { ...(await openTarget(context, { configuration, route: key.route })), sourceState: null, owners: null }
    : await openPlanning(context, { configuration, route: key.route, only: record.only });
  const summary = addUp(pieces.map((piece) => piece.summary as RangeSummary));
  return {
    planning,
    key,
    changes,
    summary: {
      ...summary,
      warnings: [
        ...summary.warnings,
        ...(planning.owners?.warnings ?? []),
        ...planning.targetState.losses.map((loss) => `The target's "${loss}" is not granted and was left out.`),
      ],
    },
  };
}

function addUp(pieces: readonly RangeSummary[]): RangeSummary {
  const sums = (pick: (piece: RangeSummary) => Readonly<Record<string, number | undefined>>): Record<string, number> => {
    const all: Record<string, number> = {};
    for (const piece of pieces) for (const [name, n] of Object.entries(pick(piece))) all[name] = (all[name] ?? 0) + (n ?? 0);
    return all;
  };
  const total = (pick: (piece: RangeSummary) => number): number => pieces.reduce((n, piece) => n + pick(piece), 0);
  return {
    pulled: total((piece) => piece.pulled),
    unchanged: total((piece) => piece.unchanged),
    linked: total((piece) => piece.linked),
    skippedBecause: sums((piece) => piece.skippedBecause),
    keptBecause: sums((piece) => piece.keptBecause),
    losses: sums((piece) => piece.losses),
    warnings: [...new Set(pieces.flatMap((piece) => piece.warnings))],
  };
}

function claimants(plan: RoutePlan, routeOrder: number): readonly Claimant[] {
  const { owners, route } = plan.planning;
  return plan.changes.map((change) => ({
    change,
    routeOrder,
    linked: change.targetId !== null,
    ownsDomain: owners?.ownerOf(domainOf(change.address)) === route.from,
  }));
}

async function sealRoute(
  context: SyncContext,
  record: JobRecord,
  plan: RoutePlan,
  settled: readonly SettledChange[],
  laneCount: number,
): Promise<SealedRoute> {
  // Sealed by an attempt whose host died before its answer was noted: the drafts may be dropped already.
  const before = (await context.store.plans.getSealed(plan.key)) as SealedRoute | null;
  if (before) return before;
  const changes = settled.map(
    (one, n): Change => ({
      ...bare(one.change),
      id: `${plan.key.job}.${plan.key.round}.${plan.key.route}.${n}`,
      order: one.order,
      ...(one.firstPart ? { firstPart: true } : {}),
    }),
  );
  const links = record.errand?.what === 'relink';
  const verdict: Verdict = links ? NOTHING_WRITTEN : await judgeRoute(context, record, plan.planning, changes, plan.summary);
  const batches = cut(plan.key, changes, laneCount).map((batch) => (links && !onlyShows(record) ? linked(batch, context.now()) : batch));
  for (let n = 0; n < batches.length; n += 50) await context.store.plans.putBatches(batches.slice(n, n + 50));
  const perLane: Record<string, number> = {};
  for (const batch of batches) perLane[String(batch.lane)] = (perLane[String(batch.lane)] ?? 0) + 1;
  const doable = changes.filter(isCarriedOut).length;
  const sealed: SealedRoute = {
    route: plan.key.route,
    target: plan.planning.route.to,
    verdict: verdict.held ? 'held' : 'run',
    failure: null,
    summary: plan.summary,
    hash:
      verdict.hash ??
      planHash(
        plan.key.route,
        changes.filter(isCarriedOut).map((change) => JSON.stringify([change.change, change.sourceId, change.targetId ?? ''])),
      ),
    trips: verdict.trips,
    batches: perLane,
    changes: doable,
  };
  await context.store.plans.putSealed(plan.key, sealed);
  return sealed;
}

/** A relink writes to no directory: there is nothing to hold. */
const NOTHING_WRITTEN: Verdict = { held: false, trips: [], hash: null };

/** The links of a relink were written when its ranges were planned. */
function linked(batch: Batch, at: Date): Batch {
  const done = { result: 'done' as const, at: at.toISOString(), failure: null, retryAt: null, owner: null, note: null };
  const changes = batch.changes.filter(isCarriedOut);
  return { ...batch, outcomes: Object.fromEntries(changes.map((change) => [change.id, { ...done, targetId: change.targetId }])) };
}

function bare({ holders: _holders, ...change }: DraftChange): Omit<Change, 'id' | 'order'> {
  return change;
}

export function isCarriedOut(change: Pick<Change, 'change'>): boolean {
  return change.change !== 'skip' && change.change !== 'keep';
}

/** Ordered changes go into one lane, in order; the rest is dealt out batch by batch; rows for people are kept aside. */
function cut(key: PlanKey, changes: readonly Change[], laneCount: number): readonly Batch[] {
  const lanes = new Map<number, Change[][]>();
  const put = (lane: number, some: Change[]): void => void lanes.set(lane, [...(lanes.get(lane) ?? []), some]);
  const chunks = (all: readonly Change[]): Change[][] =>
    Array.from({ length: Math.ceil(all.length / BATCH_SIZE) }, (_, n) => all.slice(n * BATCH_SIZE, (n + 1) * BATCH_SIZE));
  const ordered = changes.filter((change) => isCarriedOut(change) && change.order > 0).sort((a, b) => a.order - b.order);
  for (const chunk of chunks(ordered)) put(ORDERED_LANE, chunk);
  for (const [n, chunk] of chunks(changes.filter((change) => isCarriedOut(change) && change.order === 0)).entries())
    put(n % laneCount, chunk);
  for (const chunk of chunks(changes.filter((change) => !isCarriedOut(change)))) put(NOTES_LANE, chunk);
  return [...lanes].flatMap(([lane, all]) => all.map((some, sequence): Batch => ({ ...key, lane, sequence, changes: some, outcomes: {} })));
}

/** The plan's totals show at once; so does in which round each route was planned, by which a repeated call adds nothing. */
async function showTotals(context: SyncContext, job: string, sealed: readonly SealedRoute[]): Promise<void> {
  await context.store.jobs.update(job, (record) => {
    const total = sealed
      .filter((route) => route.verdict === 'run' && record.plannedIn[route.route] !== record.round)
      .reduce((n, route) => n + route.changes, 0);
    const plannedIn = { ...record.plannedIn, ...Object.fromEntries(sealed.map((route) => [route.route, record.round])) };
    const simulation = onlyShows(record) || record.job.action === 'relink';
    const progress = {
      ...record.job.progress,
      phase: simulation ? ('plan' as const) : ('push' as const),
      total: record.job.progress.total + (simulation ? 0 : total),
    };
    return { ...record, plannedIn, pushStartedAt: record.pushStartedAt ?? context.now().toISOString(), job: { ...record.job, progress } };
  });
}
