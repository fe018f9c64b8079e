import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * The one entity codec. It enforces Azure's limits itself, because the emulator does not: 64 KiB per property, 1 MiB and 252 properties per
 * entity, keys without `/ \ # ?` and control characters, at most 1,024 characters (Table service data model).
 */
export interface Entity {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly [property: string]: unknown;
}

const PROPERTY_BYTES = 60_000;
export const ENTITY_BYTES = 960_000;
const KEY_LENGTH = 900;

/** A JSON value as binary properties `p0` … `pn` (gzip). Throws if it does not fit into one entity. */
export function pack(value: unknown): Record<string, unknown> {
  return packBytes(gzipSync(Buffer.from(JSON.stringify(value) ?? 'null', 'utf8'), { level: 5 }));
}

export function packBytes(bytes: Uint8Array): Record<string, unknown> {
  if (bytes.byteLength > ENTITY_BYTES)
    throw new RangeError(`A row of ${bytes.byteLength} packed bytes does not fit into one entity (1 MiB): split it.`);
  const properties: Record<string, unknown> = {};
  for (let n = 0; n * PROPERTY_BYTES < bytes.byteLength || n === 0; n += 1)
    properties[`p${n}`] = new Uint8Array(bytes.subarray(n * PROPERTY_BYTES, (n + 1) * PROPERTY_BYTES));
  return properties;
}

/** The bytes that `packBytes` spread. */
export function unpackBytes(entity: Readonly<Record<string, unknown>>): Buffer {
  const parts: Uint8Array[] = [];
  for (let n = 0; entity[`p${n}`] !== undefined; n += 1) parts.push(entity[`p${n}`] as Uint8Array);
  return Buffer.concat(parts);
}

/** The value that `pack` packed. */
export function unpack<T>(entity: Readonly<Record<string, unknown>>): T {
  return JSON.parse(gunzipSync(unpackBytes(entity)).toString('utf8')) as T;
}

/** Splits packed bytes over as many entities as they need; `join` with `Buffer.concat` in order. */
export function splitBytes(bytes: Uint8Array, most: number = ENTITY_BYTES): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength || at === 0; at += most) parts.push(bytes.subarray(at, at + most));
  return parts;
}

export function gzipJson(value: unknown): Buffer {
  return gzipSync(Buffer.from(JSON.stringify(value), 'utf8'), { level: 5 });
}

export function gunzipJson<T>(bytes: Uint8Array): T {
  return JSON.parse(gunzipSync(bytes).toString('utf8')) as T;
}

/**
 * A text as a legal key: letters, digits and `. _ - ~ @ : ,` stay, everything else becomes `!` and the hex digits of its UTF-8 bytes. Distinct
 * texts stay distinct; what would be longer than 900 characters keeps its head and gets its SHA-256 (case R47).
 */
export function escapeKey(text: string): string {
  let key = '';
  for (const character of text) {
    key +=
      /^[A-Za-z0-9_@:,~-]$/.test(character) || (character === '.' && key !== '')
        ? character
        : [...Buffer.from(character, 'utf8')].map((byte) => `!${byte.toString(16).padStart(2, '0')}`).join('');
  }
  if (key.endsWith('.')) key = `${key.slice(0, -1)}!2e`;
  if (key.length <= KEY_LENGTH) return key;
  return `${key.slice(0, 700)}!!${createHash('sha256').update(text).digest('hex')}`;
}
