import { randomUUID } from 'node:crypto';
import type { Faults } from '../faults.ts';
import { type Call, json, type Reply } from '../server.ts';
import { deletedUsers } from './exchangeParameters.ts';
import { error, type GraphOptions, notFound, userValues } from './graph.ts';
import { isAdvanced, type Values } from './graphFilter.ts';
import { chosen, isReply, listPage, selectionOf } from './graphQuery.ts';
import { managerRef } from './managers.ts';
import type { TenantObject } from './model.ts';

/** Graph's writes about guests: invitations, PATCH of users with the refusals of single properties, soft delete and restore. */
export function graphWrite(options: GraphOptions, call: Call, path: string, faults: Faults): Reply {
  const body = (call.body === '' ? {} : JSON.parse(call.body)) as Record<string, unknown>;
  if (path === '/invitations' && call.method === 'POST') return refusedArea(faults, 'invitations') ?? invitations(options, body, faults);
  const restored = /^\/directory\/deletedItems\/([^/]+)\/restore$/.exec(path)?.[1];
  if (restored !== undefined && call.method === 'POST') return refusedArea(faults, 'deletedItems') ?? restore(options, restored, faults);
  const purged = /^\/directory\/deletedItems\/([^/]+)$/.exec(path)?.[1];
  if (purged !== undefined && call.method === 'DELETE') return refusedArea(faults, 'deletedItems') ?? purge(options, purged);
  const [, id, link] = /^\/users\/([^/]+)(\/manager\/\$ref)?$/.exec(path) ?? [];
  if (id === undefined || (!link && call.method !== 'PATCH' && call.method !== 'DELETE'))
    return error(405, 'MethodNotAllowed', 'Not here.');
  const refused = refusedArea(faults, 'usersWrite');
  if (refused) return refused;
  const user = options.objects.get(id);
  if (user?.type !== 'user' || !shown(user)) return notFound(id);
  if (link) return managerRef(options, call, user, body);
  return call.method === 'PATCH' ? patch(options, user, body) : remove(options, user);
}

/** `GET /directory/deletedItems/{id}` and the list of deleted users, which is an advanced query. */
export function deletedItems(options: GraphOptions, call: Call, path: string, faults: Faults): Reply {
  const objects = deletedUsers(options.objects);
  const values = (user: TenantObject): Values => ({
    '@odata.type': '#microsoft.graph.user',
    ...userValues(user),
    userPrincipalName: `${user.id.replaceAll('-', '')}${user.userPrincipalName}`,
  });
  const id = /^\/directory\/deletedItems\/([^/]+)$/.exec(path)?.[1];
  if (id === 'microsoft.graph.user') {
    if (!isAdvanced(call)) return error(400, 'Request_UnsupportedQuery', 'Unsupported Query. Use ConsistencyLevel eventual and $count.');
    return listPage(call, faults, { type: 'user', objects, values, base: options.base() });
  }
  const selection = selectionOf(call.url.searchParams.get('$select'), 'directoryObject', false);
  if (isReply(selection)) return selection;
  const one = objects.find((user) => user.id === id);
  return one ? json(200, chosen(values(one), selection)) : notFound(id ?? '');
}

/** Graph's servers learn of a new object one after the other. */
export function shown(object: TenantObject): boolean {
  return (object.graphFrom ?? 0) <= Date.now();
}

function refusedArea(faults: Faults, area: string): Reply | null {
  return faults.forbidden?.includes(area)
    ? error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
    : null;
}

function conflict(property: string): Reply {
  return error(400, 'Request_BadRequest', `Another object with the same value for property ${property} already exists.`);
}

function holds(object: TenantObject, address: string): boolean {
  const wanted = address.toLowerCase();
  const all = [object.mail ?? '', ...(object.otherMails ?? []), ...object.proxyAddresses.map((proxy) => proxy.replace(/^smtp:/i, ''))];
  return all.some((one) => one.toLowerCase() === wanted) || object.userPrincipalName?.toLowerCase() === wanted;
}

const LAGS = { graph: 300, exchange: 1_500 };

