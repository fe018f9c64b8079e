import type { Entry } from '../model/entry.ts';
import { shardOf } from '../store/shard.ts';
import type { SnapshotRow } from '../store/store.ts';
import { entryOf } from './commitShards.ts';
import type { SyncContext } from './context.ts';
import { readEntries } from './readTargets.ts';

/** Reads single objects of a snapshot; what was read is kept for the duration of one activity. */
export interface RowReader {
  get(id: string): Promise<Entry | null>;
  /** Reads many that will be asked for, each shard once; nothing else of the shards is kept. */
  learn(ids: Iterable<string>): Promise<void>;
}

/** Whole shards that are kept for those who are asked for one by one: of a large directory a few per cent. */
const SHARDS_KEPT = 8;

/** See `RowReader`. @param sets of the connector, in its order */
export function createRowReader({ store }: Pick<SyncContext, 'store'>, connector: string, sets: readonly string[]): RowReader {
  const known = new Map<string, Entry | null>();
  const shards = new Map<number, Promise<ReadonlyMap<string, SnapshotRow>>>();
  const shardRows = (shard: number): Promise<ReadonlyMap<string, SnapshotRow>> => {
    const kept = shards.get(shard);
    if (kept) return kept;
    const rows = store.snapshots.readShard(connector, shard).then((all) => new Map(all.map((row) => [row.id, row])));
    for (const oldest of [...shards.keys()].slice(0, Math.max(0, shards.size - SHARDS_KEPT + 1))) shards.delete(oldest);
    shards.set(shard, rows);
    return rows;
  };
  return {
    async get(id) {
      const entry = known.get(id);
      if (entry !== undefined) return entry;
      const row = (await shardRows(shardOf(id))).get(id);
      const read = row ? entryOf(row, sets) : null;
      known.set(id, read);
      return read;
    },
    async learn(ids) {
      const open = new Set<string>();
      for (const id of ids) if (!known.has(id)) open.add(id);
      const entries = await readEntries(store, connector, sets, open);
      for (const id of open) known.set(id, entries.get(id) ?? null);
    },
  };
}
