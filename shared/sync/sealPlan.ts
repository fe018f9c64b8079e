import type { Capability } from '../connectors/connector.ts';
import { type JobRecord, onlyShows, type Trip } from '../model/job.ts';
import type { Batch } from '../model/plan.ts';
import { planHash } from '../rules/breakers.ts';
import type { DraftChange } from '../rules/view.ts';
import type { Held, PlanKey, SnapshotState } from '../store/store.ts';
import { batchShards } from './batchShards.ts';
import { withBeforeImages } from './beforeImages.ts';
import { capacityTrips, roomTakenSince, sumOf } from './capacity.ts';
import { connectorSettings, routeSettings, type SyncContext } from './context.ts';
import { cutBatches, isCarriedOut, type OrderedChunk, orderedChunks } from './cutBatches.ts';
import { judgeRoute, type Verdict } from './judgeRoute.ts';
import { isVirtual, openPlanning, openTarget, planningOf, type TargetSide } from './planning.ts';
import { NOTES_LANE, type RangeSummary, type SealedRoute } from './sealed.ts';
import { addUp, type RoutePlan, type SettledRoute, settleErrands, settleRoutes } from './settleRoutes.ts';

export interface SealedTarget {
  readonly target: string;
  readonly lanes: readonly number[];
  readonly routes: readonly string[];
  /** Routes whose objects are copied into mailboxes once the lanes are through; in a simulation, those whose copies are counted. */
  readonly copies: readonly string[];
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
  const nothing: SealedTarget = { target: input.target, lanes: [], routes: [], copies: [] };
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
  const copies = await copiedRoutes(context, run);
  if (onlyShows(record)) return { ...nothing, copies };
  if (record.job.action === 'relink') return nothing;
  return { target: input.target, lanes: [...lanes].sort((a, b) => a - b), routes: run.map((route) => route.route), copies };
}

async function copiedRoutes(context: SyncContext, run: readonly SealedRoute[]): Promise<readonly string[]> {
  const { configuration } = await context.configuration();
  return run.flatMap(({ route, target }) => {
    const { connector } = context.open(connectorSettings(configuration, target), configuration);
    return connector.capability(routeSettings(configuration, route).push.as).virtual ? [route] : [];
  });
}

async function sealRoutes(
  context: SyncContext,
  record: JobRecord,
  target: string,
  keys: readonly PlanKey[],
): Promise<readonly SealedRoute[]> {
  const { configuration } = await context.configuration();
  const { routes: settled, capabilities, taken } = await settledPlans(context, record, keys);
  const settings = connectorSettings(configuration, target);
  const laneCount = Math.max(1, Math.min(...capabilities.map(({ lanes }) => lanes), settings.limits.lanes ?? Number.MAX_SAFE_INTEGER));
  const routes = await withBeforeImages(context, settled);
  const full = await capacityTrips(context, target, routes, taken);
  const ordered = orderedChunks(routes.map((route) => route.changes));
  const sealed: SealedRoute[] = [];
  for (const route of routes)
    sealed.push(
      await sealRoute(
        context,
        record,
        route,
        ordered.filter((chunk) => chunk.route === route.key.route),
        laneCount,
        full.get(route.key.route) ?? [],
      ),
    );
  return sealed;
}

