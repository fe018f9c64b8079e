import type { Entry } from '../model/entry.ts';
import type { Membership } from './select.ts';

/** A group's direct members as a directory gives them. */
export interface GroupMembers {
  readonly members: readonly { readonly id: string; readonly group: boolean }[];
  /** Every person of the directory is a member. */
  readonly everyUser?: boolean;
  /** False: the list is known to lack members. */
  readonly complete: boolean;
}

export interface ResolvedMembers {
  /** Ids of all members, member groups too; without the groups asked for. */
  readonly ids: ReadonlySet<string>;
  /** Every person of the directory is a member: entries of kind `user`. */
  readonly everyUser: boolean;
  /** False if a list that was needed is incomplete: who is not in `ids` may be a member all the same. */
  readonly complete: boolean;
  /** Groups asked for that could not be read at all: the route that names them fails (contract, onlyMembersOf). */
  readonly unreadable: readonly string[];
}

/**
 * All members of some groups, nested ones too if asked. Groups that contain each other or themselves are legal (case R09): each is read
 * at most once, and depth costs no stack. A group that is asked for is no member, whatever contains it. A member group that cannot be read
 * is a part that lacks, not a fault of the group that was asked for.
 * @param read the direct members of a group, or null if there is none or it cannot be read
 */
export async function resolveMembers(
  groups: readonly string[],
  nested: boolean,
  read: (group: string) => Promise<GroupMembers | null> | GroupMembers | null,
): Promise<ResolvedMembers> {
  const asked = new Set(groups);
  const waiting = [...asked];
  const ids = new Set<string>();
  const unreadable: string[] = [];
  let complete = true;
  let everyUser = false;
  const known = new Set(asked);
  for (let n = 0; n < waiting.length; n += 1) {
    const group = waiting[n]!;
    const found = await read(group);
    if (!found && asked.has(group)) unreadable.push(group);
    complete &&= found?.complete ?? false;
    everyUser ||= found?.everyUser ?? false;
    for (const member of found?.members ?? []) {
      if (!asked.has(member.id)) ids.add(member.id);
      if (!nested || !member.group || known.has(member.id)) continue;
      known.add(member.id);
      waiting.push(member.id);
    }
  }
  return { ids, everyUser, complete, unreadable };
}

/** What select asks: is an entry a member. Unknown where it is in no list and a list is incomplete. */
export function membershipOf(only: ResolvedMembers, except: ResolvedMembers): Membership {
  const within = (found: ResolvedMembers, entry: Pick<Entry, 'id' | 'memberId' | 'kind'>): boolean | 'unknown' => {
    if (found.ids.has(entry.id) || (entry.memberId !== undefined && found.ids.has(entry.memberId))) return true;
    if (found.everyUser && entry.kind === 'user') return true;
    return found.complete ? false : 'unknown';
  };
  return { inOnly: (entry) => within(only, entry), inExcept: (entry) => within(except, entry) };
}
