import type { Entry } from '../model/entry.ts';
import { shardOf } from '../store/shard.ts';
import type { SnapshotRow, Store } from '../store/store.ts';
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
  const wanted = new Set(ids);
  for await (const rows of shardsOf(store, connector, wanted))
    for (const row of rows) {
      const entry = wanted.has(row.id) ? entryOf(row, sets) : null;
      if (entry) found.set(row.id, entry);
    }
  return found;
}

/** Which of these ids a snapshot does not hold; each shard read once. */
export async function absentIds(store: Store, connector: string, ids: Iterable<string>): Promise<ReadonlySet<string>> {
  const absent = new Set(ids);
  for await (const rows of shardsOf(store, connector, absent)) for (const { id } of rows) absent.delete(id);
  return absent;
}

/** Shards that lie together are one question. */
const TOGETHER = 8;

/** The shards in which these ids lie, if they are there. */
async function* shardsOf(store: Store, connector: string, ids: ReadonlySet<string>): AsyncGenerator<readonly SnapshotRow[]> {
  const shards = [...new Set([...ids].map(shardOf))].sort((a, b) => a - b);
  for (const near of Map.groupBy(shards, (shard) => Math.floor(shard / TOGETHER)).values()) {
    const [first, last] = [near[0]!, near.at(-1)!];
    if (near.length < TOGETHER / 2) for (const shard of near) yield await store.snapshots.readShard(connector, shard);
    else yield* await store.snapshots.readShards(connector, first, last + 1);
  }
}

/** Objects of a route's target by id. */
export function readTargets(side: TargetSide, ids: Iterable<string>): Promise<ReadonlyMap<string, Entry>> {
  return readEntries(side.context.store, side.route.to, side.target.sets, ids);
}
