import { shardOf } from '../shard.ts';
import type { PendingCommit, SnapshotRow, SnapshotState, SnapshotStore, StagedPage, TargetIndex } from '../store.ts';
import { createIndex, type PackedIndexPiece, packPiece } from '../targetIndex.ts';
import { type Entity, escapeKey, gunzipJson, gzipJson, pack, packBytes, splitBytes, unpack, unpackBytes } from './codec.ts';
import { partitionIs, partitionsBetween, type Table } from './table.ts';

/** Packed bytes per entity of a shard: well under 1 MiB, so that some fit into one transaction. */
const SHARD_ENTITY_BYTES = 600_000;

/** Snapshots: 256 packed shards, state and pending commit, packed index pieces; staged pages lie in a table of their own. */
export function createSnapshotStore(table: Table, staging: Table): SnapshotStore {
  const indexes = new Map<string, TargetIndex>();
  const hex = (n: number): string => n.toString(16).padStart(2, '0');
  const shardKey = (connector: string, shard: number): string => `${escapeKey(connector)}~${hex(shard)}`;
  const stateKey = (connector: string): string => `${escapeKey(connector)}~state`;
  const readShard = async (connector: string, shard: number): Promise<readonly SnapshotRow[]> => {
    const rows: SnapshotRow[] = [];
    for (const entity of await inOrder(table.list(partitionIs(shardKey(connector, shard))))) rows.push(...unpack<SnapshotRow[]>(entity));
    return rows;
  };
  return {
    async state(connector) {
      const found = await table.get(stateKey(connector), 'state');
      return found ? unpack<SnapshotState>(found) : null;
    },
    async putState(state) {
      await table.upsert({ partitionKey: stateKey(state.connector), rowKey: 'state', ...pack(state) });
    },
    async pending(connector) {
      const found = await table.get(stateKey(connector), 'pending');
      return found ? unpack<PendingCommit>(found) : null;
    },
    async putPending(connector, pending) {
      if (pending) await table.upsert({ partitionKey: stateKey(connector), rowKey: 'pending', ...pack(pending) });
      else await table.remove(stateKey(connector), 'pending');
    },
    async stage(connector, pull, sequence, page) {
      const slim: StagedPage = { set: page.set, parts: page.parts, removed: page.removed, restarted: page.restarted };
      const parts = splitBytes(gzipJson(slim));
      const partitionKey = `${escapeKey(connector)}~${escapeKey(pull)}`;
      const entities = parts.map(
        (bytes, n): Entity => ({
          partitionKey,
          rowKey: `${String(sequence).padStart(8, '0')}.${String(n).padStart(3, '0')}`,
          of: parts.length,
          ...packBytes(bytes),
        }),
      );
      await staging.write(partitionKey, entities);
    },
    async *staged(connector, pull) {
      let bytes: Uint8Array[] = [];
      for await (const entity of staging.list(partitionIs(`${escapeKey(connector)}~${escapeKey(pull)}`))) {
        bytes.push(unpackBytes(entity));
        if (bytes.length < Number(entity['of'])) continue;
        yield gunzipJson<StagedPage>(Buffer.concat(bytes));
        bytes = [];
      }
    },
    async dropStaged(connector, keepPull) {
      const start = `${escapeKey(connector)}~`;
      const keep = keepPull === null ? null : `${start}${escapeKey(keepPull)}`;
      await dropPartitions(staging, partitionsBetween(start, `${start}~`), (partition) => partition !== keep);
    },
    readShard,
    async readShards(connector, from, to) {
      const shards: SnapshotRow[][] = Array.from({ length: to - from }, () => []);
      const end = to > 255 ? `${escapeKey(connector)}~g` : shardKey(connector, to);
      const entities = await inOrder(table.list(partitionsBetween(shardKey(connector, from), end)));
      for (const entity of entities)
        shards[Number.parseInt(entity.partitionKey.slice(-2), 16) - from]!.push(...unpack<SnapshotRow[]>(entity));
      return shards;
    },
    async writeShard(connector, shard, rows) {
      const partitionKey = shardKey(connector, shard);
      const entities = packRows(rows).map(
        (packed, n): Entity => ({ partitionKey, rowKey: String(n).padStart(4, '0'), ...packBytes(packed) }),
      );
      const surplus: { partitionKey: string; rowKey: string }[] = [];
      for await (const old of table.list(partitionIs(partitionKey), ['partitionKey', 'rowKey']))
        if (Number(old.rowKey) >= entities.length) surplus.push({ partitionKey, rowKey: old.rowKey });
      await table.writeAtOnce(entities, surplus);
    },
    async get(connector, id) {
      return (await readShard(connector, shardOf(id))).find((row) => row.id === id) ?? null;
    },
    async putIndexPiece(connector, version, from, records) {
      const partitionKey = `${escapeKey(connector)}~index~${escapeKey(version)}`;
      const parts = splitBytes(gzipJson(packPiece(records)));
      await table.write(
        partitionKey,
        parts.map((bytes, n) => ({
          partitionKey,
          rowKey: `${hex(from)}.${String(n).padStart(3, '0')}`,
          of: parts.length,
          ...packBytes(bytes),
        })),
      );
    },
    async index(connector, version) {
      const known = indexes.get(connector);
      if (known?.version === version) return known;
      const pieces: PackedIndexPiece[] = [];
      let bytes: Uint8Array[] = [];
      for await (const entity of table.list(partitionIs(`${escapeKey(connector)}~index~${escapeKey(version)}`))) {
        bytes.push(unpackBytes(entity));
        if (bytes.length < Number(entity['of'])) continue;
        pieces.push(gunzipJson<PackedIndexPiece>(Buffer.concat(bytes)));
        bytes = [];
      }
      const index = createIndex(version, pieces);
      indexes.set(connector, index);
      return index;
    },
    async dropIndex(connector, keepVersion) {
      const start = `${escapeKey(connector)}~index~`;
      await dropPartitions(table, partitionsBetween(start, `${start}~`), (partition) => partition !== `${start}${escapeKey(keepVersion)}`);
    },
    async clear(connector) {
      await table.remove(stateKey(connector), 'state');
      await table.remove(stateKey(connector), 'pending');
      indexes.delete(connector);
      await dropPartitions(table, partitionsBetween(`${escapeKey(connector)}~`, `${escapeKey(connector)}~~`), () => true);
      await dropPartitions(staging, partitionsBetween(`${escapeKey(connector)}~`, `${escapeKey(connector)}~~`), () => true);
    },
  };
}

