import type { AttributeName, AttributeValue } from '../../model/attributes.ts';
import type { Entry } from '../../model/entry.ts';
import type { FieldName, FieldValue } from '../../model/plan.ts';
import { looksStamped } from '../../model/stamp.ts';
import { childOf, childrenOf, type Element, element, local, textAt } from './xml.ts';

const GD = 'http://schemas.google.com/g/2005';
const ATOM = 'http://www.w3.org/2005/Atom';
const GCONTACT = 'http://schemas.google.com/contact/2008';
const STAMP = 'galsync';

/** What a shared contact holds, by our names; null: empty. */
export type ContactValues = Readonly<Partial<Record<FieldName, FieldValue>>>;

/** Elements that are ours to write; everything else in an entry stays as others wrote it. */
const OURS = new Set([
  'name',
  'email',
  'phoneNumber',
  'im',
  'structuredPostalAddress',
  'organization',
  'language',
  'birthday',
  'relation',
  'externalId',
  'content',
  'title',
]);

/** The last path segment: ids come with http or https and with differing paths. */
export function contactId(entry: Element): string {
  return (textAt(entry, 'id') ?? '').split('/').at(-1) ?? '';
}

export function stampOf(entry: Element): string | undefined {
  return childrenOf(entry, 'extendedProperty').find((one) => one.attributes['name'] === STAMP)?.attributes['value'];
}

const PARTS = [
  ['streetAddress', 'street'],
  ['city', 'city'],
  ['state', 'region'],
  ['postalCode', 'postcode'],
  ['country', 'country'],
] as const;
const HOME: Readonly<Record<string, AttributeName>> = {
  streetAddress: 'homeStreetAddress',
  city: 'homeCity',
  state: 'homeState',
  postalCode: 'homePostalCode',
  country: 'homeCountry',
};

/** A shared contact as an entry's fields. */
export function readContact(entry: Element): Partial<Omit<Entry, 'id'>> {
  const attributes: Partial<Record<AttributeName, AttributeValue>> = {};
  const put = (name: AttributeName, value: string | undefined): void => {
    if (value) attributes[name] = value;
  };
  const name = childOf(entry, 'name');
  put('displayName', textAt(name, 'fullName') ?? textAt(entry, 'title'));
  put('givenName', textAt(name, 'givenName'));
  put('surname', textAt(name, 'familyName'));
  put('namePrefix', textAt(name, 'namePrefix'));
  put('nameSuffix', textAt(name, 'nameSuffix'));
  const organization = childOf(entry, 'organization');
  put('companyName', textAt(organization, 'orgName'));
  put('department', textAt(organization, 'orgDepartment'));
  put('jobTitle', textAt(organization, 'orgTitle'));
  put('officeLocation', organization ? childOf(organization, 'where')?.attributes['valueString'] : undefined);
  readPhones(entry, attributes);
  for (const address of childrenOf(entry, 'structuredPostalAddress')) {
    const home = relOf(address) === 'home';
    for (const [ours, theirs] of PARTS) put(home ? HOME[ours]! : ours, textAt(address, theirs));
  }
  const lists = {
    instantMessengers: childrenOf(entry, 'im').map((one) => one.attributes['address'] ?? ''),
    languages: childrenOf(entry, 'language').map((one) => one.attributes['code'] ?? one.attributes['label'] ?? ''),
  };
  for (const [list, values] of Object.entries(lists))
    if (values.filter(Boolean).length > 0) attributes[list as AttributeName] = values.filter(Boolean);
  put('birthday', childOf(entry, 'birthday')?.attributes['when']);
  put(
    'manager',
    childrenOf(entry, 'relation')
      .find((one) => one.attributes['rel'] === 'manager')
      ?.text.trim(),
  );
  put('employeeId', childrenOf(entry, 'externalId').find((one) => one.attributes['rel'] === 'organization')?.attributes['value']);
  put('notes', textAt(entry, 'content'));
  const emails = childrenOf(entry, 'email')
    .map((one) => ({ address: one.attributes['address'] ?? '', primary: one.attributes['primary'] === 'true' }))
    .filter((one) => one.address !== '');
  const addresses = [...emails.filter((one) => one.primary), ...emails.filter((one) => !one.primary)].map((one) => one.address);
  const mark = stampOf(entry);
  const updated = textAt(entry, 'published');
  return {
    kind: 'contact',
    type: 'sharedContact',
    addresses,
    enabled: true,
    external: false,
    hidden: false,
    attributes,
    ...(mark === undefined ? {} : looksStamped(mark) ? { stamp: mark } : { stampPlace: mark }),
    ...(updated ? { createdAt: updated } : {}),
  };
}

function relOf(one: Element): string {
  return (one.attributes['rel'] ?? '').split('#').at(-1) ?? '';
}

