import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { batchAnswer } from './batch.ts';
import { deletedItems, graphWrite, isAdvanced, shown } from './graphWrites.ts';
import { groupsAnswer } from './groups.ts';
import { type MailboxItem, mailboxAnswer } from './mailboxes.ts';
import { deltaRows, expandedManager } from './managers.ts';
import type { TenantObject } from './model.ts';

export interface GraphOptions {
  readonly objects: Objects<TenantObject>;
  readonly mailboxes: Objects<MailboxItem>;
  readonly domains: readonly string[];
  readonly base: () => string;
}

const PAGE = 120;

/** Graph v1.0 as far as an address book needs it: delta of users, groups and their members, counts, organisation. */
export function graphAnswer(options: GraphOptions, call: Call, faults: Faults): Reply {
  const path = decodeURIComponent(call.path.replace(/^\/v1\.0/, ''));
  if (path === '/$batch') return batchAnswer(call, faults, (inner) => graphAnswer(options, inner, faults));
  const mailbox = mailboxAnswer(options, call, path, faults);
  if (mailbox) return mailbox;
  if (call.method !== 'GET') return graphWrite(options, call, path, faults);
  if (path.startsWith('/directory/deletedItems/')) return deletedItems(options, call, path);
  if (/^\/organization(\/|$)/.test(path)) {
    const refused = forbidden(faults, 'domains');
    if (refused) return refused;
    return json(200, path === '/organization' ? { value: [organization(options)] } : organization(options));
  }
  if (/^\/users(\/|$)/.test(path)) {
    const refused = forbidden(faults, 'users');
    if (refused) return refused;
    if (path === '/users/$count') return { status: 200, headers: { 'content-type': 'text/plain' }, body: String(users(options).length) };
    if (path === '/users/delta') return lied(delta(options, call, faults), faults, 'users');
    if (path === '/users' && isStampFilter(call) && !isAdvanced(call))
      return error(
        400,
        'Request_UnsupportedQuery',
        'Unsupported or invalid query filter clause specified for property extensionAttribute.',
      );
    if (path === '/users') return lied(list(options, call, faults, filtered(users(options), call), userView), faults, 'users');
    const one = options.objects.get(path.slice('/users/'.length));
    return one?.type === 'user' && shown(one)
      ? json(200, userView(one, selectOf(call), options, call))
      : error(404, 'Request_ResourceNotFound', 'Resource does not exist.');
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

function users(options: GraphOptions): readonly TenantObject[] {
  return options.objects.all().filter((object) => object.type === 'user');
}

/** `$filter` of the kinds that look an address up: `mail eq 'x'`, `userPrincipalName eq 'x'`, `proxyAddresses/any(p:p eq 'smtp:x')`, joined by `or`. */
export function filtered(objects: readonly TenantObject[], call: Call): readonly TenantObject[] {
  const filter = call.url.searchParams.get('$filter');
  if (!filter) return objects;
  const values = [...filter.matchAll(/eq '((?:[^']|'')*)'/g)].map((match) => match[1]!.replaceAll("''", "'").toLowerCase());
  return objects
    .filter(shown)
    .filter((object) =>
      [
        object.id,
        object.mail ?? '',
        object.userPrincipalName ?? '',
        ...object.proxyAddresses,
        ...(object.otherMails ?? []),
        ...Object.values(object.custom),
      ].some((one) => values.includes(one.toLowerCase())),
    );
}

function isStampFilter(call: Call): boolean {
  return (call.url.searchParams.get('$filter') ?? '').includes('onPremisesExtensionAttributes/');
}

export function selectOf(call: Call): readonly string[] {
  return (
    call.url.searchParams.get('$select')?.split(',').filter(Boolean) ?? [
      'id',
      'displayName',
      'mail',
      'userPrincipalName',
      'givenName',
      'surname',
      'jobTitle',
      'mobilePhone',
      'officeLocation',
      'businessPhones',
    ]
  );
}

function userView(user: TenantObject, select: readonly string[], options: GraphOptions, call?: Call): Record<string, unknown> {
  const all: Record<string, unknown> = {
    id: user.id,
    displayName: user.displayName,
    mail: user.mail,
    userPrincipalName: user.userPrincipalName,
    userType: user.userType ?? 'Member',
    accountEnabled: user.accountEnabled ?? true,
    proxyAddresses: user.proxyAddresses,
    otherMails: user.otherMails ?? [],
    externalUserState: user.externalUserState ?? null,
    mailNickname: user.alias,
    createdDateTime: user.createdAt,
    creationType: user.userType === 'Guest' ? 'Invitation' : null,
    onPremisesSyncEnabled: user.dirSynced ?? null,
    ...user.properties,
    businessPhones: user.properties['businessPhone'] ? [user.properties['businessPhone']] : [],
    onPremisesExtensionAttributes: Object.fromEntries(
      Object.entries(user.custom).map(([name, value]) => [name.replace('CustomAttribute', 'extensionAttribute'), value]),
    ),
  };
  return { ...picked(all, select), ...(call ? expandedManager(options.objects, user, call) : {}) };
}

export function groupView(group: TenantObject, select: readonly string[]): Record<string, unknown> {
  const all: Record<string, unknown> = {
    id: group.id,
    displayName: group.displayName,
    description: group.properties['notes'] ?? null,
    mail: group.mail,
    mailEnabled: group.recipientType !== null,
    visibility: group.hiddenMembership ? 'HiddenMembership' : null,
    securityEnabled: group.securityEnabled ?? false,
    groupTypes: group.groupTypes ?? [],
    proxyAddresses: group.proxyAddresses,
    mailNickname: group.alias,
    createdDateTime: group.createdAt,
    onPremisesSyncEnabled: group.dirSynced ?? null,
  };
  return picked(all, select);
}

/** Only what is asked for; what was never set is absent. `id` always comes along. */
function picked(all: Record<string, unknown>, select: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => name === 'id' || (select.includes(name) && value !== undefined)));
}

