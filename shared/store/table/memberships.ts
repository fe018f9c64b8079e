import type { GroupName, MemberSlice, MembershipStore } from '../membershipStore.ts';
import { escapeKey } from './codec.ts';
import { joinParts, partRows } from './parts.ts';
import { dropPartitions } from './snapshots.ts';
import { partitionIs, partitionsBetween, quoted, type Table } from './table.ts';

/** One partition per connector and pull: `names`, then a row per page of each group. */
export function createMembershipStore(table: Table): MembershipStore {
  const partition = (connector: string, version: string): string => `${escapeKey(connector)}~${escapeKey(version)}`;
  const inPartition = (key: string, from: string, to: string): string =>
    `${partitionIs(key)} and RowKey ge ${quoted(from)} and RowKey lt ${quoted(to)}`;
  return {
    async putNames(connector, version, names) {
      const key = partition(connector, version);
      await table.write(key, partRows(key, 'names', names));
    },
    async names(connector, version) {
      const rows = table.list(inPartition(partition(connector, version), 'names', 'names~'));
      for await (const names of joinParts<readonly GroupName[]>(rows)) return names;
      return null;
    },
    async putSlice(connector, version, slice) {
      const key = partition(connector, version);
      await table.write(key, partRows(key, `g~${escapeKey(slice.group)}~${String(slice.sequence).padStart(6, '0')}`, slice));
    },
    slices: (connector, version) => joinParts<MemberSlice>(table.list(inPartition(partition(connector, version), 'g~', 'g~~'))),
    async drop(connector, keep) {
      const start = `${escapeKey(connector)}~`;
      const kept = new Set(keep.map((version) => partition(connector, version)));
      await dropPartitions(table, partitionsBetween(start, `${start}~`), (key) => !kept.has(key));
    },
  };
}
