import { createHash } from 'node:crypto';
import { parseStamp } from '../model/stamp.ts';
import type { IndexRecord, StampedObject, TargetIndex } from './store.ts';

/** One range's piece of an index, as stored: parallel lists, hashes as hex. */
export interface PackedIndexPiece {
  readonly ids: readonly string[];
  readonly hashes: readonly string[];
  /** `[key hash, ordinal in ids]` flattened. */
  readonly keys: readonly (string | number)[];
  /** `[stamp, ordinal in ids]` flattened. */
  readonly stamps?: readonly (string | number)[];
  /** Everybody whom one of the objects names as its manager. */
  readonly managers?: readonly string[];
}

export function packPiece(records: readonly IndexRecord[]): PackedIndexPiece {
  return {
    ids: records.map((record) => record.id),
    hashes: records.map((record) => record.hash),
    keys: records.flatMap((record, ordinal) => [...new Set(record.keys)].flatMap((key) => [keyHash(key).toString(16), ordinal])),
    stamps: records.flatMap((record, ordinal) => (record.stamp === undefined ? [] : [record.stamp, ordinal])),
    managers: [...new Set(records.flatMap((record) => record.manager ?? []))],
  };
}

/** 64 bits of SHA-256: among 300,000 keys a false hit has odds of 1 in 400,000,000, and a hit's row is read anyway. */
function keyHash(key: string): bigint {
  return createHash('sha256').update(key).digest().readBigUInt64BE(0);
}

/** Sorted typed arrays: about 12 bytes a key and 8 a content hash beside the ids themselves, and the source ids of stamped objects. */
export function createIndex(version: string, pieces: readonly PackedIndexPiece[]): TargetIndex {
  const ids: string[] = [];
  const hashes: string[] = [];
  const pairs: { key: bigint; ordinal: number }[] = [];
  const stamped = new Map<string, StampedObject[]>();
  for (const piece of pieces) {
    const base = ids.length;
    for (const id of piece.ids) ids.push(id);
    for (const hash of piece.hashes) hashes.push(hash);
    for (let n = 0; n < piece.keys.length; n += 2)
      pairs.push({ key: BigInt(`0x${piece.keys[n] as string}`), ordinal: base + (piece.keys[n + 1] as number) });
    for (let n = 0; n < (piece.stamps?.length ?? 0); n += 2) {
      const stamp = parseStamp(piece.stamps![n] as string);
      if (!stamp) continue;
      const { route, sourceId, adopted } = stamp;
      const ofRoute = stamped.get(route) ?? [];
      ofRoute.push({ id: ids[base + (piece.stamps![n + 1] as number)]!, sourceId, adopted });
      stamped.set(route, ofRoute);
    }
  }
  const managers = [...new Set(pieces.flatMap((piece) => piece.managers ?? []))];
  pairs.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.ordinal - b.ordinal));
  const keys = BigUint64Array.from(pairs, (pair) => pair.key);
  const ordinals = Uint32Array.from(pairs, (pair) => pair.ordinal);
  const contents = BigUint64Array.from(hashes, (hash) => BigInt(`0x${hash}`));
  const places = new Map(ids.map((id, n) => [id, n]));
  return {
    version,
    has: (id) => places.has(id),
    hash(id) {
      const place = places.get(id);
      return place === undefined ? null : contents[place]!.toString(16).padStart(16, '0');
    },
    find(key) {
      const wanted = keyHash(key);
      const found: string[] = [];
      for (let at = lowerBound(keys, wanted); at < keys.length && keys[at] === wanted; at += 1) found.push(ids[ordinals[at]!]!);
      return found;
    },
    managers,
    stamped: (route) => stamped.get(route) ?? [],
  };
}

function lowerBound(keys: BigUint64Array, wanted: bigint): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
