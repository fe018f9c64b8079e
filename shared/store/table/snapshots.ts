import { shardOf } from '../shard.ts';
import type { PendingCommit, SnapshotRow, SnapshotState, SnapshotStore, StagedPage, TargetIndex } from '../store.ts';
import { createIndex, type PackedIndexPiece, packPiece } from '../targetIndex.ts';
import { type Entity, escapeKey, pack, packBytes, packList, unpack } from './codec.ts';
import { inParallel } from './inParallel.ts';
import { joinParts, partRows } from './parts.ts';
import { partitionIs, partitionsBetween, type Table } from './table.ts';

/** Packed bytes per entity of a shard: well under 1 MiB, so that some fit into one transaction. */
const SHARD_ENTITY_BYTES = 600_000;

/** The indexes that this process has loaded: the newest of each connector. */
type Loaded = Map<string, { readonly version: string; readonly index: Promise<TargetIndex> }>;

/** Snapshots: 256 packed shards, state and pending commit, packed index pieces; staged pages lie in a table of their own. */
export function createSnapshotStore(table: Table, staging: Table): SnapshotStore {
  const indexes: Loaded = new Map();
  return {
    ...states(table),
    ...stagedPages(staging),
    ...shards(table),
    ...indexPieces(table, indexes),
    async clear(connector) {
      await table.remove(stateKey(connector), 'state');
      await table.remove(stateKey(connector), 'pending');
      indexes.delete(connector);
      await dropPartitions(table, partitionsBetween(`${escapeKey(connector)}~`, `${escapeKey(connector)}~~`), () => true);
      await dropPartitions(staging, partitionsBetween(`${escapeKey(connector)}~`, `${escapeKey(connector)}~~`), () => true);
    },
  };
}

function hex(n: number): string {
  return n.toString(16).padStart(2, '0');
}

function shardKey(connector: string, shard: number): string {
  return `${escapeKey(connector)}~${hex(shard)}`;
}

function stateKey(connector: string): string {
  return `${escapeKey(connector)}~state`;
}

function states(table: Table): Pick<SnapshotStore, 'state' | 'putState' | 'pending' | 'putPending'> {
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
  };
}

function stagedPages(staging: Table): Pick<SnapshotStore, 'stage' | 'staged' | 'dropStaged'> {
  return {
    async stage(connector, pull, sequence, page) {
      const { set, parts, removed, restarted, leftOut } = page;
      const slim: StagedPage = { set, parts, removed, restarted, ...(leftOut?.length ? { leftOut } : {}) };
      const partitionKey = `${escapeKey(connector)}~${escapeKey(pull)}`;
      await staging.write(partitionKey, partRows(partitionKey, String(sequence).padStart(8, '0'), slim));
    },
    staged: (connector, pull) => joinParts<StagedPage>(staging.list(partitionIs(`${escapeKey(connector)}~${escapeKey(pull)}`))),
    async dropStaged(connector, keepPull) {
      const start = `${escapeKey(connector)}~`;
      const keep = keepPull === null ? null : `${start}${escapeKey(keepPull)}`;
      await dropPartitions(staging, partitionsBetween(start, `${start}~`), (partition) => partition !== keep);
    },
  };
}

function shards(table: Table): Pick<SnapshotStore, 'readShard' | 'readShards' | 'writeShard' | 'get'> {
  const readShard = async (connector: string, shard: number): Promise<readonly SnapshotRow[]> => {
    const rows: SnapshotRow[] = [];
    for (const entity of await inOrder(table.list(partitionIs(shardKey(connector, shard))))) rows.push(...unpack<SnapshotRow[]>(entity));
    return rows;
  };
  return {
    readShard,
    async readShards(connector, from, to) {
      const found: SnapshotRow[][] = Array.from({ length: to - from }, () => []);
      const end = to > 255 ? `${escapeKey(connector)}~g` : shardKey(connector, to);
      const entities = await inOrder(table.list(partitionsBetween(shardKey(connector, from), end)));
      for (const entity of entities)
        found[Number.parseInt(entity.partitionKey.slice(-2), 16) - from]!.push(...unpack<SnapshotRow[]>(entity));
      return found;
    },
    async writeShard(connector, shard, rows) {
      const partitionKey = shardKey(connector, shard);
      const entities = packList(rows, SHARD_ENTITY_BYTES).map(
        (packed, n): Entity => ({ partitionKey, rowKey: String(n).padStart(4, '0'), ...packBytes(packed) }),
      );
      const surplus: string[] = [];
      for await (const old of table.list(partitionIs(partitionKey), ['partitionKey', 'rowKey']))
        if (Number(old.rowKey) >= entities.length) surplus.push(old.rowKey);
      await table.writeAtOnce(partitionKey, entities, surplus);
    },
    async get(connector, id) {
      return (await readShard(connector, shardOf(id))).find((row) => row.id === id) ?? null;
    },
  };
}

function indexPieces(table: Table, indexes: Loaded): Pick<SnapshotStore, 'putIndexPiece' | 'index' | 'dropIndex'> {
  return {
    async putIndexPiece(connector, version, from, records) {
      const partitionKey = `${escapeKey(connector)}~index~${escapeKey(version)}`;
      await table.write(partitionKey, partRows(partitionKey, hex(from), packPiece(records)));
    },
    index(connector, version) {
      const known = indexes.get(connector);
      if (known?.version === version) return known.index;
      const index = readIndex(table, connector, version);
      indexes.set(connector, { version, index });
      index.catch(() => {
        if (indexes.get(connector)?.index === index) indexes.delete(connector);
      });
      return index;
    },
    async dropIndex(connector, keepVersion) {
      const start = `${escapeKey(connector)}~index~`;
      await dropPartitions(table, partitionsBetween(start, `${start}~`), (partition) => partition !== `${start}${escapeKey(keepVersion)}`);
    },
  };
}

/** An index that is not there must not look like an empty directory: all links would be missing in the target. */
async function readIndex(table: Table, connector: string, version: string): Promise<TargetIndex> {
  const pieces: PackedIndexPiece[] = [];
  const rows = table.list(partitionIs(`${escapeKey(connector)}~index~${escapeKey(version)}`));
  for await (const piece of joinParts<PackedIndexPiece>(rows)) pieces.push(piece);
  if (pieces.length === 0)
    throw new Error(
      `The index ${version} of the connector "${connector}" is gone: it was replaced or cleared meanwhile; pull it and plan again.`,
    );
  return createIndex(version, pieces);
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
    if (!which(entity.partitionKey)) continue;
    const keys = rows.get(entity.partitionKey);
    if (keys) keys.push(entity.rowKey);
    else rows.set(entity.partitionKey, [entity.rowKey]);
  }
  await inParallel(rows, ([partitionKey, keys]) => table.write(partitionKey, [], keys));
  return rows.size;
}
