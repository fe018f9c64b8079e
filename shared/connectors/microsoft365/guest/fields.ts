import type { AttributeName } from '../../../model/attributes.ts';
import type { FieldName, Fields } from '../../../model/plan.ts';
import { FIELDS } from '../fields.ts';
import { listOf } from '../proxies.ts';

interface GuestField {
  readonly maxLength: number;
  readonly maxValues?: number;
  /** Graph refuses it for accounts with an administrator's role (learn.microsoft.com graph/api/user-update, "sensitive actions"). */
  readonly sensitive?: boolean;
}

/**
 * What of a guest Graph lets an application write; the property is the one that is read (`../fields.ts`). Not here: proxy addresses and
 * IM addresses (read-only), otherMails (what a guest signs in by stands there), everything that Graph's user does not have.
 */
const WRITABLE: Readonly<Partial<Record<AttributeName, GuestField>>> = {
  displayName: { maxLength: 256 },
  givenName: { maxLength: 64 },
  surname: { maxLength: 64 },
  jobTitle: { maxLength: 128 },
  companyName: { maxLength: 64 },
  department: { maxLength: 64 },
  officeLocation: { maxLength: 128 },
  businessPhones: { maxLength: 64, maxValues: 1, sensitive: true },
  mobilePhone: { maxLength: 64, sensitive: true },
  fax: { maxLength: 64 },
  streetAddress: { maxLength: 1024 },
  city: { maxLength: 128 },
  state: { maxLength: 128 },
  postalCode: { maxLength: 40 },
  country: { maxLength: 128 },
  languages: { maxLength: 64, maxValues: 1 },
  employeeId: { maxLength: 16 },
  ...Object.fromEntries(FIELDS.flatMap(({ attribute }) => (/^customAttribute/.test(attribute) ? [[attribute, { maxLength: 1024 }]] : []))),
};

/** Every field of a guest with its limits. */
export const GUEST_FIELDS: readonly (GuestField & { readonly attribute: AttributeName; readonly property: string })[] = FIELDS.flatMap(
  ({ attribute, user }) => {
    const field = WRITABLE[attribute];
    return field && user ? [{ ...field, attribute, property: user }] : [];
  },
);

/** The body of a PATCH: the fields that change, and what stands in the stamp's place (null clears, undefined leaves it). */
export function patchOf(
  fields: Fields,
  part: 'profile' | 'sensitive',
  stamp?: { readonly path: string; readonly value: string | null },
): Patch {
  const body: Record<string, unknown> = {};
  const names = new Map<string, FieldName>();
  const put = (path: string, value: unknown, name: FieldName): void => {
    const [outer = '', inner] = path.split('.');
    // Of the extension attributes only those that are sent change.
    body[outer] = inner === undefined ? value : { ...(body[outer] as object | undefined), [inner]: value };
    names.set(inner ?? outer, name);
  };
  for (const { attribute, property, sensitive } of GUEST_FIELDS) {
    const value = fields[attribute];
    if (value === undefined || (sensitive === true) !== (part === 'sensitive')) continue;
    const values = listOf(value);
    // A name cannot be cleared; the projection never asks for it.
    if (attribute === 'displayName' && values.length === 0) continue;
    put(property, attribute === 'businessPhones' ? values.slice(0, 1) : (values[0] ?? null), attribute);
  }
  if (stamp) put(stamp.path, stamp.value, 'stamp');
  return { body, names };
}

/** A PATCH, and which field each property of it is. */
export interface Patch {
  readonly body: Readonly<Record<string, unknown>>;
  readonly names: ReadonlyMap<string, FieldName>;
}

/** The fields without some of them. */
export function without(fields: Fields, names: readonly FieldName[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name as FieldName)));
}

/** The fields among those of a change that Graph guards. */
export function sensitiveOf(fields: Fields): readonly AttributeName[] {
  return GUEST_FIELDS.flatMap(({ attribute, sensitive }) => (sensitive && fields[attribute] !== undefined ? [attribute] : []));
}