export function list(
  options: GraphOptions,
  call: Call,
  faults: Faults,
  objects: readonly TenantObject[],
  view: (object: TenantObject, select: readonly string[], options: GraphOptions, call: Call) => Record<string, unknown>,
): Reply {
  const size = Math.min(999, Number(call.url.searchParams.get('$top') ?? 100), faults.pageSize ?? 999);
  const start = decode(call.url.searchParams.get('$skiptoken'))?.start ?? 0;
  const value = objects.slice(start, start + size).map((object) => view(object, selectOf(call), options, call));
  const more = start + size < objects.length;
  return json(200, { value, ...(more ? { '@odata.nextLink': link(options, call, '$skiptoken', { start: start + size }) } : {}) });
}

interface Token {
  readonly start: number;
  readonly since: number;
  readonly upTo: number;
  readonly issued: number;
}

function encode(token: Partial<Token>): string {
  return Buffer.from(JSON.stringify({ issued: Date.now(), ...token })).toString('base64url');
}

function decode(text: string | null): Token | null {
  return text ? (JSON.parse(Buffer.from(text, 'base64url').toString()) as Token) : null;
}

function link(options: GraphOptions, call: Call, name: string, token: Partial<Token>): string {
  const select = call.url.searchParams.get('$select');
  const top = call.url.searchParams.get('$top');
  const kept = `${select ? `&$select=${encodeURIComponent(select)}` : ''}${top ? `&$top=${top}` : ''}`;
  return `${options.base()}${call.path}?${name}=${encode({ ...token, ...(select ? { select } : {}) } as never)}${kept}`;
}

/** Users by delta: pages chosen by the service, replays, tombstones, an empty page in the middle, expiry. */
function delta(options: GraphOptions, call: Call, faults: Faults): Reply {
  const skip = decode(call.url.searchParams.get('$skiptoken'));
  const since = decode(call.url.searchParams.get('$deltatoken'));
  if (faults.lie === 'gone410' && (since || (skip && skip.start > 0))) {
    delete faults.lie;
    return error(410, 'resyncRequired', 'Resync required.', { location: `${options.base()}/v1.0/users/delta?$deltatoken=` });
  }
  if (call.url.searchParams.get('$deltatoken') !== null && since && Date.now() - since.issued > 7 * 86_400_000)
    return error(400, 'syncStateNotFound', 'The sync state generation is not found; resynchronise.');
  const select =
    (skip as unknown as { select?: string })?.select ??
    (since as unknown as { select?: string })?.select ??
    call.url.searchParams.get('$select') ??
    '';
  const names = select ? select.split(',') : selectOf(call);
  const from = skip?.since ?? since?.since ?? 0;
  const upTo = skip?.upTo ?? options.objects.sequence();
  let changed = options.objects
    .all()
    .filter(
      (object) => object.type === 'user' && options.objects.changedAt(object.id) > from && options.objects.changedAt(object.id) <= upTo,
    );
  if (faults.shrinkTo !== undefined && from === 0) changed = changed.slice(0, faults.shrinkTo);
  const gone =
    from === 0
      ? []
      : options.objects
          .removed()
          .filter((one) => one.object.type === 'user' && one.at > from && one.at <= upTo && !options.objects.get(one.id));
  const view = (user: TenantObject): object => (faults.lie === 'idOnly' ? { id: user.id } : userView(user, names, options));
  const { told, apart } = deltaRows(
    options.objects,
    changed,
    { from, managers: names.includes('manager') && faults.lie !== 'idOnly' },
    view,
  );
  const rows = [
    ...told,
    ...gone.map((one) => () => ({ id: one.id, '@removed': { reason: 'changed' } })),
    ...apart,
    ...(from === 0 && faults.replays ? replayed(changed, faults.replays).map((user) => () => (user ? view(user) : NEVER_HERE)) : []),
  ];
  const page = (first: number, end?: number): readonly object[] => rows.slice(first, end).map((row) => row());
  const size = faults.pageSize ?? PAGE;
  const start = skip?.start ?? 0;
  if (faults.lie === 'emptyPage')
    return json(200, { value: [], '@odata.deltaLink': deltaLink(options, select, options.objects.sequence()) });
  const next = faults.lie === 'stuckPaging' ? 0 : start + size;
  if (faults.lie === 'stuckPaging' || next < rows.length)
    return json(200, {
      value: page(start, start + size),
      '@odata.nextLink': skipLink(options, select, {
        start: next,
        since: from,
        upTo,
        issued: faults.lie === 'stuckPaging' ? 1 : Date.now(),
      }),
    });
  return json(200, { value: page(start), '@odata.deltaLink': deltaLink(options, select, upTo) });
}

const NEVER_HERE = { id: '00000000-0000-4000-8000-0000000000de', '@removed': { reason: 'deleted' } };

/** What a round of delta may say once more at its end; null: the tombstone. */
function replayed(users: readonly TenantObject[], count: number): readonly (TenantObject | null)[] {
  return [...users.slice(0, count), null];
}

function skipLink(options: GraphOptions, select: string, token: Token): string {
  return `${options.base()}/v1.0/users/delta?$skiptoken=${Buffer.from(JSON.stringify({ ...token, select })).toString('base64url')}`;
}

function deltaLink(options: GraphOptions, select: string, since: number): string {
  return `${options.base()}/v1.0/users/delta?$deltatoken=${Buffer.from(JSON.stringify({ start: 0, since, upTo: 0, issued: Date.now(), select })).toString('base64url')}`;
}
