import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { batchAnswer } from './batch.ts';
import { usersDelta } from './graphDelta.ts';
import type { Values } from './graphFilter.ts';
import { chosen, countReply, isReply, listPage, selectionOf } from './graphQuery.ts';
import { deletedItems, graphWrite, shown } from './graphWrites.ts';
import { groupsAnswer } from './groups.ts';
import { type MailboxItem, mailboxAnswer } from './mailboxes.ts';
import { expandedManager } from './managers.ts';
import type { TenantObject } from './model.ts';

export interface GraphOptions {
  readonly objects: Objects<TenantObject>;
  readonly mailboxes: Objects<MailboxItem>;
  readonly domains: readonly string[];
  readonly base: () => string;
}

/** Graph v1.0 as far as an address book needs it: delta of users, groups and their members, counts, organisation. */
export function graphAnswer(options: GraphOptions, call: Call, faults: Faults): Reply {
  const path = decodeURIComponent(call.path.replace(/^\/v1\.0/, ''));
  if (path === '/$batch') return batchAnswer(call, faults, (inner) => graphAnswer(options, inner, faults));
  const mailbox = mailboxAnswer(options, call, path, faults);
  if (mailbox) return mailbox;
  if (call.method !== 'GET') return graphWrite(options, call, path, faults);
  if (path.startsWith('/directory/deletedItems/')) return deletedItems(options, call, path, faults);
  if (/^\/organization(\/|$)/.test(path)) {
    const refused = forbidden(faults, 'domains');
    if (refused) return refused;
    return json(200, path === '/organization' ? { value: [organization(options)] } : organization(options));
  }
  if (/^\/users(\/|$)/.test(path)) {
    const refused = forbidden(faults, 'users');
    if (refused) return refused;
    const users = options.objects.all().filter((object) => object.type === 'user');
    if (path === '/users/$count') return countReply(call, users.length);
    if (path === '/users/delta') return lied(usersDelta(options, call, faults), faults, 'users');
    if (path === '/users') {
      const managerOf = (user: TenantObject): object => expandedManager(options.objects, user, call);
      const objects = call.url.searchParams.has('$filter') ? users.filter(shown) : users;
      return lied(
        listPage(call, faults, { type: 'user', objects, values: userValues, links: managerOf, base: options.base() }),
        faults,
        'users',
      );
    }
    return oneUser(options, call, path.slice('/users/'.length));
  }
  if (/^\/groups(\/|$)/.test(path)) return groupsAnswer(options, call, faults, path);
  return error(404, 'ResourceNotFound', `There is no ${path} here.`);
}

function organization(options: GraphOptions): object {
  const verifiedDomains = options.domains.map((name, n) => ({
    name,
    isDefault: n === 0,
    isInitial: name.endsWith('.onmicrosoft.com'),
    type: 'Managed',
    capabilities: 'Email',
  }));
  return { id: 'tenant', displayName: options.domains[0], verifiedDomains };
}

export function error(status: number, code: string, message: string, headers: Record<string, string> = {}): Reply {
  return json(status, { error: { code, message, innerError: { date: new Date().toISOString(), 'request-id': 'simulated' } } }, { headers });
}

export function forbidden(faults: Faults, area: string): Reply | null {
  return faults.forbidden?.includes(area)
    ? error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
    : null;
}

function oneUser(options: GraphOptions, call: Call, id: string): Reply {
  const selection = selectionOf(call.url.searchParams.get('$select'), 'user', false);
  if (isReply(selection)) return selection;
  const user = options.objects.get(id);
  return user?.type === 'user' && shown(user)
    ? json(200, { ...chosen(userValues(user), selection), ...expandedManager(options.objects, user, call) })
    : notFound(id);
}

export function notFound(id: string): Reply {
  return error(
    404,
    'Request_ResourceNotFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  );
}

/** All that a user has, by Graph's names. What was never set is not there; null: set once, cleared since. */
export function userValues(user: TenantObject): Values {
  return {
    ...user.properties,
    id: user.id,
    displayName: user.displayName,
    mail: user.mail ?? undefined,
    userPrincipalName: user.userPrincipalName,
    userType: user.userType ?? 'Member',
    accountEnabled: user.accountEnabled ?? true,
    proxyAddresses: user.proxyAddresses,
    otherMails: user.otherMails ?? [],
    externalUserState: user.externalUserState,
    mailNickname: user.alias,
    createdDateTime: user.createdAt,
    creationType: user.userType === 'Guest' ? 'Invitation' : undefined,
    onPremisesSyncEnabled: user.dirSynced,
    businessPhones: user.properties['businessPhone'] ? [user.properties['businessPhone']] : [],
    onPremisesExtensionAttributes: extensionAttributes(user),
  };
}

/** All fifteen are shown; one that is empty is null. */
function extensionAttributes({ custom }: TenantObject): Values {
  const numbers = Array.from({ length: 15 }, (_, n) => n + 1);
  return Object.fromEntries(numbers.map((n) => [`extensionAttribute${n}`, custom[`CustomAttribute${n}`] || null]));
}

export function groupValues(group: TenantObject): Values {
  return {
    id: group.id,
    displayName: group.displayName,
    description: group.properties['notes'] ?? undefined,
    mail: group.mail ?? undefined,
    mailEnabled: group.recipientType !== null,
    visibility: group.hiddenMembership ? 'HiddenMembership' : undefined,
    securityEnabled: group.securityEnabled ?? false,
    groupTypes: group.groupTypes ?? [],
    proxyAddresses: group.proxyAddresses,
    mailNickname: group.alias,
    createdDateTime: group.createdAt,
    onPremisesSyncEnabled: group.dirSynced,
    onPremisesExtensionAttributes: extensionAttributes(group),
    hideFromAddressLists: group.hidden,
    allowExternalSenders: !(group.internalOnly ?? false),
  };
}

/** A member of a group, as far as collections of directory objects show it. */
export function memberValues(member: TenantObject): Values {
  if (member.type === 'user') return { '@odata.type': '#microsoft.graph.user', ...userValues(member) };
  if (member.type === 'group') return { '@odata.type': '#microsoft.graph.group', ...groupValues(member) };
  const { id, displayName, mail, alias, proxyAddresses, properties } = member;
  return { '@odata.type': '#microsoft.graph.orgContact', ...properties, id, displayName, mail, mailNickname: alias, proxyAddresses };
}
