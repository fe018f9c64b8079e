import type { Counts } from '../model/job.ts';
import type { Batch, Change, KeptReason, Outcome, SkipReason } from '../model/plan.ts';
import { parseStamp } from '../model/stamp.ts';
import { changeKey } from '../rules/breakers.ts';
import type { SealedRoute } from './sealed.ts';

/** How changes without an outcome are counted: as if carried out (simulation), or as held. */
export type Without = 'asPlanned' | 'held';

/**
 * What the removals breaker counts: hides and deletes (neither approved ones nor the end of a hide that was counted), and conversions that
 * take an account away.
 */
export function isRemoval(change: Change): boolean {
  if (change.converts) return change.converts.removesAccount && !change.converts.begun;
  return change.orphan && (change.change === 'hide' || change.change === 'delete') && !change.countedBefore;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The buckets of one route (contract, Buckets): sums over the ranges' results and over change rows, never increments kept anywhere.
 * pulled = created + updated + adopted + unchanged + skipped + failed + held; orphaned = hidden + deleted + kept + failed + held.
 */
export async function countRoute(
  sealed: SealedRoute,
  batches: AsyncIterable<Batch>,
  without: Without,
  approved: ReadonlySet<string> = new Set(),
): Promise<{ counts: Counts; nextRetry: string | null; removals: number }> {
  let nextRetry: string | null = null;
  let removals = 0;
  const sums: Mutable<Omit<Counts, 'leavers' | 'skippedBecause'>> = {
    pulled: sealed.summary.pulled,
    created: 0,
    updated: 0,
    adopted: 0,
    unchanged: sealed.summary.unchanged,
    skipped: 0,
    failed: 0,
    held: 0,
  };
  const leavers = { hidden: 0, deleted: 0, kept: 0, failed: 0, held: 0 };
  const skippedBecause: Partial<Record<SkipReason, number>> = { ...sealed.summary.skippedBecause };
  const keptBecause: Partial<Record<KeptReason, number>> = { ...sealed.summary.keptBecause };
  for await (const batch of batches) {
    for (const change of batch.changes) {
      if (change.firstPart) continue;
      const outcome = batch.outcomes[change.id];
      if (outcome?.retryAt && (nextRetry === null || outcome.retryAt < nextRetry)) nextRetry = outcome.retryAt;
      if (outcome?.result === 'done' && isRemoval(change) && !approved.has(changeKey(change))) removals += 1;
      if (change.orphan) countLeaver(change, outcome, without, leavers, keptBecause);
      else countEntry(change, outcome, without, sums, skippedBecause);
    }
  }
  sums.skipped = total(skippedBecause);
  leavers.kept = total(keptBecause);
  const orphaned = leavers.hidden + leavers.deleted + leavers.kept + leavers.failed + leavers.held;
  return { counts: { ...sums, skippedBecause, leavers: { orphaned, ...leavers, keptBecause } }, nextRetry, removals };
}

function countEntry(
  change: Change,
  outcome: Outcome | undefined,
  without: Without,
  sums: { created: number; updated: number; adopted: number; failed: number; held: number },
  skippedBecause: Partial<Record<SkipReason, number>>,
): void {
  if (change.change === 'skip') add(skippedBecause, change.reason.split(':')[0] as SkipReason);
  else if (outcome?.result === 'skipped') add(skippedBecause, 'collision');
  else if (outcome?.result === 'failed') sums.failed += 1;
  else if (!outcome && without === 'held') sums.held += 1;
  else if (outcome?.result === 'held') sums.held += 1;
  else if (change.change === 'create') sums.created += 1;
  else if (change.change === 'adopt') sums.adopted += 1;
  else sums.updated += 1;
}

function countLeaver(
  change: Change,
  outcome: Outcome | undefined,
  without: Without,
  leavers: { hidden: number; deleted: number; failed: number; held: number },
  keptBecause: Partial<Record<KeptReason, number>>,
): void {
  if (change.change === 'keep') add(keptBecause, change.reason.split(':')[0] as KeptReason);
  // Refused because of somebody else's object: nothing was hidden or deleted.
  else if (outcome?.result === 'failed' || outcome?.result === 'skipped') leavers.failed += 1;
  else if (outcome?.result === 'held' || (!outcome && without === 'held')) leavers.held += 1;
  else if (change.change === 'hide') leavers.hidden += 1;
  else if (change.change === 'delete') leavers.deleted += 1;
  else add(keptBecause, releasedAs(change));
}

/** An object that stays and is only given up: it was there before us, or its route is retired and leaves it. */
function releasedAs(change: Change): KeptReason {
  const before = change.fields.find((field) => field.name === 'stamp')?.before;
  return change.reason === 'retired' && parseStamp(String(before))?.adopted !== true ? 'policy' : 'adopted';
}

function add<K extends string>(sums: Partial<Record<K, number>>, key: K): void {
  (sums as Record<string, number>)[key] = ((sums as Record<string, number>)[key] ?? 0) + 1;
}

function total(sums: Readonly<Record<string, number>>): number {
  return Object.values(sums).reduce((a, b) => a + b, 0);
}
