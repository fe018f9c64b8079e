import { describe, expect, it } from 'vitest';
import type { Entity } from './codec.ts';
import { checked, oneTransaction, transactionsOf } from './limits.ts';

const row = (rowKey: string, properties: Record<string, unknown> = {}): Entity => ({ partitionKey: 'p', rowKey, ...properties });
const properties = (count: number, value: unknown): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, value]));

describe('rows', () => {
  it.each([
    ['a slash', row('a/b'), /character/],
    ['a backslash', row('a\\b'), /character/],
    ['a number sign', row('a#b'), /character/],
    ['a question mark', row('a?b'), /character/],
    ['a tab', row('a\tb'), /character/],
    ['a C1 control character', row('a\u0085b'), /character/],
    ['a long key', row('x'.repeat(513)), /513 characters/],
    ['253 properties', row('r', properties(253, 'x')), /253 properties/],
    ['a dash in a name', row('r', { 'a-b': 'x' }), /legal name/],
    ['a long name', row('r', { ['n'.repeat(256)]: 'x' }), /legal name/],
    ['a long text', row('r', { a: 'x'.repeat(32_768) }), /more than 65536/],
    ['many bytes', row('r', { a: new Uint8Array(65_536) }), /more than 65536/],
    ['more than 1 MiB of text', row('r', properties(17, 'x'.repeat(32_000))), /more than 1048576/],
    ['an object', row('r', { a: {} }), /pack it/],
    ['null', row('r', { a: null }), /pack it/],
    ['a number beyond 32 bits', row('r', { a: 5_000_000_000 }), /pack it/],
    ['a fraction', row('r', { a: 0.5 }), /pack it/],
  ])('refuses %s', (_, entity, message) => {
    expect(() => checked(entity)).toThrow(message);
    expect(() => checked(entity)).toThrow(RangeError);
  });

  it('accepts what Azure accepts', () => {
    for (const entity of [
      row('x'.repeat(512)),
      row('', { a: true, b: 1, c: 'x'.repeat(32_766), d: new Uint8Array(65_532) }),
      row("o'brien ü 𐐷", properties(252, 'x')),
      row('r', properties(15, 'x'.repeat(32_000))),
    ])
      expect(checked(entity)).toBe(entity);
  });
});

describe('transactions', () => {
  it('hold at most 100 rows, upserts first', () => {
    const all = transactionsOf(
      'p',
      Array.from({ length: 150 }, (_, n) => row(`${n}`)),
      Array.from({ length: 60 }, (_, n) => `gone${n}`),
    );
    expect(all.map((one) => [one.upserts.length, one.removals.length])).toEqual([
      [100, 0],
      [50, 50],
      [0, 10],
    ]);
    expect(transactionsOf('p', [], [])).toEqual([]);
  });

  it('stay below 4 MiB as they are sent, bytes being base64 there', () => {
    const large = Array.from({ length: 10 }, (_, n) => row(`${n}`, properties(10, new Uint8Array(60_000))));
    for (const { upserts } of transactionsOf('p', large, []))
      expect(JSON.stringify(upserts.map((one) => Buffer.alloc(Object.keys(one).length * 60_000).toString('base64'))).length).toBeLessThan(
        4 * 1024 * 1024,
      );
    expect(transactionsOf('p', large, []).flatMap((one) => one.upserts)).toEqual(large);
  });

  it('have one partition, and one transaction is one', () => {
    expect(() => transactionsOf('q', [row('a')], [])).toThrow(/one partition/);
    expect(() =>
      oneTransaction(
        'p',
        Array.from({ length: 101 }, (_, n) => row(`${n}`)),
        [],
      ),
    ).toThrow(/as one transaction/);
    expect(oneTransaction('p', [row('a')], ['b'])).toEqual({ upserts: [row('a')], removals: ['b'] });
    expect(oneTransaction('p', [], [])).toBeNull();
  });
});
