import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fields } from '../../model/plan.ts';
import { SHARED_CONTACT, SHARED_CONTACTS } from './capability.ts';

const bytes = (fields: Fields): number =>
  Object.values(fields)
    .flat()
    .reduce<number>((sum, value) => sum + Buffer.byteLength(String(value ?? '')), 0);
const fitted = (fields: Fields) => SHARED_CONTACT.fit!(fields);

describe('what a shared contact can hold', () => {
  it('leaves alone what fits', () => {
    const fields: Fields = { displayName: 'Ada', addresses: ['a@a.example', 'b@a.example'], notes: 'x'.repeat(1000) };
    expect(fitted(fields)).toEqual({ fields, lost: [] });
  });

  it('drops whole fields, least missed first, and no more than needed', () => {
    const { fields, lost } = fitted({
      displayName: 'Ada',
      addresses: ['a@a.example'],
      notes: 'n'.repeat(1024),
      jobTitle: 'j'.repeat(256),
      streetAddress: 's'.repeat(900),
    });
    expect(lost).toEqual(['notes']);
    expect(fields).toMatchObject({ notes: null, jobTitle: 'j'.repeat(256), streetAddress: 's'.repeat(900) });
  });

  it('keeps as many addresses as fit, the primary one always', () => {
    const addresses = Array.from({ length: 10 }, (_, n) => `${n}${'x'.repeat(300)}@a.example`);
    const { fields, lost } = fitted({ displayName: 'Ada', addresses });
    expect(lost).toEqual(['addresses']);
    expect(fields.addresses).toEqual(addresses.slice(0, 6));
  });

  it('whatever the fields at their longest: never more than 2 KB, never without name and primary address', () => {
    const limits = Object.entries(SHARED_CONTACT.fields).filter(([name]) => name !== 'addresses' && name !== 'stamp');
    const one = fc.constantFrom('x', 'é', '名', '🙂');
    const all = fc.record(
      Object.fromEntries(
        limits.map(([name, { maxLength = 50, maxValues }]) => [
          name,
          one.map((letter) => {
            const text = letter.repeat(maxLength / letter.length);
            return maxValues ? Array.from({ length: maxValues }, () => text) : text;
          }),
        ]),
      ),
      { requiredKeys: ['displayName'] },
    );
    fc.assert(
      fc.property(all, fc.integer({ min: 1, max: 10 }), (fields, n) => {
        const addresses = Array.from({ length: n }, (_, at) => `${at}${'a'.repeat(60)}@a.example`);
        const result = fitted({ ...fields, addresses } as Fields);
        expect(bytes(result.fields)).toBeLessThanOrEqual(2048);
        expect(result.fields.displayName).toBe((fields as Fields).displayName);
        expect(result.fields.addresses![0]).toBe(addresses[0]);
        for (const name of result.lost) if (name !== 'addresses') expect(result.fields[name]).toBeNull();
      }),
    );
  });

  it.each([
    ['birthday', '1980-02-03T00:00:00Z', '1980-02-03'],
    ['birthday', '--02-03', '--02-03'],
    ['birthday', 'soon', null],
    ['officeLocation', 'HQ\t3\n 4', 'HQ 3 4'],
    ['notes', 'one \n  two', 'one\ntwo'],
    ['jobTitle', '\uFFFECook\uFFFF ', 'Cook'],
  ] as const)('%s %j comes back as %j', (name, value, expected) => {
    expect(SHARED_CONTACT.normalise(name, value)).toBe(expected);
  });
});

describe('the capacity of a domain', () => {
  it('is counted as the 2 KB of one contact are: bytes of what is held and of the stamp, nothing of what is not', () => {
    expect(
      SHARED_CONTACTS.sizeOf({ displayName: 'Zoë', addresses: ['a@b.example', 'c@d.example'], stamp: 'galsync:r:1', hidden: 'false' }),
    ).toBe(4 + 22 + 11);
    expect([SHARED_CONTACTS.objects, SHARED_CONTACTS.bytes, SHARED_CONTACTS.types]).toEqual([200_000, 40_000_000, ['sharedContact']]);
  });
});
