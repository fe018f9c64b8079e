import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { shownRow } from './cmdletProperties.ts';
import { applyParameter, refusedAddress } from './exchangeParameters.ts';
import { dynamicMembers, list, row } from './exchangeReads.ts';
import { newMailUser, removeMailUser } from './mailUsers.ts';
import type { TenantObject } from './model.ts';

/** Exchange Online's REST: one POST for every cmdlet, the real service's error shapes and normalisation of values. */
export interface ExchangeOptions {
  readonly objects: Objects<TenantObject>;
  readonly tenant: string;
  /** Accepted domains. */
  readonly domains: readonly string[];
  readonly base: () => string;
  /** Addresses freed a moment ago: still refused for a while, if told so. */
  readonly held: Map<string, { readonly owner: string; readonly at: number }>;
}

export type Parameters = Record<string, unknown>;

export function exchangeAnswer(options: ExchangeOptions, call: Call, faults: Faults): Reply {
  const { CmdletInput: input } = JSON.parse(call.body || '{}') as { CmdletInput?: { CmdletName: string; Parameters?: Parameters } };
  if (!input) return fault(400, '', 'InvalidRequest', 'CmdletInput is missing.');
  if (faults.forbidden?.includes('exchange'))
    return fault(403, '', 'UnauthorizedAccessException', 'The role assigned to the application does not allow this cmdlet.');
  const parameters = input.Parameters ?? {};
  const name = input.CmdletName;
  if (faults.withoutCmdlets?.includes(name)) return unknownCmdlet(name);
  const reads: Readonly<Record<string, (object: TenantObject) => boolean>> = {
    'Get-Recipient': (object) => object.recipientType !== null,
    'Get-MailContact': (object) => object.recipientType === 'MailContact',
    'Get-Contact': (object) => object.type === 'contact',
    'Get-MailUser': (object) => object.recipientType === 'GuestMailUser' || object.recipientType === 'MailUser',
    'Get-DistributionGroup': (object) => /^Mail\w*Group$/.test(object.recipientType ?? ''),
    'Get-DynamicDistributionGroup': (object) => object.recipientType === 'DynamicDistributionGroup',
    'Get-UnifiedGroup': (object) => object.recipientType === 'GroupMailbox',
    'Get-User': (object) => object.type === 'user',
    'Get-Mailbox': (object) => object.type === 'user' && (object.recipientType?.endsWith('Mailbox') ?? false),
  };
  const read = reads[name];
  // A new guest comes to Exchange minutes after its invitation.
  const synced = (object: TenantObject): boolean => (object.exchangeFrom ?? 0) <= Date.now();
  if (read)
    return lied(
      list(options, call, name, parameters, faults, (object) => synced(object) && read(object)),
      faults,
      name,
    );
  if (name === 'Get-DynamicDistributionGroupMember') return dynamicMembers(options, call, parameters, faults);
  if (name === 'New-MailContact') return create(options, call, parameters, faults);
  if (name === 'New-MailUser') return newMailUser(options, parameters, faults);
  if (name === 'Remove-MailUser') return removeMailUser(options, parameters);
  if (/^Set-(MailContact|Contact|MailUser|User|Mailbox)$/.test(name)) return update(options, name, parameters, faults);
  if (name === 'Remove-MailContact') return remove(options, parameters);
  return unknownCmdlet(name);
}

function unknownCmdlet(name: string): Reply {
  return fault(
    400,
    '',
    'System.Management.Automation.CommandNotFoundException',
    `The term '${name}' is not recognized as the name of a cmdlet.`,
  );
}

export function fault(status: number, id: string, exception: string, text: string): Reply {
  return json(status, {
    error: {
      code: status === 404 ? 'NotFound' : 'BadRequest',
      message: 'Error executing cmdlet',
      details: [{ code: 'Context', target: '', message: `${id}|Microsoft.Exchange.Configuration.Tasks.${exception}|${text}` }],
      innererror: { message: text, type: 'Microsoft.Exchange.Admin.OData.Core.ODataServiceException' },
    },
  });
}

export function find(options: ExchangeOptions, identity: unknown): TenantObject | undefined {
  const wanted = String(identity ?? '').toLowerCase();
  return options.objects
    .all()
    .find(
      (object) =>
        [object.guid, object.id, object.name, object.alias].some((one) => one.toLowerCase() === wanted) ||
        object.proxyAddresses.some((proxy) => proxy.toLowerCase() === `smtp:${wanted}`),
    );
}

export function missing(identity: unknown): Reply {
  return fault(
    404,
    'Ex6F9304',
    'ManagementObjectNotFoundException',
    `The operation couldn't be performed because object '${String(identity)}' couldn't be found on 'EURPR01A001DC01.EURPR01A001.PROD.OUTLOOK.COM'.`,
  );
}

const NEW_PARAMETERS = new Set([
  'Name',
  'DisplayName',
  'Alias',
  'ExternalEmailAddress',
  'FirstName',
  'LastName',
  'Initials',
  'OrganizationalUnit',
  'Confirm',
  'WhatIf',
]);

