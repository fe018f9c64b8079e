import { type WantedGroup, wantedGroups } from '../config/wantedGroups.ts';
import { addressKey, type Connector } from '../connectors/connector.ts';
import type { Configuration } from '../model/configuration.ts';
import { FailureError } from '../model/failure.ts';
import type { GroupName, MemberSlice } from '../store/membershipStore.ts';
import { entryOf } from './commitShards.ts';
import type { SyncContext } from './context.ts';

/** How far the list of one group was read in this pull. */
interface Reading {
  slices: number;
  /** Cursor of the next page; null at the beginning and at the end. */
  next: string | null;
  finished: boolean;
  readonly seen: Set<string>;
  readonly memberGroups: Set<string>;
}

export interface MembersOfPull {
  readonly context: SyncContext;
  readonly configuration: Configuration;
  readonly connector: Connector;
  readonly pull: string;
  /** The version that stands, for groups that this pull did not list again. */
  readonly standing: string | null;
  /** False: this activity has done enough. Throws if the job was cancelled. */
  readonly more: () => Promise<boolean>;
}

/**
 * The last part of a pull: members of the groups that filters name, and of the groups within them, each group once. What was read stands in
 * rows, and so do the groups still to be read (the members that are groups): nothing of it travels, and an activity that is run again goes
 * on where the rows end. True: all are read.
 */
export async function readMembers(of: MembersOfPull): Promise<boolean> {
  const wanted = wantedGroups(of.configuration, of.connector.id);
  if (wanted.length === 0) return true;
  const { memberships } = of.context.store;
  const names = (await memberships.names(of.connector.id, of.pull)) ?? (await resolveNames(of, wanted));
  const readings = await readingsSoFar(of);
  const nested = new Set(wanted.filter((one) => one.nested).map((one) => one.name));
  const ids = (deep: boolean): readonly string[] => names.flatMap(({ name, group }) => (group && nested.has(name) === deep ? [group] : []));
  // Groups whose member groups count come first: a group that two filters name is read once, and deep if one of them asks for it.
  const queue = [...ids(true).map((group) => ({ group, deep: true })), ...ids(false).map((group) => ({ group, deep: false }))];
  const known = new Set<string>();
  for (let n = 0; n < queue.length; n += 1) {
    const { group, deep } = queue[n]!;
    if (known.has(group)) continue;
    known.add(group);
    const reading = readings.get(group) ?? begin();
    while (!reading.finished) {
      if (!(await of.more())) return false;
      const slice = await readSlice(of, group, reading);
      await memberships.putSlice(of.connector.id, of.pull, slice);
      note(reading, slice);
    }
    // Before the flat ones: what a deep group holds is deep.
    if (deep) queue.splice(n + 1, 0, ...[...reading.memberGroups].filter((id) => !known.has(id)).map((id) => ({ group: id, deep })));
  }
  return true;
}

function begin(): Reading {
  return { slices: 0, next: null, finished: false, seen: new Set(), memberGroups: new Set() };
}

function note(reading: Reading, slice: MemberSlice): void {
  reading.slices += 1;
  reading.next = slice.next;
  reading.finished = slice.next === null;
  if (slice.next !== null) reading.seen.add(slice.next);
  for (const member of slice.members) if (member.group) reading.memberGroups.add(member.id);
}

async function readingsSoFar(of: MembersOfPull): Promise<Map<string, Reading>> {
  const readings = new Map<string, Reading>();
  for await (const slice of of.context.store.memberships.slices(of.connector.id, of.pull)) {
    const reading = readings.get(slice.group) ?? begin();
    readings.set(slice.group, reading);
    note(reading, slice);
  }
  return readings;
}

/** A refusal regards this group, not the pull: asked for, its routes fail; a part of another, that one is incomplete. */
async function readSlice(of: MembersOfPull, group: string, reading: Reading): Promise<MemberSlice> {
  const nothing = { group, sequence: reading.slices, members: [], everyUser: false, next: null, lacking: null, unreadable: null };
  try {
    const page = await of.connector.readMembers(group, reading.next);
    if (page === null) return { ...nothing, unreadable: 'The directory knows no such group, or does not show it to us.' };
    if (page.next !== null && reading.seen.has(page.next)) throw stuck(of.connector.id, group);
    return { ...nothing, ...page };
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== 'permission') throw error;
    const why = error.failure.message;
    return reading.slices === 0 ? { ...nothing, unreadable: why } : { ...nothing, lacking: why };
  }
}

function stuck(connector: string, group: string): FailureError {
  return new FailureError({
    code: 'pagingStuck',
    message: `Reading the members of group ${group} of connector "${connector}" does not advance: the directory gave the same page link again.`,
    nextStep: 'Nothing was changed. The next job reads again.',
  });
}

/** Names as filters write them → ids. Addresses are looked for among the groups of this pull, then of the standing snapshot. */
async function resolveNames(of: MembersOfPull, wanted: readonly WantedGroup[]): Promise<readonly GroupName[]> {
  const addresses = new Set(wanted.filter(({ name }) => name.includes('@')).map(({ name }) => addressKey(name)));
  const found = addresses.size > 0 ? await groupsByAddress(of, addresses) : new Map<string, string>();
  const names = wanted.map(
    ({ name }): GroupName => ({ name, group: name.includes('@') ? (found.get(addressKey(name)) ?? null) : idOf(name) }),
  );
  await of.context.store.memberships.putNames(of.connector.id, of.pull, names);
  return names;
}

/** GUIDs may be written in either case; directories give them in lower case, and lists are compared by text. */
function idOf(name: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name) ? name.toLowerCase() : name;
}

async function groupsByAddress(of: MembersOfPull, addresses: ReadonlySet<string>): Promise<Map<string, string>> {
  const { snapshots } = of.context.store;
  const found = new Map<string, string>();
  for await (const page of snapshots.staged(of.connector.id, of.pull)) {
    for (const part of page.parts) {
      if (part.fields.kind !== 'group') continue;
      for (const address of part.fields.addresses ?? []) if (addresses.has(addressKey(address))) found.set(addressKey(address), part.id);
    }
  }
  if (of.standing === null || found.size === addresses.size) return found;
  const index = await snapshots.index(of.connector.id, of.standing);
  for (const address of addresses) {
    if (found.has(address)) continue;
    for (const id of index.find(address)) {
      const row = await snapshots.get(of.connector.id, id);
      if (row && entryOf(row, of.connector.sets)?.kind === 'group') found.set(address, id);
    }
  }
  return found;
}
