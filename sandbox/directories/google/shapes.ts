import type { Shape } from './partial.ts';

const shape = (list: string, more: Shape = {}): Shape => ({
  ...Object.fromEntries(list.split(/\s+/).map((name) => [name, null])),
  ...more,
});

/** The resources of the Directory API (discovery revision 20260914), as far as a field mask is checked against them. */
export const USER = shape(
  `kind id etag primaryEmail isAdmin isDelegatedAdmin lastLoginTime creationTime deletionTime agreedToTerms suspended suspensionReason
  suspensionTime archived archivalTime changePasswordAtNextLogin ipWhitelisted emails externalIds relations addresses organizations phones languages
  aliases nonEditableAliases notes websites locations keywords gender ims posixAccounts sshPublicKeys customerId orgUnitPath isMailboxSetup
  includeInGlobalAddressList isGuestUser thumbnailPhotoUrl thumbnailPhotoEtag customSchemas isEnrolledIn2Sv isEnforcedIn2Sv recoveryEmail recoveryPhone`,
  { name: shape('givenName familyName fullName displayName'), guestAccountInfo: shape('primaryGuestEmail') },
);
export const GROUP = shape('kind id etag email name description directMembersCount adminCreated aliases nonEditableAliases externalIds');
const MEMBER = shape('kind id etag email role type status delivery_settings');
const RESOURCE = shape(
  `kind etags resourceId resourceEmail resourceName generatedResourceName resourceType resourceDescription resourceCategory buildingId
  floorName floorSection capacity userVisibleDescription featureInstances`,
);
const DOMAIN = shape('kind etag domainName isPrimary verified creationTime', {
  domainAliases: shape('kind etag domainAliasName parentDomainName verified creationTime'),
});
const SCHEMA = shape('kind etag schemaId schemaName displayName', {
  fields: shape('kind etag fieldId fieldName displayName fieldType multiValued indexed readAccessType numericIndexingSpec'),
});

const list = (name: string, item: Shape): Shape => ({ ...shape('kind etag nextPageToken'), [name]: item });
export const USERS = { ...list('users', USER), trigger_event: null };
export const GROUPS = list('groups', GROUP);
export const MEMBERS = list('members', MEMBER);
export const RESOURCES = list('items', RESOURCE);
export const DOMAINS: Shape = { kind: null, etag: null, domains: DOMAIN };
export const SCHEMAS: Shape = { kind: null, etag: null, schemas: SCHEMA };

/** What `viewType=domain_public` shows of a user: the core public fields. */
export const PUBLIC: ReadonlySet<string> = new Set(
  'kind id etag primaryEmail name emails aliases phones addresses organizations locations relations websites thumbnailPhotoUrl thumbnailPhotoEtag'.split(
    ' ',
  ),
);
