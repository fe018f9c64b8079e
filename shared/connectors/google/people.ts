import { z } from 'zod';
import type { AttributeName, AttributeValue } from '../../model/attributes.ts';
import type { EntryPart } from '../../model/entry.ts';

const Text = z.string().nullish();
const Phone = z.looseObject({ value: Text, type: Text, primary: z.boolean().nullish() });
const Organization = z.looseObject({
  name: Text,
  title: Text,
  department: Text,
  location: Text,
  primary: z.boolean().nullish(),
  type: Text,
});
const Address = z.looseObject({
  type: Text,
  formatted: Text,
  streetAddress: Text,
  extendedAddress: Text,
  locality: Text,
  region: Text,
  postalCode: Text,
  country: Text,
  countryCode: Text,
  primary: z.boolean().nullish(),
});
const list = <T extends z.ZodType>(item: T) => z.array(item).nullish();

export const User = z.looseObject({
  id: z.string().min(1),
  primaryEmail: Text,
  name: z.looseObject({ givenName: Text, familyName: Text, fullName: Text, displayName: Text }).nullish(),
  aliases: list(z.string()),
  nonEditableAliases: list(z.string()),
  emails: list(z.looseObject({ address: Text, primary: z.boolean().nullish(), type: Text })),
  phones: list(Phone),
  addresses: list(Address),
  organizations: list(Organization),
  locations: list(z.looseObject({ area: Text, buildingId: Text, floorName: Text, deskCode: Text })),
  ims: list(z.looseObject({ im: Text })),
  languages: list(z.looseObject({ languageCode: Text, customLanguage: Text })),
  relations: list(z.looseObject({ value: Text, type: Text })),
  externalIds: list(z.looseObject({ value: Text, type: Text })),
  notes: z.looseObject({ value: Text }).nullish(),
  suspended: z.boolean().nullish(),
  archived: z.boolean().nullish(),
  includeInGlobalAddressList: z.boolean().nullish(),
  isGuestUser: z.boolean().nullish(),
  orgUnitPath: Text,
  creationTime: Text,
});
export type User = z.infer<typeof User>;

export const Users = z.looseObject({ users: list(User), nextPageToken: Text });
export const Groups = z.looseObject({
  groups: list(
    z.looseObject({
      id: z.string().min(1),
      email: Text,
      name: Text,
      description: Text,
      aliases: list(z.string()),
      nonEditableAliases: list(z.string()),
    }),
  ),
  nextPageToken: Text,
});
export const Resources = z.looseObject({
  items: list(
    z.looseObject({
      resourceId: z.string().min(1),
      resourceEmail: Text,
      resourceName: Text,
      generatedResourceName: Text,
      resourceDescription: Text,
      buildingId: Text,
      floorName: Text,
    }),
  ),
  nextPageToken: Text,
});
export const Domains = z.looseObject({
  domains: list(
    z.looseObject({
      domainName: z.string(),
      verified: z.boolean().nullish(),
      domainAliases: list(z.looseObject({ domainAliasName: Text, verified: z.boolean().nullish() })),
    }),
  ),
});

/** A user of the Directory API as an entry. The primary item of a list counts, else type work, else the first. */
export function userPart(user: User, raw: readonly string[]): EntryPart {
  const attributes: Partial<Record<AttributeName, AttributeValue>> = {};
  const put = (name: AttributeName, value: string | null | undefined): void => {
    if (value?.trim()) attributes[name] = value.trim();
  };
  const organization = chosen(user.organizations);
  const address = chosen(user.addresses?.filter((one) => one.type !== 'home'));
  const phones = (...types: readonly string[]): readonly string[] =>
    (user.phones ?? []).filter((phone) => types.includes(phone.type ?? 'work')).flatMap((phone) => (phone.value ? [phone.value] : []));
  put('displayName', user.name?.displayName ?? user.name?.fullName ?? user.primaryEmail);
  put('givenName', user.name?.givenName);
  put('surname', user.name?.familyName);
  put('companyName', organization?.name);
  put('department', organization?.department);
  put('jobTitle', organization?.title);
  put('officeLocation', organization?.location ?? user.locations?.[0]?.area);
  put('mobilePhone', phones('mobile', 'work_mobile')[0]);
  put('fax', phones('work_fax', 'other_fax')[0]);
  put('streetAddress', address?.streetAddress ?? (address?.locality ? undefined : address?.formatted));
  put('city', address?.locality);
  put('state', address?.region);
  put('postalCode', address?.postalCode);
  put('country', address?.country ?? address?.countryCode);
  put('manager', user.relations?.find((one) => one.type === 'manager')?.value);
  put('employeeId', user.externalIds?.find((one) => one.type === 'organization')?.value);
  put('notes', user.notes?.value);
  put('alias', user.primaryEmail?.split('@')[0]);
  const lists = {
    businessPhones: phones('work', 'main', 'company_main'),
    homePhones: phones('home'),
    otherPhones: phones('other', 'car', 'pager', 'assistant'),
    instantMessengers: (user.ims ?? []).flatMap((one) => (one.im ? [one.im] : [])),
    languages: (user.languages ?? []).flatMap((one) =>
      (one.languageCode ?? one.customLanguage) ? [(one.languageCode ?? one.customLanguage)!] : [],
    ),
  };
  for (const [name, values] of Object.entries(lists)) if (values.length > 0) attributes[name as AttributeName] = values;
  const own = rawValues(user, raw);
  return {
    id: user.id,
    primary: true,
    fields: {
      kind: 'user',
      type: 'googleUser',
      addresses: addressesOf(user.primaryEmail, user.aliases, user.nonEditableAliases),
      enabled: !(user.suspended ?? false) && !(user.archived ?? false),
      external: user.isGuestUser ?? false,
      // Absent means shown (Directory API, users resource).
      hidden: user.includeInGlobalAddressList === false,
      attributes,
      ...(user.primaryEmail ? { userPrincipalName: user.primaryEmail } : {}),
      ...(user.orgUnitPath ? { orgUnit: user.orgUnitPath } : {}),
      ...(user.creationTime ? { createdAt: user.creationTime } : {}),
      ...(own ? { raw: own } : {}),
      ...(user.primaryEmail && !/^[^@\s]+@[^@\s]+$/.test(user.primaryEmail)
        ? { invalid: `The primary address "${user.primaryEmail.slice(0, 80)}" is malformed.` }
        : {}),
    },
  };
}

export function addressesOf(
  primary: string | null | undefined,
  ...others: readonly (readonly string[] | null | undefined)[]
): readonly string[] {
  return [...new Set([primary ?? '', ...others.flatMap((some) => some ?? [])].filter(Boolean))];
}

function chosen<T extends { primary?: boolean | null | undefined; type?: string | null | undefined }>(
  items: readonly T[] | null | undefined,
): T | undefined {
  return items?.find((item) => item.primary) ?? items?.find((item) => item.type === 'work') ?? items?.[0];
}

function rawValues(user: User, names: readonly string[]): Record<string, AttributeValue> | null {
  const found: Record<string, AttributeValue> = {};
  for (const name of names) {
    const value = name
      .split('.')
      .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined), user);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') found[name] = String(value);
    else if (Array.isArray(value)) found[name] = value.filter((one) => typeof one === 'string');
  }
  return Object.keys(found).length > 0 ? found : null;
}
