import type { Faults } from '../faults.ts';
import { type Call, json, lied, type Reply } from '../server.ts';
import { error, forbidden, type GraphOptions, groupValues, memberValues, notFound } from './graph.ts';
import { chosen, countReply, isReply, listPage, selectionOf } from './graphQuery.ts';
import type { TenantObject } from './model.ts';
import { nestedMembers } from './transitiveMembers.ts';

/** Graph's groups: the list, one group, its members and their count. Dynamic distribution groups are Exchange's alone. */
export function groupsAnswer(options: GraphOptions, call: Call, faults: Faults, path: string): Reply {
  const refused = forbidden(faults, 'groups');
  if (refused) return refused;
  const groups = options.objects.all().filter((object) => object.type === 'group' && object.recipientType !== 'DynamicDistributionGroup');
  if (path === '/groups')
    return lied(listPage(call, faults, { type: 'group', objects: groups, values: groupValues, base: options.base() }), faults, 'groups');
  if (path === '/groups/$count') return countReply(call, groups.length);
  const [, id, what] = /^\/groups\/([^/]+)(\/members(?:\/\$count)?|\/transitiveMembers)?$/.exec(path) ?? [];
  const group = groups.find((one) => one.id.toLowerCase() === id?.toLowerCase());
  if (!group) return notFound(id ?? '');
  if (what) return members(options, call, faults, { group, what });
  const selection = selectionOf(call.url.searchParams.get('$select'), 'group', false);
  return isReply(selection) ? selection : json(200, chosen(groupValues(group), selection));
}

function members(
  options: GraphOptions,
  call: Call,
  faults: Faults,
  { group, what }: { readonly group: TenantObject; readonly what: string },
): Reply {
  if (faults.forbidden?.includes('members') || faults.forbiddenGroups?.includes(group.id))
    return error(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
  const direct = (group.members ?? []).flatMap((member) => options.objects.get(member) ?? []);
  const all = what === '/transitiveMembers' ? nestedMembers(options, group) : direct;
  // A hidden membership is not refused: it reads as if there were nobody.
  const shown = group.hiddenMembership ? [] : all;
  if (what.endsWith('$count')) return countReply(call, shown.length);
  const objects = what === '/members' && faults.emptyGroups?.includes(group.id) ? [] : shown;
  return lied(listPage(call, faults, { type: 'directoryObject', objects, values: memberValues, base: options.base() }), faults, 'members');
}
