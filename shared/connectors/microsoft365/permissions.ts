import type { CallNeed } from '../permission.ts';

/** A call and the application permission that it needs, with the Exchange role where there is one. */
export interface PermissionNeed extends CallNeed {
  readonly api: 'Microsoft Graph' | 'Office 365 Exchange Online';
  readonly permission: string;
}

export const EXCHANGE_READ = 'Exchange.ManageAsApp and the role View-Only Recipients (or Exchange Recipient Administrator)';
export const EXCHANGE_WRITE =
  'Exchange.ManageAsApp and the roles Mail Recipients and Mail Recipient Creation (or Exchange Recipient Administrator)';

/** learn.microsoft.com: user-delta, group-list, organization-get, app-only-auth-powershell-v2 (application permissions). */
export const PERMISSIONS = {
  users: {
    api: 'Microsoft Graph',
    call: 'GET /users/delta',
    permission: 'User.Read.All',
    why: 'Reads people and guests.',
    required: true,
    neededFor: ['read'],
  },
  groups: {
    api: 'Microsoft Graph',
    call: 'GET /groups',
    permission: 'GroupMember.Read.All',
    why: 'Reads mail-enabled groups.',
    required: false,
    neededFor: ['groups'],
  },
  domains: {
    api: 'Microsoft Graph',
    call: 'GET /organization',
    permission: 'Organization.Read.All',
    why: 'Reads the verified domains, which `owns` stands for by default.',
    required: false,
    neededFor: ['owns'],
  },
  recipients: {
    api: 'Office 365 Exchange Online',
    call: 'Get-Recipient',
    permission: EXCHANGE_READ,
    why: 'Tells rooms and shared mailboxes, what is hidden, all addresses, dynamic groups and mail contacts.',
    required: false,
    neededFor: ['read', 'contact'],
  },
  contacts: {
    api: 'Office 365 Exchange Online',
    call: 'Get-Contact',
    permission: EXCHANGE_READ,
    why: 'Reads company, phones and address of mail contacts.',
    required: false,
    neededFor: ['contacts'],
    usefulFor: ['contact'],
  },
  pushContact: {
    api: 'Office 365 Exchange Online',
    call: 'New-MailContact, Set-MailContact, Set-Contact, Remove-MailContact',
    permission: EXCHANGE_WRITE,
    why: 'Writes mail contacts.',
    required: false,
    neededFor: ['contact'],
  },
} as const satisfies Readonly<Record<string, PermissionNeed>>;
