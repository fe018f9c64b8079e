import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIST_ATTRIBUTES, SINGLE_ATTRIBUTES } from '../../model/attributes.ts';
import type { Entry } from '../../model/entry.ts';
import type { Fields } from '../../model/plan.ts';
import { diffFields } from '../../rules/diff.ts';
import { aRoute } from '../../rules/harness.ts';
import { compileProjection } from '../../rules/project.ts';
import { fieldsOf } from '../connector.ts';
import { SHARED_CONTACT } from './capability.ts';
import { contactId, readContact } from './contactXml.ts';
import { ROOT } from './fakeWorkspace.ts';
import { CONTACT_FIELDS } from './fields.ts';
import { writeContact } from './writeContact.ts';
import { buildXml, childrenOf, type Element, parseXml } from './xml.ts';

const STAMP = 'galsync:r1:u-1';
const sent = (before: Element | null, values: Fields, stamp?: string): Element => parseXml(buildXml(writeContact(before, values, stamp)))!;
const held = (entry: Element): Fields => fieldsOf({ id: 'x', ...readContact(entry) } as Entry);

const ADA: Fields = {
  displayName: 'Dr Ada Byron PhD',
  givenName: 'Ada',
  surname: 'Byron',
  namePrefix: 'Dr',
  nameSuffix: 'PhD',
  addresses: ['ada@a.example', 'byron@a.example', 'ada.b@b.example'],
  companyName: 'Engines & Sons <Ltd>',
  department: 'R&D "North"',
  jobTitle: 'Countess',
  officeLocation: "HQ-3, d'Arc",
  businessPhones: ['+44 20 5550 100', '+44 20 5550 101'],
  mobilePhone: '+44 77 5550 1',
  homePhones: ['+44 20 1'],
  otherPhones: ['+44 20 2'],
  fax: '+44 20 3',
  streetAddress: '1 Main St\n2nd floor',
  city: 'London',
  state: 'Greater London',
  postalCode: 'W1',
  country: 'United Kingdom',
  homeStreetAddress: 'Home 1',
  homeCity: 'Kirkby',
  homeState: 'Notts',
  homePostalCode: 'NG17',
  homeCountry: 'UK',
  instantMessengers: ['sip:ada@a.example', 'ada.im'],
  languages: ['en-GB', 'Old Norse (spoken)'],
  manager: 'boss@a.example',
  birthday: '1815-12-10',
  employeeId: 'E-7',
  notes: 'First line\nsecond line',
};

describe('a new contact', () => {
  it('holds every field of the map and gives it back', () => {
    expect([...Object.keys(CONTACT_FIELDS), 'addresses'].sort()).toEqual(Object.keys(ADA).sort());
    expect(held(sent(null, ADA, STAMP))).toEqual({ ...ADA, hidden: 'false', stamp: STAMP });
  });

  it('has exactly one of rel and label everywhere, one primary address, the kind of a contact', () => {
    const entry = sent(null, ADA, STAMP);
    for (const name of ['email', 'im', 'organization', 'phoneNumber', 'structuredPostalAddress'])
      for (const { attributes } of childrenOf(entry, name))
        expect([name, 'rel' in attributes !== 'label' in attributes]).toEqual([name, true]);
    expect(childrenOf(entry, 'email').filter((one) => one.attributes['primary'])).toHaveLength(1);
    expect(childrenOf(entry, 'category')[0]!.attributes['term']).toBe('http://schemas.google.com/contact/2008#contact');
    // In another namespace they would vanish without a word.
    expect(entry.children.map((one) => one.name)).toEqual(expect.arrayContaining(['gContact:externalId', 'gContact:language', 'gd:name']));
  });
});

