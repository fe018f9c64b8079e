import type { TableClient, TransactionAction } from '@azure/data-tables';
import { StoreConflict } from '../store.ts';
import type { Entity } from './codec.ts';

const TRANSACTION_ROWS = 100;
/** Azure's limit is 4 MiB for the whole body; base64 adds a third, the batch's own lines a few hundred bytes a row. */
const TRANSACTION_BYTES = 2_600_000;

/** One table: what the stores need of it, with the SDK's oddities kept in here. */
export interface Table {
  get(partitionKey: string, rowKey: string): Promise<(Entity & { etag: string }) | null>;
  /** Creates; throws `StoreConflict` if it exists. Answers the ETag. */
  create(entity: Entity): Promise<string>;
  upsert(entity: Entity): Promise<string>;
  /** Replaces if the ETag still holds, else throws `StoreConflict`. */
  replace(entity: Entity, etag: string): Promise<string>;
  /** With an ETag a single conditional call: inside a transaction the SDK drops it (case R45). False: it was not there. */
  remove(partitionKey: string, rowKey: string, etag?: string): Promise<boolean>;
  /** Upserts and removals of one partition, in as few transactions as the limits allow. */
  write(partitionKey: string, upserts: readonly Entity[], removals?: readonly string[]): Promise<void>;
  /** A whole partition as one transaction. Throws if it does not fit. */
  writeAtOnce(upserts: readonly Entity[], removals: readonly { partitionKey: string; rowKey: string }[]): Promise<void>;
  list(filter: string, select?: readonly string[]): AsyncIterable<Entity>;
  page(filter: string, size: number, token: string | null): Promise<{ items: readonly Entity[]; token: string | null }>;
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
  return {
    get: (partitionKey, rowKey) =>
      client.getEntity(partitionKey, rowKey).then(
        (found) => found as unknown as Entity & { etag: string },
        (error) => absent(error, null),
      ),
    async create(entity) {
      try {
        return (await client.createEntity(entity)).etag ?? '';
      } catch (error) {
        throw statusOf(error) === 409 ? new StoreConflict(`Row ${entity.partitionKey}/${entity.rowKey}`) : error;
      }
    },
    upsert: async (entity) => (await client.upsertEntity(entity, 'Replace')).etag ?? '',
    async replace(entity, etag) {
      try {
        return (await client.updateEntity(entity, 'Replace', { etag })).etag ?? '';
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
      const actions: TransactionAction[] = [
        ...upserts.map((entity): TransactionAction => ['upsert', entity, 'Replace']),
        ...removals.map((rowKey): TransactionAction => ['delete', { partitionKey, rowKey }]),
      ];
      for (const some of inTransactions(actions)) await client.submitTransaction(some);
    },
    async writeAtOnce(upserts, removals) {
      const actions: TransactionAction[] = [
        ...upserts.map((entity): TransactionAction => ['upsert', entity, 'Replace']),
        ...removals.map((row): TransactionAction => ['delete', row]),
      ];
      if (actions.length > TRANSACTION_ROWS)
        throw new RangeError(`A transaction may have ${TRANSACTION_ROWS} rows, not ${actions.length}.`);
      if (actions.length > 0) await client.submitTransaction(actions);
    },
    async *list(filter, select) {
      const queryOptions = { filter, ...(select ? { select: [...select] } : {}) };
      for await (const entity of client.listEntities({ queryOptions })) yield entity as unknown as Entity;
    },
    async page(filter, size, token) {
      const pages = client
        .listEntities({ queryOptions: { filter } })
        .byPage({ maxPageSize: size, ...(token ? { continuationToken: token } : {}) });
      // A page may be empty and still carry a token: only a missing token ends the list.
      for await (const found of pages) {
        const next = (found as { continuationToken?: string }).continuationToken ?? null;
        if (found.length > 0 || next === null) return { items: found as unknown as readonly Entity[], token: next };
      }
      return { items: [], token: null };
    },
    prepare: () => client.createTable(),
  };
}

function* inTransactions(actions: readonly TransactionAction[]): Generator<TransactionAction[]> {
  let some: TransactionAction[] = [];
  let bytes = 0;
  for (const action of actions) {
    const size = sizeOf(action[1] as unknown as Entity);
    if (some.length > 0 && (some.length === TRANSACTION_ROWS || bytes + size > TRANSACTION_BYTES)) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(action);
    bytes += size;
  }
  if (some.length > 0) yield some;
}

function sizeOf(entity: Entity): number {
  let bytes = 600;
  for (const value of Object.values(entity)) bytes += value instanceof Uint8Array ? value.byteLength : String(value).length * 2;
  return bytes;
}

/** A partition as an OData filter; quotes are doubled. */
export function partitionIs(partitionKey: string): string {
  return `PartitionKey eq '${partitionKey.replaceAll("'", "''")}'`;
}

/** Partitions in `[from, to)`. */
export function partitionsBetween(from: string, to: string): string {
  return `PartitionKey ge '${from.replaceAll("'", "''")}' and PartitionKey lt '${to.replaceAll("'", "''")}'`;
}
