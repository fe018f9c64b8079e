import type { Faults } from '../faults.ts';
import type { Reply } from '../server.ts';
import { countryName } from './countries.ts';
import { type ExchangeOptions, fault } from './exchange.ts';
import { refusedSignInName } from './mailUsers.ts';
import { setExchangeManager } from './managers.ts';
import { EXCHANGE_NAMES, type TenantObject } from './model.ts';

/** The name of the object that holds an address, or null. */
function taken(options: ExchangeOptions, address: string, self: string | null, faults: Faults): string | null {
  const wanted = address.toLowerCase();
  const hold = options.held.get(wanted);
  if (hold && hold.owner !== self && Date.now() - hold.at < (faults.addressHoldMs ?? 0)) return hold.owner;
  const owner = options.objects
    .all()
    .find(
      (object) =>
        object.id !== self &&
        (object.proxyAddresses.some((proxy) => proxy.toLowerCase() === `smtp:${wanted}`) ||
          object.mail?.toLowerCase() === wanted ||
          object.userPrincipalName?.toLowerCase() === wanted),
    );
  return owner ? owner.name : null;
}

/** The refusal of an address that somebody holds, deleted users included: Entra keeps theirs for 30 days. */
export function refusedAddress(options: ExchangeOptions, address: string, self: string | null, faults: Faults): Reply | null {
  const owner = taken(options, address, self, faults);
  if (owner) return inUse(address, owner);
  const wanted = address.toLowerCase();
  const deleted = deletedUsers(options.objects).find(
    (user) => user.mail?.toLowerCase() === wanted || user.proxyAddresses.some((proxy) => proxy.toLowerCase() === `smtp:${wanted}`),
  );
  return deleted ? inDirectory('proxyAddresses', deleted) : null;
}

/** Entra refuses what Exchange would have taken: somebody whom Exchange does not see holds the value. */
export function inDirectory(property: string, owner: TenantObject): Reply {
  return fault(
    400,
    'Ex6F9304',
    'UnableToWriteToAadException',
    `An Azure Active Directory call was made to keep object in sync between Azure Active Directory and Exchange Online. However, it failed. Detailed error message: Another object with the same value for property ${property} already exists. ConflictingObject: User_${owner.id}`,
  );
}

/** Users who can still be restored. */
export function deletedUsers(objects: ExchangeOptions['objects']): readonly TenantObject[] {
  const gone = new Map(objects.removed().map((one) => [one.id, one]));
  return [...gone.values()]
    .filter((one) => one.object.type === 'user' && one.reason === 'changed' && !objects.get(one.id))
    .map((one) => one.object);
}

function inUse(address: string, owner: string): Reply {
  return fault(
    400,
    'ExF1C8C9',
    'ProxyAddressExistsException',
    `The proxy address "SMTP:${address}" is already being used by the proxy addresses or LegacyExchangeDN of "${owner}". Please choose another proxy address.`,
  );
}

const GRAPH_NAMES = Object.fromEntries(Object.entries(EXCHANGE_NAMES).map(([graph, exchange]) => [exchange, graph]));

/** Applies one parameter of Set-MailContact, Set-Contact, Set-MailUser or Set-User; answers the refusal, if it is one. */
export function applyParameter(
  options: ExchangeOptions,
  cmdlet: string,
  next: TenantObject,
  name: string,
  value: unknown,
  faults: Faults,
): Reply | null {
  const text = value === null || value === undefined ? '' : String(value);
  if (name === 'Identity' || name === 'Confirm') return null;
  if (name === 'DisplayName') next.displayName = text;
  else if (name === 'HiddenFromAddressListsEnabled') next.hidden = value === true;
  else if (/^CustomAttribute\d+$/.test(name)) next.custom[name] = text;
  else if (cmdlet === 'Set-Mailbox') return unknownParameter(name);
  else if (name === 'Name') return setName(options, next, text);
  else if (name === 'Alias') return setAlias(options, next, text);
  else if (name === 'MicrosoftOnlineServicesID' && cmdlet === 'Set-MailUser') return setSignInName(options, next, text);
  else if (name === 'ExternalEmailAddress') return setExternal(options, next, text.replace(/^smtp:/i, ''), faults);
  else if (name === 'WindowsEmailAddress') return setWindows(options, next, text, faults);
  else if (name === 'EmailAddresses') return setProxies(options, next, value, faults);
  else if (name === 'Manager' && (cmdlet === 'Set-Contact' || cmdlet === 'Set-User')) return setExchangeManager(options, next, text);
  else if (name === 'CountryOrRegion') return setCountry(next, text);
  else if (GRAPH_NAMES[name] && (cmdlet === 'Set-Contact' || cmdlet === 'Set-User'))
    next.properties[GRAPH_NAMES[name]] = value === null || text === '' ? null : Array.isArray(value) ? (value as string[]) : text;
  else return unknownParameter(name);
  return null;
}

