import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition, Operator } from '../model/configuration.ts';
import { OPERATORS } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { compileCondition, compileWhere } from './condition.ts';
import { conditionFaults } from './conditionFaults.ts';
import { anEntry } from './harness.ts';

const NOW = new Date('2026-11-25T00:00:00Z');

/** What a test says about a job title (undefined: missing). */
function title(value: string | undefined, operator: Operator, wanted: string | readonly string[], caseSensitive?: boolean): boolean {
  const attributes = value === undefined ? {} : { jobTitle: value };
  return compileCondition({ attribute: 'jobTitle', operator, value: wanted, caseSensitive }, NOW)(anEntry({ attributes }));
}

function raw(value: string | readonly string[] | undefined, operator: Operator, wanted: string): boolean {
  const entry = anEntry(value === undefined ? {} : { raw: { x: value } });
  return compileCondition({ attribute: 'raw.x', operator, value: wanted }, NOW)(entry);
}

describe('the twelve operators (contract, Conditions)', () => {
  /** operator · v · w · holds; the negative operator is its negation. */
  it.each([
    ['Equals', 'DoesNotEqual', 'Head of Sales', 'head of sales', true],
    ['Equals', 'DoesNotEqual', 'Head of Sales', 'head', false],
    ['Equals', 'DoesNotEqual', 'Head', '', false],
    ['Equals', 'DoesNotEqual', undefined, '', true],
    ['Equals', 'DoesNotEqual', undefined, 'x', false],
    ['Contains', 'DoesNotContain', 'Head of Sales', 'OF', true],
    ['Contains', 'DoesNotContain', 'Head of Sales', 'off', false],
    ['Contains', 'DoesNotContain', 'Head', '', true],
    ['Contains', 'DoesNotContain', undefined, 'x', false],
    ['Contains', 'DoesNotContain', undefined, '', true],
    ['StartWith', 'DoesNotStartWith', 'Head of Sales', 'head', true],
    ['StartWith', 'DoesNotStartWith', 'Head of Sales', 'sales', false],
    ['StartWith', 'DoesNotStartWith', undefined, 'h', false],
    ['EndsWith', 'DoesNotEndWith', 'Head of Sales', 'SALES', true],
    ['EndsWith', 'DoesNotEndWith', 'Head of Sales', 'head', false],
    ['EndsWith', 'DoesNotEndWith', undefined, 's', false],
    ['MatchRegex', 'DoesNotMatchRegex', 'Head of Sales', 'of s', true],
    ['MatchRegex', 'DoesNotMatchRegex', 'Head of Sales', '^sales', false],
    ['MatchRegex', 'DoesNotMatchRegex', undefined, '^$', true],
    ['MatchRegex', 'DoesNotMatchRegex', undefined, '.', false],
  ] as const)('%s / %s: v = %j, w = %j: %s', (positive, negative, v, w, holds) => {
    expect(title(v, positive, w)).toBe(holds);
    expect(title(v, negative, w)).toBe(!holds);
  });

  it.each([
    ['DateAfter', '2026-01-02', '2026-01-01', true],
    ['DateAfter', '2026-01-01', '2026-01-01', false],
    ['DateBefore', '2025-12-31T23:59:59Z', '2026-01-01', true],
    ['DateBefore', '2026-01-01', '2026-01-01T00:00:01Z', true],
    ['DateBefore', '2026-10-25', '-30d', true],
    ['DateAfter', '2026-10-27', '-30d', true],
    ['DateAfter', '2026-12-01', '+1w', false],
    ['DateAfter', '2026-11-25T09:00:00+02:00', '2026-11-25T06:59:59Z', true],
    ['DateAfter', '2026-11-25T09:00:00.1234567Z', '2026-11-25T09:00:00Z', true],
    ['DateAfter', '20261125090000.0Z', '2026-11-25T08:59:59Z', true],
    ['DateBefore', '20261125090000+0100', '2026-11-25T08:00:01Z', true],
    ['DateBefore', '132539328000000000', '2021-01-01T00:00:01Z', true],
    ['DateAfter', '132539328000000000', '2020-12-31T23:59:59Z', true],
  ] as const)('%s: v = %j, w = %j: %s', (operator, v, w, holds) => {
    expect(raw(v, operator, w)).toBe(holds);
  });

  it.each([
    undefined,
    '',
    'never',
    '0',
    '9223372036854775807',
    '2026-02-30',
    '2026-13-01',
    '20260230000000Z',
    '0001-01-01T00:00:00Z',
    '12345',
  ])('what is no date fails both date operators: %j', (v) => {
    expect(raw(v, 'DateAfter', '1900-01-01')).toBe(false);
    expect(raw(v, 'DateBefore', '2999-01-01')).toBe(false);
  });

  it('a list of texts: any of them; for negative operators: none of them', () => {
    expect(title('CEO', 'Equals', ['CFO', 'ceo'])).toBe(true);
    expect(title('CEO', 'DoesNotEqual', ['CFO', 'ceo'])).toBe(false);
    expect(title('CEO', 'DoesNotContain', ['x', 'y'])).toBe(true);
  });

  it('several values: a positive operator holds when any passes, a negative one when none does', () => {
    expect(raw(['a1', 'b2'], 'StartWith', 'b')).toBe(true);
    expect(raw(['a1', 'b2'], 'DoesNotStartWith', 'b')).toBe(false);
    expect(raw(['a1', 'b2'], 'DoesNotStartWith', 'c')).toBe(true);
    expect(raw([], 'Equals', '')).toBe(true);
    expect(raw(['2020-01-01', '2030-01-01'], 'DateAfter', '2026-01-01')).toBe(true);
  });

  it('case counts only with caseSensitive, and never for addresses and domains', () => {
    expect(title('CEO', 'Equals', 'ceo', true)).toBe(false);
    expect(title('CEO', 'MatchRegex', '^ceo$', true)).toBe(false);
    expect(title('CEO', 'MatchRegex', '^ceo$')).toBe(true);
    const address = (attribute: string, value: string): boolean =>
      compileCondition({ attribute, operator: 'EndsWith', value, caseSensitive: true }, NOW)(anEntry({ addresses: ['Ada@A.Example'] }));
    expect([address('primaryAddress', '@a.example'), address('addresses', 'A.EXAMPLE'), address('domain', 'EXAMPLE')]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('Unicode: composed and decomposed are one, in values, texts and expressions; a final sigma is a sigma', () => {
    expect(title('Zoe\u0308', 'Equals', 'ZO\u00cb')).toBe(true);
    expect(title('Zo\u00eb', 'MatchRegex', 'zoe\u0308$')).toBe(true);
    expect(title('\u039f\u0394\u039f\u03a3 1', 'Contains', '\u039f\u0394\u039f\u03a3')).toBe(true);
    expect(title('\u039f\u0394\u039f\u03a3\u0391', 'StartWith', '\u039f\u0394\u039f\u03a3')).toBe(true);
  });

  it('reads kind, state, addresses and the directory’s own values; a name like "constructor" is just a missing value', () => {
    const entry = anEntry({ kind: 'room', raw: { 'customSchemas.hr.costCentre': '42' }, createdAt: '2026-01-01T00:00:00Z' });
    const holds = (attribute: string, value: string): boolean => compileCondition({ attribute, operator: 'Equals', value }, NOW)(entry);
    expect(holds('kind', 'room') && holds('enabled', 'true') && holds('hidden', 'false') && holds('id', 'u1')).toBe(true);
    expect(holds('raw.customSchemas.hr.costCentre', '42') && holds('domain', 'a.example')).toBe(true);
    expect(holds('raw.constructor', '') && holds('constructor', '') && holds('raw.__proto__', '')).toBe(true);
  });

  it('by kind: a kind that is not named passes', () => {
    const where = compileWhere({ user: { attribute: 'jobTitle', operator: 'Equals', value: 'x' }, group: null }, NOW);
    expect([where(anEntry()), where(anEntry({ kind: 'group' })), where(anEntry({ kind: 'contact' }))]).toEqual([false, true, true]);
  });
});

describe('as properties', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const test: fc.Arbitrary<Condition> = fc.record({
    attribute: fc.constantFrom('jobTitle', 'city', 'addresses', 'raw.x'),
    operator: fc.constantFrom(...OPERATORS.filter((operator) => !/Regex|Date/.test(operator))),
    value: fc.oneof(text, fc.array(text, { maxLength: 3 })),
  });
  const condition: fc.Arbitrary<Condition> = fc.letrec<{ one: Condition }>((tie) => ({
    one: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      test,
      fc.record({ all: fc.array(tie('one'), { maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('one'), { maxLength: 3 }) }),
      fc.record({ not: tie('one') }),
    ),
  })).one;
  const entry = fc
    .record({ jobTitle: text, x: fc.array(text, { maxLength: 3 }) })
    .map(({ jobTitle, x }): Entry => anEntry({ attributes: jobTitle === '' ? {} : { jobTitle }, raw: { x } }));

  it('a condition and its negation never agree, and De Morgan holds', () => {
    fc.assert(
      fc.property(condition, condition, entry, (a, b, one) => {
        const holds = (what: Condition): boolean => compileCondition(what, NOW)(one);
        expect(holds({ not: a })).toBe(!holds(a));
        expect(holds({ not: { all: [a, b] } })).toBe(holds({ any: [{ not: a }, { not: b }] }));
      }),
    );
  });

  it('the entry is not touched and the answer is always the same', () => {
    fc.assert(
      fc.property(condition, entry, (what, one) => {
        const before = structuredClone(one);
        const compiled = compileCondition(what, NOW);
        expect(compiled(one)).toBe(compiled(one));
        expect(one).toEqual(before);
      }),
    );
  });
});

describe('regular expressions', () => {
  it.each(['(a+)+$', '^(a|aa)*$', '(.*a){20}$', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'hostile %s is done in linear time',
    (pattern) => {
      expect(title(`${'a'.repeat(20_000)}!`, 'MatchRegex', pattern, true)).toBe(false);
    },
  );
  it.each(['(?=x)', '(?<!x)y', '(x)\\1', '[', '(a{1000}){1000}'])(
    '%s does not compile: refused when saved, and never lets anybody through',
    (pattern) => {
      const condition: Condition = { attribute: 'jobTitle', operator: 'MatchRegex', value: pattern };
      expect(conditionFaults(condition, '/where', () => true)).toMatchObject([{ path: '/where/value' }]);
      expect(() => compileCondition({ not: condition }, NOW)).toThrow();
    },
  );
});

describe('conditionFaults', () => {
  const faults = (condition: unknown): readonly string[] =>
    conditionFaults(condition as Condition, '/w', (name) => name === 'jobTitle').map((fault) => fault.path);
  const fine = { attribute: 'jobTitle', operator: 'Equals', value: 'x' };
  it('names every fault by its path, all at once', () => {
    expect(
      faults({
        all: [
          fine,
          { attribute: 'jobTitel', operator: 'Equals', value: 'x' },
          {
            any: [
              { ...fine, operator: 'Is' },
              { ...fine, value: ['ok', 'x'.repeat(1_025)] },
            ],
          },
          { not: { ...fine, operator: 'DateAfter', value: 'soon' } },
        ],
      }),
    ).toEqual(['/w/all/1/attribute', '/w/all/2/any/0/operator', '/w/all/2/any/1/value/1', '/w/all/3/not/value']);
  });
  it('bounds depth and number of tests', () => {
    const nested = (depth: number): unknown => (depth === 1 ? fine : { not: nested(depth - 1) });
    expect(faults(nested(8))).toEqual([]);
    expect(faults(nested(9))).toHaveLength(1);
    expect(faults({ any: Array.from({ length: 200 }, () => fine) })).toEqual([]);
    expect(faults({ any: Array.from({ length: 201 }, () => fine) })).toEqual(['/w']);
  });
});
