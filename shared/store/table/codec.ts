import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * The one entity codec. It enforces Azure's limits itself, because the emulator does not: 64 KiB per property, 1 MiB and 252 properties per
 * entity, keys without `/ \ # ?` and control characters, at most 1 KiB (Table service data model; `limits.ts` holds the rest).
 */
export interface Entity {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly [property: string]: unknown;
}

const PROPERTY_BYTES = 60_000;
/** The emulator counts the body, where bytes are base64 (a third more); Azure counts the bytes. */
export const ENTITY_BYTES = 700_000;
/** 1 KiB is 512 UTF-16 units, which the emulator enforces; what joins several parts in one key needs room. */
const KEY_LENGTH = 400;

/** A JSON value as binary properties `p0` … `pn` (gzip). Throws if it does not fit into one entity. */
export function pack(value: unknown): Record<string, unknown> {
  return packBytes(gzipJson(value));
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
  return gunzipJson<T>(unpackBytes(entity));
}

/** Splits packed bytes over as many entities as they need; `join` with `Buffer.concat` in order. */
export function splitBytes(bytes: Uint8Array, most: number = ENTITY_BYTES): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength || at === 0; at += most) parts.push(bytes.subarray(at, at + most));
  return parts;
}

export function gzipJson(value: unknown): Buffer {
  return gzipSync(Buffer.from(JSON.stringify(value) ?? 'null', 'utf8'), { level: 5 });
}

export function gunzipJson<T>(bytes: Uint8Array): T {
  return JSON.parse(gunzipSync(bytes).toString('utf8')) as T;
}

/** Rows as gzip pieces, each below `most`: halves until it fits. A single row is never cut. */
export function packList(rows: readonly unknown[], most: number): readonly Buffer[] {
  if (rows.length === 0) return [];
  const packed = gzipJson(rows);
  if (packed.byteLength <= most || rows.length === 1) return [packed];
  const half = Math.ceil(rows.length / 2);
  return [...packList(rows.slice(0, half), most), ...packList(rows.slice(half), most)];
}

const PLAIN = /^[A-Za-z0-9_@:,-]+$/;

/**
 * A text as a legal key: letters, digits and `. _ - @ : ,` stay, everything else (also `~`, which joins the parts of a key) becomes `!` and the
 * hex digits of its UTF-8 bytes; half a surrogate pair `!u` and its number; nothing at all `!`. Distinct texts stay distinct; what would be
 * longer than 400 characters keeps its head and gets the SHA-256 of the whole (case R47).
 */
export function escapeKey(text: string): string {
  const key = PLAIN.test(text) ? text : escaped(text);
  return key.length <= KEY_LENGTH ? key : `${key.slice(0, 300)}!!${createHash('sha256').update(key).digest('hex')}`;
}

function escaped(text: string): string {
  if (text === '') return '!';
  let key = '';
  for (const character of text) {
    if (PLAIN.test(character) || (character === '.' && key !== '')) key += character;
    else if (/^[\ud800-\udfff]$/.test(character)) key += `!u${character.charCodeAt(0).toString(16)}`;
    else for (const byte of Buffer.from(character, 'utf8')) key += `!${byte.toString(16).padStart(2, '0')}`;
  }
  return key.endsWith('.') ? `${key.slice(0, -1)}!2e` : key;
}
