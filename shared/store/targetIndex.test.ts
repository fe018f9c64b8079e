import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleIndexRecord } from './contract/samples.ts';
import type { IndexRecord } from './store.ts';
import { createIndex, packPiece } from './targetIndex.ts';

/** As it comes back from storage. */
const stored = (records: readonly IndexRecord[]): ReturnType<typeof packPiece> =>
  JSON.parse(JSON.stringify(packPiece(records))) as ReturnType<typeof packPiece>;

describe('the index of a target', () => {
  it('answers as a plain list would, for any records in any pieces', () => {
    const key = fc.constantFrom('a@x', 'b@x', 'stamp:galsync:r:1', 'alias:z', 'ü@x', '');
    const record = fc.tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.array(key, { maxLength: 4 }));
    const records = fc.uniqueArray(record, { selector: ([id]) => id, maxLength: 30 });
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 7 }), (list, size) => {
        const all = list.map(([id, keys]) => sampleIndexRecord(id, keys));
        const pieces = [];
        for (let n = 0; n < all.length; n += size) pieces.push(stored(all.slice(n, n + size)));
        const index = createIndex('v', pieces);
        for (const name of ['a@x', 'b@x', 'stamp:galsync:r:1', 'alias:z', 'ü@x', '', 'nobody'])
          expect([...index.find(name)].sort()).toEqual(
            all
              .filter((one) => one.keys.includes(name))
              .map((one) => one.id)
              .sort(),
          );
        for (const one of all) expect([index.has(one.id), index.hash(one.id)]).toEqual([true, one.hash]);
        expect([index.has('nobody at all'), index.hash('nobody at all'), index.version]).toEqual([false, null, 'v']);
      }),
    );
  });

  it('names the stamped objects of a route, over all pieces', () => {
    const record = (id: string, stamp?: string): IndexRecord => ({ ...sampleIndexRecord(id, []), ...(stamp ? { stamp } : {}) });
    const pieces = [
      stored([record('t0'), record('t1', 'galsync:r:a:b'), record('t2', 'galsync-adopted:r:c')]),
      stored([record('t3', 'galsync:r:a:b'), record('t4', 'galsync:other:x'), record('t5', 'no stamp of ours')]),
    ];
    const index = createIndex('v', pieces);
    expect(index.stamped('r')).toEqual([
      { id: 't1', sourceId: 'a:b', adopted: false },
      { id: 't2', sourceId: 'c', adopted: true },
      { id: 't3', sourceId: 'a:b', adopted: false },
    ]);
    expect([index.stamped('other').length, index.stamped('nobody')]).toEqual([1, []]);
  });

  it('names everybody who is a manager once, over all pieces', () => {
    const record = (id: string, manager?: string): IndexRecord => ({ ...sampleIndexRecord(id, []), ...(manager ? { manager } : {}) });
    const pieces = [stored([record('t0', 'm1'), record('t1', 'm1'), record('t2')]), stored([record('t3', 'm2'), record('t4', 'm1')])];
    expect([...createIndex('v', pieces).managers].sort()).toEqual(['m1', 'm2']);
  });

  it('keeps leading zeros of hashes', () => {
    const index = createIndex('v', [stored([{ id: 'a', hash: '0000000000000001', keys: [] }])]);
    expect(index.hash('a')).toBe('0000000000000001');
  });
});
