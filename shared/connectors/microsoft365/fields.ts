import type { AttributeName } from '../../model/attributes.ts';

/** One attribute of ours in the words of Microsoft Graph and Exchange Online; docs/field-map.md is made from this. */
export interface FieldMap {
  readonly attribute: AttributeName;
  /** Property of Graph's user; a dot reads inside. `group`: Graph's group has it too. */
  readonly user?: string;
  readonly group?: boolean;
  /** Property that Get-Recipient and Get-MailContact return. */
  readonly recipient?: string;
  /** Property that Get-Contact returns: what no other cmdlet shows of a mail contact. */
  readonly contact?: string;
  /** Which cmdlet of a mail contact or mail user writes it: Set-MailContact and Set-MailUser, or Set-Contact and Set-User. */
  readonly write?: { readonly cmdlet: 'mail' | 'person'; readonly parameter: string };
  /** UTF-16 units that a mail contact or mail user takes (reference §5.7: cmdlet help, else the directory attribute behind it). */
  readonly maxLength?: number;
  readonly maxValues?: number;
  /** No text: the directory keeps an object of its own there, and tells and takes it in ways of its own (`managers.ts`). */
  readonly reference?: boolean;
}

const contact = (
  property: string,
  maxLength: number,
  maxValues?: number,
): Pick<FieldMap, 'contact' | 'write' | 'maxLength' | 'maxValues'> => ({
  contact: property,
  write: { cmdlet: 'person', parameter: property },
  maxLength,
  ...(maxValues === undefined ? {} : { maxValues }),
});

const NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;

/** The map as data. Sources: learn.microsoft.com graph/api/resources/user; exchange/set-contact, set-mailcontact; reference §10. */
export const FIELDS: readonly FieldMap[] = [
  {
    attribute: 'displayName',
    user: 'displayName',
    group: true,
    recipient: 'DisplayName',
    write: { cmdlet: 'mail', parameter: 'DisplayName' },
    maxLength: 256,
  },
  { attribute: 'alias', user: 'mailNickname', group: true, recipient: 'Alias' },
  { attribute: 'givenName', user: 'givenName', ...contact('FirstName', 64) },
  { attribute: 'surname', user: 'surname', ...contact('LastName', 64) },
  { attribute: 'jobTitle', user: 'jobTitle', ...contact('Title', 128) },
  { attribute: 'companyName', user: 'companyName', ...contact('Company', 64) },
  { attribute: 'department', user: 'department', ...contact('Department', 64) },
  { attribute: 'officeLocation', user: 'officeLocation', ...contact('Office', 128) },
  { attribute: 'businessPhones', user: 'businessPhones', ...contact('Phone', 64, 1) },
  { attribute: 'otherPhones', ...contact('OtherTelephone', 64, 10) },
  { attribute: 'mobilePhone', user: 'mobilePhone', ...contact('MobilePhone', 64) },
  { attribute: 'homePhones', ...contact('HomePhone', 64, 1) },
  { attribute: 'fax', user: 'faxNumber', ...contact('Fax', 64) },
  { attribute: 'streetAddress', user: 'streetAddress', ...contact('StreetAddress', 1024) },
  { attribute: 'city', user: 'city', ...contact('City', 128) },
  { attribute: 'state', user: 'state', ...contact('StateOrProvince', 128) },
  { attribute: 'postalCode', user: 'postalCode', ...contact('PostalCode', 40) },
  { attribute: 'country', user: 'country', ...contact('CountryOrRegion', 128) },
  { attribute: 'notes', ...contact('Notes', 1024) },
  { attribute: 'manager', user: 'manager', contact: 'Manager', write: { cmdlet: 'person', parameter: 'Manager' }, reference: true },
  { attribute: 'instantMessengers', user: 'imAddresses' },
  { attribute: 'languages', user: 'preferredLanguage' },
  { attribute: 'otherAddresses', user: 'otherMails' },
  { attribute: 'employeeId', user: 'employeeId' },
  ...NUMBERS.map(
    (n): FieldMap => ({
      attribute: `customAttribute${n}`,
      user: `onPremisesExtensionAttributes.extensionAttribute${n}`,
      recipient: `CustomAttribute${n}`,
      write: { cmdlet: 'mail', parameter: `CustomAttribute${n}` },
      maxLength: 1024,
    }),
  ),
];

/** Most proxy addresses of one object, X500 included (observed: 333; some are kept free for Exchange's own). */
export const MAX_ADDRESSES = 300;

/** Properties of Graph's user that a list and a delta return (CSDL v1.0; profile properties of SharePoint are not among them). */
export const USER_PROPERTIES: ReadonlySet<string> = new Set(
  `accountEnabled ageGroup assignedLicenses assignedPlans authorizationInfo businessPhones city companyName consentProvidedForMinor country
  createdDateTime creationType customSecurityAttributes department displayName employeeHireDate employeeId employeeLeaveDateTime employeeOrgData
  employeeType externalUserState externalUserStateChangeDateTime faxNumber givenName identities imAddresses isManagementRestricted
  isResourceAccount jobTitle lastPasswordChangeDateTime legalAgeGroupClassification mail mailNickname mobilePhone officeLocation
  onPremisesDistinguishedName onPremisesDomainName onPremisesExtensionAttributes onPremisesImmutableId onPremisesLastSyncDateTime
  onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled onPremisesUserPrincipalName otherMails passwordPolicies
  postalCode preferredDataLocation preferredLanguage proxyAddresses securityIdentifier showInAddressList state streetAddress surname
  usageLocation userPrincipalName userType`.split(/\s+/),
);

/** The same for Graph's group. */
export const GROUP_PROPERTIES: ReadonlySet<string> = new Set(
  `assignedLabels assignedLicenses classification createdDateTime description displayName expirationDateTime groupTypes isAssignableToRole
  isManagementRestricted mail mailEnabled mailNickname membershipRule membershipRuleProcessingState onPremisesDomainName
  onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled
  preferredDataLocation preferredLanguage proxyAddresses renewedDateTime resourceBehaviorOptions resourceProvisioningOptions securityEnabled
  securityIdentifier theme uniqueName visibility`.split(/\s+/),
);
