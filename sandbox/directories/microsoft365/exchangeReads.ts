import type { Faults } from '../faults.ts';
import { type Call, json, type Reply } from '../server.ts';
import { shownRow, unfilterable } from './cmdletProperties.ts';
import { type ExchangeOptions, find, missing, type Parameters } from './exchange.ts';
import { managerColumn } from './managers.ts';
import { EXCHANGE_NAMES, type TenantObject } from './model.ts';
import { compileOpath, namesInOpath } from './opath.ts';

/** What a `Get-…` cmdlet answers: one object by its identity, or pages of those that it accepts. */
export function list(
  options: ExchangeOptions,
  call: Call,
  name: string,
  parameters: Parameters,
  faults: Faults,
  accepts: (object: TenantObject) => boolean,
): Reply {
  const view = (one: TenantObject): object =>
    shownRow({ ...row(one), ...managerColumn(options.objects, one, name) }, name, call.url.searchParams.get('$select'));
  if (parameters['Identity'] !== undefined) {
    const one = find(options, parameters['Identity']);
    return one && accepts(one) ? json(200, { value: [view(one)] }) : missing(parameters['Identity']);
  }
  let rows = options.objects.all().filter(accepts);
  if (parameters['Filter']) {
    const refused = unfilterable(name, namesInOpath(String(parameters['Filter'])));
    if (refused) return refused;
    const matches = compileOpath(String(parameters['Filter']));
    rows = rows.filter((one) => matches(row(one)));
  }
  if (faults.shrinkTo !== undefined && name === 'Get-Recipient') rows = rows.slice(0, faults.shrinkTo);
  if (faults.shrinkContactsTo !== undefined) {
    const contacts = rows.filter((one) => one.recipientType === 'MailContact').slice(0, faults.shrinkContactsTo);
    rows = [...rows.filter((one) => one.recipientType !== 'MailContact'), ...contacts];
  }
  if (faults.lie === 'emptyPage' && (!faults.lieAbout || new RegExp(faults.lieAbout).test(name))) rows = [];
  const asked = Number(/odata\.maxpagesize=(\d+)/.exec(String(call.headers['prefer'] ?? ''))?.[1] ?? 1000);
  const size = Math.min(asked, faults.pageSize ?? 1000);
  const start = Number(call.url.searchParams.get('$skiptoken') ?? 0);
  const more = start + size < rows.length;
  const select = call.url.searchParams.get('$select');
  const kept = select === null ? '' : `&$select=${encodeURIComponent(select)}`;
  const next = `${options.base()}/adminapi/beta/${options.tenant}/InvokeCommand?$skiptoken=${start + size}${kept}`;
  return json(200, {
    '@odata.context': 'simulated',
    '@adminapi.warnings': [],
    value: rows.slice(start, start + size).map(view),
    ...(more ? { '@odata.nextLink': next } : {}),
  });
}

/** The members of a dynamic group, in pages; any other group is not found by this cmdlet. */
export function dynamicMembers(options: ExchangeOptions, call: Call, parameters: Parameters, faults: Faults): Reply {
  const group = find(options, parameters['Identity']);
  if (group?.recipientType !== 'DynamicDistributionGroup') return missing(parameters['Identity']);
  const members = new Set(group.members ?? []);
  const { Identity: _identity, ...rest } = parameters;
  return list(options, call, 'Get-DynamicDistributionGroupMember', rest, faults, (object) => members.has(object.id));
}

/** All that Exchange has of an object; each cmdlet shows its own part of it. */
export function row(object: TenantObject): Record<string, unknown> {
  const own: Record<string, unknown> = {
    Identity: object.name,
    Id: object.name,
    Guid: object.guid,
    'Guid@odata.type': '#Guid',
    ExternalDirectoryObjectId: object.id,
    Name: object.name,
    Alias: object.alias,
    DisplayName: object.displayName,
    PrimarySmtpAddress: (object.proxyAddresses.find((proxy) => proxy.startsWith('SMTP:')) ?? '').slice(5),
    EmailAddresses: object.proxyAddresses,
    'EmailAddresses@odata.type': '#Collection(String)',
    HiddenFromAddressListsEnabled: object.hidden,
    RecipientTypeDetails: object.recipientType ?? 'User',
    IsDirSynced: object.dirSynced ?? false,
    WhenCreatedUTC: object.createdAt,
    WhenChangedUTC: object.createdAt,
    WindowsEmailAddress: object.mail,
    ...(object.externalEmailAddress ? { ExternalEmailAddress: recased(object.externalEmailAddress) } : {}),
    ...(object.legacyExchangeDN ? { LegacyExchangeDN: object.legacyExchangeDN } : {}),
    ...(object.userPrincipalName ? { UserPrincipalName: object.userPrincipalName } : {}),
    ...(object.type === 'group' ? { RequireSenderAuthenticationEnabled: object.internalOnly ?? false } : {}),
  };
  for (let n = 1; n <= 15; n += 1) own[`CustomAttribute${n}`] = object.custom[`CustomAttribute${n}`] ?? '';
  for (const [graph, exchange] of Object.entries(EXCHANGE_NAMES)) own[exchange] = object.properties[graph] ?? '';
  return own;
}

/** Exchange returns the external address with its prefix and may change the case of the domain. */
function recased(address: string): string {
  const bare = address.replace(/^smtp:/i, '');
  const at = bare.lastIndexOf('@');
  return `SMTP:${bare.slice(0, at + 1)}${bare.slice(at + 1).replace(/^./, (first) => first.toUpperCase())}`;
}
