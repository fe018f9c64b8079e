import { groupsIn } from '../config/wantedGroups.ts';
import type { ConnectorSettings, Filter, RouteSettings } from '../model/configuration.ts';
import { FailureError } from '../model/failure.ts';
import { type GroupMembers, membershipOf, resolveMembers } from '../rules/membership.ts';
import type { Membership } from '../rules/select.ts';
import type { SnapshotState } from '../store/store.ts';
import type { SyncContext } from './context.ts';

/** What planning a route knows of the groups that its filters name. */
export interface RouteMembership {
  readonly pull: Membership | null;
  readonly filter: Membership | null;
  /** Groups that were not read completely, for people. */
  readonly warnings: readonly string[];
}

interface Members extends GroupMembers {
  readonly members: { readonly id: string; readonly group: boolean }[];
  everyUser: boolean;
  complete: boolean;
  lacking: string | null;
  unreadable: string | null;
  slices: number;
  /** Cursor of the page that should follow; null: the list is all there. */
  next: string | null;
}

/**
 * Members of the groups that this route and its source's `pull` name, as the source's last complete pull read them. Throws `configuration`,
 * naming option and group, if one is unknown, unreadable or was not read yet: a filter that cannot be judged lets nobody through.
 */
export async function membershipOfRoute(
  context: SyncContext,
  source: ConnectorSettings,
  route: RouteSettings,
  state: SnapshotState,
): Promise<RouteMembership> {
  const scopes = [
    { filter: source.pull, where: `pull of connector "${source.id}"` },
    { filter: route.filter, where: `filter of route "${route.id}"` },
  ] as const;
  if (scopes.every(({ filter }) => groupsIn(filter).length === 0)) return { pull: null, filter: null, warnings: [] };
  const names = new Map((await context.store.memberships.names(source.id, state.version))?.map((one) => [one.name, one.group]));
  const lists = await listsOf(context, source.id, state.version);
  const warnings: string[] = [];
  const [pull, filter] = await Promise.all(
    scopes.map(({ filter, where }) => scopeMembership(source.id, filter, where, names, lists, warnings)),
  );
  return { pull: pull!, filter: filter!, warnings };
}

async function listsOf(context: SyncContext, connector: string, version: string): Promise<ReadonlyMap<string, Members>> {
  const lists = new Map<string, Members>();
  for await (const slice of context.store.memberships.slices(connector, version)) {
    const list = lists.get(slice.group) ?? nothingOf();
    lists.set(slice.group, list);
    if (slice.sequence !== list.slices) list.lacking ??= 'A page of it is missing.';
    list.slices += 1;
    for (const member of slice.members) list.members.push(member);
    list.everyUser ||= slice.everyUser;
    list.lacking ??= slice.lacking;
    list.unreadable ??= slice.unreadable;
    list.next = slice.next;
    list.complete = list.lacking === null && list.unreadable === null;
  }
  return lists;
}

function nothingOf(): Members {
  return { members: [], everyUser: false, complete: true, lacking: null, unreadable: null, slices: 0, next: null };
}

async function scopeMembership(
  connector: string,
  filter: Filter,
  where: string,
  names: ReadonlyMap<string, string | null>,
  lists: ReadonlyMap<string, Members>,
  warnings: string[],
): Promise<Membership | null> {
  if (groupsIn(filter).length === 0) return null;
  const sides = await Promise.all(
    (['onlyMembersOf', 'exceptMembersOf'] as const).map(async (option) => {
      const groups = filter[option].map((name) => groupNamed(connector, name, `${option} in the ${where}`, names, lists));
      const lacking = new Map<string, string>();
      const resolved = await resolveMembers(groups, filter.nestedGroups, (group) => {
        const list = lists.get(group);
        if (list?.complete && list.next === null) return list;
        lacking.set(group, list?.lacking ?? list?.unreadable ?? 'Its members were not read.');
        // What is known of it counts all the same.
        return list?.unreadable === null ? { ...list, complete: false } : null;
      });
      const [first] = lacking;
      if (first)
        warnings.push(
          `${lacking.size} group(s) that ${option} in the ${where} needs could not be read completely, such as ${first[0]}: ${first[1].slice(0, 200)} Nobody enters or leaves because of it.`,
        );
      return resolved;
    }),
  );
  return membershipOf(sides[0]!, sides[1]!);
}

function groupNamed(
  connector: string,
  name: string,
  option: string,
  names: ReadonlyMap<string, string | null>,
  lists: ReadonlyMap<string, Members>,
): string {
  const group = names.get(name);
  if (group === undefined)
    throw fault(
      `The members of group "${name}" (${option}) were not read yet.`,
      `Pull connector "${connector}"; the route can be planned after that.`,
    );
  if (group === null)
    throw fault(
      `Connector "${connector}" has no group with the address "${name}" (${option}).`,
      'Correct the address, or name the group by its id: groups without a mail address have no other name.',
    );
  const list = lists.get(group);
  if (list?.unreadable)
    throw fault(
      `Group "${name}" (${option}) cannot be read: ${list.unreadable}`,
      'Correct the id or address, or grant the right to read its members (docs/operate.md).',
    );
  if (!list || list.next !== null)
    throw fault(`The members of group "${name}" (${option}) were not all kept.`, `Pull connector "${connector}" again.`);
  return group;
}

function fault(message: string, nextStep: string): FailureError {
  return new FailureError({ code: 'configuration', message: message.slice(0, 500), nextStep });
}
