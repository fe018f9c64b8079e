import type { Batch, Change } from '../model/plan.ts';
import { shardOf } from '../store/shard.ts';
import type { PlanKey } from '../store/store.ts';
import type { SyncContext } from './context.ts';
import type { Range } from './ranges.ts';
import { NOTES_LANE, type SealedRoute } from './sealed.ts';

/** Lane → of each of its batches in order, the lowest shard of its changes (by source id) and the highest. Rows for people are left out. */
export type BatchShards = Readonly<Record<string, readonly (readonly [lowest: number, highest: number])[]>>;

/** Sorted by shard, so that a range of shards lies in few batches. */
export function byShard(changes: readonly Change[]): readonly Change[] {
  return changes
    .map((change) => ({ change, shard: shardOf(change.sourceId) }))
    .sort((a, b) => a.shard - b.shard)
    .map(({ change }) => change);
}

/** Where the changes of a range of shards lie: kept with a sealed plan for its undo. */
export function batchShards(batches: readonly Batch[]): BatchShards {
  const lanes: Record<string, (readonly [number, number])[]> = {};
  for (const { lane, sequence, changes } of batches) {
    if (lane === NOTES_LANE) continue;
    const shards = changes.map((change) => shardOf(change.sourceId));
    lanes[String(lane)] ??= [];
    lanes[String(lane)]![sequence] = [Math.min(...shards), Math.max(...shards)];
  }
  return lanes;
}

/** The batches that hold changes of a range of shards, and perhaps others; all of a plan that was sealed before galsync kept where they lie. */
export async function* batchesWith({ store }: Pick<SyncContext, 'store'>, key: PlanKey, range: Range): AsyncGenerator<Batch> {
  const { shards } = ((await store.plans.getSealed(key)) ?? {}) as Partial<SealedRoute>;
  if (!shards) return yield* store.plans.batches(key);
  for (const [lane, places] of Object.entries(shards))
    for (const run of runs(places, range)) yield* store.plans.batchesBetween({ ...key, lane: Number(lane) }, run.from, run.to);
}

/** Runs of neighbouring batches that may hold something of a range: each is one scan. */
function runs(places: BatchShards[string], range: Range): readonly { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [sequence, [lowest, highest]] of places.entries()) {
    if (highest < range.from || lowest >= range.to) continue;
    const last = found.at(-1);
    if (last?.to === sequence) last.to += 1;
    else found.push({ from: sequence, to: sequence + 1 });
  }
  return found;
}
