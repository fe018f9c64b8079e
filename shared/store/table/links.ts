import type { Link } from '../../model/link.ts';
import { shardOf } from '../shard.ts';
import type { LinkStore } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { inParallel } from './inParallel.ts';
import { partitionsBetween, type Table } from './table.ts';

/** One row per link, partitioned by route and shard of the source id: planning a range reads one run of partitions. */
export function createLinkStore(table: Table): LinkStore {
  const partition = (route: string, shard: number): string => `${escapeKey(route)}~${shard.toString(16).padStart(2, '0')}`;
  const entity = (link: Link): Entity => ({
    partitionKey: partition(link.route, shardOf(link.sourceId)),
    rowKey: escapeKey(link.sourceId),
    ...pack(link),
  });
  return {
    async get(route, sourceId) {
      const found = await table.get(partition(route, shardOf(sourceId)), escapeKey(sourceId));
      return found ? unpack<Link>(found) : null;
    },
    async *range(route, from, to) {
      const end = to > 255 ? `${escapeKey(route)}~g` : partition(route, to);
      for await (const found of table.list(partitionsBetween(partition(route, from), end))) yield unpack<Link>(found);
    },
    async put(link) {
      await table.upsert(entity(link));
    },
    async putMany(links) {
      const partitions = new Map<string, Map<string, Entity>>();
      for (const link of links) {
        const row = entity(link);
        const rows = partitions.get(row.partitionKey) ?? new Map<string, Entity>();
        rows.set(row.rowKey, row);
        partitions.set(row.partitionKey, rows);
      }
      await inParallel(partitions, ([partitionKey, rows]) => table.write(partitionKey, [...rows.values()]));
    },
  };
}