function lags(faults: Faults): Pick<TenantObject, 'graphFrom' | 'exchangeFrom'> {
  const now = Date.now();
  return { graphFrom: now + (faults.inviteLagMs ?? LAGS.graph), exchangeFrom: now + (faults.exchangeLagMs ?? LAGS.exchange) };
}

function invitations(options: GraphOptions, body: Record<string, unknown>, faults: Faults): Reply {
  const address = String(body['invitedUserEmailAddress'] ?? '');
  const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
  if (!/^[^@\s]+@[^@\s]+$/.test(address) || typeof body['inviteRedirectUrl'] !== 'string')
    return error(400, 'BadRequest', 'invitedUserEmailAddress and inviteRedirectUrl are required.');
  if (body['sendInvitationMessage'] !== false) return error(400, 'BadRequest', 'Nobody in this tenant wants mail.');
  if (options.domains.includes(domain))
    return error(400, 'BadRequest', 'The domain of the invited user is a verified domain of this directory.');
  if (faults.notInvitable?.includes(domain))
    return error(400, 'BadRequest', `This user can't be invited to this directory because its domain ${domain} is blocked.`);
  const invited = (user: TenantObject): Reply => invitation(user, address, body);
  const known = (body['invitedUser'] as { id?: string } | undefined)?.id;
  if (known !== undefined) {
    const user = options.objects.get(known);
    if (!user || body['resetRedemption'] !== true || !holds(user, address))
      return error(400, 'BadRequest', 'The user cannot be invited again under this address.');
    options.objects.put({ ...user, externalUserState: 'PendingAcceptance', otherMails: [address] });
    return { ...invited(user), wrote: true };
  }
  const owner = options.objects.all().find((object) => object.type !== 'contact' && holds(object, address));
  if (owner?.type === 'user' && owner.userType === 'Guest') return invited(owner);
  if (owner?.type === 'user')
    return error(
      400,
      'BadRequest',
      `The invited user already exists in the directory as object ID: ${owner.id}. They can use that account to sign in to shared apps and resources.`,
    );
  if (owner || deletedUsers(options.objects).some((user) => holds(user, address))) return conflict('proxyAddresses');
  const user = guest(options, address, String(body['invitedUserDisplayName'] ?? address), faults);
  options.objects.put(user);
  return { ...invited(user), wrote: true };
}

function invitation(user: TenantObject, address: string, body: Record<string, unknown>): Reply {
  return json(201, {
    id: randomUUID(),
    inviteRedeemUrl: 'https://login.example/redeem',
    invitedUserDisplayName: body['invitedUserDisplayName'] ?? null,
    invitedUserEmailAddress: address,
    sendInvitationMessage: false,
    invitedUserType: 'Guest',
    status: 'PendingAcceptance',
    invitedUser: { id: user.id },
  });
}

function guest(options: GraphOptions, address: string, displayName: string, faults: Faults): TenantObject {
  const initial = options.domains.find((name) => name.endsWith('.onmicrosoft.com')) ?? options.domains[0]!;
  const alias = `${address.replace('@', '_')}#EXT#`;
  // A contact with the address keeps it: the guest comes without a proxy address (reference §2.2).
  const clash = options.objects.all().some((object) => object.type === 'contact' && holds(object, address));
  const id = randomUUID();
  return {
    id,
    type: 'user',
    guid: randomUUID(),
    displayName,
    mail: clash ? null : address,
    proxyAddresses: clash ? [] : [`SMTP:${address}`],
    otherMails: [address],
    alias,
    name: `${alias.slice(0, 50)}_${id.slice(0, 8)}`,
    recipientType: 'GuestMailUser',
    hidden: true,
    createdAt: new Date().toISOString(),
    userPrincipalName: `${alias}@${initial}`,
    userType: 'Guest',
    accountEnabled: true,
    externalUserState: 'PendingAcceptance',
    externalEmailAddress: address,
    properties: {},
    custom: {},
    ...lags(faults),
  };
}

