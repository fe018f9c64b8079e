import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { pushTypeOf } from '../model/pushType.ts';
import type { Sight, TargetView } from '../rules/view.ts';
import { shardOf } from '../store/shard.ts';
import type { SnapshotRow, TargetIndex } from '../store/store.ts';
import { entryOf } from './commitShards.ts';
import { isVirtual, type Planning } from './planning.ts';

/** Written by us within this time on a service with known lag: counts as there although the read did not show it (promise 5). */
const LAG_MS = 24 * 3_600_000;

/** The target as planning one range sees it: the index for everything, rows only for hits and for objects that changed since their image. */
export async function openTargetView(planning: Planning, keys: readonly string[], links: readonly Link[]): Promise<TargetView> {
  if (isVirtual(planning)) return VIRTUAL;
  const index = await planning.context.store.snapshots.index(planning.route.to, planning.targetState.version);
  const rows = createRowReader(planning, planning.route.to, planning.target.sets);
  const hits = new Map<string, readonly Entry[]>();
  for (const key of new Set(keys)) {
    const found: Entry[] = [];
    for (const id of index.find(key)) {
      const entry = await rows(id);
      if (entry) found.push(entry);
    }
    if (found.length > 0) hits.set(key, found);
  }
  const sights = new Map<string, Sight>();
  for (const link of links)
    if (link.targetId && link.state !== 'intent') sights.set(link.targetId, await sightOf(planning, index, rows, link));
  const absent = await absentSources(planning, hits);
  return {
    sight: (id) => sights.get(id) ?? (index.has(id) ? { there: true, entry: null, hash: index.hash(id) } : { there: false }),
    hits: (key) => hits.get(key) ?? [],
    sourceHas: (id) => !absent.has(id),
  };
}

/** Where the link row is the object: what is linked is there and as its image says, and the directory holds nothing that could match. */
const VIRTUAL: TargetView = { sight: () => ({ there: true, entry: null, hash: null }), hits: () => [], sourceHas: () => true };

/** One part of the directory knows a new object before another tells what it is: that is no proof that it became something else. */
function isUnsettled(planning: Planning, link: Link, entry: Entry): boolean {
  if (link.state !== 'linked' || !planning.target.capability(link.as).unsettledTypes?.includes(entry.type)) return false;
  return link.writtenAt !== null && planning.plan.now.getTime() - Date.parse(link.writtenAt) < LAG_MS;
}

type RowReader = (id: string) => Promise<Entry | null>;

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

async function sightOf(planning: Planning, index: TargetIndex, rows: RowReader, link: Link): Promise<Sight> {
  const id = link.targetId!;
  const hash = index.hash(id);
  if (index.has(id)) {
    if (hash !== null && hash === link.imageHash && link.as === pushTypeOf(planning.route.push.as, link.kind))
      return { there: true, entry: null, hash };
    const entry = await rows(id);
    return entry && isUnsettled(planning, link, entry) ? { there: true, entry: null, hash: null } : { there: true, entry, hash };
  }
  if (link.state !== 'linked') return { there: false };
  const writtenAt = link.writtenAt ? Date.parse(link.writtenAt) : 0;
  if (planning.plan.capabilityOf(link.as).knownLag && planning.plan.now.getTime() - writtenAt < LAG_MS)
    return { there: true, entry: null, hash: null };
  // Missing from a complete read: asked for once by id, and only "not found" makes it missing.
  const entry = await planning.target.get(id, link.as);
  return entry ? { there: true, entry, hash: null } : { there: false };
}

/** Source ids named by stamps of hits that the source's complete read no longer holds. */
async function absentSources(planning: Planning, hits: ReadonlyMap<string, readonly Entry[]>): Promise<ReadonlySet<string>> {
  const absent = new Set<string>();
  const prefix = new RegExp(`^galsync(?:-adopted)?:${planning.route.id.replace(/[.]/g, '\\.')}:`);
  for (const entry of [...hits.values()].flat()) {
    if (!entry.stamp || !prefix.test(entry.stamp)) continue;
    const id = entry.stamp.replace(prefix, '');
    if (!absent.has(id) && (await planning.context.store.snapshots.get(planning.route.from, id)) === null) absent.add(id);
  }
  return absent;
}
