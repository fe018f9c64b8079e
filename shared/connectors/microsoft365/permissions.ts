import type { CallNeed } from '../permission.ts';

/** A call and the application permission that it needs, with the Exchange role where there is one. */
export interface PermissionNeed extends CallNeed {
  readonly api: 'Microsoft Graph' | 'Office 365 Exchange Online';
  readonly permission: string;
  /** Exchange can grant it for some mailboxes only (RBAC for Applications): then the token does not show it. */
  readonly scoped?: boolean;
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
    why: 'Reads people and guests, and who their managers are.',
    required: true,
    neededFor: ['read'],
  },
  birthdays: {
    api: 'Microsoft Graph',
    call: 'POST /$batch of GET /users/{id}?$select=birthday',
    permission: 'User.Read.All',
    why: 'Reads birthdays, only where one is mapped or filtered.',
    required: false,
    neededFor: [],
    usefulFor: [],
  },
  groups: {
    api: 'Microsoft Graph',
    call: 'GET /groups',
    permission: 'GroupMember.Read.All',
    why: 'Reads mail-enabled groups.',
    required: false,
    neededFor: ['groups'],
  },
  members: {
    api: 'Microsoft Graph',
    call: 'GET /groups/{id}/members',
    permission: 'GroupMember.Read.All',
    why: 'Reads the members of groups that filters name; hidden memberships need Member.Read.Hidden too.',
    required: false,
    neededFor: ['members'],
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
  dynamicMembers: {
    api: 'Office 365 Exchange Online',
    call: 'Get-DynamicDistributionGroupMember',
    permission: EXCHANGE_READ,
    why: 'Reads the members of dynamic distribution groups that filters name.',
    required: false,
    neededFor: ['members'],
  },
  groupSenders: {
    api: 'Office 365 Exchange Online',
    call: 'Get-DistributionGroup, Get-DynamicDistributionGroup, Get-UnifiedGroup',
    permission: EXCHANGE_READ,
    why: 'Tells which groups refuse mail from outside; asked only with "internalOnlyGroups": false.',
    required: false,
    neededFor: ['internalOnlyGroups'],
  },
  contacts: {
    api: 'Office 365 Exchange Online',
    call: 'Get-Contact',
    permission: EXCHANGE_READ,
    why: 'Reads company, phones, address and manager of mail contacts.',
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
  inviteGuest: {
    api: 'Microsoft Graph',
    call: 'POST /invitations',
    permission: 'User.Invite.All',
    why: 'Makes guests, without mail to them.',
    required: false,
    neededFor: ['guest'],
  },
  updateGuest: {
    api: 'Microsoft Graph',
    call: 'PATCH /users/{id}',
    permission: 'User.ReadWrite.All',
    why: 'Keeps guests up to date.',
    required: false,
    neededFor: ['guest'],
  },
  guestManager: {
    api: 'Microsoft Graph',
    call: 'PUT and DELETE /users/{id}/manager/$ref',
    permission: 'User.ReadWrite.All',
    why: 'Keeps the managers of guests, only where "manager" is pushed.',
    required: false,
    neededFor: ['guest'],
  },
  deleteGuest: {
    api: 'Microsoft Graph',
    call: 'DELETE /users/{id}, POST /directory/deletedItems/{id}/restore',
    permission: 'User.ReadWrite.All',
    why: 'Removes guests who have left (they can be restored for 30 days), and brings back who returns. In some tenants this needs User.DeleteRestore.All too.',
    required: false,
    neededFor: ['guest'],
  },
  purgeGuest: {
    api: 'Microsoft Graph',
    call: 'DELETE /directory/deletedItems/{id}',
    permission: 'User.DeleteRestore.All (or User.ReadWrite.All)',
    why: 'Guests who become contacts or mail users: a deleted guest would keep the address for 30 days.',
    required: false,
    neededFor: [],
    usefulFor: ['guest'],
  },
  showGuest: {
    api: 'Office 365 Exchange Online',
    call: 'Set-MailUser',
    permission: EXCHANGE_WRITE,
    why: 'Shows guests in the address lists, or hides them.',
    required: false,
    neededFor: ['guest'],
  },
  mailboxContacts: {
    api: 'Microsoft Graph',
    call: 'GET, POST, PATCH, DELETE /users/{id}/contactFolders and the contacts in them',
    permission: 'Contacts.ReadWrite',
    why: 'Keeps a folder of contacts in the chosen mailboxes. Limit it to them with RBAC for Applications (role Application Contacts.ReadWrite).',
    required: false,
    neededFor: ['mailboxContact'],
    scoped: true,
  },
  mailboxMembers: {
    api: 'Microsoft Graph',
    call: 'GET /groups, GET /groups/{id}/transitiveMembers',
    permission: 'GroupMember.Read.All',
    why: 'Finds the mailboxes of the groups that push.mailboxes names.',
    required: false,
    neededFor: ['mailboxContact'],
  },
  pushMailUser: {
    api: 'Office 365 Exchange Online',
    call: 'Get-MailUser, New-MailUser, Set-MailUser, Set-User, Remove-MailUser, Set-Mailbox',
    permission: EXCHANGE_WRITE,
    why: 'Writes mail users, and takes our stamp off one that has become a mailbox.',
    required: false,
    neededFor: ['mailUser'],
  },
  initialDomain: {
    api: 'Microsoft Graph',
    call: 'GET /organization',
    permission: 'Organization.Read.All',
    why: 'Mail users: the domain of the sign-in name, unless push.mailUser.userPrincipalName names one.',
    required: false,
    neededFor: ['mailUser'],
  },
  signIn: {
    api: 'Microsoft Graph',
    call: 'PATCH /users/{id} accountEnabled',
    permission: 'User.EnableDisableAccount.All (or User.ReadWrite.All)',
    why: 'Mail users: blocks sign-in of the account, unless push.mailUser.signIn is "allowed".',
    required: false,
    neededFor: [],
    usefulFor: ['mailUser'],
  },
  restoreUser: {
    api: 'Microsoft Graph',
    call: 'GET /directory/deletedItems, POST /directory/deletedItems/{id}/restore',
    permission: 'User.DeleteRestore.All and User.Read.All (or User.ReadWrite.All)',
    why: 'Mail users: who returns within 30 days of the deletion gets the same account again; a new one would be refused until then.',
    required: false,
    neededFor: [],
    usefulFor: ['mailUser'],
  },
} as const satisfies Readonly<Record<string, PermissionNeed>>;
