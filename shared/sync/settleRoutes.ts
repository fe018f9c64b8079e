import type { Change } from '../model/plan.ts';
import { type SettledChange, settleClaims } from '../rules/claims.ts';
import { settleReverse } from '../rules/settleReverse.ts';
import type { DraftChange } from '../rules/view.ts';
import type { PlanKey } from '../store/store.ts';
import { claimantsOf } from './claimants.ts';
import type { SealedSide } from './judgeRoute.ts';
import { isVirtual, type Planning, type TargetSide } from './planning.ts';
import type { RangeSummary } from './sealed.ts';

/** What the ranges of one route planned. */
export interface RoutePlan<Side extends TargetSide = Planning> {
  readonly planning: Side;
  readonly key: PlanKey;
  readonly changes: readonly DraftChange[];
  readonly summary: RangeSummary;
}

/** A route's plan after claims. */
export interface SettledRoute {
  readonly planning: SealedSide;
  readonly key: PlanKey;
  readonly changes: readonly Change[];
  readonly summary: RangeSummary;
}

/** Settles the claims of all routes into one target (design §3, step 3); for a job's plan, or one that is only looked at. */
export async function settleRoutes(plans: readonly RoutePlan[]): Promise<readonly SettledRoute[]> {
  // Copies in mailboxes take no address away from anybody: those routes settle nothing.
  const settled: SettledChange[] = plans
    .filter((plan) => isVirtual(plan.planning))
    .flatMap((plan) => plan.changes.map((change) => ({ change, order: 0, firstPart: false })));
  const absent = new Map<string, readonly string[]>();
  const real = plans.filter((plan) => !isVirtual(plan.planning));
  if (real.length > 0) {
    const claims = await claimantsOf(real);
    for (const [route, others] of claims.absent) absent.set(route, others);
    const unique = real.some((plan) => plan.planning.capabilities.some((capability) => capability.uniqueAddresses));
    settled.push(...settleClaims(claims.claimants, unique));
  }
  return plans.map((plan) => withClaims(plan, settled, absent.get(plan.planning.route.id) ?? []));
}

/** The same for undo, retire and relink, which claim nothing for newcomers: releases before takes, over all routes into the target. */
export function settleErrands(plans: readonly RoutePlan<TargetSide>[]): readonly SettledRoute[] {
  const unique = plans.some((plan) => plan.planning.capabilities.some((capability) => capability.uniqueAddresses));
  const settled = settleReverse(
    plans.flatMap((plan) => plan.changes),
    unique,
  );
  return plans.map((plan) => withClaims({ ...plan, planning: { ...plan.planning, sourceState: null } }, settled, []));
}

/** A route's plan once claims are settled: its changes in order, and its counts with those that were unchanged until others claimed. */
function withClaims(
  { planning, key, summary }: Pick<SettledRoute, 'planning' | 'key' | 'summary'>,
  settled: readonly SettledChange[],
  absent: readonly string[],
): SettledRoute {
  const own = settled.filter((one) => one.change.route === key.route);
  const changes = own.map(
    (one, n): Change => ({
      ...bare(one.change),
      id: `${key.job}.${key.round}.${key.route}.${n}`,
      order: one.order,
      ...(one.firstPart ? { firstPart: true } : {}),
    }),
  );
  const moved = own.filter((one) => one.wasUnchanged && !one.firstPart).length;
  const warnings = absent.map(
    (route) =>
      `Objects of route "${route}" hold addresses that entries of this one want, and "${route}" is not in this job: what it holds stays, and the entries are "claimed" until a job over both routes settles whose the addresses are.`,
  );
  return {
    planning,
    key,
    changes,
    summary: { ...summary, unchanged: summary.unchanged - moved, warnings: [...summary.warnings, ...warnings] },
  };
}

/** The sums of a route's ranges. */
export function addUp(pieces: readonly RangeSummary[]): RangeSummary {
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
    internalOnly: total((piece) => piece.internalOnly),
    skippedBecause: sums((piece) => piece.skippedBecause),
    keptBecause: sums((piece) => piece.keptBecause),
    losses: sums((piece) => piece.losses),
    warnings: [...new Set(pieces.flatMap((piece) => piece.warnings))],
  };
}

/** A change without what only claims need. */
function bare({ holders: _holders, ...change }: DraftChange): Omit<Change, 'id' | 'order'> {
  return change;
}
