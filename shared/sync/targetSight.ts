import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { pushTypeOf } from '../model/pushType.ts';
import { parseStamp } from '../model/stamp.ts';
import type { Sight, TargetView } from '../rules/view.ts';
import type { TargetIndex } from '../store/store.ts';
import { asWritten, holdsKey, type OwnWrite, type OwnWrites, ownWritesSince, withOwnWrites } from './ownWrites.ts';
import { isVirtual, type Planning } from './planning.ts';
import { absentIds } from './readTargets.ts';
import { referencedId } from './references.ts';
import { createRowReader, type RowReader } from './rowReader.ts';
import { type ManagerSights, NO_MANAGERS, withTargetManager } from './targetManagers.ts';
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
  const rows = withWrites(createRowReader(planning.context, planning.route.to, planning.target.sets), writes, planning.plan.capabilityOf);
  const sights = new Map<string, Sight>();
  const named = links.flatMap((link) => (link.targetId && link.state !== 'intent' ? [{ link, id: link.targetId }] : []));
  await learn(
    { index, rows },
    named.flatMap(({ link, id }) => (!writes.of(id) && hasChanged(planning, index, link) ? [id] : [])),
  );
  for (const { link, id } of named) {
    const write = writes.of(id);
    sights.set(id, write ? writtenSight(write) : await sightOf({ planning, index, rows }, link));
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
  const wanted = [...new Set(keys)].map((key) => ({ key, ids: index.find(key) }));
  await learn(
    { index, rows },
    wanted.flatMap(({ ids }) => ids),
  );
  for (const { key, ids } of wanted) {
    const found: Entry[] = [];
    for (const id of ids) {
      const entry = await rows.get(id);
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
  return {
    learn: rows.learn,
    async get(id) {
      const write = writes.of(id);
      const read = await rows.get(id);
      return write ? asWritten(write, read, capabilityOf(write.as).types[0] ?? '') : read;
    },
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

/** The object is there, and its row must be read: it is not as the link's image says, or it is to become something else. */
function hasChanged({ route }: Planning, index: TargetIndex, { targetId, imageHash, as, kind }: Link): boolean {
  if (!targetId || !index.has(targetId)) return false;
  const hash = index.hash(targetId);
  return hash === null || hash !== imageHash || as !== pushTypeOf(route.push.as, kind);
}

/** Rows that are about to be asked for, and those of the managers whom they name. */
async function learn({ index, rows }: Pick<Seeing, 'index' | 'rows'>, ids: readonly string[]): Promise<void> {
  await rows.learn(ids);
  const managers = new Set<string>();
  for (const id of ids) {
    const reference = (await rows.get(id))?.managerRef;
    const manager = reference === undefined ? null : referencedId(index, reference);
    if (manager !== null) managers.add(manager);
  }
  await rows.learn(managers);
}

async function plainSight({ planning, index, rows }: Seeing, link: Link): Promise<Sight> {
  const id = link.targetId!;
  const hash = index.hash(id);
  if (index.has(id)) {
    if (!hasChanged(planning, index, link)) return { there: true, entry: null, hash };
    const entry = await rows.get(id);
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
