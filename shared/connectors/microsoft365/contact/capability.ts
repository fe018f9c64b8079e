import type { Microsoft365Settings } from '../../../model/configuration.ts';
import type { FieldName } from '../../../model/plan.ts';
import type { Capability, FieldCapability } from '../../connector.ts';
import { canonicalCountry } from '../countries.ts';
import { CONTACT_TYPES } from '../exchangeParts.ts';
import { FIELDS, MAX_ADDRESSES } from '../fields.ts';

/** Exchange publishes no limit; 3 to 5 parallel calls are borne (reference §5.5). */
const LANES = 3;

/** What a mail contact holds. Written names and addresses show with a delay of seconds to minutes, so a missing one is no proof. */
export function contactCapability(settings: Microsoft365Settings): Capability {
  const fields: Partial<Record<FieldName, FieldCapability>> = {
    addresses: { maxValues: MAX_ADDRESSES },
    deliveryAddress: {},
    x500: {},
    sip: {},
    hidden: {},
  };
  for (const { attribute, write, maxLength, maxValues, reference } of FIELDS) {
    if (!write || attribute === settings.stamp) continue;
    fields[attribute] = reference
      ? { reference }
      : { ...(maxLength === undefined ? {} : { maxLength }), ...(maxValues === undefined ? {} : { maxValues }) };
  }
  return {
    as: 'contact',
    needs: ['recipients'],
    types: CONTACT_TYPES,
    fields,
    canHide: true,
    stepsAside: true,
    uniqueAddresses: true,
    knownLag: true,
    lanes: Math.min(LANES, settings.limits.lanes ?? LANES),
    normalise,
    respells: new Set(['country']),
  };
}

const LONG_TEXTS: ReadonlySet<FieldName> = new Set<FieldName>(['notes', 'streetAddress']);

/** Countries by the name that is compared (case R17: codes, names, "UK"); line breaks only where a text has lines. */
function normalise(name: FieldName, value: string): string | null {
  if (name === 'country') return canonicalCountry(value) || null;
  return LONG_TEXTS.has(name) || !/[\r\n\t]/.test(value) ? value : value.replace(/[\r\n\t]+/g, ' ').trim();
}
