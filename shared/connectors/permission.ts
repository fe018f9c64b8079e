/**
 * What asks for a permission: an option of the configuration, in its own words. The texts stand in docs/permissions.md.
 * `usesOf` (shared/config) works out which of them a connector's configuration has.
 */
export const PURPOSES = {
  read: 'every connector',
  source: 'a route from it',
  target: 'a route to it',
  groups: '`pull.groups`',
  rooms: '`pull.rooms`',
  sharedMailboxes: '`pull.sharedMailboxes`',
  contacts: '`pull.contacts`',
  hiddenEntries: '`pull.hiddenEntries: false`',
  internalOnlyGroups: '`pull.internalOnlyGroups: false`',
  members: '`onlyMembersOf`, `exceptMembersOf`',
  orgUnits: '`orgUnits`',
  customSchemas: '`raw.customSchemas…` in conditions and `set` (Google)',
  owns: '`owns: null`',
  x500: '`addresses.x500`',
  guest: '`push.as: guest`',
  mailUser: '`push.as: mailUser`',
  contact: '`push.as: contact`',
  mailboxContact: '`push.as: mailboxContact`',
  sharedContact: '`push.as: sharedContact`',
} as const;
export type Purpose = keyof typeof PURPOSES;
export type Uses = ReadonlySet<Purpose>;

/**
 * One call that a connector makes, and what it needs for it. Each room keeps its own as data (`permissions.ts`, `PERMISSIONS`): `verify`
 * proves them and docs/permissions.md is made from them.
 */
export interface CallNeed {
  readonly api: string;
  /** As an administrator finds it in the vendor's documentation: `GET /users/delta`, `New-MailContact, Set-MailContact`. */
  readonly call: string;
  readonly why: string;
  /** False: without it the connector works with a listed loss. */
  readonly required: boolean;
  /** What asks for it; without the permission that fails, or is left out. */
  readonly neededFor: readonly Purpose[];
  /** What uses it where it is granted, and does without it otherwise. */
  readonly usefulFor?: readonly Purpose[];
}

/** The needs that a configuration asks for, by their names. `must`: a lack is a fault, else a loss. */
export function askedFor<Need extends CallNeed>(
  needs: Readonly<Record<string, Need>>,
  uses: Uses,
): readonly { readonly name: string; readonly need: Need; readonly must: boolean }[] {
  return Object.entries(needs).flatMap(([name, need]) => {
    const must = need.neededFor.some((purpose) => uses.has(purpose));
    const useful = need.usefulFor?.some((purpose) => uses.has(purpose)) ?? false;
    return must || useful ? [{ name, need, must }] : [];
  });
}
