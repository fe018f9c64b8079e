import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { pushTypeOf } from '../model/pushType.ts';
import { parseStamp } from '../model/stamp.ts';
import type { Sight, TargetView } from '../rules/view.ts';
import { shardOf } from '../store/shard.ts';
import type { SnapshotRow, TargetIndex } from '../store/store.ts';
import { entryOf } from './commitShards.ts';
import { asWritten, holdsKey, type OwnWrite, type OwnWrites, ownWritesSince, withOwnWrites } from './ownWrites.ts';
import { isVirtual, type Planning } from './planning.ts';
import { absentIds } from './readTargets.ts';
import { type ManagerSights, NO_MANAGERS, type RowReader, withTargetManager } from './targetManagers.ts';
import { linksOfUnstamped } from './unstamped.ts';
import { mayShowLate, writtenLately } from './writtenLately.ts';

/** What is known of the objects that links name, and what further looks at the target read with. */
export interface Sights {
  readonly sight: TargetView['sight'];
  readonly index: TargetIndex;
  readonly writes: OwnWrites;
  readonly rows: RowReader;
}

/** The objects of a range's links: the index, and rows only of those that changed since their image. null: the link rows are the objects. */
export async function openSights(planning: Planning, links: readonly Link[]): Promise<Sights | null> {
  if (isVirtual(planning)) return null;
  const read = await planning.context.store.snapshots.index(planning.route.to, planning.targetState.version);
  const writes = await ownWritesSince(planning);
  const index = withOwnWrites(read, writes);
  const rows = withWrites(createRowReader(planning, planning.route.to, planning.target.sets), writes, planning.plan.capabilityOf);
  const sights = new Map<string, Sight>();
  for (const link of links) {
    if (!link.targetId || link.state === 'intent') continue;
    const write = writes.of(link.targetId);
    sights.set(link.targetId, write ? writtenSight(write) : await sightOf({ planning, index, rows }, link));
  }
  const sight = (id: string): Sight =>
    sights.get(id) ?? (index.has(id) ? { there: true, entry: null, hash: index.hash(id) } : { there: false });
  return { sight, index, writes, rows };
}

/** What is known of the objects that links name. */
export function sightIn(sights: Sights | null): TargetView['sight'] {
  return sights?.sight ?? VIRTUAL.sight;
}

/**
 * The target as planning one range sees it: the index for everything, rows only for hits and for objects that changed since their image.
 * @param keys of the entries that the target is searched for
 * @param links of the range
 * @param managers whom the range's entries name as their managers, learnt before
 */
export async function openTargetView(
  planning: Planning,
  sights: Sights | null,
  keys: readonly string[],
  links: readonly Link[],
  managers: ManagerSights = NO_MANAGERS,
): Promise<TargetView> {
  if (!sights) return VIRTUAL;
  const { index, writes, rows } = sights;
  const hits = new Map<string, readonly Entry[]>();
  for (const key of new Set(keys)) {
    const found: Entry[] = [];
    for (const id of index.find(key)) {
      const entry = await rows(id);
      if (entry && (!writes.of(id) || holdsKey(entry, key))) found.push(await withTargetManager(entry, null, index, rows));
    }
    if (found.length > 0) hits.set(key, found);
  }
  const named = await linksOfUnstamped(planning, index, hits, links);
  const absent = await absentSources(planning, hits, named);
  return {
    sight: sights.sight,
    hits: (key) => hits.get(key) ?? [],
    linkOf: (id) => named.get(id) ?? null,
    sourceHas: (id) => !absent.has(id),
    manager: managers.sight,
  };
}

/** Where the link row is the object: what is linked is there and as its image says, and the directory holds nothing that could match. */
const VIRTUAL: TargetView = {
  sight: () => ({ there: true, entry: null, hash: null }),
  hits: () => [],
  linkOf: () => null,
  sourceHas: () => true,
  manager: () => null,
};

/** One part of the directory knows a new object before another tells what it is: that is no proof that it became something else. */
function isUnsettled(planning: Planning, link: Link, entry: Entry): boolean {
  if (link.state !== 'linked' || !planning.target.capability(link.as).unsettledTypes?.includes(entry.type)) return false;
  return writtenLately(link, planning.now);
}

/** Written since the read: as its link says. */
function writtenSight({ deleted }: OwnWrite): Sight {
  return deleted ? { there: false } : { there: true, entry: null, hash: null };
}

function withWrites(rows: RowReader, writes: OwnWrites, capabilityOf: Planning['plan']['capabilityOf']): RowReader {
  return async (id) => {
    const write = writes.of(id);
    const read = await rows(id);
    return write ? asWritten(write, read, capabilityOf(write.as).types[0] ?? '') : read;
  };
}

/** Reads single objects of a snapshot; shards are kept for the duration of one activity. */
export function createRowReader(planning: Pick<Planning, 'context'>, connector: string, sets: readonly string[]): RowReader {
  const shards = new Map<number, Promise<ReadonlyMap<string, SnapshotRow>>>();
  return async (id) => {
    const shard = shardOf(id);
    let rows = shards.get(shard);
    if (!rows) {
      rows = planning.context.store.snapshots.readShard(connector, shard).then((all) => new Map(all.map((row) => [row.id, row])));
      shards.set(shard, rows);
    }
    const row = (await rows).get(id);
    return row ? entryOf(row, sets) : null;
  };
}

interface Seeing {
  readonly planning: Planning;
  readonly index: TargetIndex;
  readonly rows: RowReader;
}

async function sightOf(seeing: Seeing, link: Link): Promise<Sight> {
  const sight = await plainSight(seeing, link);
  return sight.there && sight.entry ? { ...sight, entry: await withTargetManager(sight.entry, link, seeing.index, seeing.rows) } : sight;
}

async function plainSight({ planning, index, rows }: Seeing, link: Link): Promise<Sight> {
  const id = link.targetId!;
  const hash = index.hash(id);
  if (index.has(id)) {
    if (hash !== null && hash === link.imageHash && link.as === pushTypeOf(planning.route.push.as, link.kind))
      return { there: true, entry: null, hash };
    const entry = await rows(id);
    return entry && isUnsettled(planning, link, entry) ? { there: true, entry: null, hash: null } : { there: true, entry, hash };
  }
  if (link.state !== 'linked') return { there: false };
  // Written by us a short time ago: counts as there although the read did not show it.
  if (mayShowLate(planning, link)) return { there: true, entry: null, hash: null };
  if (planning.lookOnly) return { there: false };
  // Missing from a complete read: asked for once by id, and only "not found" makes it missing.
  const entry = await planning.target.get(id, link.as);
  return entry ? { there: true, entry, hash: null } : { there: false };
}

/** Source ids named by stamps of hits, or by the links of unstamped ones, that the source's complete read no longer holds. */
async function absentSources(
  { context, route }: Planning,
  hits: ReadonlyMap<string, readonly Entry[]>,
  named: ReadonlyMap<string, Link>,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const entry of [...hits.values()].flat()) {
    const stamp = parseStamp(entry.stamp);
    const id = stamp ? (stamp.route === route.id ? stamp.sourceId : undefined) : named.get(entry.id)?.sourceId;
    if (id !== undefined) ids.add(id);
  }
  return absentIds(context.store, route.from, ids);
}
