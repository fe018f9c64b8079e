import type { AttributeName, AttributeValue } from './attributes.ts';

export const KINDS = ['user', 'group', 'contact', 'room', 'sharedMailbox'] as const;
export type Kind = (typeof KINDS)[number];

export const GROUP_TYPES = ['distribution', 'mailSecurity', 'dynamic', 'microsoft365'] as const;
export type GroupType = (typeof GROUP_TYPES)[number];

/**
 * One object of a directory in our one shape: what a connector reads, what the snapshot keeps, what rules decide on.
 * Empty values are absent (no `''`, no `[]`). Texts are kept as the directory spells them; comparison normalises.
 */
export interface Entry {
  /** The directory's immutable id (anchor). Case matters; never normalised. */
  readonly id: string;
  /** The id by which the directory's groups list it, where that is not `id` (Exchange's contacts). */
  readonly memberId?: string;
  /** The name by which the directory's own references tell the object (Exchange's `Name`), where it has one. */
  readonly name?: string;
  /**
   * Whom the directory names as its manager, in the directory's own words: the id of that object, or its `name`. `attributes.manager` (an
   * address) is worked out from it when rows are read for planning, so that it follows the manager.
   */
  readonly managerRef?: string;
  readonly kind: Kind;
  /** The directory's own word for what this is: `UserMailbox`, `MailContact`, `GuestMailUser`, `sharedContact`, `googleUser` … */
  readonly type: string;
  readonly groupType?: GroupType;
  /** SMTP addresses without prefix; the first is the primary one. */
  readonly addresses: readonly string[];
  /** Where mail is delivered if that is not the primary address (Exchange's ExternalEmailAddress / targetAddress). */
  readonly deliveryAddress?: string;
  /** legacyExchangeDN and every X500 address, without prefix. */
  readonly x500?: readonly string[];
  /** SIP addresses without prefix. */
  readonly sip?: readonly string[];
  readonly userPrincipalName?: string;
  readonly enabled: boolean;
  /** Guest (Entra) or guest user (Google). */
  readonly external: boolean;
  /** Hidden from the address lists of its own directory. */
  readonly hidden: boolean;
  /** A group that refuses mail from outside. */
  readonly internalOnly?: boolean;
  /** Mastered elsewhere (synchronised from AD): the service refuses writes. */
  readonly readOnly?: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt?: string;
  /** Google: `/Path`; AD: DN of the parent. */
  readonly orgUnit?: string;
  /** The galsync stamp it carries, verbatim (`galsync:<route>:<source id>`, `galsync-adopted:…`). */
  readonly stamp?: string;
  /** What stands in the connector's stamp place if it is no galsync stamp. */
  readonly stampPlace?: string;
  readonly attributes: Readonly<Partial<Record<AttributeName, AttributeValue>>>;
  /** The directory's own attributes that a filter or `set` names as `raw.…`; keyed without the prefix. */
  readonly raw?: Readonly<Record<string, AttributeValue>>;
  /** The record cannot be used (e.g. malformed address), in words: bucket `invalid`. */
  readonly invalid?: string;
  /** Parts of the object that could not be read completely (`members`), in words: nothing is removed because of it. */
  readonly incomplete?: string;
}

/**
 * What one page contributes to an entry. A directory may describe one object in several sets (Graph's user, Exchange's recipient):
 * the snapshot keeps the parts and `mergeParts` joins them. Fields of a later set win over those of an earlier one; X500 addresses add up.
 */
export interface EntryPart {
  readonly id: string;
  /** True if the object exists because of this part; false if it only adds to an object of another set. */
  readonly primary: boolean;
  readonly fields: Partial<Omit<Entry, 'id'>>;
  /**
   * A directory that tells changes may tell the manager apart from everything else. `unsaid`: what was known of it stays. `only`: everything
   * else stays. Absent: the part says it all. Kept rows carry no such mark.
   */
  readonly manager?: 'unsaid' | 'only';
}

/** What two parts of one object in one set say together, the later one last. `null`: the object is gone. */
export function laterPart(before: EntryPart | null | undefined, news: EntryPart): EntryPart | null {
  if (news.manager === undefined || before === undefined) return news;
  if (before === null) return news.manager === 'only' ? null : news;
  if (news.manager === before.manager) return news;
  const [whole, told] = news.manager === 'only' ? [before, news] : [news, before];
  const { managerRef: _old, ...fields } = whole.fields;
  const { managerRef } = told.fields;
  return { id: news.id, primary: whole.primary, fields: { ...fields, ...(managerRef === undefined ? {} : { managerRef }) } };
}

/** A part as it is kept, on top of what was known before; null: nothing is known of the object but who its manager is. */
export function settledPart(before: EntryPart | undefined, news: EntryPart): EntryPart | null {
  const joined = laterPart(before, news);
  if (joined === null || joined.manager === 'only') return null;
  const { manager: _mark, ...part } = joined;
  return part;
}

/** The primary address, or `''`. */
export function primaryAddress(entry: Pick<Entry, 'addresses'>): string {
  return entry.addresses[0] ?? '';
}

/** The part after the last `@`, in lower case, or `''`. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/**
 * Joins the parts of one object, in the order of the connector's sets. Attributes and raw values are joined name by name.
 * Returns null if no part is primary (the object is not there, only an echo of it).
 */
export function mergeParts(parts: readonly EntryPart[]): Entry | null {
  if (!parts.some((part) => part.primary)) return null;
  const first = parts[0]!;
  const merged: Record<string, unknown> = { kind: 'user', type: '', addresses: [], enabled: true, external: false, hidden: false };
  for (const part of parts) {
    const { attributes, raw, x500, ...rest } = part.fields;
    Object.assign(merged, rest);
    if (x500) merged['x500'] = together(merged['x500'] as readonly string[] | undefined, x500);
    if (attributes) merged['attributes'] = { ...(merged['attributes'] as object | undefined), ...attributes };
    if (raw) merged['raw'] = { ...(merged['raw'] as object | undefined), ...raw };
  }
  return { ...merged, attributes: merged['attributes'] ?? {}, id: first.id } as unknown as Entry;
}

/** No part tells all of them: Exchange's own name of an object stands apart from its proxy addresses. */
function together(known: readonly string[] | undefined, more: readonly string[]): readonly string[] {
  const held = new Set((known ?? []).map((value) => value.toLowerCase()));
  return [...(known ?? []), ...more.filter((value) => !held.has(value.toLowerCase()))];
}
