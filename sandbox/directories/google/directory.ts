import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { groupAnswer } from './groups.ts';
import { page, refusedParameters } from './lists.ts';
import type { CustomSchema, WorkspaceObject } from './model.ts';
import { invalidParameter, partial } from './partial.ts';
import { DOMAINS, GROUPS, PUBLIC, RESOURCES, SCHEMAS, USER, USERS } from './shapes.ts';

export interface Directory {
  readonly domains: readonly string[];
  readonly schemas?: readonly CustomSchema[] | undefined;
}

type User = Extract<WorkspaceObject, { type: 'user' }>;
const ANY = /^[\s\S]*$/;
const LIST = { maxResults: /^\d+$/, pageToken: /./ };
const VIEW = { projection: /^(basic|custom|full)$/, customFieldMask: ANY, viewType: /^(admin_view|domain_public)$/ };
const USERS_LIST = {
  ...{ customer: /./, domain: /./, query: ANY, showDeleted: /^(true|false)$/, event: ANY },
  ...{ orderBy: /^(email|familyName|givenName)$/, sortOrder: /^(ASCENDING|DESCENDING)$/ },
  ...LIST,
  ...VIEW,
};
const GROUPS_LIST = {
  customer: /./,
  domain: /./,
  query: ANY,
  userKey: /./,
  orderBy: /^email$/,
  sortOrder: /^(ASCENDING|DESCENDING)$/,
  ...LIST,
};

/** The Directory API: as strict with parameters, field masks and page tokens as Google's. */
export function directoryAnswer(directory: Directory, kept: Objects<WorkspaceObject>, call: Call, faults: Faults, scope: string): Reply {
  const path = call.path.replace(/^\/admin\/directory\/v1/, '');
  const fields = call.url.searchParams.get('fields');
  const [, customer, what] = /^\/customer\/([^/]+)\/(domains|schemas|resources\/calendars)$/.exec(path) ?? [];
  if (what !== undefined) return ofCustomer(directory, kept, call, faults, scope, { customer: customer!, what });
  if (path === '/users') return mayRead(scope, 'user') ?? partial(usersList(directory, kept, call, faults), fields, USERS);
  if (path === '/groups') return mayRead(scope, 'group') ?? partial(groupsList(kept, call, faults), fields, GROUPS);
  const [, userKey] = /^\/users\/([^/]+)$/.exec(path) ?? [];
  if (userKey !== undefined) return mayRead(scope, 'user') ?? partial(oneUser(directory, kept, call, faults, userKey), fields, USER);
  return groupAnswer(kept.all(), path, call, faults, scope) ?? refusal(404, 'Not Found', 'notFound');
}

function refusal(code: number, message: string, reason: string): Reply {
  return json(code, { error: { code, message, errors: [{ domain: 'global', reason, message }] } });
}

/** Null: the token has the scope, or the one that may write too. */
function mayRead(scope: string, area: string): Reply | null {
  const full = `https://www.googleapis.com/auth/admin.directory.${area}`;
  return scope.split(' ').some((one) => one === full || one === `${full}.readonly`)
    ? null
    : refusal(403, 'Not Authorized to access this resource/api', 'forbidden');
}

function ofCustomer(
  directory: Directory,
  kept: Objects<WorkspaceObject>,
  call: Call,
  faults: Faults,
  scope: string,
  { customer, what }: { readonly customer: string; readonly what: string },
): Reply {
  const fields = call.url.searchParams.get('fields');
  if (!isCustomer(customer)) return refusal(404, 'Resource Not Found: customer', 'notFound');
  if (what === 'domains') {
    const domains = directory.domains.map((domainName, n) => ({ domainName, isPrimary: n === 0, verified: true }));
    return (
      mayRead(scope, 'domain') ??
      partial(refusedParameters(call, {}) ?? json(200, { kind: 'admin#directory#domains', domains }), fields, DOMAINS)
    );
  }
  if (what === 'schemas') {
    const schemas = (directory.schemas ?? []).map(schemaOf);
    const answer = json(200, { kind: 'admin#directory#schemas', etag: '"s"', ...(schemas.length > 0 ? { schemas } : {}) });
    return mayRead(scope, 'userschema') ?? partial(refusedParameters(call, {}) ?? answer, fields, SCHEMAS);
  }
  const rooms = kept.all().flatMap((one) => (one.type === 'room' ? [one.data] : []));
  const options = { name: 'items', kind: 'resources#calendars#calendarResourcesList', most: 500, usual: 100 };
  const refused = refusedParameters(call, { ...LIST, query: ANY, orderBy: ANY });
  return mayRead(scope, 'resource.calendar') ?? partial(refused ?? page(call, rooms, options, faults), fields, RESOURCES);
}

function schemaOf({ name, fields }: CustomSchema): object {
  return {
    schemaId: `schema-${name}`,
    schemaName: name,
    displayName: name,
    fields: fields.map(({ name: fieldName, several }) => ({
      fieldId: `field-${fieldName}`,
      fieldName,
      displayName: fieldName,
      fieldType: 'STRING',
      multiValued: several ?? false,
      readAccessType: 'ADMINS_AND_SELF',
    })),
  };
}