/** What every new recipient is refused for. */
export function refusedNew(
  options: ExchangeOptions,
  { name, address, alias }: { readonly name: string; readonly address: string; readonly alias: string },
  faults: Faults,
): Reply | null {
  if (name === '' || name.length > 64)
    return fault(
      400,
      '',
      'DataValidationException',
      `The length of the property is too long. The maximum length is 64 and the length of the value provided is ${name.length}. Property Name: Name`,
    );
  if (!/^[^@\s]+@[^@\s]+$/.test(address)) return fault(400, '', 'DataValidationException', `The address '${address}' is invalid.`);
  if (!/^[A-Za-z0-9!#%*+\-/=?^_~.]+$/.test(alias))
    return fault(400, '', 'DataValidationException', `The alias '${alias}' contains characters that are not valid.`);
  if (options.objects.all().some((object) => object.name.toLowerCase() === name.toLowerCase()))
    return fault(400, 'ExB6E0F7', 'ADObjectAlreadyExistsException', `The name "${name}" is already being used. Please try another name.`);
  if (options.objects.all().some((object) => object.alias.toLowerCase() === alias.toLowerCase()))
    return fault(400, 'ExB6E0F8', 'ADObjectAlreadyExistsException', `The alias "${alias}" is already being used.`);
  return refusedAddress(options, address, null, faults);
}

function create(options: ExchangeOptions, call: Call, parameters: Parameters, faults: Faults): Reply {
  const unknown = Object.keys(parameters).find((name) => !NEW_PARAMETERS.has(name));
  if (unknown)
    return fault(
      400,
      '',
      'System.Management.Automation.ParameterBindingException',
      `A parameter cannot be found that matches parameter name '${unknown}'.`,
    );
  const name = String(parameters['Name'] ?? '');
  const address = String(parameters['ExternalEmailAddress'] ?? '').replace(/^smtp:/i, '');
  const alias = String(parameters['Alias'] ?? name.replace(/[^A-Za-z0-9]/g, ''));
  const refused = refusedNew(options, { name, address, alias }, faults);
  if (refused) return refused;
  const guid = randomUUID();
  const object: TenantObject = {
    id: randomUUID(),
    type: 'contact',
    guid,
    displayName: String(parameters['DisplayName'] ?? name),
    mail: address,
    proxyAddresses: [`SMTP:${address}`],
    alias,
    name,
    recipientType: 'MailContact',
    hidden: false,
    createdAt: new Date().toISOString(),
    externalEmailAddress: address,
    legacyExchangeDN: `/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=${guid.replaceAll('-', '')}-${alias}`,
    properties: {
      ...(parameters['FirstName'] ? { givenName: String(parameters['FirstName']) } : {}),
      ...(parameters['LastName'] ? { surname: String(parameters['LastName']) } : {}),
    },
    custom: {},
  };
  options.objects.put(object);
  return json(
    200,
    { '@adminapi.warnings': [], value: [shownRow(row(object), 'New-MailContact', call.url.searchParams.get('$select'))] },
    { wrote: true },
  );
}

function update(options: ExchangeOptions, cmdlet: string, parameters: Parameters, faults: Faults): Reply {
  const object = find(options, parameters['Identity']);
  if (!object || !isWrittenBy(cmdlet, object)) return missing(parameters['Identity']);
  if (object.dirSynced)
    return fault(
      400,
      '',
      'InvalidOperationException',
      'The action failed because the object is being synchronized from your on-premises organization.',
    );
  const next: TenantObject = {
    ...object,
    properties: { ...object.properties },
    custom: { ...object.custom },
    proxyAddresses: [...object.proxyAddresses],
  };
  for (const [name, value] of Object.entries(parameters)) {
    const refused = applyParameter(options, cmdlet, next, name, value, faults);
    if (refused) return refused;
  }
  for (const proxy of object.proxyAddresses)
    if (!next.proxyAddresses.some((kept) => kept.toLowerCase() === proxy.toLowerCase()))
      options.held.set(proxy.slice(5).toLowerCase(), { owner: object.id, at: Date.now() });
  options.objects.put(next);
  return { status: 200, body: '', wrote: true };
}

const WRITTEN_BY: Readonly<Record<string, (object: TenantObject) => boolean>> = {
  'Set-MailUser': ({ recipientType }) => recipientType === 'MailUser' || recipientType === 'GuestMailUser',
  'Set-User': ({ type }) => type === 'user',
  'Set-Mailbox': ({ recipientType }) => recipientType?.endsWith('Mailbox') ?? false,
};

/** Each cmdlet finds its own kind of recipient only, and guests once Exchange knows them. */
function isWrittenBy(cmdlet: string, object: TenantObject): boolean {
  if ((object.exchangeFrom ?? 0) > Date.now()) return false;
  return (WRITTEN_BY[cmdlet] ?? (({ type }: TenantObject) => type === 'contact'))(object);
}

function remove(options: ExchangeOptions, parameters: Parameters): Reply {
  const object = find(options, parameters['Identity']);
  if (object?.type !== 'contact') return missing(parameters['Identity']);
  for (const proxy of object.proxyAddresses) options.held.set(proxy.slice(5).toLowerCase(), { owner: object.id, at: Date.now() });
  options.objects.remove(object.id);
  return { status: 204, body: '', wrote: true };
}
