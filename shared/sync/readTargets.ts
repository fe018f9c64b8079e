import type { Entry } from '../model/entry.ts';
import { shardOf } from '../store/shard.ts';
import type { Store } from '../store/store.ts';
import { entryOf } from './commitShards.ts';
import type { TargetSide } from './planning.ts';

/** Objects of a snapshot by id, each shard read once and only what is asked for kept. */
export async function readEntries(
  store: Store,
  connector: string,
  sets: readonly string[],
  ids: Iterable<string>,
): Promise<ReadonlyMap<string, Entry>> {
  const found = new Map<string, Entry>();
  for (const [shard, wanted] of Map.groupBy(new Set(ids), shardOf)) {
    const here = new Set(wanted);
    for (const row of await store.snapshots.readShard(connector, shard)) {
      const entry = here.has(row.id) ? entryOf(row, sets) : null;
      if (entry) found.set(row.id, entry);
    }
  }
  return found;
}

/** Which of these ids a snapshot does not hold; each shard read once. */
export async function absentIds(store: Store, connector: string, ids: Iterable<string>): Promise<ReadonlySet<string>> {
  const absent = new Set(ids);
  for (const shard of new Set([...absent].map(shardOf)))
    for (const { id } of await store.snapshots.readShard(connector, shard)) absent.delete(id);
  return absent;
}

/** Objects of a route's target by id. */
export function readTargets(side: TargetSide, ids: Iterable<string>): Promise<ReadonlyMap<string, Entry>> {
  return readEntries(side.context.store, side.route.to, side.target.sets, ids);
}
