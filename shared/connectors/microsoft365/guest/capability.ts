import type { Microsoft365Settings } from '../../../model/configuration.ts';
import type { FieldName } from '../../../model/plan.ts';
import type { Capability, FieldCapability } from '../../connector.ts';
import { canonicalCountry } from '../countries.ts';
import { GUEST_FIELDS } from './fields.ts';

/** Invitations are limited to 150 in 5 s for a tenant, all applications together (reference §5.1); three lanes stay far below. */
const LANES = 3;

/** What Exchange, and Graph before Exchange knows of them, call a guest. */
export const GUEST_TYPES: readonly string[] = ['GuestMailUser', 'guest'];

/**
 * What a guest holds. One address: further ones, X500 and SIP addresses and another place of delivery are the service's to write. Contacts
 * that hold an address are seen in Exchange only, so it must be readable.
 */
export function guestCapability(settings: Microsoft365Settings): Capability {
  const fields: Partial<Record<FieldName, FieldCapability>> = {
    addresses: { maxValues: 1, keepsOthers: true },
    hidden: {},
    manager: { reference: true },
  };
  for (const { attribute, maxLength, maxValues } of GUEST_FIELDS)
    if (attribute !== settings.stamp) fields[attribute] = { maxLength, ...(maxValues === undefined ? {} : { maxValues }) };
  return {
    as: 'guest',
    needs: ['users', 'recipients'],
    types: GUEST_TYPES,
    fields,
    canHide: true,
    holdsAccount: true,
    uniqueAddresses: true,
    knownLag: true,
    lanes: Math.min(LANES, settings.limits.lanes ?? LANES),
    normalise,
    respells: new Set(['country', 'languages']),
    outgrown: (entry) => (entry.external ? null : 'It has become a member of the directory.'),
  };
}

const LONG_TEXTS: ReadonlySet<FieldName> = new Set<FieldName>(['streetAddress']);

/** Countries by the name that is compared where we know it (case R17); Graph takes any text. A language must be a tag. */
function normalise(name: FieldName, value: string): string | null {
  if (name === 'country') return canonicalCountry(value) || value;
  if (name === 'languages') return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(value) ? value : null;
  return LONG_TEXTS.has(name) ? value : value.replace(/[\r\n\t]+/g, ' ').trim();
}
