/** What Graph v1.0 knows of a type, as data (CSDL v1.0 of 2026-08; learn.microsoft.com graph/aad-advanced-queries for filters). */
export type GraphType = 'user' | 'group' | 'directoryObject';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Properties of a user; after them what it is linked with. */
const USER_NAMES = words(`
  aboutMe accountEnabled ageGroup assignedLicenses assignedPlans authorizationInfo birthday businessPhones city companyName
  consentProvidedForMinor country createdDateTime creationType customSecurityAttributes deletedDateTime department deviceEnrollmentLimit
  displayName employeeHireDate employeeId employeeLeaveDateTime employeeOrgData employeeType externalUserState
  externalUserStateChangeDateTime faxNumber givenName hireDate id identities identityParentId imAddresses interests
  isManagementRestricted isResourceAccount jobTitle lastPasswordChangeDateTime legalAgeGroupClassification licenseAssignmentStates mail
  mailNickname mailboxSettings mobilePhone mySite officeLocation onPremisesDistinguishedName onPremisesDomainName
  onPremisesExtensionAttributes onPremisesImmutableId onPremisesLastSyncDateTime onPremisesProvisioningErrors onPremisesSamAccountName
  onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails passwordPolicies passwordProfile
  pastProjects postalCode preferredDataLocation preferredLanguage preferredName print provisionedPlans proxyAddresses responsibilities
  schools securityIdentifier serviceProvisioningErrors showInAddressList signInActivity signInSessionsValidFromDateTime skills state
  streetAddress surname usageLocation userPrincipalName userType contacts directReports manager memberOf photo`);

/** The same of a group. */
const GROUP_NAMES = words(`
  accessType allowExternalSenders assignedLabels assignedLicenses autoSubscribeNewMembers classification createdDateTime deletedDateTime
  description displayName expirationDateTime groupTypes hasMembersWithLicenseErrors hideFromAddressLists hideFromOutlookClients id
  infoCatalogs isArchived isAssignableToRole isFavorite isManagementRestricted isSubscribedByMail licenseProcessingState mail
  mailEnabled mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName onPremisesExtensionAttributes
  onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesProvisioningErrors onPremisesSamAccountName onPremisesSecurityIdentifier
  onPremisesSyncEnabled organizationId preferredDataLocation preferredLanguage proxyAddresses renewedDateTime resourceBehaviorOptions
  resourceProvisioningOptions securityEnabled securityIdentifier serviceProvisioningErrors theme uniqueName unseenConversationsCount
  unseenCount unseenMessagesCount visibility welcomeMessageEnabled memberOf members owners photo`);

/** The same of an organisational contact. */
const ORG_CONTACT_NAMES = words(`
  addresses companyName deletedDateTime department displayName givenName id jobTitle mail mailNickname onPremisesLastSyncDateTime
  onPremisesProvisioningErrors onPremisesSyncEnabled phones proxyAddresses serviceProvisioningErrors surname directReports manager
  memberOf`);

/** A collection of members may be asked for what any of their types has. */
export const NAMES: Readonly<Record<GraphType, ReadonlySet<string>>> = {
  user: USER_NAMES,
  group: GROUP_NAMES,
  directoryObject: new Set([...USER_NAMES, ...GROUP_NAMES, ...ORG_CONTACT_NAMES]),
};

/** What an object is linked with: may be named in a delta, and is shown by no list. */
export const LINKS = words('contacts directReports manager memberOf members owners photo');

/** They lie in the profile: one user at a time, and only where they are named. */
export const PROFILE_NAMES = words(
  'aboutMe birthday hireDate interests mailboxSettings mySite pastProjects preferredName responsibilities schools skills',
);

/** The same for a group: `GET /groups/{id}?$select=…` alone. */
export const ONE_GROUP_ONLY = words(
  'accessType allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients isFavorite isSubscribedByMail unseenCount',
);

const USER_DEFAULTS = words(
  'businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage surname userPrincipalName',
);
const GROUP_DEFAULTS = words(
  `classification createdDateTime description displayName expirationDateTime groupTypes id isAssignableToRole mail mailEnabled mailNickname
  membershipRule membershipRuleProcessingState onPremisesDomainName onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName
  onPremisesSecurityIdentifier onPremisesSyncEnabled preferredDataLocation preferredLanguage proxyAddresses renewedDateTime
  resourceBehaviorOptions resourceProvisioningOptions securityEnabled securityIdentifier theme visibility`,
);

/** What comes without `$select`. */
export const DEFAULTS: Readonly<Record<GraphType, ReadonlySet<string>>> = {
  user: USER_DEFAULTS,
  group: GROUP_DEFAULTS,
  directoryObject: USER_DEFAULTS,
};

/** Lists: never null, and filtered with `any` alone. */
export const COLLECTIONS = words(
  `businessPhones groupTypes imAddresses otherMails proxyAddresses resourceBehaviorOptions resourceProvisioningOptions schools skills
  interests responsibilities pastProjects assignedLicenses assignedPlans`,
);

/** `eq` works on them as it is. */
export const FILTERED_BY_DEFAULT = words(
  `accountEnabled ageGroup businessPhones city consentProvidedForMinor country createdDateTime creationType department displayName employeeId
  givenName groupTypes id imAddresses jobTitle mail mailEnabled mailNickname onPremisesSecurityIdentifier onPremisesSyncEnabled otherMails
  proxyAddresses securityEnabled state surname usageLocation userPrincipalName userType visibility`,
);

/** `eq` works on them with `ConsistencyLevel: eventual` and `$count=true`; on what is in neither list it never works. */
export const FILTERED_IF_ADVANCED = words(
  `companyName employeeHireDate employeeType mobilePhone officeLocation onPremisesExtensionAttributes onPremisesImmutableId
  onPremisesLastSyncDateTime onPremisesSamAccountName passwordPolicies postalCode preferredLanguage showInAddressList streetAddress`,
);
