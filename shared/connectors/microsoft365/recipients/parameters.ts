import type { FieldName, Fields, FieldValue } from '../../../model/plan.ts';
import type { WriteRequest } from '../../connector.ts';
import { countryCode } from '../countries.ts';
import { FIELDS, type FieldMap } from '../fields.ts';
import { listOf, splitProxies } from '../proxies.ts';

export type Parameters = Readonly<Record<string, unknown>>;

/** `Name` must be unique in the organisation and no longer than this (learn.microsoft.com exchange/new-mailcontact, new-mailuser). */
const NAME_LENGTH = 64;
const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What New-MailContact and New-MailUser both take. `suffix`: set when the plain name is taken; stable, as it comes from our alias. */
export function newRecipientParameters(request: WriteRequest, suffix: boolean): Parameters {
  const { fields, alias } = request;
  const displayName = textOf(fields.displayName) || primaryOf(fields);
  return {
    Name: uniqueName(displayName, suffix ? alias : null),
    DisplayName: displayName,
    Alias: alias,
    ExternalEmailAddress: textOf(fields.deliveryAddress) || primaryOf(fields),
    ...optional('FirstName', fields.givenName),
    ...optional('LastName', fields.surname),
  };
}

/** A `Name` of at most 64 characters; `alias`: what tells it from the names of namesakes (the hash at its end). */
function uniqueName(displayName: string, alias: string | null): string {
  const tail = alias === null ? '' : ` (${alias.slice(alias.lastIndexOf('.') + 1)})`;
  return `${cut(displayName.replace(/[\r\n\t]+/g, ' '), NAME_LENGTH - tail.length)}${tail}`;
}

/** Cuts between grapheme clusters, so that no half of an emoji stays (case R15). */
function cut(text: string, max: number): string {
  let length = 0;
  for (const { segment } of SEGMENTER.segment(text.toWellFormed())) {
    if (length + segment.length > max) break;
    length += segment.length;
  }
  return text.toWellFormed().slice(0, length).trim();
}

/**
 * Parameters of Set-MailContact or Set-MailUser for the fields that change, without Identity.
 * @param proxies the object's `EmailAddresses` as they are now: what is not ours to decide (other prefixes, X500) stays in the new list
 */
export function mailParameters(request: WriteRequest, stampProperty: string, proxies: readonly string[] | null): Record<string, unknown> {
  const { fields } = request;
  const parameters: Record<string, unknown> = {};
  const stamp = request.setStamp ?? (typeof fields.stamp === 'string' ? fields.stamp : undefined);
  if (stamp !== undefined) parameters[stampProperty] = stamp === '' ? null : stamp;
  for (const field of mapped('mail', fields)) parameters[field.write!.parameter] = valueFor(field, fields[field.attribute] ?? null);
  if (fields.hidden !== undefined && fields.hidden !== null) parameters.HiddenFromAddressListsEnabled = fields.hidden === 'true';
  if (request.change === 'hide') parameters.HiddenFromAddressListsEnabled = true;
  if (request.setAlias !== undefined) {
    parameters.Alias = request.setAlias;
    parameters.Name = uniqueName(textOf(fields.displayName) || textOf(request.current.displayName), request.setAlias);
  }
  if (proxies !== null) parameters.EmailAddresses = proxyList(fields, proxies);
  const route = routingAddress(request);
  if (route !== null) parameters.ExternalEmailAddress = route;
  return parameters;
}

/** True if the change touches the list of proxy addresses, which is sent whole. */
export function touchesProxies(fields: Fields): boolean {
  return fields.addresses !== undefined || fields.x500 !== undefined || fields.sip !== undefined;
}

