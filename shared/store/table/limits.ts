import type { Entity } from './codec.ts';

/**
 * Azure's limits, kept by us because the emulator does not (it takes 300 properties, counts 1 MiB otherwise, knows no rules for names):
 * https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model and
 * https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions.
 */
/** 1 KiB in UTF-16, as the emulator counts it. Other pages of the documentation say 1,024 characters: the smaller limit holds in both. */
const KEY_LENGTH = 512;
const PROPERTIES = 252;
const PROPERTY_BYTES = 65_536;
const ENTITY_BYTES = 1_048_576;
const TRANSACTION_ROWS = 100;
/** The limit is 4 MiB for the whole body; base64 adds a third, the transaction's own lines some hundred bytes a row. */
const TRANSACTION_BYTES = 2_600_000;
const ROW_OVERHEAD = 600;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that keys must not have
const FORBIDDEN = /[/\\#?\u0000-\u001f\u007f-\u009f]/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/;

/** The entity as it is. Throws `RangeError` naming row and limit if Azure would refuse it. */
export function checked(entity: Entity): Entity {
  const fault = faultOf(entity);
  if (fault)
    throw new RangeError(`The row ${JSON.stringify(entity.partitionKey)} / ${JSON.stringify(entity.rowKey)} cannot be kept: ${fault}.`);
  return entity;
}

function faultOf(entity: Entity): string | null {
  for (const key of [entity.partitionKey, entity.rowKey]) {
    if (key.length > KEY_LENGTH) return `a key has ${key.length} characters, more than ${KEY_LENGTH}`;
    if (FORBIDDEN.test(key)) return 'a key has a character that keys must not have; escape it';
  }
  const properties = propertiesOf(entity);
  if (properties.length > PROPERTIES) return `it has ${properties.length} properties, more than ${PROPERTIES}`;
  for (const [name, value] of properties) {
    if (!NAME.test(name)) return `"${name}" is no legal name of a property`;
    const bytes = bytesOf(value);
    if (bytes === null) return `the property ${name} is neither text, bytes, a truth value nor a number of 32 bits; pack it`;
    if (bytes > PROPERTY_BYTES) return `the property ${name} has ${bytes} bytes, more than ${PROPERTY_BYTES}; split it`;
  }
  const bytes = entityBytes(entity);
  return bytes > ENTITY_BYTES ? `it has ${bytes} bytes, more than ${ENTITY_BYTES}; split it` : null;
}

function propertiesOf(entity: Entity): readonly [string, unknown][] {
  return Object.entries(entity).filter(([name]) => name !== 'partitionKey' && name !== 'rowKey' && name !== 'etag' && name !== 'timestamp');
}

function bytesOf(value: unknown): number | null {
  if (value instanceof Uint8Array) return value.byteLength + 4;
  if (typeof value === 'string') return value.length * 2 + 4;
  if (typeof value === 'boolean') return 1;
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? 4 : null;
}

/** As Azure counts: keys and names in UTF-16, 8 bytes for each property, 4 for the entity. */
function entityBytes(entity: Entity): number {
  let bytes = 4 + (entity.partitionKey.length + entity.rowKey.length) * 2;
  for (const [name, value] of propertiesOf(entity)) bytes += 8 + name.length * 2 + (bytesOf(value) ?? 0);
  return bytes;
}

export interface Transaction {
  readonly upserts: readonly Entity[];
  /** Row keys. */
  readonly removals: readonly string[];
}

/** Upserts and removals of one partition in as few transactions as the limits allow, upserts first. Throws `RangeError` for illegal rows. */
export function transactionsOf(partitionKey: string, upserts: readonly Entity[], removals: readonly string[]): readonly Transaction[] {
  const all: { upserts: Entity[]; removals: string[] }[] = [];
  let rows = TRANSACTION_ROWS;
  let bytes = 0;
  const place = (size: number): { upserts: Entity[]; removals: string[] } => {
    if (rows === TRANSACTION_ROWS || bytes + size > TRANSACTION_BYTES) {
      all.push({ upserts: [], removals: [] });
      rows = 0;
      bytes = 0;
    }
    rows += 1;
    bytes += size;
    return all.at(-1)!;
  };
  for (const entity of upserts) {
    if (entity.partitionKey !== partitionKey)
      throw new RangeError(`A transaction has one partition: ${partitionKey}, not ${entity.partitionKey}.`);
    place(ROW_OVERHEAD + entityBytes(checked(entity))).upserts.push(entity);
  }
  for (const rowKey of removals) place(ROW_OVERHEAD + rowKey.length * 2).removals.push(rowKey);
  return all;
}

/** The same, for what must be one transaction or nothing. Throws `RangeError` if it does not fit into one. */
export function oneTransaction(partitionKey: string, upserts: readonly Entity[], removals: readonly string[]): Transaction | null {
  const all = transactionsOf(partitionKey, upserts, removals);
  if (all.length > 1)
    throw new RangeError(
      `The partition ${partitionKey} is replaced as one transaction, but ${upserts.length} rows and ${removals.length} removals need ${all.length} (100 rows, 4 MiB each).`,
    );
  return all[0] ?? null;
}
