import { type Call, json, type Reply } from '../server.ts';
import { invalidParameter } from './partial.ts';

const SCOPE = 'https://www.googleapis.com/auth/cloud-identity.policies.readonly';
const TYPE = 'settings/directory.workspace_resource_type_visibility';

/** The Cloud Identity Policy API: which units and groups see shared contacts. */
export function policiesAnswer(policies: readonly { readonly domainSharedContacts: boolean }[] = [], call: Call, scope: string): Reply {
  if (!scope.includes(SCOPE))
    return json(403, { error: { code: 403, message: 'Request had insufficient authentication scopes.', status: 'PERMISSION_DENIED' } });
  const query = call.url.searchParams;
  const size = Number(query.get('pageSize') ?? 50);
  if (size < 1 || size > 100) return invalidParameter('pageSize', 'Page size must be between 1 and 100.');
  const [, pattern] = /^setting\.type\.matches\('(.+)'\)$/.exec(query.get('filter') ?? '') ?? [];
  if (query.has('filter') && pattern === undefined) return invalidParameter('filter', 'Invalid filter.');
  // A text in the filter's language: a backslash is written twice.
  const wanted = new RegExp((pattern ?? '').replaceAll('\\\\', '\\'));
  const found = wanted.test(TYPE) ? policies.map((value, n) => ({ name: `policies/${n}`, setting: { type: TYPE, value } })) : [];
  const from = Number(query.get('pageToken') ?? 0);
  const some = found.slice(from, from + size);
  const next = from + size < found.length ? { nextPageToken: String(from + size) } : {};
  return json(200, { ...(some.length > 0 ? { policies: some } : {}), ...next });
}
