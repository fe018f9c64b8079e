import { addressKey } from '../connectors/connector.ts';
import { type Entry, primaryAddress } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import type { ManagerSight } from '../rules/view.ts';
import { compileWithhold } from '../rules/withhold.ts';
import type { TargetIndex } from '../store/store.ts';
import { isAmong, type Planning } from './planning.ts';
import { referencedId } from './references.ts';
import { type Superiors, sourceSuperiors, withManager } from './superiors.ts';
import { mayShowLate } from './writtenLately.ts';

/** Reads single objects of the target's snapshot. */
export type RowReader = (id: string) => Promise<Entry | null>;

/**
 * An object of the target whose manager is told as everywhere else: `attributes.manager` an address, `managerRef` the id of the object. The
 * address is the one that we wrote while it is still that object. A reference that leads to nothing we can see is not ours to compare: then
 * what the link remembers counts (promise 15).
 */
export async function withTargetManager(entry: Entry, link: Link | null, index: TargetIndex, rows: RowReader): Promise<Entry> {
  const { managerRef, ...rest } = entry;
  if (managerRef === undefined) return entry;
  const id = referencedId(index, managerRef);
  const ours = typeof link?.image.manager === 'string' ? link.image.manager : '';
  if (id === null) {
    const known = link?.managerId ? { managerRef: link.managerId } : {};
    return { ...rest, ...known, attributes: { ...rest.attributes, ...(ours === '' ? {} : { manager: ours }) } };
  }
  const there = ours !== '' && link?.managerId === id ? null : await rows(id);
  const address = there ? primaryAddress(there) : ours;
  return { ...rest, managerRef: id, attributes: { ...rest.attributes, ...(address === '' ? {} : { manager: address }) } };
}

/** Where managers are looked for. */
interface Around {
  readonly planning: Planning;
  readonly source: TargetIndex;
  readonly target: TargetIndex;
  readonly superiors: Superiors;
  readonly rows: RowReader;
  /** Links that are at hand, by source id. */
  readonly links: ReadonlyMap<string, Link>;
  readonly isComing: (manager: Entry) => boolean;
}

/** Whom each address means at the target: whom a plan may name as a manager. */
export async function managerSights(
  planning: Planning,
  target: TargetIndex,
  rows: RowReader,
  addresses: Iterable<string>,
  links: readonly Link[],
): Promise<ReadonlyMap<string, ManagerSight>> {
  const sights = new Map<string, ManagerSight>();
  const wanted = new Set(addresses);
  if (wanted.size === 0) return sights;
  const superiors = await sourceSuperiors(planning);
  const around: Around = {
    planning,
    source: await planning.context.store.snapshots.index(planning.route.from, planning.sourceState.version),
    target,
    superiors,
    rows,
    links: new Map(links.map((link) => [link.sourceId, link])),
    isComing: comingBy(planning, superiors),
  };
  for (const address of wanted) {
    const sight = await sightOf(around, address);
    if (sight) sights.set(address, sight);
  }
  return sights;
}

async function sightOf(around: Around, address: string): Promise<ManagerSight | null> {
  const ids = around.source.find(addressKey(address));
  for (const id of ids) {
    const there = stamped(around, id) ?? (await linked(around, id));
    if (there !== null) return { id: there };
  }
  const there = await standsThere({ route: around.planning.route.id, known: ids.length > 0 }, around.target, around.rows, address);
  if (there !== null) return { id: there };
  const managers = ids.map((id) => around.superiors.byId(id));
  return managers.some((manager) => manager && around.isComing(manager)) ? { id: null } : null;
}

/** The object that carries the stamp for a source id: the index knows, without a link row being read. */
function stamped({ planning, target }: Around, sourceId: string): string | null {
  const found = [false, true].flatMap((adopted) => target.find(`stamp:${formatStamp({ route: planning.route.id, sourceId, adopted })}`));
  return found.length === 1 ? found[0]! : null;
}

async function linked({ planning, target, links }: Around, sourceId: string): Promise<string | null> {
  const link = links.get(sourceId) ?? (await planning.context.store.links.get(planning.route.id, sourceId));
  if (link?.state !== 'linked' || !link.targetId) return null;
  return target.has(link.targetId) || mayShowLate(planning, link) ? link.targetId : null;
}

/**
 * Somebody of the target itself (or of another route) with that address; groups manage nobody.
 * @param manager `known`: somebody of the source has the address, so what our route made for somebody else is not meant
 */
export async function standsThere(
  manager: { readonly route: string; readonly known: boolean },
  index: TargetIndex,
  rows: RowReader,
  address: string,
): Promise<string | null> {
  const holders: string[] = [];
  for (const id of new Set(index.find(addressKey(address)))) {
    const entry = await rows(id);
    if (entry && entry.kind !== 'group' && !(manager.known && parseStamp(entry.stamp)?.route === manager.route)) holders.push(id);
  }
  return holders.length === 1 ? holders[0]! : null;
}

/** Whether somebody who has no object yet gets one by this plan: selected, and among those that the job is about. */
function comingBy(planning: Planning, superiors: Superiors): Around['isComing'] {
  const { plan, source } = planning;
  const withhold = compileWithhold(source.pull.withhold, plan.now);
  const known = new Map<string, boolean>();
  return (manager) => {
    const coming = known.get(manager.id) ?? (isAmong(planning, manager) && plan.select(withhold(withManager(manager, superiors))).kept);
    known.set(manager.id, coming);
    return coming;
  };
}
