import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AWKWARD_IDS } from '../contract/links.ts';
import { ENTITY_BYTES, type Entity, escapeKey, pack, packBytes, packList, splitBytes, unpack, unpackBytes } from './codec.ts';
import { checked } from './limits.ts';

/** Any text, half surrogate pairs and control characters included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(...AWKWARD_IDS),
);

/** What `escapeKey` did, undone; only for keys that were not shortened. */
function unescaped(key: string): string {
  if (key === '!') return '';
  return key.replace(/(?:![0-9a-f]{2})+|!u[0-9a-f]{4}/g, (some) =>
    some.startsWith('!u')
      ? String.fromCharCode(Number.parseInt(some.slice(2), 16))
      : Buffer.from(some.replaceAll('!', ''), 'hex').toString('utf8'),
  );
}

const entity = (properties: Record<string, unknown>): Entity => ({ partitionKey: 'p', rowKey: 'r', ...properties });

describe('keys', () => {
  it('any text becomes a legal key and comes back', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const key = escapeKey(text);
        expect(key).toMatch(/^[A-Za-z0-9_@:,.!-]{1,400}$/);
        expect(key.endsWith('.')).toBe(false);
        checked({ partitionKey: `${key}~00`, rowKey: key });
        if (!key.includes('!!')) expect(unescaped(key)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('distinct texts have distinct keys, also when they differ at the end of 600 letters only', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => (escapeKey(a) === escapeKey(b)) === (a === b)),
      { numRuns: 2000 },
    );
    expect(new Set(AWKWARD_IDS.map(escapeKey)).size).toBe(AWKWARD_IDS.length);
    const halves = ['\ud800', '\ud801', '\udfff', '\ufffd', '\ud800\udc00'];
    expect(new Set(halves.map(escapeKey)).size).toBe(halves.length);
    expect(new Set(halves.map((half) => escapeKey('x'.repeat(600) + half))).size).toBe(halves.length);
  });

  it('parts of a key are kept apart by a letter that none of them has', () => {
    fc.assert(fc.property(anyText, (text) => !escapeKey(text).includes('~')));
  });
});

describe('packed values', () => {
  it('any JSON value comes back, and what it is packed into is legal', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const packed = entity(pack(value));
        checked(packed);
        expect(unpack(packed)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(unpack(entity(pack('line\u2028separator\u2029 \ud800 half')))).toBe('line\u2028separator\u2029 \ud800 half');
    expect(unpack(entity(pack(undefined)))).toBeNull();
  });

  it('bytes of any length come back, and too many are refused', () => {
    for (const length of [0, 1, 59_999, 60_000, 60_001, ENTITY_BYTES]) {
      const bytes = Buffer.alloc(length, 7);
      const packed = entity(packBytes(bytes));
      checked(packed);
      expect(unpackBytes(packed).equals(bytes)).toBe(true);
    }
    expect(() => packBytes(Buffer.alloc(ENTITY_BYTES + 1))).toThrow(/split/);
  });

  it('split bytes joined are the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (bytes, most) => {
        const parts = splitBytes(bytes, most);
        expect(parts.length).toBeGreaterThan(0);
        expect(parts.every((part) => part.byteLength <= most)).toBe(true);
        expect(Buffer.concat(parts).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  it('lists are cut until each piece fits, and none is lost', () => {
    const rows = Array.from({ length: 100 }, (_, n) => ({ n, text: `${n}`.repeat(50) }));
    const pieces = packList(rows, 200);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flatMap((bytes) => unpack<unknown[]>(entity(packBytes(bytes))))).toEqual(rows);
    expect(packList([], 200)).toEqual([]);
  });
});
