import { z } from 'zod';
import type { AttributeName, AttributeValue } from '../../model/attributes.ts';
import type { EntryPart } from '../../model/entry.ts';
import { rawValues } from './rawValues.ts';

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

/** Phones by what they are for (users resource, phones[].type); telex, ISDN and further fax machines are nobody's phone. */
const BUSINESS = ['work', 'main', 'company_main'];
const MOBILE = ['mobile', 'work_mobile'];
const OTHER = ['other', 'car', 'pager', 'work_pager', 'assistant', 'callback', 'grand_central', 'custom'];

/** A user of the Directory API as an entry. The primary item of a list counts, else type work, else the first. */
export function userPart(user: User, raw: readonly string[]): EntryPart {
  const addresses = addressesOf(user.primaryEmail, user.aliases, user.nonEditableAliases);
  return {
    id: user.id,
    primary: true,
    fields: {
      kind: 'user',
      type: 'googleUser',
      addresses,
      enabled: !(user.suspended ?? false) && !(user.archived ?? false),
      external: user.isGuestUser ?? false,
      // Absent means shown (Directory API, users resource).
      hidden: user.includeInGlobalAddressList === false,
      attributes: { ...singleValues(user), ...listValues(user, addresses) },
      ...(user.primaryEmail ? { userPrincipalName: user.primaryEmail } : {}),
      ...(user.orgUnitPath ? { orgUnit: user.orgUnitPath } : {}),
      ...(user.creationTime ? { createdAt: user.creationTime } : {}),
      ...rawValues(user, raw),
      // Every user has a primary address: without it this is what is left of one (promise 4).
      ...(user.primaryEmail?.trim() ? {} : { incomplete: 'Google gave the user without a primary address.' }),
      ...(user.primaryEmail && !/^[^@\s]+@[^@\s]+$/.test(user.primaryEmail)
        ? { invalid: `The primary address "${user.primaryEmail.slice(0, 80)}" is malformed.` }
        : {}),
    },
  };
}

type Attributes = Partial<Record<AttributeName, AttributeValue>>;

/** Attributes that hold one text. */
function singleValues(user: User): Attributes {
  const attributes: Attributes = {};
  const put = (name: AttributeName, value: string | null | undefined): void => {
    if (value?.trim()) attributes[name] = value.trim();
  };
  const organization = chosen(user.organizations);
  const phones = phonesOf(user);
  put('displayName', firstText(user.name?.displayName, user.name?.fullName, user.primaryEmail));
  put('givenName', user.name?.givenName);
  put('surname', user.name?.familyName);
  put('companyName', organization?.name);
  put('department', organization?.department);
  put('jobTitle', organization?.title);
  put('officeLocation', firstText(organization?.location, user.locations?.[0]?.area));
  put('mobilePhone', phones(MOBILE)[0]);
  put('fax', phones(['work_fax', 'other_fax'])[0]);
  putAddress(chosen(user.addresses?.filter((one) => one.type !== 'home')), WORK, put);
  putAddress(
    user.addresses?.find((one) => one.type === 'home'),
    HOME,
    put,
  );
  put('manager', user.relations?.find((one) => one.type === 'manager')?.value);
  put('employeeId', user.externalIds?.find((one) => one.type === 'organization')?.value);
  put('notes', user.notes?.value);
  put('alias', user.primaryEmail?.split('@')[0]);
  return attributes;
}

/** Attributes that hold a list of texts, each text once; an empty list is no attribute. */
function listValues(user: User, addresses: readonly string[]): Attributes {
  const phones = phonesOf(user);
  const own = new Set(addresses.map((one) => one.toLowerCase()));
  const lists = {
    businessPhones: phones(BUSINESS),
    homePhones: phones(['home']),
    otherPhones: [...phones(MOBILE).slice(1), ...phones(OTHER)],
    instantMessengers: (user.ims ?? []).map((one) => one.im),
    languages: (user.languages ?? []).map((one) => firstText(one.languageCode, one.customLanguage)),
    otherAddresses: (user.emails ?? []).map((one) => one.address).filter((one) => !own.has(one?.toLowerCase() ?? '')),
  };
  const attributes: Attributes = {};
  for (const [name, values] of Object.entries(lists)) {
    const some = values.map((value) => value?.trim() ?? '').filter(Boolean);
    if (some.length > 0) attributes[name as AttributeName] = [...new Set(some)];
  }
  return attributes;
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

const WORK = ['streetAddress', 'city', 'state', 'postalCode', 'country'] as const;
const HOME = ['homeStreetAddress', 'homeCity', 'homeState', 'homePostalCode', 'homeCountry'] as const;

/** Many tenants have only `formatted`, which Google does not keep in step with the parts: it counts where there are none. */
function putAddress(
  address: z.infer<typeof Address> | undefined,
  names: typeof WORK | typeof HOME,
  put: (name: AttributeName, value: string | null | undefined) => void,
): void {
  if (!address) return;
  const { streetAddress, locality, region, postalCode } = address;
  const parts = [streetAddress, locality, region, postalCode, firstText(address.country, address.countryCode)];
  if (!parts.slice(0, 4).some((part) => part?.trim())) put(names[0], address.formatted);
  for (const [n, part] of parts.entries()) put(names[n]!, part);
}

/** The primary number first. */
function phonesOf(user: User): (types: readonly string[]) => readonly string[] {
  const all = user.phones ?? [];
  const ordered = [...all.filter((phone) => phone.primary), ...all.filter((phone) => !phone.primary)];
  return (types) => ordered.filter((phone) => types.includes(phone.type || 'work')).flatMap((phone) => phone.value?.trim() || []);
}

function firstText(...texts: readonly (string | null | undefined)[]): string | undefined {
  return texts.find((text) => text?.trim()) ?? undefined;
}