function isCustomer(customer: string): boolean {
  return customer === 'my_customer' || /^C0[a-z0-9]+$/.test(customer);
}

/** One of `customer` and `domain` must be named. */
function whose(call: Call): Reply | null {
  const [customer, domain, userKey] = ['customer', 'domain', 'userKey'].map((name) => call.url.searchParams.get(name));
  if (customer !== null && customer !== undefined && !isCustomer(customer)) return refusal(404, 'Resource Not Found: customer', 'notFound');
  return (customer ?? domain ?? userKey) ? null : refusal(400, 'Bad Request', 'badRequest');
}

function usersList(directory: Directory, kept: Objects<WorkspaceObject>, call: Call, faults: Faults): Reply {
  const refused = refusedParameters(call, USERS_LIST) ?? refusedView(directory, call) ?? whose(call);
  if (refused) return refused;
  const found =
    call.url.searchParams.get('showDeleted') === 'true' ? deletedUsers(kept) : usersOf(kept).filter((one) => isListed(one, faults));
  const shown = seen(
    'users',
    found.filter((user) => isVisible(call, user)),
    faults,
  );
  const show = (user: User): object => (faults.lie === 'idOnly' ? { id: user.id } : viewOf(call, user));
  return lied(page(call, shown, { name: 'users', kind: 'users', most: 500, usual: 100 }, faults, show), faults, 'users');
}

function groupsList(kept: Objects<WorkspaceObject>, call: Call, faults: Faults): Reply {
  const refused = refusedParameters(call, GROUPS_LIST) ?? whose(call);
  if (refused) return refused;
  const groups = seen(
    'groups',
    kept.all().filter((one) => one.type === 'group' && isListed(one, faults)),
    faults,
  );
  const objects = groups.flatMap((one) => ('data' in one ? [faults.lie === 'idOnly' ? { id: one.id } : one.data] : []));
  return lied(page(call, objects, { name: 'groups', kind: 'groups', most: 200, usual: 200 }, faults), faults, 'groups');
}

function oneUser(directory: Directory, kept: Objects<WorkspaceObject>, call: Call, faults: Faults, userKey: string): Reply {
  const refused = refusedParameters(call, VIEW) ?? refusedView(directory, call);
  if (refused) return refused;
  const key = decodeURIComponent(userKey);
  const user = seen('users', usersOf(kept), faults).find((one) => one.id === key || one.data['primaryEmail'] === key);
  return user && isVisible(call, user) ? json(200, viewOf(call, user)) : refusal(404, 'Resource Not Found: userKey', 'notFound');
}

/** `custom` and its mask go together, and the mask names schemas that there are. */
function refusedView(directory: Directory, call: Call): Reply | null {
  const query = call.url.searchParams;
  const mask = query.get('customFieldMask');
  if ((query.get('projection') === 'custom') !== (mask !== null))
    return invalidParameter('customFieldMask', 'Invalid Input: customFieldMask');
  const unknown = mask?.split(',').find((name) => !directory.schemas?.some((schema) => schema.name === name));
  return unknown === undefined ? null : invalidParameter('customFieldMask', `Invalid Input: ${unknown}`);
}

/** People see who is in the address list; administrators see everybody. */
function isVisible(call: Call, { data }: User): boolean {
  const isPublic = call.url.searchParams.get('viewType') === 'domain_public';
  return !isPublic || (data['includeInGlobalAddressList'] !== false && data['suspended'] !== true && data['archived'] !== true);
}

function viewOf(call: Call, { data }: User): object {
  const query = call.url.searchParams;
  if (query.get('viewType') === 'domain_public') return Object.fromEntries(Object.entries(data).filter(([name]) => PUBLIC.has(name)));
  const { customSchemas, ...others } = data;
  const named = query.get('customFieldMask')?.split(',');
  const schemas = Object.entries((customSchemas ?? {}) as object).filter(
    ([name]) => query.get('projection') === 'full' || (named?.includes(name) ?? false),
  );
  return schemas.length > 0 ? { ...others, customSchemas: Object.fromEntries(schemas) } : others;
}

function usersOf(kept: Objects<WorkspaceObject>): readonly User[] {
  return kept.all().filter((one): one is User => one.type === 'user');
}

function isListed({ id }: WorkspaceObject, faults: Faults): boolean {
  return !faults.unlisted?.includes(id);
}

/** Those of the last 20 days, and nobody else. */
function deletedUsers(objects: Objects<WorkspaceObject>): readonly User[] {
  const since = Date.now() - 20 * 86_400_000;
  return objects
    .removed()
    .filter(({ reason, when }) => reason !== 'deleted' && when >= since)
    .flatMap(({ object }) => (object.type === 'user' ? [object] : []));
}

/** What a directory that lies about how many there are shows, in lists and by id. */
function seen<T extends WorkspaceObject>(name: string, objects: readonly T[], faults: Faults): readonly T[] {
  if (faults.lie === 'emptyPage' && (!faults.lieAbout || new RegExp(faults.lieAbout).test(name))) return [];
  return name === 'users' && faults.shrinkTo !== undefined ? objects.slice(0, faults.shrinkTo) : objects;
}
