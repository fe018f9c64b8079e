import { createHash } from 'node:crypto';
import { addressKey, type Connector, fieldsOf } from '../connectors/connector.ts';
import { type Entry, type EntryPart, type Kind, laterPart, mergeParts, settledPart } from '../model/entry.ts';
import { textsOf } from '../model/plan.ts';
import { looksStamped } from '../model/stamp.ts';
import type { Withholding } from '../rules/withhold.ts';
import { shardOf } from '../store/shard.ts';
import type { Held, IndexRecord, PendingCommit, SnapshotRow, Store } from '../store/store.ts';
import { type Absences, absenceMark, askAbout } from './absences.ts';
import type { Range } from './ranges.ts';
import { referenceKeys } from './references.ts';

/** What one range of a committed snapshot holds. */
export interface RangeTotals {
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
  readonly unstamped: Readonly<Partial<Record<Kind, number>>>;
  readonly unconfirmed: number;
  /** Calls to the directory, about who vanished. */
  readonly calls: number;
  /** What counts against the directory's capacity; nothing where it has none. */
  readonly held: Held;
  /** Sets to be read in full at the next pull: a value that was withheld leaves again. */
  readonly restore: readonly string[];
}

type Staged = Map<string, Map<string, EntryPart | null>>;

/**
 * Applies the staged pages of a pull to the shards of a range: later pages win, full sets remove what was not seen, delta sets what was
 * named. Only shards that differ are written. Running it again gives the same result.
 */
export async function commitShards(
  store: Store,
  withholding: Withholding,
  pending: PendingCommit,
  range: Range,
  connector: Pick<Connector, 'sets' | 'capacity' | 'confirmGone'>,
): Promise<RangeTotals> {
  const { sets, capacity } = connector;
  const id = pending.next.connector;
  const staged = await stagedOfRange(store, pending, range);
  const counts: Partial<Record<Kind, number>> = {};
  const unstamped: Partial<Record<Kind, number>> = {};
  const records: IndexRecord[] = [];
  const restore = new Set<string>();
  const held = { objects: 0, bytes: 0 };
  let unconfirmed = 0;
  const standing = await store.snapshots.readShards(id, range.from, range.to);
  const { absences, calls } = await askAbout(
    connector,
    pending,
    standing.flat(),
    (row, set) => staged[shardOf(row) - range.from]!.get(row)?.has(set) ?? false,
  );
  for (let shard = range.from; shard < range.to; shard += 1) {
    const before = standing[shard - range.from]!;
    const rows = joinRows({ sets, withholding, pending, absences, restore }, before, staged[shard - range.from]!);
    if (JSON.stringify(rows) !== JSON.stringify(before)) await store.snapshots.writeShard(id, shard, rows);
    for (const row of rows) {
      if (row.unconfirmed) unconfirmed += 1;
      const entry = entryOf(row, sets);
      if (!entry) continue;
      counts[entry.kind] = (counts[entry.kind] ?? 0) + 1;
      if (!looksStamped(entry.stamp)) unstamped[entry.kind] = (unstamped[entry.kind] ?? 0) + 1;
      records.push(indexRecord(entry));
      if (!capacity?.types.includes(entry.type)) continue;
      held.objects += 1;
      held.bytes += capacity.sizeOf(fieldsOf(entry));
    }
  }
  await store.snapshots.putIndexPiece(id, pending.next.version, range.from, records);
  return { counts, unstamped, unconfirmed, calls, held, restore: [...restore] };
}

/** The entry of a snapshot row, or null if only an echo of it is left. */
export function entryOf(row: SnapshotRow, sets: readonly string[]): Entry | null {
  const parts = sets.map((set) => row.parts[set]).filter((part): part is EntryPart => part !== undefined);
  return parts.length ? mergeParts(parts) : null;
}

/** Hash of everything an entry says, 16 hex digits: equal hashes mean that nothing changed since an image was taken. */
export function entryHash(entry: Entry): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(entry)))
    .digest('hex')
    .slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

