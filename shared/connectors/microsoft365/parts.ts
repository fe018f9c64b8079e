import { type AttributeName, type AttributeValue, isListAttribute } from '../../model/attributes.ts';
import type { Entry, EntryPart } from '../../model/entry.ts';
import { looksStamped } from '../../model/stamp.ts';
import type { FieldMap } from './fields.ts';
import { isAddress, listOf, splitProxies } from './proxies.ts';

export type PartFields = { -readonly [K in keyof EntryPart['fields']]: EntryPart['fields'][K] };

/** Attributes of an object: `read` gives the raw value of a field, or undefined where the object's kind has none. */
export function attributesOf(fields: readonly FieldMap[], read: (field: FieldMap) => unknown): Entry['attributes'] | null {
  const found: Partial<Record<AttributeName, AttributeValue>> = {};
  for (const field of fields) {
    const values = listOf(read(field));
    if (values.length > 0) found[field.attribute] = isListAttribute(field.attribute) ? values : values[0]!;
  }
  return Object.keys(found).length > 0 ? found : null;
}

/** Puts addresses, X500 and SIP into a part; a primary address that cannot be one makes the entry invalid. */
export function addAddresses(part: PartFields, proxies: unknown, mail: string): void {
  const { smtp, x500, sip } = splitProxies(proxies);
  const all = smtp.length > 0 ? smtp : mail ? [mail] : [];
  if (all.length > 0) part.addresses = all.filter((address, index) => index === 0 || isAddress(address));
  if (all[0] !== undefined && !isAddress(all[0])) part.invalid = `Its primary address "${all[0].slice(0, 100)}" is no mail address.`;
  if (x500.length > 0) part.x500 = x500;
  if (sip.length > 0) part.sip = sip;
}

/** Puts what stands in the stamp's place where it belongs. */
export function addStamp(part: PartFields, value: unknown): void {
  const text = listOf(value)[0];
  if (text === undefined) return;
  if (looksStamped(text)) part.stamp = text;
  else part.stampPlace = text;
}

/** An ISO time of any spelling as ISO 8601 UTC, or undefined. */
export function isoTime(value: unknown): string | undefined {
  const text = listOf(value)[0];
  if (text === undefined) return undefined;
  const time = Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

/** `true`, `True`, `"true"`. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}
