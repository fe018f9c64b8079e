import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import { compileCondition } from '../../shared/rules/condition.ts';
import { entryWith } from './entryWith.ts';

const NOW = new Date('2026-11-25T00:00:00Z');

describe('conditions, as the contract says', () => {
  const holds = (operator: string, value: string | string[], attribute: Entry['attributes'], more: object = {}): boolean =>
    compileCondition({ attribute: 'jobTitle', operator, value, ...more } as never, NOW)(entryWith(attribute));
  it.each([
    ['Equals', 'engineer', { jobTitle: 'Engineer' }, true],
    ['Equals', '', {}, true],
    ['DoesNotContain', 'x', {}, true],
    ['DoesNotEqual', 'Engineer', { jobTitle: 'Engineer' }, false],
    ['Contains', 'gin', { jobTitle: 'Engineer' }, true],
    ['StartWith', 'eng', { jobTitle: 'Engineer' }, true],
    ['DoesNotStartWith', 'eng', { jobTitle: 'Engineer' }, false],
    ['EndsWith', 'eer', { jobTitle: 'Engineer' }, true],
    ['DoesNotEndWith', 'x', { jobTitle: 'Engineer' }, true],
    ['MatchRegex', '^eng.*r$', { jobTitle: 'Engineer' }, true],
    ['DoesNotMatchRegex', '^eng', { jobTitle: 'Engineer' }, false],
    ['DateAfter', '2020-01-01', { jobTitle: '2026-01-01' }, true],
    ['DateBefore', '-30d', { jobTitle: '2026-01-01' }, true],
    ['DateAfter', '2020-01-01', {}, false],
    ['DateBefore', '2030-01-01', { jobTitle: 'never' }, false],
  ] as const)('%s %s on %j: %s', (operator, value, attributes, expected) => {
    expect(holds(operator, value, attributes)).toBe(expected);
  });
  it('knows lists of texts, values of several, case and Unicode forms', () => {
    expect(holds('Equals', ['x', 'engineer'], { jobTitle: 'Engineer' })).toBe(true);
    expect(holds('DoesNotEqual', ['x', 'engineer'], { jobTitle: 'Engineer' })).toBe(false);
    expect(holds('Equals', 'engineer', { jobTitle: 'Engineer' }, { caseSensitive: true })).toBe(false);
    expect(holds('Equals', 'Zoe\u0308', { jobTitle: 'Zo\u00eb' })).toBe(true);
    const phones = compileCondition({ attribute: 'businessPhones', operator: 'DoesNotContain', value: '+33' }, NOW);
    expect(phones(entryWith({ businessPhones: ['+49 1', '+33 2'] }))).toBe(false);
  });
  it('finishes hostile regular expressions in linear time', () => {
    expect(holds('MatchRegex', '(a+)+$', { jobTitle: `${'a'.repeat(5_000)}!` })).toBe(false);
    expect(() => compileCondition({ attribute: 'jobTitle', operator: 'MatchRegex', value: '(?=x)' }, NOW)).toThrow();
  });
  it('R11 "never expires" is not a date', () => {
    const expired = compileCondition({ attribute: 'raw.accountExpires', operator: 'DateBefore', value: '2026-11-25T00:00:00Z' }, NOW);
    const values: Record<string, string | undefined> = {
      u1: '0',
      u2: '9223372036854775807',
      u3: '132539328000000000',
      u4: undefined,
      u5: '',
    };
    const out = Object.entries(values)
      .filter(([, value]) => expired(entryWith({}, value === undefined ? {} : { raw: { accountExpires: value } })))
      .map(([id]) => id);
    expect(out).toEqual(['u3']);
  });
});
