import type { AttributeName } from '../../model/attributes.ts';
import type { PushType } from '../../model/configuration.ts';
import type { Capability } from '../connector.ts';
import type { MemoryDirectory } from './memoryConnector.ts';

const NAMES: readonly AttributeName[] = [
  'givenName',
  'surname',
  'companyName',
  'department',
  'jobTitle',
  'officeLocation',
  'businessPhones',
  'mobilePhone',
  'city',
  'country',
  'employeeId',
];

/** `Entry.type` of what each push type makes. */
export const TYPES: Readonly<Record<PushType, string>> = {
  guest: 'GuestMailUser',
  mailUser: 'MailUser',
  contact: 'MailContact',
  mailboxContact: 'mailboxContact',
  sharedContact: 'sharedContact',
};

/**
 * What a directory in memory can hold, by push type.
 * @param unique it keeps addresses unique.
 */
export function memoryCapability(directory: MemoryDirectory, unique: boolean): (as: PushType) => Capability {
  const capability = shared(directory, unique);
  return (as) =>
    as === 'mailboxContact'
      ? virtual(capability)
      : {
          as,
          types: [TYPES[as]],
          ...capability,
          stepsAside: as !== 'guest' && directory.stepsAside !== false,
          ...(as === 'guest' || as === 'mailUser' ? { holdsAccount: true } : {}),
          ...(as === 'mailUser' ? { fields: { ...capability.fields, signIn: {}, userPrincipalName: {} } } : {}),
        };
}

function shared(directory: MemoryDirectory, unique: boolean): Omit<Capability, 'as' | 'types'> {
  return {
    needs: [],
    canHide: true,
    uniqueAddresses: unique,
    knownLag: false,
    lanes: 2,
    fields: {
      displayName: { maxLength: directory.limits?.displayName?.maxLength ?? 256 },
      addresses: { maxValues: 200 },
      deliveryAddress: {},
      x500: { maxValues: 100 },
      sip: {},
      hidden: {},
      stamp: {},
      ...Object.fromEntries(NAMES.map((name) => [name, { maxLength: 128, maxValues: 5 }])),
      ...(directory.managers ? { manager: { reference: true } } : {}),
    },
    normalise: (_name, value) => value,
    respells: new Set(),
    ...directory.traits,
  };
}

function virtual(capability: Omit<Capability, 'as' | 'types'>): Capability {
  const { hidden: _hidden, stamp: _stamp, x500: _x500, sip: _sip, deliveryAddress: _delivery, ...fields } = capability.fields;
  return { ...capability, as: 'mailboxContact', types: ['mailboxContact'], virtual: true, canHide: false, uniqueAddresses: false, fields };
}
