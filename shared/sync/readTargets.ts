import type { Entry } from '../model/entry.ts';
import { shardOf } from '../store/shard.ts';
import { entryOf } from './commitShards.ts';
import type { TargetSide } from './planning.ts';

/** Objects of the target's snapshot by id, each shard read once and only what is asked for kept. */
export async function readTargets(side: TargetSide, ids: Iterable<string>): Promise<ReadonlyMap<string, Entry>> {
  const found = new Map<string, Entry>();
  for (const [shard, wanted] of Map.groupBy(new Set(ids), shardOf)) {
    const here = new Set(wanted);
    for (const row of await side.context.store.snapshots.readShard(side.route.to, shard)) {
      const entry = here.has(row.id) ? entryOf(row, side.target.sets) : null;
      if (entry) found.set(row.id, entry);
    }
  }
  return found;
}