function setSignInName(options: ExchangeOptions, next: TenantObject, name: string): Reply | null {
  if (next.userPrincipalName?.toLowerCase() !== name.toLowerCase()) {
    const refused = refusedSignInName(options, name);
    if (refused) return refused;
  }
  next.userPrincipalName = name;
  return null;
}

function unknownParameter(name: string): Reply {
  return fault(
    400,
    '',
    'System.Management.Automation.ParameterBindingException',
    `A parameter cannot be found that matches parameter name '${name}'.`,
  );
}

function setName(options: ExchangeOptions, next: TenantObject, name: string): Reply | null {
  if (name === '' || name.length > 64)
    return fault(400, '', 'DataValidationException', `The name has ${name.length} characters. Property Name: Name`);
  const other = options.objects.all().some((object) => object.id !== next.id && object.name.toLowerCase() === name.toLowerCase());
  if (other)
    return fault(400, 'ExB6E0F7', 'ADObjectAlreadyExistsException', `The name "${name}" is already being used. Please try another name.`);
  next.name = name;
  return null;
}

function setAlias(options: ExchangeOptions, next: TenantObject, alias: string): Reply | null {
  const other = options.objects.all().some((object) => object.id !== next.id && object.alias.toLowerCase() === alias.toLowerCase());
  if (other) return fault(400, 'ExB6E0F8', 'ADObjectAlreadyExistsException', `The alias "${alias}" is already being used.`);
  next.alias = alias;
  return null;
}

function x500Owner(options: ExchangeOptions, address: string, self: string): string | null {
  const wanted = address.toLowerCase();
  const owner = options.objects
    .all()
    .find(
      (object) =>
        object.id !== self &&
        (object.legacyExchangeDN?.toLowerCase() === wanted ||
          object.proxyAddresses.some((proxy) => proxy.toLowerCase() === `x500:${wanted}`)),
    );
  return owner?.name ?? null;
}

function setCountry(next: TenantObject, text: string): Reply | null {
  if (text === '') next.properties['country'] = null;
  else {
    const name = countryName(text);
    if (!name)
      return fault(
        400,
        '',
        'ParameterBindingException',
        `Cannot process argument transformation on parameter 'CountryOrRegion'. Cannot convert value "${text}" to type "CountryInfo".`,
      );
    next.properties['country'] = name;
  }
  return null;
}

function setExternal(options: ExchangeOptions, next: TenantObject, address: string, faults: Faults): Reply | null {
  const refused = refusedAddress(options, address, next.id, faults);
  if (refused) return refused;
  next.externalEmailAddress = address;
  return null;
}

function setWindows(options: ExchangeOptions, next: TenantObject, address: string, faults: Faults): Reply | null {
  const refused = refusedAddress(options, address, next.id, faults);
  if (refused) return refused;
  next.mail = address;
  return null;
}

function setProxies(options: ExchangeOptions, next: TenantObject, value: unknown, faults: Faults): Reply | null {
  let list: string[];
  if (Array.isArray(value)) list = value as string[];
  else {
    const table = value as { '@odata.type'?: string; Add?: string[]; Remove?: string[] };
    if (table['@odata.type'] !== '#Exchange.GenericHashTable')
      return fault(400, '', 'ParameterBindingException', "Cannot bind parameter 'EmailAddresses'. Cannot convert value of type JObject.");
    list = [
      ...next.proxyAddresses.filter((proxy) => !(table.Remove ?? []).some((gone) => gone.toLowerCase() === proxy.toLowerCase())),
      ...(table.Add ?? []),
    ];
  }
  if (list.filter((proxy) => proxy.startsWith('SMTP:')).length !== 1)
    return fault(400, '', 'DataValidationException', 'The address list must have exactly one primary SMTP address.');
  if (list.length > 333)
    return fault(
      400,
      '',
      'DataValidationException',
      `This request results in the user having ${list.length} proxy addresses. The maximum is 333.`,
    );
  for (const proxy of list.filter((one) => /^smtp:/i.test(one))) {
    const refused = refusedAddress(options, proxy.slice(5), next.id, faults);
    if (refused) return refused;
  }
  for (const proxy of list.filter((one) => /^x500:/i.test(one))) {
    const owner = x500Owner(options, proxy.slice(5), next.id);
    if (owner) return inUse(proxy.slice(5), owner);
  }
  next.proxyAddresses = list;
  next.mail = list.find((proxy) => proxy.startsWith('SMTP:'))!.slice(5);
  return null;
}
