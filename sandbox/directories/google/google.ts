import { join } from 'node:path';
import { openObjects } from '../objects.ts';
import { type Call, createTokenDesk, type DirectoryServer, json, type Reply, startDirectoryServer } from '../server.ts';
import { contactsAnswer } from './contacts.ts';
import { type Directory, directoryAnswer } from './directory.ts';
import { settingsAnswer } from './groups.ts';
import { type Delegation, loginAnswer } from './login.ts';
import type { WorkspaceObject } from './model.ts';
import { policiesAnswer } from './policies.ts';

export interface Workspace extends Delegation, Directory {
  readonly domain: string;
  /** What each unit or group may see of shared contacts; absent: no policy says so. */
  readonly policies?: readonly { readonly domainSharedContacts: boolean }[] | undefined;
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
    refuse,
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
      if (call.path === '/v1/policies') return policiesAnswer(workspace.policies, call, scope);
      return directoryAnswer(workspace, objects, call, faults, scope);
    },
  });
  url = server.url;
  return server;
}

/** Google's refusals of too much: JSON with a reason, and texts or pages from the old feed. */
function refuse({ status, retryAfter, reason }: { status: number; retryAfter: number | null; reason: string }, call: Call): Reply {
  const wait: Record<string, string> = retryAfter === null ? {} : { 'retry-after': String(retryAfter) };
  if (call.path.startsWith('/m8/'))
    return { status, headers: { 'content-type': 'text/html', ...wait }, body: `<HTML><HEAD><TITLE>${reason}</TITLE></HEAD></HTML>` };
  const usual = { 403: 'userRateLimitExceeded', 429: 'rateLimitExceeded' }[status] ?? 'backendError';
  const one = { domain: 'usageLimits', reason: /^[a-z]+[A-Z]\w+$/.test(reason) ? reason : usual, message: reason };
  return json(
    status,
    { error: { code: status, message: reason, errors: [one] } },
    { headers: { 'content-type': 'application/json', ...wait } },
  );
}
