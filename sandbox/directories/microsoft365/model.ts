import type { ManagerHistory } from './managers.ts';

/** One object of the simulated tenant: users, groups and mail contacts, as Entra and Exchange see it together. */
export interface TenantObject {
  id: string;
  type: 'user' | 'group' | 'contact';
  /** Exchange's GUID; what mail contacts are named by. */
  guid: string;
  displayName: string;
  mail: string | null;
  /** With prefixes, `SMTP:` first. */
  proxyAddresses: string[];
  alias: string;
  name: string;
  recipientType: string | null;
  hidden: boolean;
  createdAt: string;
  userPrincipalName?: string;
  userType?: 'Member' | 'Guest';
  accountEnabled?: boolean;
  otherMails?: string[];
  externalUserState?: 'PendingAcceptance' | 'Accepted';
  /** Has an administrator's role: sensitive properties and its deletion are refused. */
  adminRole?: boolean;
  /** Epoch ms from which Graph, and Exchange, show it. */
  graphFrom?: number;
  exchangeFrom?: number;
  dirSynced?: boolean;
  internalOnly?: boolean;
  groupTypes?: string[];
  securityEnabled?: boolean;
  /** Id of a user or contact. */
  manager?: string;
  managed?: ManagerHistory;
  /** Ids of a group's direct members; a dynamic one's as Exchange last worked them out. */
  members?: string[];
  /** Its members are shown to those with Member.Read.Hidden only. */
  hiddenMembership?: boolean;
  externalEmailAddress?: string;
  legacyExchangeDN?: string;
  /** givenName surname jobTitle … by Graph's names. */
  properties: Record<string, string | string[] | null>;
  /** CustomAttribute1 … 15. */
  custom: Record<string, string>;
}

/** Graph property → Exchange property of the same thing. */
export const EXCHANGE_NAMES: Readonly<Record<string, string>> = {
  givenName: 'FirstName',
  surname: 'LastName',
  jobTitle: 'Title',
  companyName: 'Company',
  department: 'Department',
  officeLocation: 'Office',
  mobilePhone: 'MobilePhone',
  faxNumber: 'Fax',
  streetAddress: 'StreetAddress',
  city: 'City',
  state: 'StateOrProvince',
  postalCode: 'PostalCode',
  country: 'CountryOrRegion',
  businessPhone: 'Phone',
  homePhone: 'HomePhone',
  notes: 'Notes',
  otherTelephone: 'OtherTelephone',
};

export function isMailRecipient(object: TenantObject): boolean {
  return object.recipientType !== null;
}