function indexRecord(entry: Entry): IndexRecord {
  const keys = new Set(entry.addresses.map(addressKey));
  if (entry.userPrincipalName) keys.add(addressKey(entry.userPrincipalName));
  if (entry.deliveryAddress) keys.add(addressKey(entry.deliveryAddress));
  for (const value of entry.x500 ?? []) keys.add(`x500:${value.toLowerCase()}`);
  if (entry.stamp) keys.add(`stamp:${entry.stamp}`);
  if (typeof entry.attributes.alias === 'string') keys.add(`alias:${entry.attributes.alias.toLowerCase()}`);
  for (const key of referenceKeys(entry)) keys.add(key);
  const manager = entry.managerRef ?? textsOf(entry.attributes.manager)[0];
  return {
    id: entry.id,
    hash: entryHash(entry),
    keys: [...keys],
    ...(entry.stamp ? { stamp: entry.stamp } : {}),
    ...(manager ? { manager } : {}),
  };
}

/** Per shard of the range: id → set → part (null: gone). */
async function stagedOfRange(store: Store, pending: PendingCommit, range: Range): Promise<readonly Staged[]> {
  const shards: Staged[] = Array.from({ length: range.to - range.from }, () => new Map());
  const put = (id: string, set: string, part: EntryPart | null): void => {
    const shard = shardOf(id);
    if (shard < range.from || shard >= range.to) return;
    const rows = shards[shard - range.from]!;
    const row = rows.get(id) ?? new Map<string, EntryPart | null>();
    row.set(set, part && laterPart(row.get(set), part));
    rows.set(id, row);
  };
  let pages = 0;
  for await (const page of store.snapshots.staged(pending.next.connector, pending.pull)) {
    // An attempt that was cut off may have left pages beyond the end of the read that counts.
    pages += 1;
    if (pages > pending.pages) break;
    if (page.restarted) for (const rows of shards) for (const row of rows.values()) row.delete(page.set);
    for (const part of page.parts) put(part.id, page.set, part);
    for (const id of page.removed) put(id, page.set, null);
  }
  return shards;
}

interface Joining {
  readonly sets: readonly string[];
  readonly withholding: Withholding;
  readonly pending: PendingCommit;
  readonly absences: Absences;
  /** Collects `RangeTotals.restore`. */
  readonly restore: Set<string>;
}

function joinRows(joining: Joining, before: readonly SnapshotRow[], staged: Staged): readonly SnapshotRow[] {
  const rows = new Map<string, SnapshotRow>(before.map((row) => [row.id, row]));
  for (const id of staged.keys()) if (!rows.has(id)) rows.set(id, { id, parts: {} });
  const joined: SnapshotRow[] = [];
  for (const row of rows.values()) {
    const next = joinRow(joining, row, staged.get(row.id));
    if (Object.keys(next.parts).length > 0) joined.push(next);
  }
  return joined.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

function joinRow(joining: Joining, row: SnapshotRow, staged: Map<string, EntryPart | null> | undefined): SnapshotRow {
  const { pending, sets } = joining;
  // A set that is no longer asked for tells nothing any more.
  const parts: Record<string, EntryPart> = Object.fromEntries(Object.entries(row.parts).filter(([set]) => sets.includes(set)));
  const waiting: Record<string, string> = {};
  const fresh = new Set<string>();
  for (const set of new Set([...Object.keys(parts), ...(staged?.keys() ?? [])])) {
    const told = staged?.get(set);
    // A full read says everything itself; changes are told on top of what is known.
    const news = told ? (settledPart(pending.fullSets.includes(set) ? undefined : parts[set], told) ?? undefined) : told;
    if (news) {
      parts[set] = news;
      fresh.add(set);
    } else if (news === null) delete parts[set];
    else if (pending.fullSets.includes(set)) {
      const mark = absenceMark(pending, row, set, joining.absences);
      if (mark !== null) waiting[set] = mark;
      else delete parts[set];
    }
  }
  const held = joining.withholding.row(parts, sets, fresh, row.withheld ?? {});
  for (const set of held.restore) if (!pending.fullSets.includes(set)) joining.restore.add(set);
  return {
    id: row.id,
    parts: held.parts,
    ...(Object.keys(waiting).length > 0 ? { unconfirmed: waiting } : {}),
    ...(held.withheld ? { withheld: held.withheld } : {}),
  };
}
