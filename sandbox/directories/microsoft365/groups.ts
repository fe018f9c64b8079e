import type { Faults } from '../faults.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { error, filtered, forbidden, type GraphOptions, groupView, list, selectOf } from './graph.ts';
import type { TenantObject } from './model.ts';
import { transitiveMembers } from './transitiveMembers.ts';

const TYPES = { user: '#microsoft.graph.user', group: '#microsoft.graph.group', contact: '#microsoft.graph.orgContact' } as const;
const text = (body: string): Reply => ({ status: 200, headers: { 'content-type': 'text/plain' }, body });

/** Graph's groups: the list, one group, its direct members and their count. Dynamic distribution groups are Exchange's alone. */
export function groupsAnswer(options: GraphOptions, call: Call, faults: Faults, path: string): Reply {
  const refused = forbidden(faults, 'groups');
  if (refused) return refused;
  const groups = options.objects.all().filter((object) => object.type === 'group' && object.recipientType !== 'DynamicDistributionGroup');
  if (path === '/groups') return lied(list(options, call, faults, filtered(groups, call), groupView), faults, 'groups');
  if (path === '/groups/$count') return text(String(groups.length));
  const [, id, what] = /^\/groups\/([^/]+)(\/members(?:\/\$count)?|\/transitiveMembers)?$/.exec(path) ?? [];
  const group = groups.find((one) => one.id.toLowerCase() === id?.toLowerCase());
  if (!group)
    return error(
      404,
      'Request_ResourceNotFound',
      `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
    );
  if (!what) return json(200, groupView(group, selectOf(call)));
  if (faults.forbidden?.includes('members') || faults.forbiddenGroups?.includes(group.id))
    return error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  if (what === '/transitiveMembers') return transitiveMembers(options, call, group);
  const members = (group.members ?? []).flatMap((member) => options.objects.get(member) ?? []);
  // A hidden membership is not refused: it reads as if there were nobody.
  const shown = group.hiddenMembership ? [] : members;
  if (what.endsWith('$count')) return text(String(shown.length));
  return lied(list(options, call, faults, faults.emptyGroups?.includes(group.id) ? [] : shown, memberView), faults, 'members');
}

function memberView(member: TenantObject): Record<string, unknown> {
  return { '@odata.type': TYPES[member.type], id: member.id };
}
