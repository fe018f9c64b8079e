import type { AttributeName, AttributeValue } from '../../model/attributes.ts';
import type { Entry } from '../../model/entry.ts';
import { looksStamped } from '../../model/stamp.ts';
import { childOf, childrenOf, type Element, textAt } from './xml.ts';

export const STAMP = 'galsync';

/** The last path segment: ids come with http or https and with differing paths. */
export function contactId(entry: Element): string {
  return (textAt(entry, 'id') ?? '').replace(/\/+$/, '').split('/').at(-1) ?? '';
}

export function stampOf(entry: Element): string | undefined {
  return childrenOf(entry, 'extendedProperty').find((one) => one.attributes['name'] === STAMP)?.attributes['value'];
}

export const PARTS = [
  ['streetAddress', 'street'],
  ['city', 'city'],
  ['state', 'region'],
  ['postalCode', 'postcode'],
  ['country', 'country'],
] as const;
export const HOME: Readonly<Record<string, AttributeName>> = {
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
  const organization = organizationOf(entry);
  put('companyName', textAt(organization, 'orgName'));
  put('department', textAt(organization, 'orgDepartment'));
  put('jobTitle', textAt(organization, 'orgTitle'));
  put('officeLocation', organization ? childOf(organization, 'where')?.attributes['valueString'] : undefined);
  readPhones(entry, attributes);
  for (const home of [false, true]) {
    const address = addressOf(entry, home);
    for (const [ours, theirs] of PARTS) put(home ? HOME[ours]! : ours, textAt(address, theirs));
    if (!PARTS.some(([, theirs]) => textAt(address, theirs)))
      put(home ? 'homeStreetAddress' : 'streetAddress', textAt(address, 'formattedAddress'));
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

/** The last word of a rel: some are URIs (`…/2005#work`), some bare (`manager`). */
export function relOf(one: Element): string {
  return (one.attributes['rel'] ?? '').split('#').at(-1) ?? '';
}

/** The organization that counts: the primary one, else type work, else the first. */
export function organizationOf(entry: Element): Element | null {
  return chosen(childrenOf(entry, 'organization'));
}

/** One address for the office, one for home: never a mixture of several. */
export function addressOf(entry: Element, home: boolean): Element | null {
  return chosen(childrenOf(entry, 'structuredPostalAddress').filter((one) => (relOf(one) === 'home') === home));
}

function chosen(items: readonly Element[]): Element | null {
  return items.find((one) => one.attributes['primary'] === 'true') ?? items.find((one) => relOf(one) === 'work') ?? items[0] ?? null;
}

export type PhoneField = 'businessPhones' | 'mobilePhone' | 'homePhones' | 'fax' | 'otherPhones';
const FIELD_OF_REL: Readonly<Record<string, PhoneField>> = {
  work: 'businessPhones',
  main: 'businessPhones',
  company_main: 'businessPhones',
  mobile: 'mobilePhone',
  work_mobile: 'mobilePhone',
  home: 'homePhones',
  work_fax: 'fax',
};
/** Nothing that a person answers: not read, and left alone. */
const NO_PHONE: ReadonlySet<string> = new Set(['fax', 'home_fax', 'other_fax', 'telex', 'tty_tdd', 'isdn', 'radio']);

/** Each number with the field that it stands for: a second mobile is another phone; null: none of ours. */
export function phonesOf(entry: Element): readonly { readonly field: PhoneField | null; readonly element: Element }[] {
  const taken = new Set<PhoneField>();
  return childrenOf(entry, 'phoneNumber').map((element) => {
    const field = FIELD_OF_REL[relOf(element)] ?? 'otherPhones';
    if (NO_PHONE.has(relOf(element)) || element.text.trim() === '') return { field: null, element };
    if (field !== 'mobilePhone' && field !== 'fax') return { field, element };
    const first = !taken.has(field);
    taken.add(field);
    return { field: first ? field : field === 'mobilePhone' ? 'otherPhones' : null, element };
  });
}

function readPhones(entry: Element, attributes: Partial<Record<AttributeName, AttributeValue>>): void {
  for (const { field, element } of phonesOf(entry)) {
    const value = element.text.trim();
    if (field === 'mobilePhone' || field === 'fax') attributes[field] = value;
    else if (field) attributes[field] = [...((attributes[field] as readonly string[] | undefined) ?? []), value];
  }
}
