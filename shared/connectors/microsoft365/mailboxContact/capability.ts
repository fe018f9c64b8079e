import type { Microsoft365Settings } from '../../../model/configuration.ts';
import { type FieldName, type Fields, type FieldValue, textsOf } from '../../../model/plan.ts';
import { addressKey, type Capability, type FieldCapability } from '../../connector.ts';
import { CONTACT_FIELDS, MAX_MAIL_ADDRESSES } from './fields.ts';

/** Link rows are written without a call: more lanes would only wait for each other. */
const LANES = 2;

/** What a contact in a mailbox holds. Nothing of the tenant is matched: a mailbox may hold anything besides our folder. */
export function mailboxContactCapability(settings: Microsoft365Settings): Capability {
  const fields: Partial<Record<FieldName, FieldCapability>> = {
    addresses: { maxValues: MAX_MAIL_ADDRESSES, maxLength: 255 },
    otherAddresses: { maxValues: MAX_MAIL_ADDRESSES, maxLength: 255 },
  };
  for (const { field, maxLength, maxValues } of CONTACT_FIELDS)
    fields[field] = { maxLength, ...(maxValues === undefined ? {} : { maxValues }) };
  return {
    as: 'mailboxContact',
    virtual: true,
    types: ['mailboxContact'],
    needs: [],
    fields,
    canHide: false,
    uniqueAddresses: false,
    knownLag: false,
    lanes: Math.min(LANES, settings.limits.lanes ?? LANES),
    normalise,
    respells: new Set(['birthday']),
    fit: fitAddresses,
  };
}

const LONG_TEXTS: ReadonlySet<FieldName> = new Set<FieldName>(['notes', 'streetAddress', 'homeStreetAddress']);

function normalise(name: FieldName, value: string): string | null {
  if (name === 'birthday') return birthdayOf(value);
  return LONG_TEXTS.has(name) ? value : value.replace(/[\r\n\t]+/g, ' ').trim();
}

/** `yyyy-mm-dd`, or null: Outlook knows no birthday without a year, and year 1 stands for none. */
export function birthdayOf(value: string): string | null {
  const date = /^(\d{4})-(\d{2})-(\d{2})(?:T|$)/.exec(value.trim())?.[0]?.slice(0, 10);
  if (!date || date.startsWith('0001') || Number.isNaN(Date.parse(`${date}T00:00:00Z`))) return null;
  return new Date(`${date}T00:00:00Z`).toISOString().startsWith(date) ? date : null;
}

/** `otherAddresses` take the places that `addresses` leave. */
function fitAddresses(fields: Fields): { fields: Fields; lost: readonly FieldName[] } {
  const others = textsOf(fields.otherAddresses);
  if (others.length === 0) return { fields, lost: [] };
  const own = textsOf(fields.addresses);
  const known = new Set(own.map(addressKey));
  const more = others.filter((address) => !known.has(addressKey(address)));
  const kept = more.slice(0, Math.max(0, MAX_MAIL_ADDRESSES - own.length));
  return {
    fields: { ...fields, otherAddresses: kept.length > 0 ? kept : null },
    lost: kept.length < more.length ? ['otherAddresses'] : [],
  };
}

/** An image of ours as a contact shows it: all its mail addresses are one list. */
export function shownFields(image: Fields): Fields {
  const shown: Partial<Record<FieldName, FieldValue>> = {};
  for (const { field } of CONTACT_FIELDS) {
    const value = image[field];
    if (value !== undefined) shown[field] = value;
  }
  const own = textsOf(image.addresses);
  const known = new Set(own.map(addressKey));
  const all = [...own, ...textsOf(image.otherAddresses).filter((address) => !known.has(addressKey(address)))].slice(0, MAX_MAIL_ADDRESSES);
  return { ...shown, addresses: all.length > 0 ? all : null };
}
