import { addressKey } from '../connectors/connector.ts';
import { type Entry, primaryAddress } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import type { ManagerSight, TargetView } from '../rules/view.ts';
import { compileWithhold } from '../rules/withhold.ts';
import type { TargetIndex } from '../store/store.ts';
import { isAmong, type Planning } from './planning.ts';
import { referencedId } from './references.ts';
import type { RowReader } from './rowReader.ts';
import { type Superiors, sourceSuperiors, withManager } from './superiors.ts';
import { mayShowLate } from './writtenLately.ts';

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
  const there = ours !== '' && link?.managerId === id ? null : await rows.get(id);
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

/** Whom addresses mean at the target: whom a plan may name as a manager. */
export interface ManagerSights {
  /** Looks for those that are not known yet. */
  learn(addresses: Iterable<string>): Promise<void>;
  /** Of an address that was learnt. */
  readonly sight: TargetView['manager'];
}

/** Nobody is learnt where managers are no objects. */
export const NO_MANAGERS: ManagerSights = { learn: async () => {}, sight: () => null };

/**
 * Managers as planning one range sees them.
 * @param seen the target; null: its objects are link rows, and none is a manager
 * @param links at hand
 */
export function openManagers(
  planning: Planning,
  seen: { readonly index: TargetIndex; readonly rows: RowReader } | null,
  links: readonly Link[],
): ManagerSights {
  if (!seen || !planning.capabilities.some(({ fields }) => fields.manager?.reference)) return NO_MANAGERS;
  const sights = new Map<string, ManagerSight | null>();
  let around: Around | null = null;
  return {
    async learn(addresses) {
      const open = [...new Set(addresses)].filter((address) => !sights.has(address));
      if (open.length === 0) return;
      around ??= await openAround(planning, seen.index, seen.rows, links);
      await learnStanding(around, open);
      for (const address of open) sights.set(address, await sightOf(around, address));
    },
    sight: (address) => sights.get(address) ?? null,
  };
}

async function openAround(planning: Planning, target: TargetIndex, rows: RowReader, links: readonly Link[]): Promise<Around> {
  const superiors = await sourceSuperiors(planning);
  return {
    planning,
    source: await planning.context.store.snapshots.index(planning.route.from, planning.sourceState.version),
    target,
    superiors,
    rows,
    links: new Map(links.map((link) => [link.sourceId, link])),
    isComing: comingBy(planning, superiors),
  };
}

/** The stamp tells without a link row being read; only of somebody who is wanted, and shows no stamp yet, the link is asked. */
async function sightOf(around: Around, address: string): Promise<ManagerSight | null> {
  const ids = around.source.find(addressKey(address));
  const coming = ids.filter((id) => {
    const manager = around.superiors.byId(id);
    return manager !== null && around.isComing(manager);
  });
  for (const id of ids) {
    const there = stamped(around, id) ?? (coming.includes(id) ? await linked(around, id) : null);
    if (there !== null) return { id: there };
  }
  const there = await standsThere({ route: around.planning.route.id, known: ids.length > 0 }, around.target, around.rows, address);
  if (there !== null) return { id: there };
  return coming.length > 0 ? { id: null } : null;
}

/** Rows of those who stand at the target without our stamp: most of them will be looked at. */
async function learnStanding(around: Around, addresses: readonly string[]): Promise<void> {
  const keys = addresses.map(addressKey).filter((key) => around.source.find(key).every((id) => stamped(around, id) === null));
  await around.rows.learn(keys.flatMap((key) => around.target.find(key)));
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
    const entry = await rows.get(id);
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