/** The plans of the ranges, with claims settled: of a job that looks at its sources, or of an undo, a retire or a relink. */
async function settledPlans(
  context: SyncContext,
  record: JobRecord,
  keys: readonly PlanKey[],
): Promise<{ readonly routes: readonly SettledRoute[]; readonly capabilities: readonly Capability[]; readonly taken: Held }> {
  const { configuration } = await context.configuration();
  if (record.errand) {
    const plans: RoutePlan<TargetSide>[] = [];
    for (const key of keys) {
      const side = await openTarget(context, { configuration, route: key.route });
      plans.push(await readDrafts(context, key, side));
    }
    return { routes: settleErrands(plans), capabilities: plans.flatMap((plan) => plan.planning.capabilities), taken: sumOf([]) };
  }
  const plans: RoutePlan[] = [];
  for (const key of keys) {
    const planning = await openPlanning(context, planningOf(record, configuration, key.route));
    const plan = await readDrafts(context, key, planning);
    const source = planning.sourceState.losses.map((loss) => `The source's "${loss}" is not granted and was left out.`);
    const warnings = [...plan.summary.warnings, ...insiders(plan.summary.internalOnly), ...source, ...unproven(planning.sourceState)];
    plans.push({ ...plan, summary: { ...plan.summary, warnings } });
  }
  const real = plans.filter((plan) => !isVirtual(plan.planning));
  const capabilities = (real.length > 0 ? real : plans).flatMap((plan) => plan.planning.capabilities);
  const taken = plans[0]?.planning.target.capacity ? await roomTakenSince(plans[0].planning) : sumOf([]);
  return { routes: await settleRoutes(plans), capabilities, taken };
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

async function readDrafts<Side extends TargetSide>(context: SyncContext, key: PlanKey, planning: Side): Promise<RoutePlan<Side>> {
  const pieces = await context.store.plans.draftSummaries(key);
  const changes: DraftChange[] = [];
  for (const piece of pieces)
    for await (const some of context.store.plans.draftChanges(key, piece.from))
      changes.push(...(some as unknown as readonly DraftChange[]));
  const summary = addUp(pieces.map((piece) => piece.summary as RangeSummary));
  return {
    planning,
    key,
    changes,
    summary: {
      ...summary,
      warnings: [
        ...summary.warnings,
        ...planning.targetState.losses.map((loss) => `The target's "${loss}" is not granted and was left out.`),
      ],
    },
  };
}

/** Nothing of them is hidden or deleted until the source says that they are gone. */
function unproven({ connector, unconfirmed }: SnapshotState): readonly string[] {
  if (unconfirmed === 0) return [];
  return [
    `${unconfirmed} object(s) were missing from the last read of "${connector}" and are not proven gone: they count as there, and nothing is removed because of it.`,
  ];
}

/** Who writes to such a group from the target gets his mail back. */
function insiders(groups: number): readonly string[] {
  return groups === 0 ? [] : [`${groups} group(s) refuse mail from outside; "internalOnlyGroups": false leaves them out.`];
}

async function sealRoute(
  context: SyncContext,
  record: JobRecord,
  plan: SettledRoute,
  ordered: readonly OrderedChunk[],
  laneCount: number,
  full: readonly Trip[],
): Promise<SealedRoute> {
  // Sealed by an attempt whose host died before its answer was noted: the drafts may be dropped already.
  const before = (await context.store.plans.getSealed(plan.key)) as SealedRoute | null;
  if (before) return before;
  const { changes } = plan;
  const links = record.errand?.what === 'relink';
  const verdict = links ? NOTHING_WRITTEN : await judged(context, record, plan, full);
  const cut = cutBatches(plan.key, changes, ordered, laneCount);
  const batches = links && !onlyShows(record) ? cut.map((batch) => linked(batch, context.now())) : cut;
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
    shards: batchShards(batches),
    orderedRanks: ordered.map((chunk) => chunk.rank),
    changes: doable,
  };
  await context.store.plans.putSealed(plan.key, sealed);
  return sealed;
}

/** What does not fit into the target is held whatever breakers say, and remembered by nobody: no approval makes room. */
async function judged(context: SyncContext, record: JobRecord, plan: SettledRoute, full: readonly Trip[]): Promise<Verdict> {
  if (full.length > 0 && !onlyShows(record)) return { held: true, trips: full, hash: null };
  const verdict = await judgeRoute(context, record, plan.planning, plan.changes, plan.summary);
  return { ...verdict, trips: [...full, ...verdict.trips] };
}

/** A relink writes to no directory: there is nothing to hold. */
const NOTHING_WRITTEN: Verdict = { held: false, trips: [], hash: null };

/** The links of a relink were written when its ranges were planned. */
function linked(batch: Batch, at: Date): Batch {
  const done = { result: 'done' as const, at: at.toISOString(), failure: null, retryAt: null, owner: null, note: null };
  const changes = batch.changes.filter(isCarriedOut);
  return { ...batch, outcomes: Object.fromEntries(changes.map((change) => [change.id, { ...done, targetId: change.targetId }])) };
}

/** The plan's totals show at once; so does in which round each route was planned, by which a repeated call adds nothing. */
async function showTotals(context: SyncContext, job: string, sealed: readonly SealedRoute[]): Promise<void> {
  await context.store.jobs.update(job, (record) => {
    const total = sealed
      .filter((route) => route.verdict === 'run' && record.plannedIn[route.route] !== record.round)
      .reduce((n, route) => n + route.changes, 0);
    const plannedIn = { ...record.plannedIn, ...Object.fromEntries(sealed.map((route) => [route.route, record.round])) };
    const simulation = onlyShows(record);
    const progress = {
      ...record.job.progress,
      phase: simulation ? ('plan' as const) : ('push' as const),
      total: record.job.progress.total + (simulation ? 0 : total),
    };
    return { ...record, plannedIn, pushStartedAt: record.pushStartedAt ?? context.now().toISOString(), job: { ...record.job, progress } };
  });
}
