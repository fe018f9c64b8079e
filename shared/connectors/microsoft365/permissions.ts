/** One call that the connector makes, and what it needs for it: docs/permissions.md is made from this. */
export interface PermissionNeed {
  readonly api: 'Microsoft Graph' | 'Office 365 Exchange Online';
  readonly call: string;
  readonly permission: string;
  readonly why: string;
  /** False: without it the connector works with a listed loss. */
  readonly required: boolean;
}

export const EXCHANGE_READ = 'Exchange.ManageAsApp and the role View-Only Recipients (or Exchange Recipient Administrator)';
export const EXCHANGE_WRITE =
  'Exchange.ManageAsApp and the roles Mail Recipients and Mail Recipient Creation (or Exchange Recipient Administrator)';

/** learn.microsoft.com: user-delta, group-list, organization-get, app-only-auth-powershell-v2 (application permissions). */
export const PERMISSIONS = {
  users: { api: 'Microsoft Graph', call: 'GET /users/delta', permission: 'User.Read.All', why: 'Reads people and guests.', required: true },
  groups: {
    api: 'Microsoft Graph',
    call: 'GET /groups',
    permission: 'GroupMember.Read.All',
    why: 'Reads mail-enabled groups.',
    required: false,
  },
  members: {
    api: 'Microsoft Graph',
    call: 'GET /groups/{id}/members',
    permission: 'GroupMember.Read.All',
    why: 'Reads the members of groups that filters name; hidden memberships need Member.Read.Hidden too.',
    required: false,
  },
  domains: {
    api: 'Microsoft Graph',
    call: 'GET /organization',
    permission: 'Organization.Read.All',
    why: 'Reads the verified domains, which `owns` stands for by default.',
    required: false,
  },
  recipients: {
    api: 'Office 365 Exchange Online',
    call: 'Get-Recipient',
    permission: EXCHANGE_READ,
    why: 'Tells rooms and shared mailboxes, what is hidden, all addresses, dynamic groups and mail contacts.',
    required: false,
  },
  dynamicMembers: {
    api: 'Office 365 Exchange Online',
    call: 'Get-DynamicDistributionGroupMember',
    permission: EXCHANGE_READ,
    why: 'Reads the members of dynamic distribution groups that filters name.',
    required: false,
  },
  groupSenders: {
    api: 'Office 365 Exchange Online',
    call: 'Get-DistributionGroup, Get-DynamicDistributionGroup, Get-UnifiedGroup',
    permission: EXCHANGE_READ,
    why: 'Tells which groups refuse mail from outside; asked only with "internalOnlyGroups": false.',
    required: false,
  },
  contacts: {
    api: 'Office 365 Exchange Online',
    call: 'Get-Contact',
    permission: EXCHANGE_READ,
    why: 'Reads company, phones and address of mail contacts.',
    required: false,
  },
  pushContact: {
    api: 'Office 365 Exchange Online',
    call: 'New-MailContact, Set-MailContact, Set-Contact, Remove-MailContact',
    permission: EXCHANGE_WRITE,
    why: 'Writes mail contacts.',
    required: false,
  },
  inviteGuest: {
    api: 'Microsoft Graph',
    call: 'POST /invitations',
    permission: 'User.Invite.All',
    why: 'Makes guests, without mail to them.',
    required: false,
  },
  updateGuest: {
    api: 'Microsoft Graph',
    call: 'PATCH /users/{id}',
    permission: 'User.ReadWrite.All',
    why: 'Keeps guests up to date.',
    required: false,
  },
  deleteGuest: {
    api: 'Microsoft Graph',
    call: 'DELETE /users/{id}, POST /directory/deletedItems/{id}/restore',
    permission: 'User.ReadWrite.All (in some tenants also User.DeleteRestore.All)',
    why: 'Removes guests who have left (they can be restored for 30 days), and brings back who returns.',
    required: false,
  },
  purgeGuest: {
    api: 'Microsoft Graph',
    call: 'DELETE /directory/deletedItems/{id}',
    permission: 'User.DeleteRestore.All (or User.ReadWrite.All)',
    why: 'Guests who become contacts or mail users: a deleted guest would keep the address for 30 days.',
    required: false,
  },
  showGuest: {
    api: 'Office 365 Exchange Online',
    call: 'Set-MailUser',
    permission: EXCHANGE_WRITE,
    why: 'Shows guests in the address lists, or hides them.',
    required: false,
  },
  pushMailUser: {
    api: 'Office 365 Exchange Online',
    call: 'Get-MailUser, New-MailUser, Set-MailUser, Set-User, Remove-MailUser, Set-Mailbox',
    permission: EXCHANGE_WRITE,
    why: 'Writes mail users, and takes our stamp off one that has become a mailbox.',
    required: false,
  },
  initialDomain: {
    api: 'Microsoft Graph',
    call: 'GET /organization',
    permission: 'Organization.Read.All',
    why: 'Mail users: the domain of the sign-in name, unless push.mailUser.userPrincipalName names one.',
    required: false,
  },
  signIn: {
    api: 'Microsoft Graph',
    call: 'PATCH /users/{id} accountEnabled',
    permission: 'User.EnableDisableAccount.All (or User.ReadWrite.All)',
    why: 'Mail users: blocks sign-in of the account, unless push.mailUser.signIn is "allowed".',
    required: false,
  },
  restoreUser: {
    api: 'Microsoft Graph',
    call: 'GET /directory/deletedItems, POST /directory/deletedItems/{id}/restore',
    permission: 'User.DeleteRestore.All and User.Read.All (or User.ReadWrite.All)',
    why: 'Mail users: who returns within 30 days of the deletion gets the same account again; a new one would be refused until then.',
    required: false,
  },
} as const satisfies Readonly<Record<string, PermissionNeed>>;
