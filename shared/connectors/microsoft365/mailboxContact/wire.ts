import type { FieldName, Fields, FieldValue } from '../../../model/plan.ts';
import type { CopyContact } from '../../copies.ts';
import { listOf } from '../proxies.ts';
import { birthdayOf } from './capability.ts';
import { CONTACT_FIELDS, CONTACT_PROPERTIES } from './fields.ts';

/**
 * Our marks: named properties that no client shows. The set's GUID is galsync's own and never changes. Names regard case.
 * learn.microsoft.com/graph/api/resources/extended-properties-overview
 */
const SET = '{7b6c1f52-3d0e-4c55-9a41-6f1e7a0c2d93}';
const STAMP = `String ${SET} Name GalsyncStamp`;
const NOTE = `String ${SET} Name GalsyncWritten`;

type Json = Readonly<Record<string, unknown>>;

/** `$expand` that brings our marks along. */
export const EXPAND_MARKS = `singleValueExtendedProperties($filter=id eq '${STAMP}' or id eq '${NOTE}')`;
/** `$filter` for the contacts with a stamp. */
export function hasStamp(stamp: string): string {
  return `singleValueExtendedProperties/any(ep: ep/id eq '${STAMP}' and ep/value eq '${stamp.replaceAll("'", "''")}')`;
}

export const SELECT_CONTACT = CONTACT_PROPERTIES.join(',');

/** A folder of ours as it is made. */
export function folderBody(name: string, mark: string): object {
  return { displayName: name, singleValueExtendedProperties: [{ id: STAMP, value: mark }] };
}

/** The mark of a folder or contact, or null. */
export function markOf(object: Json): string | null {
  return propertyOf(object, STAMP);
}

function propertyOf(object: Json, id: string): string | null {
  const all = object.singleValueExtendedProperties;
  if (!Array.isArray(all)) return null;
  const found = all.find((one: Json) => typeof one.id === 'string' && one.id.toLowerCase() === id.toLowerCase()) as Json | undefined;
  return typeof found?.value === 'string' ? found.value : null;
}

/** A contact of a folder as the port knows it. */
export function contactOf(object: Json): CopyContact {
  return {
    id: String(object.id),
    version: typeof object.changeKey === 'string' ? object.changeKey : '',
    stamp: markOf(object),
    note: propertyOf(object, NOTE),
    fields: fieldsIn(object),
  };
}

function fieldsIn(object: Json): Fields {
  const fields: Partial<Record<FieldName, FieldValue>> = {};
  for (const { field, property, maxValues } of CONTACT_FIELDS) {
    const [outer, inner] = property.split('.') as [string, string | undefined];
    const raw = inner ? (object[outer] as Json | null | undefined)?.[inner] : object[outer];
    const values = listOf(raw);
    if (values.length === 0) continue;
    const value = field === 'birthday' ? birthdayOf(values[0]!) : maxValues === undefined ? values[0]! : values;
    if (value !== null) fields[field] = value;
  }
  const mails = Array.isArray(object.emailAddresses) ? object.emailAddresses.flatMap((one: Json | null) => listOf(one?.address)) : [];
  if (mails.length > 0) fields.addresses = mails;
  return fields;
}

/** The body of a create: everything, both marks. */
export function createBody(fields: Fields, stamp: string, note: string): object {
  return {
    ...propertiesFor(fields, fields),
    singleValueExtendedProperties: [
      { id: STAMP, value: stamp },
      { id: NOTE, value: note },
    ],
  };
}

/**
 * The body of an update: what changes, and the note. The display name always goes along (else Outlook makes it anew from the parts of the
 * name), and a postal address is sent whole.
 */
export function updateBody(fields: Fields, whole: Fields, note: string): object {
  return { ...propertiesFor(fields, whole), singleValueExtendedProperties: [{ id: NOTE, value: note }] };
}

function propertiesFor(fields: Fields, whole: Fields): Record<string, unknown> {
  const body: Record<string, unknown> = whole.displayName ? { displayName: whole.displayName } : {};
  for (const { field, property, maxValues } of CONTACT_FIELDS) {
    if (fields[field] === undefined) continue;
    const [outer, inner] = property.split('.') as [string, string | undefined];
    if (inner) body[outer] = postalAddress(outer, whole);
    else if (field === 'birthday') body[outer] = fields[field] === null ? null : `${String(fields[field])}T11:59:00Z`;
    else body[outer] = maxValues === undefined ? fields[field] : (fields[field] ?? []);
  }
  if (fields.addresses !== undefined || (fields.displayName !== undefined && whole.addresses)) {
    const name = typeof whole.displayName === 'string' ? whole.displayName : undefined;
    body.emailAddresses = listOf(fields.addresses === undefined ? whole.addresses : fields.addresses).map((address) => ({
      address,
      ...(name ? { name } : {}),
    }));
  }
  return body;
}

function postalAddress(outer: string, whole: Fields): object {
  const parts = CONTACT_FIELDS.flatMap(({ field, property }) => {
    const [where, inner] = property.split('.');
    return where === outer && inner ? [[inner, whole[field] ?? ''] as const] : [];
  });
  return Object.fromEntries(parts);
}