/** Rows as gzip pieces, each below the entity's bound: halves until it fits. */
function packRows(rows: readonly SnapshotRow[]): readonly Buffer[] {
  if (rows.length === 0) return [];
  const packed = gzipJson(rows);
  if (packed.byteLength <= SHARD_ENTITY_BYTES || rows.length === 1) return [packed];
  const half = Math.ceil(rows.length / 2);
  return [...packRows(rows.slice(0, half)), ...packRows(rows.slice(half))];
}

async function inOrder(entities: AsyncIterable<Entity>): Promise<readonly Entity[]> {
  const all: Entity[] = [];
  for await (const entity of entities) all.push(entity);
  return all.sort((a, b) => (a.rowKey < b.rowKey ? -1 : 1));
}

/** Removes whole partitions. */
export async function dropPartitions(table: Table, filter: string, which: (partitionKey: string) => boolean): Promise<number> {
  const rows = new Map<string, string[]>();
  for await (const entity of table.list(filter, ['partitionKey', 'rowKey'])) {
    if (which(entity.partitionKey)) rows.set(entity.partitionKey, [...(rows.get(entity.partitionKey) ?? []), entity.rowKey]);
  }
  for (const [partitionKey, keys] of rows) await table.write(partitionKey, [], keys);
  return rows.size;
}
