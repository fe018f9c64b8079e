import type { AttributeName } from '../../model/attributes.ts';

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

/** Fields of the Directory API's users and groups (users and groups resources). Google answers a mask with any other name with 400. */
const KNOWN: ReadonlySet<string> = new Set(
  `id primaryEmail name isAdmin isDelegatedAdmin lastLoginTime creationTime deletionTime agreedToTerms suspended suspensionReason suspensionTime archivalTime
  archived changePasswordAtNextLogin ipWhitelisted emails externalIds relations addresses organizations phones languages aliases
  nonEditableAliases notes websites locations keywords gender ims posixAccounts sshPublicKeys customerId orgUnitPath isMailboxSetup
  includeInGlobalAddressList isGuestUser guestAccountInfo thumbnailPhotoUrl thumbnailPhotoEtag customSchemas isEnrolledIn2Sv isEnforcedIn2Sv
  recoveryEmail recoveryPhone kind etag email description directMembersCount adminCreated`.split(/\s+/),
);
/** Those that groups alone have: never in the mask of users. */
const GROUPS_ONLY: ReadonlySet<string> = new Set(['email', 'description', 'directMembersCount', 'adminCreated']);

/** The first `raw.` name that neither users nor groups have, or null. Names within custom schemas are the organisation's own. */
export function unknownField(raw: readonly string[]): string | null {
  return raw.find((name) => !KNOWN.has(name.split('.')[0]!)) ?? null;
}

/** Names for the field mask of users.list: what is mapped or named, nothing else (recovery addresses and the like stay there). */
export function userFields(wanted: { readonly attributes: readonly string[]; readonly raw: readonly string[] }): readonly string[] {
  const mapped = wanted.attributes.flatMap((name) => SOURCES[name as AttributeName] ?? []);
  const own = wanted.raw.map((name) => name.split('.')[0]!).filter((name) => KNOWN.has(name) && !GROUPS_ONLY.has(name));
  return [...new Set([...ALWAYS, ...mapped, ...own])];
}
