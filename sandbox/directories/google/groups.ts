import type { Faults } from '../faults.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { page, refusedParameters } from './lists.ts';
import type { GroupObject, WorkspaceObject } from './model.ts';
import { partial } from './partial.ts';
import { GROUP, MEMBERS } from './shapes.ts';

const MEMBERS_PER_PAGE = 200;
const MEMBERS_LIST = { maxResults: /^\d+$/, pageToken: /./, roles: /./, includeDerivedMembership: /^(true|false)$/ };
const GROUP_SCOPE = /auth\/admin\.directory\.group(\.readonly)?$/;
const MEMBER_SCOPE = /auth\/admin\.directory\.group(\.member)?(\.readonly)?$/;

/** One group and its direct members, by id, address or alias. Null: another path. */
export function groupAnswer(objects: readonly WorkspaceObject[], path: string, call: Call, faults: Faults, scope: string): Reply | null {
  const [, key, members] = /^\/groups\/([^/]+)(\/members)?$/.exec(path) ?? [];
  if (key === undefined) return null;
  if (!scope.split(' ').some((one) => (members ? MEMBER_SCOPE : GROUP_SCOPE).test(one)))
    return refusal(403, 'Not Authorized to access this resource/api', 'forbidden');
  const group = groupOf(objects, decodeURIComponent(key));
  if (!group) return refusal(404, 'Resource Not Found: groupKey', 'notFound');
  const fields = call.url.searchParams.get('fields');
  if (!members) {
    const whole = json(200, { ...group.data, directMembersCount: String(group.members?.length ?? 0) });
    return partial(refusedParameters(call, {}) ?? whole, fields, GROUP);
  }
  if (faults.forbiddenGroups?.includes(group.id)) return refusal(403, 'Not Authorized to access this resource/api', 'forbidden');
  const all = faults.emptyGroups?.includes(group.id) ? [] : (group.members ?? []);
  const refused = refusedParameters(call, MEMBERS_LIST);
  const options = { name: 'members', kind: 'members', most: MEMBERS_PER_PAGE, usual: MEMBERS_PER_PAGE };
  return partial(lied(refused ?? page(call, all, options, faults), faults, 'members'), fields, MEMBERS);
}

/** The Groups Settings API: one group by its address, JSON only where it is asked for. */
export function settingsAnswer(objects: readonly WorkspaceObject[], call: Call, scope: string): Reply {
  if (!scope.includes('apps.groups.settings'))
    return refusal(403, 'Request had insufficient authentication scopes.', 'insufficientPermissions');
  const key = decodeURIComponent(call.path.slice('/groups/v1/groups/'.length));
  const group = key.includes('@') ? groupOf(objects, key) : undefined;
  if (!group) return refusal(404, 'Group does not exist: notFound', 'notFound');
  if (call.url.searchParams.get('alt') !== 'json')
    return { status: 200, headers: { 'content-type': 'application/atom+xml' }, body: '<entry xmlns="http://www.w3.org/2005/Atom"/>' };
  return json(200, { kind: 'groupsSettings#groups', email: group.data['email'], ...group.settings });
}

function groupOf(objects: readonly WorkspaceObject[], key: string): GroupObject | undefined {
  const wanted = key.toLowerCase();
  return objects.find((one): one is GroupObject => {
    if (one.type !== 'group') return false;
    const { email, aliases } = one.data as { email?: string; aliases?: string[] };
    return one.id === key || [email ?? '', ...(aliases ?? [])].some((address) => address.toLowerCase() === wanted);
  });
}

function refusal(code: number, message: string, reason: string): Reply {
  return json(code, { error: { code, message, errors: [{ domain: 'global', reason, message }] } });
}
