import type { AttributeName } from '../../model/attributes.ts';
import { isGroupField, isUserField } from './ownFields.ts';

/** Needed for every user, whatever is mapped. */
const ALWAYS =
  'id primaryEmail name aliases nonEditableAliases suspended archived includeInGlobalAddressList isGuestUser orgUnitPath creationTime'.split(
    ' ',
  );

const names = (list: string, field: string): readonly (readonly [string, readonly string[]])[] =>
  list.split(' ').map((name) => [name, field.split(' ')] as const);

/** The fields of the Directory API's user that an attribute is read from (users resource); docs/field-map.md is made from this. */
export const SOURCES: Readonly<Partial<Record<AttributeName, readonly string[]>>> = Object.fromEntries([
  ...names('displayName givenName surname', 'name'),
  ...names('alias', 'primaryEmail'),
  ...names('companyName department jobTitle', 'organizations'),
  ...names('officeLocation', 'organizations locations'),
  ...names('businessPhones mobilePhone homePhones otherPhones fax', 'phones'),
  ...names('streetAddress city state postalCode country', 'addresses'),
  ...names('homeStreetAddress homeCity homeState homePostalCode homeCountry', 'addresses'),
  ...names('instantMessengers', 'ims'),
  ...names('languages', 'languages'),
  ...names('manager', 'relations'),
  ...names('employeeId', 'externalIds'),
  ...names('notes', 'notes'),
  ...names('otherAddresses', 'emails'),
]);

/** Names for the field mask of users.list: what is mapped or named, nothing else (recovery addresses and the like stay there). */
export function userFields(wanted: { readonly attributes: readonly string[]; readonly raw: readonly string[] }): readonly string[] {
  const mapped = wanted.attributes.flatMap((name) => SOURCES[name as AttributeName] ?? []);
  const own = wanted.raw.map((name) => name.split('.')[0]!).filter(isUserField);
  return [...new Set([...ALWAYS, ...mapped, ...own])];
}

/** Names for the field mask of groups.list. */
export function groupFields(raw: readonly string[]): readonly string[] {
  return [...new Set(['id', 'email', 'name', 'description', 'aliases', 'nonEditableAliases', ...raw.filter(isGroupField)])];
}
