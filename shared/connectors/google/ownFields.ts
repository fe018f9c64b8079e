/**
 * Fields of the Directory API's users and groups that `raw.` may name (users and groups resources, discovery revision 20260914). A name that is
 * not here would read as empty for everybody, and a condition on it would fail open.
 */
const PLAIN =
  words(`id primaryEmail isAdmin isDelegatedAdmin lastLoginTime creationTime deletionTime agreedToTerms suspended suspensionReason suspensionTime
  archivalTime archived changePasswordAtNextLogin ipWhitelisted aliases nonEditableAliases customerId orgUnitPath isMailboxSetup
  includeInGlobalAddressList isGuestUser thumbnailPhotoUrl thumbnailPhotoEtag isEnrolledIn2Sv isEnforcedIn2Sv recoveryEmail recoveryPhone kind etag`);
/** Those that groups alone have: never in the mask of users. */
const GROUPS_ONLY = words('email description directMembersCount adminCreated');
/** Those that groups have, too. */
const GROUPS_TOO = words('id name aliases nonEditableAliases kind etag');

/** Fields with parts. One with the part `value`, and `name`, may also be named as a whole. */
const PARTS: Readonly<Record<string, ReadonlySet<string>>> = {
  name: words('givenName familyName fullName displayName'),
  emails: words('address primary type customType'),
  externalIds: words('value type customType'),
  relations: words('value type customType'),
  addresses: words(
    'type customType formatted streetAddress extendedAddress poBox locality region postalCode country countryCode primary sourceIsStructured',
  ),
  organizations: words('name title department description location costCenter domain symbol fullTimeEquivalent primary type customType'),
  phones: words('value type customType primary'),
  languages: words('languageCode customLanguage preference'),
  notes: words('value contentType'),
  websites: words('value type customType primary'),
  locations: words('area buildingId floorName floorSection deskCode type customType'),
  keywords: words('value type customType'),
  gender: words('type customGender addressMeAs'),
  ims: words('im protocol customProtocol type customType primary'),
  posixAccounts: words('username uid gid homeDirectory shell gecos systemId primary accountId operatingSystemType'),
  sshPublicKeys: words('key expirationTimeUsec fingerprint'),
  guestAccountInfo: words('primaryGuestEmail'),
};
/** The organisation's own: `customSchemas.<schema>.<field>`. */
const CUSTOM = 'customSchemas';

/** Schema → its fields, as the organisation has made them. */
export type CustomSchemas = ReadonlyMap<string, ReadonlySet<string>>;

/** Names of the custom schemas that `raw.` names need, and whether any of them names one at all. */
export function schemasIn(raw: readonly string[]): readonly string[] {
  return [...new Set(raw.filter(isCustom).map((name) => name.split('.')[1] ?? ''))];
}

export function isGroupField(field: string): boolean {
  return GROUPS_ONLY.has(field) || GROUPS_TOO.has(field);
}

export function isUserField(field: string): boolean {
  return field === CUSTOM || PLAIN.has(field) || partsOf(field) !== null;
}

/** The first `raw.` name that neither users nor groups have, or null. @param custom null: names no custom schema. */
export function unknownField(raw: readonly string[], custom: CustomSchemas | null): string | null {
  return raw.find((name) => (isCustom(name) ? !isCustomField(name, custom) : !isOwnField(name))) ?? null;
}

function isOwnField(name: string): boolean {
  const [field, part, ...more] = name.split('.');
  const parts = partsOf(field!);
  if (part === undefined) return PLAIN.has(field!) || GROUPS_ONLY.has(field!) || field === 'name' || (parts?.has('value') ?? false);
  return more.length === 0 && (parts?.has(part) ?? false);
}

function partsOf(field: string): ReadonlySet<string> | null {
  return Object.hasOwn(PARTS, field) ? PARTS[field]! : null;
}

function isCustomField(name: string, custom: CustomSchemas | null): boolean {
  const [, schema, field, ...more] = name.split('.');
  return more.length === 0 && field !== undefined && (custom?.get(schema!)?.has(field) ?? false);
}

function isCustom(name: string): boolean {
  return name === CUSTOM || name.startsWith(`${CUSTOM}.`);
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/));
}
