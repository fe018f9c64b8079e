import type { Entry } from '../model/entry.ts';
import type { Membership } from './select.ts';

/** A group's direct members as a directory gives them. */
export interface GroupMembers {
  readonly members: readonly { readonly id: string; readonly group: boolean }[];
  /** False: the list is known to lack members. */
  readonly complete: boolean;
}

export interface ResolvedMembers {
  /** Ids of all members, member groups too; without the groups asked for. */
  readonly ids: ReadonlySet<string>;
  /** False if a list that was needed is incomplete: who is not in `ids` may be a member all the same. */
  readonly complete: boolean;
  /** Groups that could not be read at all: the route that names them fails (contract, onlyMembersOf). */
  readonly unreadable: readonly string[];
}

/**
 * All members of some groups, nested ones too if asked. Groups that contain each other or themselves are legal (case R09): each is read
 * at most once, and depth costs no stack. A group that is asked for is no member, whatever contains it.
 * @param read the direct members of a group, or null if there is none or it cannot be read
 */
export async function resolveMembers(
  groups: readonly string[],
  nested: boolean,
  read: (group: string) => Promise<GroupMembers | null> | GroupMembers | null,
): Promise<ResolvedMembers> {
  const asked = new Set(groups);
  const waiting = [...asked];
  const known = new Set(asked);
  const ids = new Set<string>();
  const unreadable: string[] = [];
  let complete = true;
  for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
    const found = await read(group);
    if (!found) {
      unreadable.push(group);
      complete = false;
      continue;
    }
    complete &&= found.complete;
    for (const member of found.members) {
      if (!asked.has(member.id)) ids.add(member.id);
      if (!nested || !member.group || known.has(member.id)) continue;
      known.add(member.id);
      waiting.push(member.id);
    }
  }
  return { ids, complete, unreadable };
}

/** What select asks: is an entry a member. Unknown where it is in no list and a list is incomplete. */
export function membershipOf(only: ResolvedMembers, except: ResolvedMembers): Membership {
  const within = (found: ResolvedMembers, entry: Pick<Entry, 'id'>): boolean | 'unknown' =>
    found.ids.has(entry.id) || (found.complete ? false : 'unknown');
  return { inOnly: (entry) => within(only, entry), inExcept: (entry) => within(except, entry) };
}