const CATEGORY = "<category scheme='http://schemas.google.com/g/2005#kind' term='http://schemas.google.com/contact/2008#contact'/>";
const BEFORE = parseXml(`<entry ${ROOT} gd:etag='"1"'>${CATEGORY}
  <id>http://www.google.com/m8/feeds/contacts/fabrikam.example/base/5a64</id>
  <link rel='edit' href='https://www.google.com/m8/feeds/contacts/fabrikam.example/full/5a64/7'/>
  <title type='text'>Ada Byron</title>
  <gd:name><gd:givenName>Ada</gd:givenName><gd:additionalName>K.</gd:additionalName><gd:familyName>Byron</gd:familyName><gd:fullName>Ada Byron</gd:fullName></gd:name>
  <gd:email label='At the club' address='Ada@Club.example'/>
  <gd:email rel='http://schemas.google.com/g/2005#work' primary='true' address='ada@a.example' displayName='Ada'/>
  <gd:phoneNumber rel='http://schemas.google.com/g/2005#work_pager'>77</gd:phoneNumber>
  <gd:phoneNumber rel='http://schemas.google.com/g/2005#home_fax'>78</gd:phoneNumber>
  <gd:phoneNumber label='Boat'>79</gd:phoneNumber>
  <gd:phoneNumber rel='http://schemas.google.com/g/2005#mobile'>1</gd:phoneNumber>
  <gd:phoneNumber rel='http://schemas.google.com/g/2005#work_mobile'>2</gd:phoneNumber>
  <gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#other'><gd:street>Summer St</gd:street><gd:region>Sussex</gd:region></gd:structuredPostalAddress>
  <gd:structuredPostalAddress rel='http://schemas.google.com/g/2005#work'><gd:street>Main St</gd:street><gd:pobox>12</gd:pobox><gd:city>London</gd:city><gd:formattedAddress>Main St, London</gd:formattedAddress></gd:structuredPostalAddress>
  <gd:organization rel='http://schemas.google.com/g/2005#other'><gd:orgName>Club</gd:orgName></gd:organization>
  <gd:organization rel='http://schemas.google.com/g/2005#work' primary='true'><gd:orgName>Engines</gd:orgName><gd:orgSymbol>ENG</gd:orgSymbol><gd:where valueString='HQ'/></gd:organization>
  <gContact:relation rel='assistant'>Charles</gContact:relation>
  <gContact:externalId rel='customer' value='C1'/>
  <gContact:userDefinedField key='shoe' value='38&#10;wide'/>
  <gd:extendedProperty name='other-tool' value='keep me'/>
  <gd:extendedProperty name='galsync' value='galsync:r1:u-1'/>
</entry>`)!;

describe('what others wrote', () => {
  it('is read as one organization and one address, never a mixture', () => {
    expect(contactId(BEFORE)).toBe('5a64');
    expect(held(BEFORE)).toEqual({
      displayName: 'Ada Byron',
      givenName: 'Ada',
      surname: 'Byron',
      addresses: ['ada@a.example', 'Ada@Club.example'],
      otherPhones: ['77', '79', '2'],
      mobilePhone: '1',
      streetAddress: 'Main St',
      city: 'London',
      companyName: 'Engines',
      officeLocation: 'HQ',
      hidden: 'false',
      stamp: STAMP,
    });
  });

  it('a formatted address is the street where there are no parts', () => {
    const only = parseXml(
      `<entry ${ROOT}><gd:structuredPostalAddress label='x'><gd:formattedAddress>1 Main St\n75001 Paris</gd:formattedAddress></gd:structuredPostalAddress></entry>`,
    )!;
    expect(held(only)['streetAddress']).toBe('1 Main St\n75001 Paris');
    expect(held(sent(only, { city: 'Paris' }))).toMatchObject({ streetAddress: '1 Main St\n75001 Paris', city: 'Paris' });
  });

  it('says what it is in every write, also where the entry that was read does not', () => {
    for (const [entry, times] of [
      [parseXml(`<entry ${ROOT}><gd:name/></entry>`)!, 1],
      [BEFORE, 1],
    ] as const)
      expect(writeContact(entry, {}, undefined).children.filter((one) => one.name === 'category')).toHaveLength(times);
  });

  it('stays when an update names other fields', () => {
    expect(writeContact(BEFORE, {}, undefined).children).toEqual(BEFORE.children.filter((one) => one.name !== 'title'));
    const after = sent(BEFORE, { surname: 'King', jobTitle: 'Countess', city: null, addresses: ['new@a.example', 'ada@club.example'] });
    const { city: _, ...rest } = held(BEFORE);
    expect(held(after)).toEqual({ ...rest, surname: 'King', jobTitle: 'Countess', addresses: ['new@a.example', 'ada@club.example'] });
    for (const kept of [
      '<gd:additionalName>K.</gd:additionalName>',
      '<gd:orgSymbol>ENG</gd:orgSymbol>',
      '<gd:orgName>Club</gd:orgName>',
      '<gd:pobox>12</gd:pobox>',
      'Summer St',
      'value="38&#10;wide"',
      'value="keep me"',
      '<gContact:relation rel="assistant">Charles</gContact:relation>',
      '<gContact:externalId rel="customer" value="C1"/>',
      '#home_fax">78<',
      'label="At the club"',
    ])
      expect(buildXml(after)).toContain(kept);
    // It was made from the old parts.
    expect(buildXml(after)).not.toContain('formattedAddress');
    expect(childrenOf(after, 'email').filter((one) => one.attributes['primary'])).toHaveLength(1);
  });

  it('one phone less leaves the labels of the others, and no second mobile takes its place', () => {
    const after = sent(BEFORE, { mobilePhone: null, businessPhones: ['3'] });
    const { mobilePhone: _, ...rest } = held(BEFORE);
    expect(held(after)).toEqual({ ...rest, businessPhones: ['3'] });
    expect(buildXml(after)).toContain('label="Boat">79<');
    expect(buildXml(after)).toContain('#work_pager">77<');
  });

  it('the stamp goes or changes only when told', () => {
    expect(held(sent(BEFORE, {}, '')).stamp).toBeUndefined();
    expect(held(sent(BEFORE, {}, 'galsync:r2:x')).stamp).toBe('galsync:r2:x');
    expect(buildXml(sent(BEFORE, {}, ''))).toContain('keep me');
  });
});

