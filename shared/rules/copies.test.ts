import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CopyAct, CopyContact } from '../connectors/copies.ts';
import type { FieldName, Fields } from '../model/plan.ts';
import { addToDigest, type CopyRules, noteNotKept, planCopies, startDigest } from './copies.ts';

const PREFIX = 'galsync:r:';
const RULES: CopyRules = { emptyFields: 'own', drift: { default: 'reassert', except: [] }, prefix: PREFIX };
const SINGLE = ['displayName', 'givenName', 'surname', 'jobTitle', 'city', 'streetAddress', 'birthday', 'notes', 'homeCity'] as const;
const LISTS = ['addresses', 'businessPhones', 'homePhones', 'instantMessengers'] as const;

const text = fc.string({ minLength: 1, maxLength: 12 }).filter((one) => one.trim() !== '');
const fields: fc.Arbitrary<Fields> = fc
  .record({
    single: fc.dictionary(fc.constantFrom(...SINGLE), fc.option(text, { nil: null })),
    lists: fc.dictionary(fc.constantFrom(...LISTS), fc.uniqueArray(text, { minLength: 1, maxLength: 3 })),
  })
  .map(({ single, lists }) => ({ displayName: 'X', ...single, ...lists }) as Fields);
const wishes = fc
  .dictionary(
    fc.constantFrom('a', 'b', 'c', 'd').map((id) => `${PREFIX}${id}`),
    fields,
  )
  .map((all) => new Map(Object.entries(all)));

/** A folder that keeps what it is sent. */
function apply(contacts: readonly CopyContact[], acts: readonly CopyAct[]): readonly CopyContact[] {
  const all = new Map(contacts.map((contact) => [contact.id, contact]));
  for (const [n, act] of acts.entries()) {
    if (act.act === 'delete') all.delete(act.id);
    else {
      const known = act.act === 'update' ? all.get(act.id)! : { id: `new-${n}-${all.size}`, stamp: act.stamp, fields: {} as Fields };
      const merged = Object.entries({ ...known.fields, ...act.fields }).filter(([, value]) => value !== null);
      all.set(known.id, { ...known, version: `${n}`, note: act.note, fields: Object.fromEntries(merged) });
    }
  }
  return [...all.values()];
}

function contact(id: string, more: Partial<CopyContact> = {}): CopyContact {
  return { id, version: '1', stamp: `${PREFIX}${id}`, note: null, fields: { displayName: id }, ...more };
}

