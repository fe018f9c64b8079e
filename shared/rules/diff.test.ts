import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields, FieldValue } from '../model/plan.ts';
import { type DiffOptions, diffFields, hashValue, sameValue } from './diff.ts';
import { applied } from './harness.ts';

const REASSERT: DiffOptions = { emptyFields: 'own', drift: { default: 'reassert', except: [] }, written: {} };

function names(desired: Fields, current: Fields, more: Partial<DiffOptions> = {}): readonly string[] {
  return diffFields(desired, current, { ...REASSERT, ...more }).map((change) => change.name);
}

describe('what is equal', () => {
  it.each<[string, Fields, Fields]>([
    ['the order of secondary addresses', { addresses: ['p@a.x', 'q@a.x', 'r@a.x'] }, { addresses: ['p@a.x', 'r@a.x', 'q@a.x'] }],
    ['the case of addresses', { addresses: ['P@A.x'], deliveryAddress: 'D@x.y' }, { addresses: ['p@a.x'], deliveryAddress: 'd@x.y' }],
    ['X500 that the target has more of', { x500: ['/o=A/cn=1'] }, { x500: ['/O=a/CN=1', '/o=old'] }],
    ['X500 that the source has no more', { x500: null }, { x500: ['/o=old'] }],
    ['spaces around, line ends, composed letters', { notes: 'a\r\nb ', city: 'Zu\u0308rich' }, { notes: 'a\nb', city: 'Z\u00fcrich' }],
    ['the order of phones', { businessPhones: ['1', '2'] }, { businessPhones: ['2', '1'] }],
    ['missing and empty', { city: null, jobTitle: null }, { city: '' }],
  ])('%s', (_what, desired, current) => {
    expect(names(desired, current, { emptyFields: 'always' })).toEqual([]);
  });
  it.each<[string, Fields, Fields]>([
    ['another primary address', { addresses: ['q@a.x', 'p@a.x'] }, { addresses: ['p@a.x', 'q@a.x'] }],
    ['the case of a name', { displayName: 'McAda' }, { displayName: 'Mcada' }],
    ['how a phone is written', { mobilePhone: '+33 1 23' }, { mobilePhone: '+33123' }],
    ['X500 that the target lacks', { x500: ['/o=B'] }, { x500: ['/o=A'] }],
  ])('but not %s', (_what, desired, current) => {
    expect(names(desired, current)).toHaveLength(1);
  });
  it('X500 is only ever added to', () => {
    expect(diffFields({ x500: ['/o=B', '/O=a'] }, { x500: ['/o=A'] }, REASSERT)).toEqual([
      { name: 'x500', before: ['/o=A'], after: ['/o=A', '/o=B'] },
    ]);
  });
});

describe('emptyFields', () => {
  const empty = { jobTitle: null };
  const there = { jobTitle: 'x' };
  it.each([
    ['never', hashValue('x'), 0],
    ['own', undefined, 0],
    ['own', hashValue('y'), 0],
    ['own', hashValue('x'), 1],
    ['always', undefined, 1],
  ] as const)('%s, written %s', (emptyFields, hash, count) => {
    expect(names(empty, there, { emptyFields, written: hash ? { jobTitle: hash } : {} })).toHaveLength(count);
  });
  it('name and addresses are never emptied; a delivery address of nobody goes whatever the policy', () => {
    const current = { displayName: 'x', addresses: ['p@a.x'], deliveryAddress: 'old@a.x' };
    expect(names({ displayName: null, addresses: null, deliveryAddress: null }, current, { emptyFields: 'never' })).toEqual([
      'deliveryAddress',
    ]);
  });
});

describe('drift', () => {
  const written = { jobTitle: hashValue('Ours'), city: hashValue('Oslo') };
  const desired = { jobTitle: 'New', city: 'Bergen' };
  const edited = { jobTitle: 'Edited', city: 'Oslo' };
  it.each([
    ['reassert', [], ['jobTitle', 'city']],
    ['leave', [], ['city']],
    ['leave', ['jobTitle'], ['jobTitle', 'city']],
    ['reassert', ['jobTitle'], ['city']],
  ] as const)('%s except %j writes %j', (fallback, except, expected) => {
    expect(names(desired, edited, { written, drift: { default: fallback, except } })).toEqual(expected);
  });
  it('what the target does not keep is written no more, until another value is wanted', () => {
    const notKept = { jobTitle: hashValue('New') };
    expect(names({ jobTitle: 'New' }, {}, { notKept })).toEqual([]);
    expect(names({ jobTitle: 'Newer' }, {}, { notKept })).toEqual(['jobTitle']);
  });
});

describe('as properties', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 });
  const address = fc
    .tuple(fc.constantFrom('a', 'B.c', 'zo\u00eb'), fc.constantFrom('x.example', 'Gmail.com'))
    .map(([name, domain]) => `${name}@${domain}`);
  const fields = fc.record<{ [name: string]: FieldValue }>({
    displayName: text,
    jobTitle: fc.option(text, { nil: null }),
    businessPhones: fc.option(fc.array(text, { minLength: 1, maxLength: 3 }), { nil: null }),
    addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 4, selector: (one) => one.toLowerCase() }),
    x500: fc.option(fc.uniqueArray(fc.constantFrom('/o=A', '/o=a', '/o=B'), { minLength: 1 }), { nil: null }),
    hidden: fc.constantFrom('true', 'false'),
  }) as unknown as fc.Arbitrary<Fields>;
  const options = fc.record({
    emptyFields: fc.constantFrom('never' as const, 'own' as const, 'always' as const),
    drift: fc.record({ default: fc.constantFrom('reassert' as const, 'leave' as const), except: fc.subarray(['jobTitle', 'addresses']) }),
    written: fc.dictionary(fc.constantFrom('jobTitle', 'addresses', 'businessPhones'), text.map(hashValue)),
  });
  it('applied changes leave nothing to change, and nothing is touched', () => {
    fc.assert(
      fc.property(fields, fields, options, (desired, current, how) => {
        const before = structuredClone([desired, current]);
        const changes = diffFields(desired, current, how);
        expect(diffFields(desired, applied(current, { fields: changes }), how)).toEqual([]);
        expect([desired, current]).toEqual(before);
      }),
    );
  });
  it('a value equals itself in any order and spelling, with one hash', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (phones) => {
        const other = [...phones].reverse().map((phone) => `${phone.normalize('NFD')} `);
        expect(sameValue('businessPhones', phones, other)).toBe(true);
        expect(hashValue(phones)).toBe(hashValue(other));
      }),
    );
  });
});
