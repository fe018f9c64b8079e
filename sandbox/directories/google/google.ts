import { join } from 'node:path';
import type { Faults } from '../faults.ts';
import { type Objects, openObjects } from '../objects.ts';
import { type Call, createTokenDesk, type DirectoryServer, json, lied, type Reply, startDirectoryServer } from '../server.ts';
import { contactsAnswer } from './contacts.ts';
import { groupAnswer, settingsAnswer } from './groups.ts';
import { type Delegation, loginAnswer } from './login.ts';
import type { WorkspaceObject } from './model.ts';

export interface Workspace extends Delegation {
  readonly domain: string;
  readonly domains: readonly string[];
  readonly objects: readonly WorkspaceObject[];
}

/** The simulated Google Workspace: token endpoint, Directory API and the shared contacts feed behind one address. */
export async function startGoogle(
  workspace: Workspace,
  options: { port?: number; state?: string | null; prefix?: string },
): Promise<DirectoryServer> {
  const objects = openObjects<WorkspaceObject>(options.state ? join(options.state, 'google.jsonl') : null, () => workspace.objects);
  const desk = createTokenDesk();
  let url = '';
  const contacts = { objects, domain: workspace.domain, base: () => url };
  const server = await startDirectoryServer({
    port: options.port ?? 0,
    prefix: options.prefix ?? '',
    about: (call) => `${call.path} ${call.method}`,
    refuse: ({ status, retryAfter, reason }) => ({
      ...json(status, {
        error: {
          code: status,
          message: reason,
          errors: [{ domain: 'usageLimits', reason: status === 403 ? 'userRateLimitExceeded' : 'rateLimitExceeded', message: reason }],
        },
      }),
      headers: { 'content-type': 'application/json', ...(retryAfter === null ? {} : { 'retry-after': String(retryAfter) }) },
    }),
    objects: () => objects.all(),
    control(command) {
      const { put, remove } = command as { put?: WorkspaceObject[]; remove?: string[] };
      for (const object of put ?? []) objects.put({ ...objects.get(object.id), ...object } as WorkspaceObject);
      for (const id of remove ?? []) objects.remove(id);
      return undefined;
    },
    answer(call, faults) {
      const login = loginAnswer(workspace, url, call, desk, faults);
      if (login) return login;
      const scope = desk.audience(call.headers.authorization);
      if (!scope)
        return json(401, { error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' } });
      if (call.path.startsWith('/m8/'))
        return scope.includes('m8/feeds')
          ? contactsAnswer(contacts, call, faults)
          : { status: 403, headers: { 'content-type': 'text/html' }, body: '<TITLE>You are not authorized to access this API</TITLE>' };
      if (call.path.startsWith('/groups/v1/groups/')) return settingsAnswer(objects.all(), call, scope);
      return directory(workspace, objects, call, faults, scope);
    },
  });
  url = server.url;
  return server;
}

function directory(workspace: Workspace, kept: Objects<WorkspaceObject>, call: Call, faults: Faults, scope: string): Reply {
  const objects = kept.all();
  const path = call.path.replace(/^\/admin\/directory\/v1/, '');
  const needs = (area: string): Reply | null =>
    scope.includes(area)
      ? null
      : json(403, { error: { code: 403, message: 'Not Authorized to access this resource/api', errors: [{ reason: 'forbidden' }] } });
  if (/^\/customer\/[^/]+\/domains$/.test(path))
    return (
      needs('domain') ??
      json(200, {
        kind: 'admin#directory#domains',
        domains: workspace.domains.map((domainName, n) => ({ domainName, isPrimary: n === 0, verified: true })),
      })
    );
  if (path === '/users')
    return (
      needs('user') ??
      lied(
        page(
          call,
          'users',
          call.url.searchParams.get('showDeleted') === 'true'
            ? deletedUsers(kept)
            : objects.filter((one) => one.type === 'user' && isListed(one, faults)),
          Math.min(500, faults.pageSize ?? 500),
          faults,
        ),
        faults,
        'users',
      )
    );
  if (path === '/groups')
    return (
      needs('group') ??
      lied(
        page(
          call,
          'groups',
          objects.filter((one) => one.type === 'group' && isListed(one, faults)),
          200,
          faults,
        ),
        faults,
        'groups',
      )
    );
  if (/^\/customer\/[^/]+\/resources\/calendars$/.test(path))
    return (
      needs('resource') ??
      page(
        call,
        'items',
        objects.filter((one) => one.type === 'room'),
        500,
        faults,
      )
    );
  const [, userKey] = /^\/users\/([^/]+)$/.exec(path) ?? [];
  if (userKey !== undefined) {
    const users = objects.filter((one) => one.type === 'user');
    const user = seen('users', users, faults).find(
      (one) => one.type === 'user' && (one.id === userKey || one.data['primaryEmail'] === decodeURIComponent(userKey)),
    );
    const missing = json(404, { error: { code: 404, message: 'Resource Not Found: userKey', errors: [{ reason: 'notFound' }] } });
    return needs('user') ?? (user?.type === 'user' ? json(200, user.data) : missing);
  }
  const group = groupAnswer(objects, path, call, faults, scope);
  return group ?? json(404, { error: { code: 404, message: 'Not Found', errors: [{ reason: 'notFound' }] } });
}

function isListed({ id }: WorkspaceObject, faults: Faults): boolean {
  return !faults.unlisted?.includes(id);
}

/** Those of the last 20 days, and nobody else. */
function deletedUsers(objects: Objects<WorkspaceObject>): readonly WorkspaceObject[] {
  const since = Date.now() - 20 * 86_400_000;
  return objects
    .removed()
    .filter(({ object, reason, when }) => object.type === 'user' && reason !== 'deleted' && when >= since)
    .map(({ object }) => object);
}

/** What a directory that lies about how many there are shows, in lists and by id. */
function seen(name: string, objects: readonly WorkspaceObject[], faults: Faults): readonly WorkspaceObject[] {
  if (faults.lie === 'emptyPage' && (!faults.lieAbout || new RegExp(faults.lieAbout).test(name))) return [];
  return name === 'users' && faults.shrinkTo !== undefined ? objects.slice(0, faults.shrinkTo) : objects;
}

function page(call: Call, name: string, found: readonly WorkspaceObject[], most: number, faults: Faults): Reply {
  const query = call.url.searchParams;
  const objects = seen(name, found, faults);
  const size = Math.min(most, Number(query.get('maxResults') ?? 100));
  const start = Number(Buffer.from(query.get('pageToken') ?? 'MA', 'base64url').toString()) || 0;
  const some = objects
    .slice(start, start + size)
    .map((one) => ('data' in one ? (faults.lie === 'idOnly' ? { id: one.id } : one.data) : {}));
  const next = faults.lie === 'stuckPaging' ? 1 : start + size;
  const more = faults.lie === 'stuckPaging' || next < objects.length;
  // An empty page has no list at all, not an empty one.
  return json(200, {
    kind: `admin#directory#${name}`,
    etag: '"x"',
    ...(some.length > 0 ? { [name]: some } : {}),
    ...(more ? { nextPageToken: Buffer.from(String(next)).toString('base64url') } : {}),
  });
}