describe('what is written so that a folder holds the list', () => {
  it('once it is written nothing is left to write, whatever was wished before', () => {
    fc.assert(
      fc.property(wishes, wishes, (before, after) => {
        const first = apply([], planCopies(before, [], RULES).acts);
        const second = apply(first, planCopies(after, first, RULES).acts);
        expect(planCopies(after, second, RULES).acts).toEqual([]);
        expect(second.map((one) => one.stamp).sort()).toEqual([...after.keys()].sort());
        for (const one of second)
          for (const [name, value] of Object.entries(after.get(one.stamp!)!)) if (value !== null) expect(one.fields).toHaveProperty(name);
      }),
    );
  });

  it('leaves alone what is none of ours: no stamp, another route, another installation', () => {
    const strangers = [contact('x', { stamp: null }), contact('y', { stamp: 'galsync:other:y' }), contact('z', { stamp: 'galsync:r2:z' })];
    const plan = planCopies(new Map([[`${PREFIX}a`, { displayName: 'A' }]]), strangers, RULES);
    expect(plan).toMatchObject({ strangers: 3, ours: 1, acts: [{ act: 'create', stamp: `${PREFIX}a` }] });
    expect(planCopies(new Map(), strangers, RULES).acts).toEqual([]);
  });

  it('removes a second contact with the same stamp, and what is wished no more', () => {
    const there = [contact('a'), contact('copy', { stamp: `${PREFIX}a` }), contact('gone')];
    const { acts } = planCopies(new Map([[`${PREFIX}a`, { displayName: 'a' }]]), there, RULES);
    expect(acts).toEqual([
      { act: 'delete', id: 'copy' },
      { act: 'delete', id: 'gone' },
    ]);
  });

  it('clears only what we wrote, under "own"', () => {
    const wish = new Map<string, Fields>([[`${PREFIX}a`, { displayName: 'a', jobTitle: null, city: null }]]);
    const first = apply([], planCopies(new Map([[`${PREFIX}a`, { displayName: 'a', jobTitle: 'Boss' }]]), [], RULES).acts);
    const edited = first.map((one) => ({ ...one, fields: { ...one.fields, city: 'Rome' } }));
    expect(planCopies(wish, edited, RULES).acts).toMatchObject([{ act: 'update', fields: { jobTitle: null } }]);
    expect(Object.keys((planCopies(wish, edited, RULES).acts[0] as { fields: Fields }).fields)).toEqual(['jobTitle']);
    expect(Object.keys((planCopies(wish, edited, { ...RULES, emptyFields: 'always' }).acts[0] as { fields: Fields }).fields)).toEqual([
      'jobTitle',
      'city',
    ]);
  });

  it('R31: what the mailbox does not keep is noted once; a new value is written again', () => {
    const stamp = `${PREFIX}a`;
    const [create] = planCopies(new Map([[stamp, { displayName: 'a', birthday: '1990-01-02' }]]), [], RULES).acts;
    const dropped = contact('a', { note: (create as { note: string }).note, fields: { displayName: 'a' } });
    const note = noteNotKept(create!, dropped);
    expect(note).toMatchObject({ act: 'update', id: 'a', fields: {} });
    const kept = { ...dropped, note: (note as { note: string }).note };
    expect(planCopies(new Map([[stamp, { displayName: 'a', birthday: '1990-01-02' }]]), [kept], RULES).acts).toEqual([]);
    expect(planCopies(new Map([[stamp, { displayName: 'a', birthday: '1991-01-02' }]]), [kept], RULES).acts).toMatchObject([
      { fields: { birthday: '1991-01-02' } },
    ]);
  });

  it('the note fits into 255 characters with every field of a contact in it', () => {
    const names: readonly FieldName[] = [
      'displayName givenName surname namePrefix nameSuffix companyName department jobTitle officeLocation mobilePhone streetAddress city state'.split(
        ' ',
      ),
      'postalCode country homeStreetAddress homeCity homeState homePostalCode homeCountry manager birthday notes addresses businessPhones'.split(
        ' ',
      ),
      'homePhones instantMessengers'.split(' '),
    ].flat() as FieldName[];
    const [create] = planCopies(
      new Map([[`${PREFIX}a`, Object.fromEntries(names.map((name) => [name, `value of ${name}`])) as Fields]]),
      [],
      RULES,
    ).acts;
    const { note } = create as { note: string };
    expect(note).toHaveLength(names.length * 8);
    expect(note.length).toBeLessThanOrEqual(255);
  });
});

describe('the digest of a list', () => {
  it('regards stamps, values and the rules, not the order of fields', () => {
    const of = (more: unknown, entries: readonly (readonly [string, Fields])[]): string => {
      const digest = startDigest(more);
      for (const [stamp, wish] of entries) addToDigest(digest, stamp, wish);
      return digest.digest('hex');
    };
    const base = of('r', [['a', { displayName: 'A', city: 'Rome' }]]);
    expect(of('r', [['a', { city: 'Rome', displayName: 'A' }]])).toBe(base);
    expect(of('s', [['a', { displayName: 'A', city: 'Rome' }]])).not.toBe(base);
    expect(of('r', [['b', { displayName: 'A', city: 'Rome' }]])).not.toBe(base);
    expect(of('r', [['a', { displayName: 'A', city: 'Roma' }]])).not.toBe(base);
    expect(of('r', [])).not.toBe(base);
  });
});
