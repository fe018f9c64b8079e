import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults.ts';
import { json, type Reply } from '../server.ts';
import { shownRow } from './cmdletProperties.ts';
import { type ExchangeOptions, fault, find, missing, refusedNew } from './exchange.ts';
import { deletedUsers, inDirectory } from './exchangeParameters.ts';
import { row } from './exchangeReads.ts';
import type { TenantObject } from './model.ts';

type Parameters = Readonly<Record<string, unknown>>;

const NEW_PARAMETERS = new Set([
  'Name',
  'DisplayName',
  'Alias',
  'ExternalEmailAddress',
  'MicrosoftOnlineServicesID',
  'Password',
  'FirstName',
  'LastName',
  'Initials',
  'Confirm',
  'WhatIf',
]);

/** New-MailUser of Exchange Online, the parameter set MicrosoftOnlineServicesID: an account in Entra, a mail user in Exchange. */
export function newMailUser(options: ExchangeOptions, parameters: Parameters, faults: Faults): Reply {
  const unknown = Object.keys(parameters).find((name) => !NEW_PARAMETERS.has(name));
  if (unknown) return binding(`A parameter cannot be found that matches parameter name '${unknown}'.`);
  const text = (name: string): string => String(parameters[name] ?? '');
  const signInName = text('MicrosoftOnlineServicesID');
  const address = text('ExternalEmailAddress').replace(/^smtp:/i, '');
  const alias = text('Alias') || signInName.split('@')[0]!;
  const refused =
    badPassword(parameters['Password']) ??
    refusedSignInName(options, signInName) ??
    refusedNew(options, { name: text('Name'), address, alias }, faults);
  if (refused) return refused;
  const guid = randomUUID();
  const user: TenantObject = {
    id: randomUUID(),
    type: 'user',
    guid,
    displayName: text('DisplayName') || text('Name'),
    mail: address,
    proxyAddresses: [`SMTP:${address}`],
    alias,
    name: text('Name'),
    recipientType: 'MailUser',
    hidden: false,
    createdAt: new Date().toISOString(),
    userPrincipalName: signInName,
    userType: 'Member',
    accountEnabled: true,
    externalEmailAddress: address,
    legacyExchangeDN: `/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=${guid.replaceAll('-', '')}-${alias}`,
    properties: {
      ...(parameters['FirstName'] ? { givenName: text('FirstName') } : {}),
      ...(parameters['LastName'] ? { surname: text('LastName') } : {}),
    },
    custom: {},
  };
  options.objects.put(user);
  return json(200, { '@adminapi.warnings': [], value: [shownRow(row(user), 'New-MailUser', null)] }, { wrote: true });
}

/** Removes the account, too: it goes to Entra's deleted users, with its sign-in name and addresses. */
export function removeMailUser(options: ExchangeOptions, parameters: Parameters): Reply {
  const user = find(options, parameters['Identity']);
  if (user?.recipientType !== 'MailUser') return missing(parameters['Identity']);
  if (parameters['Confirm'] !== false)
    return fault(400, '', 'InvalidOperationException', 'The command waits for a confirmation that nobody gives.');
  options.objects.remove(user.id, 'changed');
  return { status: 200, body: '', wrote: true };
}

/** Passwords come encrypted with the service's key: a block of RSA in base64, never text. */
function badPassword(value: unknown): Reply | null {
  const block = typeof value === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : null;
  if (block?.length === 256) return null;
  return binding("Cannot bind parameter 'Password'. Cannot convert the value to type System.Security.SecureString.");
}

/** A sign-in name is in an accepted domain, and nobody else's, deleted users included. */
export function refusedSignInName(options: ExchangeOptions, name: string): Reply | null {
  const domain = name.slice(name.lastIndexOf('@') + 1).toLowerCase();
  if (!/^[^@\s<>]+@[^@\s<>]+$/.test(name) || !options.domains.includes(domain))
    return fault(
      400,
      '',
      'NotAcceptedDomainException',
      `The domain "${domain}" of the user name "${name}" is not an accepted domain of the organization.`,
    );
  const holds = (user: TenantObject): boolean => user.userPrincipalName?.toLowerCase() === name.toLowerCase();
  if (options.objects.all().some(holds))
    return fault(
      400,
      'ExA1B2C3',
      'UserNameAlreadyExistsException',
      `The user name "${name}" is already being used. Please try another name.`,
    );
  const deleted = deletedUsers(options.objects).find(holds);
  return deleted ? inDirectory('userPrincipalName', deleted) : null;
}

function binding(text: string): Reply {
  return fault(400, '', 'System.Management.Automation.ParameterBindingException', text);
}