/** Properties that an application may write, with the length that Graph takes (reference §1.5). */
const LENGTHS: Readonly<Record<string, number>> = {
  displayName: 256,
  givenName: 64,
  surname: 64,
  jobTitle: 128,
  companyName: 64,
  department: 64,
  officeLocation: 128,
  mobilePhone: 64,
  faxNumber: 64,
  streetAddress: 1024,
  city: 128,
  state: 128,
  postalCode: 40,
  country: 128,
  preferredLanguage: 64,
  employeeId: 16,
};
const SENSITIVE = ['accountEnabled', 'businessPhones', 'mobilePhone', 'otherMails', 'passwordProfile', 'userPrincipalName'];

function patch(options: GraphOptions, user: TenantObject, body: Record<string, unknown>): Reply {
  if (user.dirSynced)
    return error(
      400,
      'Request_BadRequest',
      'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
    );
  if (user.adminRole && Object.keys(body).some((name) => SENSITIVE.includes(name)))
    return error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  const next: TenantObject = { ...user, properties: { ...user.properties }, custom: { ...user.custom } };
  for (const [name, value] of Object.entries(body)) {
    const refused = set(options, next, name, value);
    if (refused) return refused;
  }
  options.objects.put(next);
  return { status: 204, body: '', wrote: true };
}

function set(options: GraphOptions, next: TenantObject, name: string, value: unknown): Reply | null {
  const invalid = error(400, 'Request_BadRequest', `Invalid value specified for property '${name}' of resource 'User'.`);
  if (name === 'onPremisesExtensionAttributes') {
    for (const [inner, text] of Object.entries(value as Record<string, string | null>)) {
      const custom = inner.replace('extensionAttribute', 'CustomAttribute');
      if (text === null) delete next.custom[custom];
      else next.custom[custom] = text;
    }
    return null;
  }
  if (name === 'accountEnabled') {
    if (typeof value !== 'boolean') return invalid;
    next.accountEnabled = value;
    return null;
  }
  if (name === 'mail') return setMail(options, next, String(value));
  if (name === 'businessPhones') {
    if (!Array.isArray(value) || value.length > 1) return invalid;
    next.properties['businessPhone'] = (value[0] as string | undefined) ?? null;
    return null;
  }
  const length = LENGTHS[name];
  if (length === undefined) return error(400, 'Request_BadRequest', `Property '${name}' is read-only and cannot be set.`);
  if (value !== null && (typeof value !== 'string' || value === '' || value.length > length)) return invalid;
  if (name !== 'displayName') next.properties[name] = value;
  else if (value === null) return invalid;
  else next.displayName = value;
  return null;
}

/** The new address becomes the primary one, the old one stays as a second address. */
function setMail(options: GraphOptions, next: TenantObject, address: string): Reply | null {
  if (options.objects.all().some((object) => object.id !== next.id && holds(object, address))) return conflict('proxyAddresses');
  next.mail = address;
  next.externalEmailAddress = address;
  const kept = next.proxyAddresses.filter((proxy) => proxy.toLowerCase() !== `smtp:${address.toLowerCase()}`);
  next.proxyAddresses = [`SMTP:${address}`, ...kept.map((proxy) => proxy.replace(/^SMTP:/, 'smtp:'))];
  return null;
}

function remove(options: GraphOptions, user: TenantObject): Reply {
  if (user.adminRole) return error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  options.objects.remove(user.id, 'changed');
  return { status: 204, body: '', wrote: true };
}

function purge(options: GraphOptions, id: string): Reply {
  const user = deletedUsers(options.objects).find((one) => one.id === id);
  if (!user) return notFound(id);
  options.objects.put(user);
  options.objects.remove(id, 'deleted');
  return { status: 204, body: '', wrote: true };
}

function restore(options: GraphOptions, id: string, faults: Faults): Reply {
  const user = deletedUsers(options.objects).find((one) => one.id === id);
  if (!user) return notFound(id);
  if (user.mail && options.objects.all().some((object) => holds(object, user.mail!))) return conflict('proxyAddresses');
  const back = { ...user, ...lags(faults), ...(user.userType === 'Guest' ? { hidden: true } : {}) };
  options.objects.put(back);
  return json(200, { '@odata.type': '#microsoft.graph.user', id, displayName: back.displayName, mail: back.mail }, { wrote: true });
}
