import type { MailboxItem } from './mailboxes.ts';

/** Properties of a contact that Graph takes (CSDL v1.0 `contact`). */
const PROPERTIES = new Set(
  `assistantName birthday businessAddress businessHomePage businessPhones categories children companyName department displayName emailAddresses
  fileAs generation givenName homeAddress homePhones imAddresses initials jobTitle manager middleName mobilePhone nickName officeLocation
  otherAddress personalNotes profession spouseName surname title yomiCompanyName yomiGivenName yomiSurname singleValueExtendedProperties`.split(
    /\s+/,
  ),
);
const MOST: Readonly<Record<string, number>> = { businessPhones: 2, homePhones: 2, emailAddresses: 3, imAddresses: 3 };

const READ_ONLY = new Set(['id', 'changeKey', 'createdDateTime', 'lastModifiedDateTime', 'parentFolderId']);

/** The first property in a `$select` that a contact does not have, or null. */
export function unknownProperty(select: string | null): string | null {
  return select?.split(',').find((name) => !PROPERTIES.has(name) && !READ_ONLY.has(name)) ?? null;
}

/** What is wrong with the body of a create or update, or null. */
export function checkContact(body: Readonly<Record<string, unknown>>): string | null {
  for (const [name, value] of Object.entries(body)) {
    if (!PROPERTIES.has(name)) return `The property '${name}' does not exist on type 'microsoft.graph.contact'.`;
    const most = MOST[name];
    if (most !== undefined && (!Array.isArray(value) || value.length > most)) return `'${name}' takes a list of at most ${most}.`;
    if (name === 'birthday' && value !== null && Number.isNaN(Date.parse(String(value)))) return `'${String(value)}' is no date.`;
  }
  return null;
}

/** The display name is made anew from the parts of the name unless it is sent. */
export function mergeContact(before: Readonly<Record<string, unknown>>, body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { singleValueExtendedProperties: _marks, ...changes } = body;
  const merged: Record<string, unknown> = { ...before, ...changes };
  if (changes.displayName === undefined && (changes.givenName !== undefined || changes.surname !== undefined || !merged.displayName))
    merged.displayName = [merged.givenName, merged.surname].filter(Boolean).join(' ');
  return merged;
}

/** A contact as Graph shows it; postal addresses without anything in them are empty objects. */
export function contactView(contact: MailboxItem, select: string | null): Record<string, unknown> {
  const all: Record<string, unknown> = {
    changeKey: contact.changeKey,
    createdDateTime: contact.createdAt,
    lastModifiedDateTime: contact.modifiedAt,
    parentFolderId: contact.parent,
    businessPhones: [],
    homePhones: [],
    imAddresses: [],
    emailAddresses: [],
    businessAddress: {},
    homeAddress: {},
    birthday: null,
    ...contact.properties,
  };
  for (const name of ['businessAddress', 'homeAddress']) {
    const parts = Object.entries((all[name] ?? {}) as Record<string, unknown>).filter(([, value]) => value !== '' && value !== null);
    all[name] = Object.fromEntries(parts);
  }
  const names = select?.split(',');
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names || names.includes(name)));
}
