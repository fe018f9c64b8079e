import type { EntryPart, GroupType, Kind } from '../../model/entry.ts';
import type { Asked } from './asked.ts';
import { canonicalCountry } from './countries.ts';
import type { Row } from './exchange.ts';
import { addAddresses, addStamp, attributesOf, isoTime, isTrue, type PartFields } from './parts.ts';
import { isAddress, listOf, withoutPrefix } from './proxies.ts';

interface Meaning {
  readonly kind: Kind;
  readonly groupType?: GroupType;
  /** Exchange alone knows it: Graph has no object that the part could add to. */
  readonly own?: boolean;
}

/** What a RecipientTypeDetails is in our words (learn.microsoft.com exchange/get-recipient). What is not here is in no address book. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  usermailbox: { kind: 'user' },
  linkedmailbox: { kind: 'user' },
  legacymailbox: { kind: 'user' },
  remoteusermailbox: { kind: 'user' },
  mailuser: { kind: 'user' },
  guestmailuser: { kind: 'user' },
  user: { kind: 'user' },
  sharedmailbox: { kind: 'sharedMailbox' },
  remotesharedmailbox: { kind: 'sharedMailbox' },
  schedulingmailbox: { kind: 'sharedMailbox' },
  roommailbox: { kind: 'room' },
  remoteroommailbox: { kind: 'room' },
  equipmentmailbox: { kind: 'room' },
  remoteequipmentmailbox: { kind: 'room' },
  mailuniversaldistributiongroup: { kind: 'group', groupType: 'distribution' },
  mailnonuniversalgroup: { kind: 'group', groupType: 'distribution' },
  roomlist: { kind: 'group', groupType: 'distribution' },
  mailuniversalsecuritygroup: { kind: 'group', groupType: 'mailSecurity' },
  groupmailbox: { kind: 'group', groupType: 'microsoft365' },
  dynamicdistributiongroup: { kind: 'group', groupType: 'dynamic', own: true },
  mailcontact: { kind: 'contact', own: true },
  mailforestcontact: { kind: 'contact', own: true },
};

export const CONTACT_TYPES: readonly string[] = ['MailContact', 'MailForestContact'];

/**
 * The one id of a recipient. Objects of Graph are joined by ExternalDirectoryObjectId; what only Exchange knows (mail contacts, dynamic
 * groups) goes by its Guid, for reading, `get` and writing alike: every cmdlet takes it as Identity, it is in the answer of the create
 * (the other id may come later), it never changes and no address or alias can be mistaken for it (case R35).
 */
export function recipientId(row: Row, own: boolean): string | null {
  const guid = listOf(row.guid)[0] ?? null;
  const join = listOf(row.externaldirectoryobjectid)[0] ?? null;
  return own ? (guid ?? join) : join;
}

/** What Exchange says about an entry, or null for what is in no address book (public folders, plans, objects without an account). */
export function recipientPart(row: Row, asked: Asked): EntryPart | null {
  const type = listOf(row.recipienttypedetails)[0] ?? '';
  const meaning = MEANINGS[type.toLowerCase()];
  const id = recipientId(row, meaning?.own ?? false);
  if (id === null) return null;
  // Arbitration, discovery, monitoring … mailboxes may have an account that Graph shows: it must not become a person.
  if (!meaning)
    return /mailbox|mailboxplan/i.test(type)
      ? { id, primary: false, fields: { type, invalid: `It is a system mailbox (${type}).` } }
      : null;
  const part: PartFields = { kind: meaning.kind, type, hidden: isTrue(row.hiddenfromaddresslistsenabled) };
  if (meaning.groupType) part.groupType = meaning.groupType;
  if (meaning.own) Object.assign(part, { enabled: true, external: false });
  if (isTrue(row.isdirsynced)) part.readOnly = true;
  if (row.requiresenderauthenticationenabled !== undefined && meaning.kind === 'group')
    part.internalOnly = isTrue(row.requiresenderauthenticationenabled);
  // Group members are named by Entra's id, contacts by Exchange's.
  const join = listOf(row.externaldirectoryobjectid)[0];
  if (join !== undefined && join !== id) part.memberId = join;
  addRecipientAddresses(part, row, meaning);
  addStamp(part, row[asked.stampProperty.toLowerCase()]);
  const createdAt = isoTime(row.whencreatedutc);
  if (createdAt !== undefined && meaning.own) part.createdAt = createdAt;
  const attributes = attributesOf(asked.fields, (field) => recipientValue(row, meaning, field.attribute, field.recipient));
  if (attributes) part.attributes = attributes;
  // By its name a contact's manager is told.
  const name = listOf(row.name)[0];
  if (asked.managers && name !== undefined) part.name = name;
  return { id, primary: meaning.own ?? false, fields: part };
}

/** Names of people and groups are Graph's to tell; custom attributes of every kind and contacts' names only Exchange shows. */
function recipientValue(row: Row, meaning: Meaning, attribute: string, property: string | undefined): unknown {
  if (property === undefined || (!meaning.own && !attribute.startsWith('customAttribute'))) return undefined;
  return row[property.toLowerCase()];
}

function addRecipientAddresses(part: PartFields, row: Row, meaning: Meaning): void {
  const external = withoutPrefix(row.externalemailaddress);
  const primary = withoutPrefix(row.primarysmtpaddress) || (meaning.kind === 'contact' ? external : '');
  addAddresses(part, row.emailaddresses, primary);
  const own = listOf(row.legacyexchangedn)[0];
  if (own !== undefined && !part.x500?.includes(own)) part.x500 = [own, ...(part.x500 ?? [])];
  const shown = part.addresses?.[0] ?? '';
  if (isAddress(external) && external.toLowerCase() !== shown.toLowerCase()) part.deliveryAddress = external;
}

/**
 * What the cmdlet of its kind alone tells of a recipient, or null if that is nothing.
 * @param own only Exchange knows the kind, which goes by Exchange's Guid
 */
export function detailPart(row: Row, own: boolean): EntryPart | null {
  const id = recipientId(row, own);
  const fields: PartFields = {};
  if (row.requiresenderauthenticationenabled !== undefined) fields.internalOnly = isTrue(row.requiresenderauthenticationenabled);
  const x500 = listOf(row.legacyexchangedn);
  if (x500.length > 0) fields.x500 = x500;
  return id === null || Object.keys(fields).length === 0 ? null : { id, primary: false, fields };
}

/** What Get-Contact adds to a mail contact: company, phones, address, the name of its manager. Null for contacts without mail. */
export function contactPart(row: Row, asked: Asked): EntryPart | null {
  const type = listOf(row.recipienttypedetails)[0];
  const id = recipientId(row, true);
  if (id === null || (type !== undefined && MEANINGS[type.toLowerCase()]?.kind !== 'contact')) return null;
  const attributes = attributesOf(asked.fields, (field) => {
    const value = field.contact ? row[field.contact.toLowerCase()] : undefined;
    return field.attribute === 'country' ? canonicalCountry(listOf(value)[0] ?? '') || value : value;
  });
  const manager = asked.managers ? listOf(row.manager)[0] : undefined;
  return {
    id,
    primary: false,
    fields: { ...(attributes ? { attributes } : {}), ...(manager === undefined ? {} : { managerRef: manager }) },
  };
}