/** Scripts, right to left, emoji, control characters, half surrogates, white space of all kinds, markup. */
const messy = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    'שלום עולם',
    'مرحبا‏ 123',
    '👩‍👩‍👧‍👦',
    'a\r\n\t b',
    'a\tb',
    '  ',
    '\u0000\u000b',
    '<b>&amp;</b>',
    ']]>',
    'Zoe\u0308',
    '\uFFFEx',
  ),
  fc.constantFrom('\uD800', '名'.repeat(300), 'x'.repeat(700)),
);
const address = fc
  .tuple(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9.]{0,12}$/), fc.constantFrom('a.example', 'B.example', 'gmail.com'))
  .map(([name, domain]) => `${name}@${domain}`);
const entries: fc.Arbitrary<Entry> = fc
  .record({
    addresses: fc.uniqueArray(address, { minLength: 1, maxLength: 12 }),
    singles: fc.dictionary(fc.constantFrom(...SINGLE_ATTRIBUTES), messy),
    lists: fc.dictionary(fc.constantFrom(...LIST_ATTRIBUTES), fc.array(messy, { maxLength: 6 })),
    birthday: fc.constantFrom('1980-02-03', '--02-03', '1980-02-03T00:00:00Z', 'soon'),
  })
  .map(({ addresses, singles, lists, birthday }) => ({
    id: 'u-1',
    kind: 'user',
    type: 'UserMailbox',
    addresses,
    enabled: true,
    external: false,
    hidden: false,
    attributes: { ...singles, ...lists, birthday } as Entry['attributes'],
  }));

const project = compileProjection(aRoute({ push: { as: 'sharedContact', attributes: { only: '*', except: [] } } }), SHARED_CONTACT);
const ALL = { emptyFields: 'always', drift: { default: 'reassert', except: [] }, written: {} } as const;

describe('any entry', () => {
  it('projected, written, read and projected again is unchanged', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const { fields } = project(entry);
        const back = { id: 'c1', ...readContact(sent(null, fields, STAMP)) } as Entry;
        expect(diffFields(fields, fieldsOf(back), ALL)).toEqual([]);
        expect(diffFields(fields, project(back).fields, ALL)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('updated to any other holds that one, and what others wrote', () => {
    fc.assert(
      fc.property(entries, entries, fc.boolean(), (from, to, foreign) => {
        const start = sent(foreign ? BEFORE : null, project(from).fields, STAMP);
        const wanted = project(to).fields;
        const changes = diffFields(wanted, held(start), ALL);
        const after = sent(start, Object.fromEntries(changes.map((change) => [change.name, change.after])) as Fields);
        expect(diffFields(wanted, held(after), ALL)).toEqual([]);
        expect(held(after).stamp).toBe(STAMP);
        if (foreign) for (const kept of ['keep me', 'Charles', '38&#10;wide', '#home_fax']) expect(buildXml(after)).toContain(kept);
      }),
      { numRuns: 300 },
    );
  });
});
