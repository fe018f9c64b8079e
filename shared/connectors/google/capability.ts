import type { FieldName, Fields, FieldValue } from '../../model/plan.ts';
import type { Capability, Capacity, FieldCapability } from '../connector.ts';
import { CONTACT_FIELDS } from './fields.ts';
import { legal } from './xml.ts';

/** Data of one shared contact (Domain Shared Contacts, troubleshooting: 2 KB); the rest is for the stamp and the service's own. */
const CONTACT_BYTES = 1_900;
/** What goes first when a contact is too large: least missed first. */
const DROP_ORDER: readonly FieldName[] = [
  'notes',
  'languages',
  'instantMessengers',
  'homeStreetAddress',
  'homeCity',
  'homeState',
  'homePostalCode',
  'homeCountry',
  'otherPhones',
  'homePhones',
  'fax',
  'birthday',
  'employeeId',
  'manager',
  'streetAddress',
  'state',
  'officeLocation',
  'postalCode',
  'country',
  'city',
  'department',
  'jobTitle',
];
/** After every further address is gone too: what a person is recognised by goes last. */
const DROP_LAST: readonly FieldName[] = [
  'companyName',
  'nameSuffix',
  'namePrefix',
  'businessPhones',
  'mobilePhone',
  'surname',
  'givenName',
];
/** Elements with text; the other fields are attributes of XML or single lines. */
const LINES: ReadonlySet<string> = new Set(['notes', 'streetAddress', 'homeStreetAddress']);

const fields: Partial<Record<FieldName, FieldCapability>> = { addresses: { maxValues: 10 }, stamp: {} };
for (const [name, field] of Object.entries(CONTACT_FIELDS)) fields[name as FieldName] = field.capability;

/** What Google's directory can hold of somebody from outside: a domain shared contact. It cannot be hidden, and addresses are not kept unique. */
export const SHARED_CONTACT: Capability = {
  as: 'sharedContact',
  types: ['sharedContact'],
  needs: ['contacts'],
  fields,
  canHide: false,
  uniqueAddresses: false,
  // The feed shows what was written after a while; autocomplete up to 24 h later.
  knownLag: true,
  lanes: 3,
  normalise(name, value) {
    // As it comes back: without what XML cannot hold, white space at the ends of lines, and lines where there are none.
    const text = legal(value)
      .replace(/\s*\n\s*/g, '\n')
      .trim();
    if (name === 'birthday') return birthdayOf(text);
    return LINES.has(name) ? text : text.replace(/[\t\n]+/g, ' ');
  },
  respells: new Set(['birthday']),
  fit,
};

/**
 * 200,000 contacts or 40 MB in a domain, whichever comes first (support.google.com/a/answer/9281635), those of others included. How Google counts is
 * not published; we count what we count for the 2 KB of one contact, and its stamp.
 */
export const SHARED_CONTACTS: Capacity = {
  what: 'shared contacts',
  types: ['sharedContact'],
  objects: 200_000,
  bytes: 40_000_000,
  sizeOf: (values) => bytesOf(Object.fromEntries(Object.entries(values).filter(([name]) => name in fields))),
};

function birthdayOf(value: string): string | null {
  return /^(\d{4}|-)-\d{2}-\d{2}/.exec(value)?.[0] ?? null;
}

function fit(given: Fields): { readonly fields: Fields; readonly lost: readonly FieldName[] } {
  if (bytesOf(given) <= CONTACT_BYTES) return { fields: given, lost: [] };
  const kept: Partial<Record<FieldName, FieldValue>> = { ...given };
  const lost: FieldName[] = [];
  const fits = (): boolean => bytesOf(kept) <= CONTACT_BYTES;
  const drop = (names: readonly FieldName[]): void => {
    for (const name of names) {
      if (fits()) return;
      if (kept[name] === null || kept[name] === undefined) continue;
      kept[name] = null;
      lost.push(name);
    }
  };
  drop(DROP_ORDER);
  for (;;) {
    const addresses = kept.addresses as readonly string[] | undefined;
    if (fits() || !addresses || addresses.length < 2) break;
    kept.addresses = addresses.slice(0, -1);
    if (!lost.includes('addresses')) lost.push('addresses');
  }
  drop(DROP_LAST);
  return { fields: kept, lost };
}

function bytesOf(values: Fields): number {
  return Object.values(values)
    .flat()
    .reduce<number>((sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 0), 0);
}
