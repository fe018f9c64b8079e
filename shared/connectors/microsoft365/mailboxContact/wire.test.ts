import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldName, Fields } from '../../../model/plan.ts';
import { settingsFor } from '../fakeTenant.ts';
import { birthdayOf, mailboxContactCapability, shownFields } from './capability.ts';
import { CONTACT_FIELDS } from './fields.ts';
import { contactOf, createBody } from './wire.ts';

const word = fc.stringMatching(/^[a-zäé0-9 ]{1,20}$/).filter((text) => text.trim() === text && text !== '');
const anyValue = ({ field, maxValues }: (typeof CONTACT_FIELDS)[number]): fc.Arbitrary<unknown> =>
  field === 'birthday'
    ? fc.constantFrom('1815-12-10', '1999-02-28', '2000-02-29')
    : maxValues
      ? fc.uniqueArray(word, { minLength: 1, maxLength: maxValues })
      : word;
const anyFields = fc.record(
  {
    displayName: word,
    ...Object.fromEntries(CONTACT_FIELDS.map((one) => [one.field, anyValue(one)])),
    addresses: fc.uniqueArray(
      word.map((text) => `${text.replaceAll(' ', '')}@a.example`),
      { minLength: 1, maxLength: 3 },
    ),
  },
  { requiredKeys: ['displayName', 'addresses'] },
) as fc.Arbitrary<Fields>;

describe('a contact of Outlook', () => {
  it('holds every field as it was written', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const body = createBody(fields, 'galsync:r:1', 'note') as Record<string, unknown>;
        expect(contactOf({ ...body, id: 'c1', changeKey: 'k' })).toEqual({
          id: 'c1',
          version: 'k',
          stamp: 'galsync:r:1',
          note: 'note',
          fields,
        });
      }),
    );
  });

  it('is exactly what requirements name, and more: home and business address, birthday, phones, company, department', () => {
    const fields: Fields = {
      displayName: 'Ada Byron',
      addresses: ['ada@a.example', 'a.byron@a.example'],
      birthday: '1815-12-10',
      streetAddress: '1 Street',
      city: 'London',
      homeCity: 'Ockham',
      businessPhones: ['+44 20 5550 100'],
      mobilePhone: '+44 7 5550 100',
      companyName: 'A Ltd',
      department: 'Engines',
    };
    expect(createBody(fields, 's', 'n')).toMatchObject({
      displayName: 'Ada Byron',
      emailAddresses: [
        { address: 'ada@a.example', name: 'Ada Byron' },
        { address: 'a.byron@a.example', name: 'Ada Byron' },
      ],
      birthday: '1815-12-10T11:59:00Z',
      businessAddress: { street: '1 Street', city: 'London' },
      homeAddress: { city: 'Ockham' },
      businessPhones: ['+44 20 5550 100'],
      mobilePhone: '+44 7 5550 100',
      companyName: 'A Ltd',
      department: 'Engines',
    });
  });

  it('shows what is unset as nothing', () => {
    const bare = {
      id: 'c1',
      birthday: '0001-01-01T00:00:00Z',
      businessPhones: [],
      businessAddress: {},
      homeAddress: null,
      emailAddresses: [{ name: 'x' }],
    };
    expect(contactOf(bare).fields).toEqual({});
  });
});

describe('what a contact can hold', () => {
  const capability = mailboxContactCapability(settingsFor('http://127.0.0.1:1'));

  it.each([
    ['1990-05-17', '1990-05-17'],
    ['1990-05-17T00:00:00Z', '1990-05-17'],
    ['--05-17', null],
    ['0001-01-01T00:00:00Z', null],
    ['1990-02-31', null],
    ['17.5.1990', null],
  ])('birthday %s → %s', (value, expected) => {
    expect(birthdayOf(value)).toBe(expected);
    expect(capability.normalise('birthday', value)).toBe(expected);
  });

  it('three mail addresses: other addresses take the places that are left', () => {
    const fields: Fields = { addresses: ['a@x.example', 'b@x.example'], otherAddresses: ['B@x.example', 'c@y.example', 'd@y.example'] };
    const fitted = capability.fit!(fields);
    expect(fitted).toEqual({ fields: { ...fields, otherAddresses: ['c@y.example'] }, lost: ['otherAddresses'] });
    expect(shownFields(fitted.fields)).toEqual({ addresses: ['a@x.example', 'b@x.example', 'c@y.example'] });
  });

  it('can neither hide nor hold what Graph has no place for', () => {
    expect(capability).toMatchObject({ virtual: true, canHide: false, uniqueAddresses: false });
    for (const name of ['fax', 'otherPhones', 'languages', 'x500', 'customAttribute1'] as FieldName[])
      expect(capability.fields[name]).toBeUndefined();
  });
});
