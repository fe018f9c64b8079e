/**
 * The attributes of an entry that galsync knows by name (configuration contract, "Attributes").
 * `displayName` and `addresses` are always pushed; `addresses` is a field of the entry itself, not in `attributes`.
 */
export const SINGLE_ATTRIBUTES = [
  'displayName',
  'givenName',
  'surname',
  'namePrefix',
  'nameSuffix',
  'alias',
  'companyName',
  'department',
  'jobTitle',
  'officeLocation',
  'mobilePhone',
  'fax',
  'streetAddress',
  'city',
  'state',
  'postalCode',
  'country',
  'manager',
  'birthday',
  'homeStreetAddress',
  'homeCity',
  'homeState',
  'homePostalCode',
  'homeCountry',
  'notes',
  'employeeId',
  'customAttribute1',
  'customAttribute2',
  'customAttribute3',
  'customAttribute4',
  'customAttribute5',
  'customAttribute6',
  'customAttribute7',
  'customAttribute8',
  'customAttribute9',
  'customAttribute10',
  'customAttribute11',
  'customAttribute12',
  'customAttribute13',
  'customAttribute14',
  'customAttribute15',
] as const;

/** Attributes that hold a list of texts. */
export const LIST_ATTRIBUTES = ['businessPhones', 'otherPhones', 'homePhones', 'instantMessengers', 'languages', 'otherAddresses'] as const;

export type SingleAttribute = (typeof SINGLE_ATTRIBUTES)[number];
export type ListAttribute = (typeof LIST_ATTRIBUTES)[number];
export type AttributeName = SingleAttribute | ListAttribute;

/** A text, or a list of texts for list attributes. Empty values are absent, never `''` or `[]`. */
export type AttributeValue = string | readonly string[];

/** Pushed by default (`attributes.only: null`); `addresses` belongs to it too. */
export const DIRECTORY_SET: readonly AttributeName[] = [
  'displayName',
  'givenName',
  'surname',
  'namePrefix',
  'nameSuffix',
  'alias',
  'companyName',
  'department',
  'jobTitle',
  'officeLocation',
  'businessPhones',
  'mobilePhone',
  'otherPhones',
  'fax',
  'streetAddress',
  'city',
  'state',
  'postalCode',
  'country',
  'instantMessengers',
  'languages',
  'manager',
];

/** Pushed only when named, or with `"*"`. */
export const NAMED_ONLY: readonly AttributeName[] = [...SINGLE_ATTRIBUTES, ...LIST_ATTRIBUTES].filter((a) => !DIRECTORY_SET.includes(a));

/** Usable in conditions and `{placeholders}`, never pushed as such. */
export const CONDITION_ONLY = [
  'id',
  'kind',
  'primaryAddress',
  'domain',
  'userPrincipalName',
  'enabled',
  'external',
  'hidden',
  'createdAt',
  'addresses',
] as const;

const LISTS: ReadonlySet<string> = new Set(LIST_ATTRIBUTES);
const NAMES: ReadonlySet<string> = new Set([...SINGLE_ATTRIBUTES, ...LIST_ATTRIBUTES]);

/** True for attributes whose value is a list. */
export function isListAttribute(name: string): name is ListAttribute {
  return LISTS.has(name);
}

/** True for a name of `SINGLE_ATTRIBUTES` or `LIST_ATTRIBUTES`. */
export function isAttributeName(name: string): name is AttributeName {
  return NAMES.has(name);
}
