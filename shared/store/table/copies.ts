import type { MailboxCopy } from '../../model/mailboxCopy.ts';
import type { CopyStore } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { partitionIs, type Table } from './table.ts';

/** One row per mailbox, partitioned by route: some thousand rows of less than 1 KB. */
export function createCopyStore(table: Table): CopyStore {
  const entity = (row: MailboxCopy): Entity => ({
    partitionKey: escapeKey(row.route),
    rowKey: escapeKey(row.mailbox),
    ...pack(row),
  });
  return {
    async *list(route) {
      for await (const found of table.list(partitionIs(escapeKey(route)))) yield unpack<MailboxCopy>(found);
    },
    async get(route, mailbox) {
      const found = await table.get(escapeKey(route), escapeKey(mailbox));
      return found ? unpack<MailboxCopy>(found) : null;
    },
    async put(row) {
      await table.upsert(entity(row));
    },
    async putMany(rows) {
      const routes = new Map<string, Map<string, Entity>>();
      for (const row of rows) {
        const known = routes.get(row.route) ?? new Map<string, Entity>();
        known.set(row.mailbox, entity(row));
        routes.set(row.route, known);
      }
      for (const [route, some] of routes) await table.write(escapeKey(route), [...some.values()]);
    },
    async remove(route, mailbox) {
      await table.remove(escapeKey(route), escapeKey(mailbox));
    },
  };
}
