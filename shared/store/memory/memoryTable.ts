import { StoreConflict } from '../store.ts';
import type { Entity } from '../table/codec.ts';
import { checked, oneTransaction, transactionsOf } from '../table/limits.ts';
import type { Table } from '../table/table.ts';

/** A table in a Map with the semantics that the stores use: ordinal order, ETags, the few filter operators. For tests and benches. */
export function createMemoryTable(): Table & { readonly operations: () => number } {
  const rows = new Map<string, Entity & { etag: string }>();
  let version = 0;
  let operations = 0;
  const key = (partitionKey: string, rowKey: string): string => `${partitionKey}\0${rowKey}`;
  const keyOf = (entity: Entity): string => key(entity.partitionKey, entity.rowKey);
  const put = (entity: Entity): string => {
    version += 1;
    const etag = `W/"${version}"`;
    rows.set(keyOf(checked(entity)), { ...entity, etag });
    return etag;
  };
  const matching = (filter: string): readonly (Entity & { etag: string })[] => {
    const accepts = compileFilter(filter);
    return [...rows.values()].filter(accepts).sort((a, b) => (key(a.partitionKey, a.rowKey) < key(b.partitionKey, b.rowKey) ? -1 : 1));
  };
  return {
    operations: () => operations,
    get: async (partitionKey, rowKey) => {
      operations += 1;
      return rows.get(key(partitionKey, rowKey)) ?? null;
    },
    async create(entity) {
      operations += 1;
      if (rows.has(keyOf(checked(entity)))) throw new StoreConflict(`Row ${entity.partitionKey}/${entity.rowKey}`);
      return put(entity);
    },
    async upsert(entity) {
      operations += 1;
      return put(entity);
    },
    async replace(entity, etag) {
      operations += 1;
      if (rows.get(keyOf(checked(entity)))?.etag !== etag) throw new StoreConflict(`Row ${entity.partitionKey}/${entity.rowKey}`);
      return put(entity);
    },
    async remove(partitionKey, rowKey, etag) {
      operations += 1;
      const found = rows.get(key(partitionKey, rowKey));
      if (found && etag !== undefined && found.etag !== etag) throw new StoreConflict(`Row ${partitionKey}/${rowKey}`);
      return rows.delete(key(partitionKey, rowKey));
    },
    async write(partitionKey, upserts, removals = []) {
      operations += transactionsOf(partitionKey, upserts, removals).length;
      for (const entity of upserts) put(entity);
      for (const rowKey of removals) rows.delete(key(partitionKey, rowKey));
    },
    async writeAtOnce(partitionKey, upserts, removals) {
      oneTransaction(partitionKey, upserts, removals);
      operations += 1;
      for (const entity of upserts) put(entity);
      for (const rowKey of removals) rows.delete(key(partitionKey, rowKey));
    },
    async *list(filter) {
      operations += 1;
      yield* matching(filter);
    },
    prepare: async () => undefined,
  };
}

const TERM = /^(\w+) (eq|ge|gt|le|lt) (?:'((?:[^']|'')*)'|(true))$/;

function compileFilter(filter: string): (entity: Entity) => boolean {
  const terms = filter.split(' and ').map((text) => {
    const match = TERM.exec(text);
    if (!match) throw new Error(`The memory table does not know the filter "${text}".`);
    const [, name, operator, words, truth] = match;
    const value = words ?? truth;
    const property = name === 'PartitionKey' ? 'partitionKey' : name === 'RowKey' ? 'rowKey' : name!;
    return { property, operator: operator!, value: value!.replaceAll("''", "'") };
  });
  return (entity) => terms.every(({ property, operator, value }) => compare(String(entity[property] ?? ''), operator, value));
}

function compare(found: string, operator: string, value: string): boolean {
  if (operator === 'eq') return found === value;
  if (operator === 'ge') return found >= value;
  if (operator === 'gt') return found > value;
  return operator === 'le' ? found <= value : found < value;
}
