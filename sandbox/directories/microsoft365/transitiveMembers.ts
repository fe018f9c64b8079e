import { type Call, json, type Reply } from '../server.ts';
import type { GraphOptions } from './graph.ts';
import type { TenantObject } from './model.ts';

/** Members of a group with all that is nested in them; hidden ones read as if there were nobody. */
export function transitiveMembers(options: GraphOptions, call: Call, group: TenantObject): Reply {
  const members = group.hiddenMembership ? [] : nestedMembers(options, group, new Set());
  const size = Math.min(999, Number(call.url.searchParams.get('$top') ?? 100));
  const start = Number(call.url.searchParams.get('$skiptoken') ?? 0);
  const next = new URL(call.url);
  next.searchParams.set('$skiptoken', String(start + size));
  const more = start + size < members.length ? { '@odata.nextLink': `${options.base()}${call.path}${next.search}` } : {};
  return json(200, { value: members.slice(start, start + size).map(memberView), ...more });
}

/** Groups may contain each other (case R09): each object once. */
function nestedMembers(options: GraphOptions, group: TenantObject, seen: Set<string>): readonly TenantObject[] {
  return (group.members ?? []).flatMap((id) => {
    const member = options.objects.get(id);
    if (!member || seen.has(id)) return [];
    seen.add(id);
    return [member, ...(member.type === 'group' ? nestedMembers(options, member, seen) : [])];
  });
}

function memberView(member: TenantObject): object {
  const type = { user: 'user', group: 'group', contact: 'orgContact' }[member.type];
  return {
    '@odata.type': `#microsoft.graph.${type}`,
    id: member.id,
    mail: member.mail,
    ...(member.type === 'user' ? { userType: member.userType ?? 'Member', userPrincipalName: member.userPrincipalName } : {}),
  };
}
