import type { FieldName, Fields, FieldValue } from '../../model/plan.ts';
import type { Capability, FieldCapability } from '../connector.ts';
import { CONTACT_FIELDS } from './fields.ts';

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
  normalise: (name, value) =>
    name === 'birthday' ? birthdayOf(value) : value.replace(/\s*\n\s*/g, name === 'notes' || name === 'streetAddress' ? '\n' : ' '),
  fit,
};

function birthdayOf(value: string): string | null {
  return /^(\d{4}|-)-\d{2}-\d{2}/.exec(value)?.[0] ?? null;
}

function fit(given: Fields): { readonly fields: Fields; readonly lost: readonly FieldName[] } {
  if (bytesOf(given) <= CONTACT_BYTES) return { fields: given, lost: [] };
  const kept: Partial<Record<FieldName, FieldValue>> = { ...given };
  const lost: FieldName[] = [];
  for (const name of DROP_ORDER) {
    if (bytesOf(kept) <= CONTACT_BYTES) break;
    if (kept[name] === null || kept[name] === undefined) continue;
    kept[name] = null;
    lost.push(name);
  }
  const addresses = kept.addresses as readonly string[] | undefined;
  if (bytesOf(kept) > CONTACT_BYTES && addresses && addresses.length > 1) {
    kept.addresses = addresses.slice(0, 1);
    lost.push('addresses');
  }
  return { fields: kept, lost };
}

function bytesOf(values: Fields): number {
  return Object.values(values)
    .flat()
    .reduce<number>((sum, value) => sum + (typeof value === 'string' ? Buffer.byteLength(value) : 0), 0);
}
