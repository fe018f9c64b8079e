import { claimsOf } from '../../http/jwt.ts';

/** Application permissions that hold another one too, as the permission reference lists them "from least to most". learn.microsoft.com/graph/permissions-reference */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  'User.Read.All': ['User.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  'User.Invite.All': ['User.ReadWrite.All', 'Directory.ReadWrite.All'],
  'User.ReadWrite.All': ['Directory.ReadWrite.All'],
  'GroupMember.Read.All': [
    'GroupMember.ReadWrite.All',
    'Group.Read.All',
    'Group.ReadWrite.All',
    'Directory.Read.All',
    'Directory.ReadWrite.All',
  ],
  'Group.Read.All': ['Group.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  'OrgContact.Read.All': ['Directory.Read.All', 'Directory.ReadWrite.All'],
  'Organization.Read.All': ['Organization.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  'Domain.Read.All': ['Domain.ReadWrite.All', 'Directory.Read.All', 'Directory.ReadWrite.All'],
  'Contacts.Read': ['Contacts.ReadWrite'],
  'User.EnableDisableAccount.All': ['User.ReadWrite.All', 'Directory.ReadWrite.All'],
  'User.DeleteRestore.All': ['User.ReadWrite.All', 'Directory.ReadWrite.All'],
};

/** The application permissions in an app-only token (`roles`), null for a token that does not show them. */
export function rolesIn(token: string): readonly string[] | null {
  const claims = claimsOf(token);
  if (!claims) return null;
  const { roles } = claims;
  // A token without any permission has no such claim at all.
  return Array.isArray(roles) ? roles.filter((role): role is string => typeof role === 'string') : [];
}

/** Names of application permissions in a need's text; alternatives in brackets are left out. */
export function namesIn(permission: string): readonly string[] {
  return permission.replace(/\([^)]*\)/g, '').match(/\b[A-Z][A-Za-z]+(?:\.[A-Z][A-Za-z]+)+\b/g) ?? [];
}

export function covered(name: string, granted: readonly string[]): boolean {
  return granted.includes(name) || (WIDER[name] ?? []).some((wider) => granted.includes(wider));
}

/** What is granted and not needed: `spare` serves nothing, `wide` stands for a smaller one that is not granted. */
export function excessOf(
  granted: readonly string[],
  needed: readonly string[],
): { readonly spare: readonly string[]; readonly wide: readonly string[] } {
  const extra = granted.filter((role) => !needed.includes(role));
  const serves = (role: string): boolean => needed.some((name) => !granted.includes(name) && (WIDER[name] ?? []).includes(role));
  return { spare: extra.filter((role) => !serves(role)), wide: extra.filter(serves) };
}
