import { createHash } from 'node:crypto';

/** The fixed partition (0 … 255) of an id: first byte of its SHA-256. */
export function shardOf(id: string): number {
  return createHash('sha256').update(id).digest()[0]!;
}
