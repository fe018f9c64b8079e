import type { GraphOptions } from './graph.ts';
import type { TenantObject } from './model.ts';

/** Members of a group with all that is nested in them. Groups may contain each other (case R09): each object once. */
export function nestedMembers(options: GraphOptions, group: TenantObject, seen = new Set<string>()): readonly TenantObject[] {
  return (group.members ?? []).flatMap((id) => {
    const member = options.objects.get(id);
    if (!member || seen.has(id)) return [];
    seen.add(id);
    return [member, ...(member.type === 'group' ? nestedMembers(options, member, seen) : [])];
  });
}
