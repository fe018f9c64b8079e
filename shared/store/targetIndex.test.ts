import { describe, expect, it } from 'vitest';
import type { IndexRecord } from './store.ts';
import { createIndex, packPiece } from './targetIndex.ts';

/** As it comes back from storage. */
const stored = (records: readonly IndexRecord[]): ReturnType<typeof packPiece> =>
  JSON.parse(JSON.stringify(packPiece(records))) as ReturnType<typeof packPiece>;

describe('the index of a target', () => {
  it('keeps leading zeros of hashes', () => {
    const index = createIndex('v', [stored([{ id: 'a', hash: '0000000000000001', keys: [] }])]);
    expect(index.hash('a')).toBe('0000000000000001');
  });
});