/** Parameters of Set-Contact or Set-User, without Identity and Manager. `WindowsEmailAddress` (shown) goes with every change of the primary address. */
export function personParameters(request: WriteRequest): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (const field of mapped('person', request.fields))
    parameters[field.write!.parameter] = valueFor(field, request.fields[field.attribute] ?? null);
  const primary = primaryOf(request.fields);
  const changed = primary !== '' && primary.toLowerCase() !== primaryOf(request.current).toLowerCase();
  if (changed && (request.change !== 'create' || textOf(request.fields.deliveryAddress) !== '')) parameters.WindowsEmailAddress = primary;
  return parameters;
}

/** Where mail goes, if that changes: the delivery address, else the primary one. On a create New-… has set it. */
function routingAddress({ change, fields, current }: WriteRequest): string | null {
  if (change === 'create' || (fields.deliveryAddress === undefined && fields.addresses === undefined)) return null;
  const primary = primaryOf(fields) || primaryOf(current);
  const before = textOf(current.deliveryAddress) || primaryOf(current);
  const after =
    fields.deliveryAddress === undefined ? textOf(current.deliveryAddress) || primary : textOf(fields.deliveryAddress) || primary;
  return after !== '' && after.toLowerCase() !== before.toLowerCase() ? after : null;
}

function proxyList(fields: Fields, proxies: readonly string[]): readonly string[] {
  const now = splitProxies(proxies);
  const smtp = fields.addresses === undefined ? now.smtp : listOf(fields.addresses);
  // X500 addresses are what replies to old mail go to: only ever added (promise 8).
  const x500 = [...now.x500, ...listOf(fields.x500).filter((one) => !now.x500.some((known) => known.toLowerCase() === one.toLowerCase()))];
  const sip = fields.sip === undefined ? now.sip : listOf(fields.sip);
  const others = proxies.filter((value) => !/^(smtp|x500|sip):/i.test(value) && value.includes(':'));
  return [
    ...smtp.map((address, index) => `${index === 0 ? 'SMTP' : 'smtp'}:${address}`),
    ...x500.map((address) => `X500:${address}`),
    ...sip.map((address) => `SIP:${address}`),
    ...others,
  ];
}

function mapped(cmdlet: 'mail' | 'person', fields: Fields): readonly FieldMap[] {
  return FIELDS.filter((field) => field.write?.cmdlet === cmdlet && !field.reference && fields[field.attribute] !== undefined);
}

/** null clears a text; an empty list clears a parameter with many values. */
function valueFor(field: FieldMap, value: FieldValue): unknown {
  const values = listOf(value);
  if ((field.maxValues ?? 1) > 1) return values;
  const text = values[0] ?? null;
  // The name that the service returns may be spelt otherwise than ours; the code is the same everywhere.
  return field.attribute === 'country' && text !== null ? (countryCode(text) ?? text) : text;
}

/** The primary address in a set of fields, or `''`. */
export function primaryOf(fields: Fields): string {
  return listOf(fields.addresses)[0] ?? '';
}

function textOf(value: FieldValue | undefined): string {
  return listOf(value)[0] ?? '';
}

function optional(name: string, value: FieldValue | undefined): Parameters {
  return textOf(value) === '' ? {} : { [name]: textOf(value) };
}

/** True if the object holds everything that the change wanted: an earlier try of it succeeded (case R27). */
export function holdsAll(wanted: Fields, there: Fields): boolean {
  return (Object.keys(wanted) as FieldName[]).every((name) => {
    if (name === 'stamp') return true;
    const after = keys(name, wanted[name]);
    const now = keys(name, there[name]);
    if (name === 'x500') return after.every((one) => now.includes(one));
    if (name === 'addresses' && after[0] !== now[0]) return false;
    return JSON.stringify([...after].sort()) === JSON.stringify([...now].sort());
  });
}

function keys(name: FieldName, value: FieldValue | undefined): readonly string[] {
  const folds = ['addresses', 'deliveryAddress', 'x500', 'sip'].includes(name);
  return listOf(value).map((one) => (folds ? one.normalize('NFC').toLowerCase() : one.normalize('NFC')));
}
