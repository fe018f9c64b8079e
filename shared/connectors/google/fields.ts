import type { AttributeName } from '../../model/attributes.ts';
import type { FieldCapability } from '../connector.ts';

/** The map as data: our attribute ↔ where a shared contact holds it (Domain Shared Contacts, contacts-elements). */
export interface ContactField {
  readonly element: string;
  readonly capability: FieldCapability;
}

export const CONTACT_FIELDS: Readonly<Partial<Record<AttributeName, ContactField>>> = {
  displayName: { element: 'gd:name/gd:fullName', capability: { maxLength: 256 } },
  givenName: { element: 'gd:name/gd:givenName', capability: { maxLength: 128 } },
  surname: { element: 'gd:name/gd:familyName', capability: { maxLength: 128 } },
  namePrefix: { element: 'gd:name/gd:namePrefix', capability: { maxLength: 64 } },
  nameSuffix: { element: 'gd:name/gd:nameSuffix', capability: { maxLength: 64 } },
  companyName: { element: 'gd:organization/gd:orgName', capability: { maxLength: 256 } },
  department: { element: 'gd:organization/gd:orgDepartment', capability: { maxLength: 256 } },
  jobTitle: { element: 'gd:organization/gd:orgTitle', capability: { maxLength: 256 } },
  officeLocation: { element: 'gd:organization/gd:where', capability: { maxLength: 256 } },
  businessPhones: { element: 'gd:phoneNumber rel=work', capability: { maxLength: 64, maxValues: 5 } },
  mobilePhone: { element: 'gd:phoneNumber rel=mobile', capability: { maxLength: 64 } },
  homePhones: { element: 'gd:phoneNumber rel=home', capability: { maxLength: 64, maxValues: 3 } },
  otherPhones: { element: 'gd:phoneNumber rel=other', capability: { maxLength: 64, maxValues: 5 } },
  fax: { element: 'gd:phoneNumber rel=work_fax', capability: { maxLength: 64 } },
  streetAddress: { element: 'gd:structuredPostalAddress rel=work gd:street', capability: { maxLength: 512 } },
  city: { element: 'gd:structuredPostalAddress rel=work gd:city', capability: { maxLength: 128 } },
  state: { element: 'gd:structuredPostalAddress rel=work gd:region', capability: { maxLength: 128 } },
  postalCode: { element: 'gd:structuredPostalAddress rel=work gd:postcode', capability: { maxLength: 40 } },
  country: { element: 'gd:structuredPostalAddress rel=work gd:country', capability: { maxLength: 128 } },
  homeStreetAddress: { element: 'gd:structuredPostalAddress rel=home gd:street', capability: { maxLength: 512 } },
  homeCity: { element: 'gd:structuredPostalAddress rel=home gd:city', capability: { maxLength: 128 } },
  homeState: { element: 'gd:structuredPostalAddress rel=home gd:region', capability: { maxLength: 128 } },
  homePostalCode: { element: 'gd:structuredPostalAddress rel=home gd:postcode', capability: { maxLength: 40 } },
  homeCountry: { element: 'gd:structuredPostalAddress rel=home gd:country', capability: { maxLength: 128 } },
  instantMessengers: { element: 'gd:im', capability: { maxLength: 256, maxValues: 3 } },
  languages: { element: 'gContact:language', capability: { maxLength: 64, maxValues: 3 } },
  birthday: { element: 'gContact:birthday', capability: { maxLength: 10 } },
  manager: { element: 'gContact:relation rel=manager', capability: { maxLength: 320 } },
  employeeId: { element: 'gContact:externalId rel=organization', capability: { maxLength: 64 } },
  notes: { element: 'atom:content', capability: { maxLength: 1024 } },
};
