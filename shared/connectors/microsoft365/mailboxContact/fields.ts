import type { FieldName } from '../../../model/plan.ts';

/** One field of ours in a contact of Outlook (Microsoft Graph `contact`); a dot reads inside a postal address. */
export interface ContactField {
  readonly field: FieldName;
  readonly property: string;
  /** UTF-16 units. Microsoft publishes no limits: MAPI's short texts hold 255. */
  readonly maxLength: number;
  readonly maxValues?: number;
}

const SHORT = 255;
const postal = (prefix: '' | 'home', address: 'businessAddress' | 'homeAddress'): readonly ContactField[] => {
  const name = (text: string): FieldName => (prefix === '' ? text : `home${text[0]!.toUpperCase()}${text.slice(1)}`) as FieldName;
  return [
    { field: name('streetAddress'), property: `${address}.street`, maxLength: 1024 },
    { field: name('city'), property: `${address}.city`, maxLength: SHORT },
    { field: name('state'), property: `${address}.state`, maxLength: SHORT },
    { field: name('postalCode'), property: `${address}.postalCode`, maxLength: SHORT },
    { field: name('country'), property: `${address}.countryOrRegion`, maxLength: SHORT },
  ];
};

/**
 * The map as data. Outlook keeps two business and two home phones, three mail addresses and three messenger addresses; it has no fax, other
 * phones, languages or custom attributes in Graph. learn.microsoft.com/graph/api/resources/contact
 */
export const CONTACT_FIELDS: readonly ContactField[] = [
  { field: 'displayName', property: 'displayName', maxLength: SHORT },
  { field: 'givenName', property: 'givenName', maxLength: SHORT },
  { field: 'surname', property: 'surname', maxLength: SHORT },
  { field: 'namePrefix', property: 'title', maxLength: SHORT },
  { field: 'nameSuffix', property: 'generation', maxLength: SHORT },
  { field: 'companyName', property: 'companyName', maxLength: SHORT },
  { field: 'department', property: 'department', maxLength: SHORT },
  { field: 'jobTitle', property: 'jobTitle', maxLength: SHORT },
  { field: 'officeLocation', property: 'officeLocation', maxLength: SHORT },
  { field: 'businessPhones', property: 'businessPhones', maxLength: SHORT, maxValues: 2 },
  { field: 'mobilePhone', property: 'mobilePhone', maxLength: SHORT },
  { field: 'homePhones', property: 'homePhones', maxLength: SHORT, maxValues: 2 },
  ...postal('', 'businessAddress'),
  ...postal('home', 'homeAddress'),
  { field: 'instantMessengers', property: 'imAddresses', maxLength: SHORT, maxValues: 3 },
  { field: 'manager', property: 'manager', maxLength: SHORT },
  { field: 'birthday', property: 'birthday', maxLength: SHORT },
  { field: 'notes', property: 'personalNotes', maxLength: 4096 },
];

/** Mail addresses of one contact: `emailAddresses`; `otherAddresses` come after `addresses`. */
export const MAX_MAIL_ADDRESSES = 3;

/** What is asked for of a contact. */
export const CONTACT_PROPERTIES: readonly string[] = [
  ...new Set(['id', 'changeKey', 'emailAddresses', ...CONTACT_FIELDS.map((one) => one.property.split('.')[0]!)]),
];
