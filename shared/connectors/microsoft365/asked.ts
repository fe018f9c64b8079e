import { createHash } from 'node:crypto';
import { isAttributeName } from '../../model/attributes.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import { FIELDS, type FieldMap, GROUP_PROPERTIES, USER_PROPERTIES } from './fields.ts';

/** What is asked of the directory: only what the configuration maps or filters, and what decides about an entry. */
export interface Asked {
  readonly user: readonly string[];
  readonly group: readonly string[];
  readonly recipient: readonly string[];
  readonly contact: readonly string[];
  /** Birthdays are mapped or filtered: a request for each person. */
  readonly birthdays: boolean;
  /** Managers are mapped or filtered: told as references, and Exchange's names with them. */
  readonly managers: boolean;
  /** Wanted attributes that are values, without the stamp's place. */
  readonly fields: readonly FieldMap[];
  /** `raw.` names by where they are. */
  readonly userRaw: readonly string[];
  readonly groupRaw: readonly string[];
  /** `CustomAttribute15`: where the stamp is in Exchange's words. */
  readonly stampProperty: string;
  /** `onPremisesExtensionAttributes.extensionAttribute15`: the same in Graph's. */
  readonly stampPath: string;
  /** Who may write to groups. */
  readonly senders: boolean;
  /** Own X500 addresses: of people and contacts, of groups. */
  readonly x500: boolean;
  readonly groupX500: boolean;
  readonly fingerprint: string;
  /** A `raw.` name that neither has: told at the first page, never read as empty. */
  readonly unknown: string | null;
}

const USER_ALWAYS = [
  'id',
  'displayName',
  'userPrincipalName',
  'mail',
  'proxyAddresses',
  'userType',
  'creationType',
  'accountEnabled',
  'onPremisesSyncEnabled',
  'createdDateTime',
  'onPremisesExtensionAttributes',
];
const GROUP_ALWAYS = [
  'id',
  'displayName',
  'mail',
  'mailEnabled',
  'securityEnabled',
  'groupTypes',
  'proxyAddresses',
  'onPremisesSyncEnabled',
  'createdDateTime',
];
const RECIPIENT_ALWAYS = [
  'Guid',
  'ExternalDirectoryObjectId',
  'RecipientTypeDetails',
  'DisplayName',
  'Alias',
  'EmailAddresses',
  'PrimarySmtpAddress',
  'ExternalEmailAddress',
  'HiddenFromAddressListsEnabled',
  'IsDirSynced',
  'WhenCreatedUTC',
];
const CONTACT_ALWAYS = ['Guid', 'ExternalDirectoryObjectId', 'RecipientTypeDetails'];

/** What the configuration wants of a directory. */
export interface WantedOf {
  readonly attributes: readonly string[];
  readonly raw: readonly string[];
  /** Own X500 addresses of people and contacts, of groups; absent: not. */
  readonly x500?: boolean;
  readonly groupX500?: boolean;
}

/** @param wanted names of attributes (with condition-only names among them) and of `raw.` attributes without the prefix */
export function whatToAsk(settings: Microsoft365Settings, wanted: WantedOf): Asked {
  const names = new Set(['displayName', ...wanted.attributes.filter(isAttributeName)]);
  const fields = FIELDS.filter((field) => names.has(field.attribute) && field.attribute !== settings.stamp && !field.reference);
  const managers = names.has('manager');
  const first = (path: string): string => path.split('.')[0]!;
  const userRaw = wanted.raw.filter((name) => USER_PROPERTIES.has(first(name)));
  const groupRaw = wanted.raw.filter((name) => GROUP_PROPERTIES.has(first(name)));
  const unknown = wanted.raw.find((name) => !userRaw.includes(name) && !groupRaw.includes(name)) ?? null;
  const stampProperty = settings.stamp.replace(/^c/, 'C');
  const asked = {
    user: distinct([...USER_ALWAYS, ...fields.flatMap((field) => (field.user ? [first(field.user)] : [])), ...userRaw.map(first)]),
    group: distinct([
      ...GROUP_ALWAYS,
      ...fields.flatMap((field) => (field.group && field.user ? [field.user] : [])),
      ...groupRaw.map(first),
    ]),
    recipient: distinct([
      ...RECIPIENT_ALWAYS,
      stampProperty,
      ...fields.flatMap((field) => field.recipient ?? []),
      ...(managers ? ['Name'] : []),
    ]),
    contact: distinct([...CONTACT_ALWAYS, ...fields.flatMap((field) => field.contact ?? []), ...(managers ? ['Manager'] : [])]),
    birthdays: wanted.attributes.includes('birthday'),
    managers,
  };
  const stampPath = `onPremisesExtensionAttributes.extensionAttribute${settings.stamp.replace(/\D/g, '')}`;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([asked, userRaw, groupRaw, settings.tenant, settings.endpoints]))
    .digest('hex')
    .slice(0, 16);
  const senders = !settings.pull.internalOnlyGroups;
  const { x500 = false, groupX500 = false } = wanted;
  return { ...asked, senders, x500, groupX500, fields, userRaw, groupRaw, stampProperty, stampPath, fingerprint, unknown };
}

function distinct(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** The failure of a pull that asks for an attribute that does not exist. */
export function unknownAttribute(connector: string, name: string): FailureError {
  return new FailureError({
    code: 'configuration',
    message: `Connector "${connector}": Microsoft Graph's users and groups have no attribute "${name}" (asked for as raw.${name}).`,
    nextStep: 'Correct the name in filters or "set"; profile attributes such as skills cannot be filtered.',
  });
}
