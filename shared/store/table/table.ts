import type { TableClient, TransactionAction } from '@azure/data-tables';
import { StoreConflict } from '../store.ts';
import type { Entity } from './codec.ts';
import { checked, oneTransaction, type Transaction, transactionsOf } from './limits.ts';

/** One table: what the stores need of it, with the SDK's oddities kept in here. Rows that Azure would refuse throw `RangeError`. */
export interface Table {
  get(partitionKey: string, rowKey: string): Promise<(Entity & { etag: string }) | null>;
  /** Creates; throws `StoreConflict` if it exists. Answers the ETag. */
  create(entity: Entity): Promise<string>;
  upsert(entity: Entity): Promise<string>;
  /** Replaces if the ETag still holds, else throws `StoreConflict`. */
  replace(entity: Entity, etag: string): Promise<string>;
  /** With an ETag a single conditional call: inside a transaction the SDK drops it (case R45). False: it was not there. */
  remove(partitionKey: string, rowKey: string, etag?: string): Promise<boolean>;
  /** Upserts and removals of one partition, in as few transactions as the limits allow. What is to go may be gone already. */
  write(partitionKey: string, upserts: readonly Entity[], removals?: readonly string[]): Promise<void>;
  /** The same as exactly one transaction. Throws `RangeError` if it does not fit. */
  writeAtOnce(partitionKey: string, upserts: readonly Entity[], removals: readonly string[]): Promise<void>;
  /** In key order. `pageSize`: how many are fetched at a time, where only the first few are wanted. */
  list(filter: string, select?: readonly string[], pageSize?: number): AsyncIterable<Entity>;
  prepare(): Promise<void>;
}

/** HTTP status of an SDK error: single calls and transactions carry it alike; null for anything else. */
export function statusOf(error: unknown): number | null {
  const status = (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' ? status : null;
}

export function createTable(client: TableClient): Table {
  const absent = <T>(error: unknown, value: T): T => {
    if (statusOf(error) === 404) return value;
    throw error;
  };
  const get: Table['get'] = (partitionKey, rowKey) =>
    client.getEntity(partitionKey, rowKey).then(
      (found) => found as unknown as Entity & { etag: string },
      (error) => absent(error, null),
    );
  return {
    get,
    async create(entity) {
      try {
        return (await client.createEntity(checked(entity))).etag ?? '';
      } catch (error) {
        throw statusOf(error) === 409 ? new StoreConflict(`Row ${entity.partitionKey}/${entity.rowKey}`) : error;
      }
    },
    upsert: async (entity) => (await client.upsertEntity(checked(entity), 'Replace')).etag ?? '',
    async replace(entity, etag) {
      try {
        return (await client.updateEntity(checked(entity), 'Replace', { etag })).etag ?? '';
      } catch (error) {
        throw statusOf(error) === 412 || statusOf(error) === 404 ? new StoreConflict(`Row ${entity.partitionKey}/${entity.rowKey}`) : error;
      }
    },
    async remove(partitionKey, rowKey, etag) {
      try {
        await client.deleteEntity(partitionKey, rowKey, etag === undefined ? {} : { etag });
        return true;
      } catch (error) {
        if (statusOf(error) === 412) throw new StoreConflict(`Row ${partitionKey}/${rowKey}`);
        return absent(error, false);
      }
    },
    async write(partitionKey, upserts, removals = []) {
      for (const some of transactionsOf(partitionKey, upserts, removals)) await submit(client, get, partitionKey, some);
    },
    async writeAtOnce(partitionKey, upserts, removals) {
      const one = oneTransaction(partitionKey, upserts, removals);
      if (one) await submit(client, get, partitionKey, one);
    },
    async *list(filter, select, pageSize) {
      const queryOptions = { filter, ...(select ? { select: [...select] } : {}) };
      // The SDK's pages may be empty and still carry a token; it goes on until there is none.
      for await (const page of client.listEntities({ queryOptions }).byPage(pageSize === undefined ? {} : { maxPageSize: pageSize }))
        yield* page as unknown as readonly Entity[];
    },
    prepare: () => client.createTable(),
  };
}

/**
 * A removal of a row that is gone fails the whole transaction (404), and rows do go in between: a repeated activity, a call that the SDK
 * repeated because its answer was lost. Then what is still there is asked for and the transaction put again without the others.
 */
async function submit(client: TableClient, get: Table['get'], partitionKey: string, transaction: Transaction): Promise<void> {
  let { removals } = transaction;
  for (;;) {
    const actions: TransactionAction[] = [
      ...transaction.upserts.map((entity): TransactionAction => ['upsert', entity, 'Replace']),
      ...removals.map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }]),
    ];
    if (actions.length === 0) return;
    try {
      await client.submitTransaction(actions);
      return;
    } catch (error) {
      if (statusOf(error) !== 404 || removals.length === 0) throw error;
    }
    const found = await Promise.all(removals.map((rowKey) => get(partitionKey, rowKey)));
    const there = removals.filter((_, n) => found[n] !== null);
    if (there.length === removals.length) continue;
    removals = there;
  }
}

/** A partition as an OData filter; quotes are doubled. */
export function partitionIs(partitionKey: string): string {
  return `PartitionKey eq ${quoted(partitionKey)}`;
}

/** Partitions in `[from, to)`. */
export function partitionsBetween(from: string, to: string): string {
  return `PartitionKey ge ${quoted(from)} and PartitionKey lt ${quoted(to)}`;
}

/** A text in an OData filter. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
