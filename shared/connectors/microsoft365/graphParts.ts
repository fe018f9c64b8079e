import type { AttributeValue } from '../../model/attributes.ts';
import type { EntryPart } from '../../model/entry.ts';
import type { Asked } from './asked.ts';
import { canonicalCountry } from './countries.ts';
import { managerOf } from './managers.ts';
import { addAddresses, addStamp, attributesOf, isoTime, isTrue, type PartFields } from './parts.ts';
import { listOf } from './proxies.ts';

export type GraphObject = Readonly<Record<string, unknown>>;

/** Properties that every user has. If both are missing, the object came in pieces, or with its id only. */
export function isPartial(user: GraphObject): boolean {
  return listOf(user.displayName).length === 0 && listOf(user.userPrincipalName).length === 0;
}

/** Nothing but its id: what the service gives of objects that the application may not read (case R53). */
export function isBare(user: GraphObject): boolean {
  return Object.entries(user).every(
    ([name, value]) =>
      name === 'id' || name.includes('@') || value === null || (Array.isArray(value) ? value.length === 0 : isHollow(value)),
  );
}

function isHollow(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.values(value).every((inner) => inner === null));
}

/** What Graph's user says about an entry. https://learn.microsoft.com/graph/api/resources/user */
export function userPart(user: GraphObject, asked: Asked): EntryPart {
  const upn = listOf(user.userPrincipalName)[0];
  const part: PartFields = {
    kind: 'user',
    // Until Exchange shows a guest, nothing else tells it from people without a mailbox.
    type: isGuest(user, upn) ? 'guest' : 'user',
    enabled: user.accountEnabled !== false,
    external: isGuest(user, upn),
  };
  if (upn !== undefined) part.userPrincipalName = upn;
  addAddresses(part, user.proxyAddresses, listOf(user.mail)[0] ?? '');
  addStamp(part, valueAt(user, asked.stampPath));
  addCommon(part, user);
  const attributes = attributesOf(asked.fields, (field) => {
    const value = field.user ? valueAt(user, field.user) : undefined;
    // What we wrote is compared by one English name; everybody else's is theirs to spell.
    return part.stamp !== undefined && field.attribute === 'country' ? canonicalCountry(listOf(value)[0] ?? '') || value : value;
  });
  if (attributes) part.attributes = attributes;
  addRaw(part, user, asked.userRaw);
  const manager = managerOf(user);
  if (asked.managers && manager) part.managerRef = manager;
  return { id: String(user.id), primary: true, fields: part };
}

/** Older guests carry no `userType`; their name in the directory tells. */
function isGuest(user: GraphObject, upn: string | undefined): boolean {
  const userType = listOf(user.userType)[0];
  return userType === undefined ? /#EXT#@/i.test(upn ?? '') : userType.toLowerCase() === 'guest';
}

/** What Graph's group says about an entry, or null if it is not in any address list (not mail-enabled). */
export function groupPart(group: GraphObject, asked: Asked): EntryPart | null {
  const unified = listOf(group.groupTypes).includes('Unified');
  if (!unified && !isTrue(group.mailEnabled)) return null;
  const part: PartFields = {
    kind: 'group',
    type: 'group',
    groupType: unified ? 'microsoft365' : isTrue(group.securityEnabled) ? 'mailSecurity' : 'distribution',
    enabled: true,
    external: false,
  };
  addAddresses(part, group.proxyAddresses, listOf(group.mail)[0] ?? '');
  addCommon(part, group);
  const attributes = attributesOf(asked.fields, (field) => (field.group && field.user ? group[field.user] : undefined));
  if (attributes) part.attributes = attributes;
  addRaw(part, group, asked.groupRaw);
  return { id: String(group.id), primary: true, fields: part };
}

function addCommon(part: PartFields, object: GraphObject): void {
  if (isTrue(object.onPremisesSyncEnabled)) part.readOnly = true;
  const createdAt = isoTime(object.createdDateTime);
  if (createdAt !== undefined) part.createdAt = createdAt;
}

function addRaw(part: PartFields, object: GraphObject, names: readonly string[]): void {
  const raw: Record<string, AttributeValue> = {};
  for (const name of names) {
    const values = listOf(valueAt(object, name));
    if (values.length > 0) raw[name] = Array.isArray(valueAt(object, name)) ? values : values[0]!;
  }
  if (Object.keys(raw).length > 0) part.raw = raw;
}

function valueAt(object: GraphObject, path: string): unknown {
  let value: unknown = object;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
