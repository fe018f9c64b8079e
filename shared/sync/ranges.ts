import { SHARDS } from '../store/store.ts';

/** Shards `[from, to)`: what one activity works on. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const ENTRIES_PER_RANGE = 10_000;

/** Splits the shards so that each range holds about 10,000 entries. */
export function rangesFor(entries: number): readonly Range[] {
  const wanted = Math.min(SHARDS, Math.max(1, Math.ceil(entries / ENTRIES_PER_RANGE)));
  const ranges: Range[] = [];
  for (let n = 0; n < wanted; n += 1) ranges.push({ from: Math.floor((n * SHARDS) / wanted), to: Math.floor(((n + 1) * SHARDS) / wanted) });
  return ranges;
}