function readPhones(entry: Element, attributes: Partial<Record<AttributeName, AttributeValue>>): void {
  const lists: Record<string, string[]> = { businessPhones: [], homePhones: [], otherPhones: [] };
  for (const phone of childrenOf(entry, 'phoneNumber')) {
    const rel = relOf(phone);
    const value = phone.text.trim();
    if (value === '') continue;
    if (rel === 'mobile' && !attributes.mobilePhone) attributes.mobilePhone = value;
    else if (rel === 'work_fax' && !attributes.fax) attributes.fax = value;
    else lists[rel === 'work' ? 'businessPhones' : rel === 'home' ? 'homePhones' : 'otherPhones']!.push(value);
  }
  for (const [list, values] of Object.entries(lists)) if (values.length > 0) attributes[list as AttributeName] = values;
}

/**
 * The entry to send: our elements from `values`, everything else as `before` has it (full replacement: what is left out is deleted).
 * @param stamp undefined: as before; `''`: without.
 */
export function writeContact(before: Element | null, values: ContactValues, stamp: string | undefined): Element {
  const others = (before?.children ?? []).filter(
    (child) =>
      !OURS.has(local(child.name)) &&
      !(local(child.name) === 'extendedProperty' && child.attributes['name'] === STAMP && stamp !== undefined),
  );
  const foreignRelations = (before?.children ?? []).filter(
    (child) =>
      (local(child.name) === 'relation' && child.attributes['rel'] !== 'manager') ||
      (local(child.name) === 'externalId' && child.attributes['rel'] !== 'organization'),
  );
  const mark = stamp ? [element('gd:extendedProperty', { name: STAMP, value: stamp })] : [];
  const category = before ? [] : [element('category', { scheme: `${GD}#kind`, term: `${GCONTACT}#contact` })];
  return element('entry', { ...(before?.attributes ?? {}), xmlns: ATOM, 'xmlns:gd': GD, 'xmlns:gContact': GCONTACT }, [
    ...category,
    ...others,
    ...foreignRelations,
    ...ourElements(values),
    ...mark,
  ]);
}

function texts(value: FieldValue | undefined): readonly string[] {
  return value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

function ourElements(values: ContactValues): readonly Element[] {
  const one = (name: FieldName): string | undefined => texts(values[name])[0];
  const sub = (pairs: readonly (readonly [string, string | undefined])[]): readonly Element[] =>
    pairs.flatMap(([name, text]) => (text ? [element(name, {}, [], text)] : []));
  const name = sub([
    ['gd:namePrefix', one('namePrefix')],
    ['gd:givenName', one('givenName')],
    ['gd:familyName', one('surname')],
    ['gd:nameSuffix', one('nameSuffix')],
    ['gd:fullName', one('displayName')],
  ]);
  const organization = [
    ...sub([
      ['gd:orgName', one('companyName')],
      ['gd:orgDepartment', one('department')],
      ['gd:orgTitle', one('jobTitle')],
    ]),
    ...(one('officeLocation') ? [element('gd:where', { valueString: one('officeLocation')! })] : []),
  ];
  const emails = texts(values.addresses).map((address, n) =>
    element('gd:email', { rel: `${GD}#${n === 0 ? 'work' : 'other'}`, ...(n === 0 ? { primary: 'true' } : {}), address }),
  );
  const phone = (rel: string, list: readonly string[]): readonly Element[] =>
    list.map((text) => element('gd:phoneNumber', { rel: `${GD}#${rel}` }, [], text));
  const address = (rel: string, home: boolean): readonly Element[] => {
    const parts = sub(PARTS.map(([ours, theirs]) => [`gd:${theirs}`, one(home ? HOME[ours]! : ours)] as const));
    return parts.length > 0 ? [element('gd:structuredPostalAddress', { rel: `${GD}#${rel}` }, parts)] : [];
  };
  return [
    ...(name.length > 0 ? [element('gd:name', {}, name)] : []),
    ...emails,
    ...phone('work', texts(values.businessPhones)),
    ...phone('mobile', texts(values.mobilePhone)),
    ...phone('home', texts(values.homePhones)),
    ...phone('work_fax', texts(values.fax)),
    ...phone('other', texts(values.otherPhones)),
    ...texts(values.instantMessengers).map((im) => element('gd:im', { rel: `${GD}#work`, protocol: `${GD}#JABBER`, address: im })),
    ...address('work', false),
    ...address('home', true),
    ...(organization.length > 0 ? [element('gd:organization', { rel: `${GD}#work` }, organization)] : []),
    ...texts(values.languages).map((code) =>
      element('gContact:language', /^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$/.test(code) ? { code } : { label: code }),
    ),
    ...(one('birthday') ? [element('gContact:birthday', { when: one('birthday')! })] : []),
    ...(one('manager') ? [element('gContact:relation', { rel: 'manager' }, [], one('manager')!)] : []),
    ...(one('employeeId') ? [element('gContact:externalId', { rel: 'organization', value: one('employeeId')! })] : []),
    ...(one('notes') ? [element('content', { type: 'text' }, [], one('notes')!)] : []),
  ];
}
