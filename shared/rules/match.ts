import { addressKey, fieldsOf } from '../connectors/connector.ts';
import type { PushType } from '../model/configuration.ts';
import { domainOf, type Entry, primaryAddress } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Fields, Owner } from '../model/plan.ts';
import { formatStamp, parseStamp, type Stamp } from '../model/stamp.ts';
import { isSameList } from './diff.ts';
import { addressesOf } from './heldAddresses.ts';
import type { Projection } from './project.ts';
import type { Holder, PlanContext, Sight, TargetView } from './view.ts';

export type Match =
  | { readonly kind: 'linked'; readonly sight: Extract<Sight, { there: true }>; readonly restamp: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'create' }
  /** An object that carries our stamp for this very entry, without a link row. */
  | { readonly kind: 'stamped'; readonly target: Entry }
  | { readonly kind: 'relink'; readonly from: string; readonly adopted: boolean; readonly target: Entry }
  | { readonly kind: 'adopt'; readonly target: Entry }
  | { readonly kind: 'collision'; readonly owner: Owner }
  | { readonly kind: 'takenOver'; readonly why: string; readonly targetId: string };

export interface Matched {
  readonly match: Match;
  /** Managed objects of other entries that hold an address of this one: settled by claims. */
  readonly holders: readonly Holder[];
}

/** Which target object an entry is, by link, then stamp, then address; never guessed (promises 1, 2, 3, 6, 9). */
export function matchEntry(context: PlanContext, entry: Entry, projection: Projection, link: Link | null, view: TargetView): Matched {
  const own = linkedMatch(context, link, view);
  // Whatever the target shows half-way: a conversion that was begun is finished, or taken back.
  if (link?.state === 'linked' && link.converting && own?.kind === 'missing')
    return matchEntry(context, entry, projection, link, stillThere(view, link));
  if (own?.kind === 'takenOver') return { match: own, holders: [] };
  if (own?.kind === 'linked') {
    const held = own.sight.entry ? fieldsOf(own.sight.entry) : link!.image;
    // Nothing is taken from anybody by an object that holds its addresses to the letter.
    if (sameAddresses(projection.fields, held)) return { match: own, holders: NO_HITS.holders };
    const { collision, holders } = byAddress(
      context,
      entry,
      projection,
      { id: link!.targetId, held: new Set(addressesOf({ image: held })) },
      view,
    );
    return collision ? { match: { kind: 'collision', owner: collision }, holders: [] } : { match: own, holders };
  }
  const released = releasedEarlier(link, view);
  if (released) return { match: released, holders: [] };
  const found = byAddress(context, entry, projection, null, view);
  // The write step looks an announced create up and decides (design §3): the index may hold that very object, without its stamp yet.
  if (openCreate(link)) return { match: { kind: 'create' }, holders: found.holders };
  const stamped = byStamp(context, entry, view);
  if (stamped) return { match: { kind: 'stamped', target: stamped }, holders: found.holders };
  if (found.collision) return { match: { kind: 'collision', owner: found.collision }, holders: [] };
  if (own) return { match: own, holders: found.holders };
  if (found.relink) {
    const { target } = found.relink;
    return { match: found.relink, holders: found.holders.filter((holder) => holder.targetId !== target.id) };
  }
  if (found.adopt) return { match: { kind: 'adopt', target: found.adopt }, holders: found.holders };
  return { match: { kind: 'create' }, holders: found.holders };
}

/** The object that a conversion began with counts as there. */
function stillThere(view: TargetView, link: Link): TargetView {
  return { ...view, sight: (id) => (id === link.targetId ? { there: true, entry: null, hash: null } : view.sight(id)) };
}

function sameAddresses(wanted: Fields, held: Fields): boolean {
  return (
    isSameList(wanted.addresses ?? null, held.addresses ?? null) && (wanted.deliveryAddress ?? null) === (held.deliveryAddress ?? null)
  );
}

function releasedEarlier(link: Link | null, view: TargetView): Match | null {
  if (link?.state !== 'ended' || link.endedBecause !== 'takenOver' || !link.targetId || !view.sight(link.targetId).there) return null;
  return { kind: 'takenOver', why: 'It was released earlier: it has become something else.', targetId: link.targetId };
}

function openCreate(link: Link | null): boolean {
  return link?.state === 'intent' && link.intent?.what === 'create';
}

function linkedMatch(context: PlanContext, link: Link | null, view: TargetView): Match | null {
  if (link?.state !== 'linked' || !link.targetId) return null;
  const sight = view.sight(link.targetId);
  if (!sight.there) return { kind: 'missing' };
  if (!sight.entry) return { kind: 'linked', sight, restamp: false };
  const why = takenOverBecause(context, sight.entry, link);
  if (why) return { kind: 'takenOver', why, targetId: link.targetId };
  return { kind: 'linked', sight, restamp: sight.entry.stamp === undefined };
}

/** Why an object is no longer ours to write: another type, mastered elsewhere, or somebody else's mark in the stamp place. */
export function takenOverBecause(
  context: Pick<PlanContext, 'route' | 'capabilityOf'>,
  target: Entry,
  { as, sourceId }: Pick<Link, 'as' | 'sourceId'>,
): string | null {
  if (!context.capabilityOf(as).types.includes(target.type)) return `It has become a ${target.type}.`;
  const outgrown = context.capabilityOf(as).outgrown?.(target);
  if (outgrown) return outgrown;
  if (target.readOnly) return 'It is mastered in another directory now.';
  const stamp = parseStamp(target.stamp);
  if (target.stamp !== undefined && (stamp?.route !== context.route.id || stamp.sourceId !== sourceId))
    return `It carries another stamp (${target.stamp.slice(0, 80)}).`;
  return target.stampPlace !== undefined ? 'Its stamp place holds something else.' : null;
}

/** True if an object with a stamp of this route is still what one of our push types makes, whatever the route's own is by now. */
export function isOursStill(context: Pick<PlanContext, 'route' | 'capabilityOf'>, target: Entry, sourceId: string): boolean {
  const as = madeAs(context, target);
  return as !== null && takenOverBecause(context, target, { as, sourceId }) === null;
}

/** The push type that makes objects of this kind in the target, the route's own first; null: none does. */
export function madeAs({ route, capabilityOf }: Pick<PlanContext, 'route' | 'capabilityOf'>, target: Entry): PushType | null {
  const makes = (as: PushType): boolean => {
    try {
      return capabilityOf(as).types.includes(target.type);
    } catch {
      // A push type that this directory does not have.
      return false;
    }
  };
  return [route.push.as, ...MANAGED_TYPES].find(makes) ?? null;
}

const MANAGED_TYPES: readonly PushType[] = ['contact', 'guest', 'mailUser', 'sharedContact'];

function byStamp(context: PlanContext, entry: Entry, view: TargetView): Entry | null {
  for (const adopted of [false, true]) {
    const key = `stamp:${formatStamp({ route: context.route.id, sourceId: entry.id, adopted })}`;
    const hit = view.hits(key).find((target) => isOursStill(context, target, entry.id));
    if (hit) return hit;
  }
  return null;
}

interface AddressHits {
  readonly collision: Owner | null;
  readonly relink: Extract<Match, { kind: 'relink' }> | null;
  readonly adopt: Entry | null;
  readonly holders: readonly Holder[];
}

const NO_HITS: AddressHits = { collision: null, relink: null, adopt: null, holders: [] };

/** Own object of a linked entry and the keys that it holds; null while the entry has none. */
type Own = { readonly id: string | null; readonly held: ReadonlySet<string> } | null;

function byAddress(context: PlanContext, entry: Entry, projection: Projection, own: Own, view: TargetView): AddressHits {
  if (own && projection.addressKeys.every((key) => own.held.has(key))) return NO_HITS;
  const holders: Holder[] = [];
  const relinks = new Map<string, Extract<Match, { kind: 'relink' }>>();
  const strangers = new Map<string, { entry: Entry; key: string }>();
  for (const key of projection.addressKeys) {
    if (own?.held.has(key)) continue;
    for (const hit of view.hits(key)) {
      const stamp = markOf(context, hit, view);
      const sameRoute = stamp?.route === context.route.id;
      if (hit.id === own?.id || (sameRoute && stamp.sourceId === entry.id)) continue;
      const ours = stamp ? (context.routes?.has(stamp.route) ?? true) : false;
      // What has become something else is somebody's own object, whatever mark it still carries.
      if (!ours || (sameRoute && !isOursStill(context, hit, stamp.sourceId))) {
        if (!strangers.has(hit.id)) strangers.set(hit.id, { entry: hit, key });
        continue;
      }
      holders.push({ key, targetId: hit.id, stamp: formatStamp(stamp!) });
      if (!own && sameRoute && !view.sourceHas(stamp.sourceId) && holdsPrimary(hit, projection))
        relinks.set(hit.id, { kind: 'relink', from: stamp.sourceId, adopted: stamp.adopted, target: hit });
    }
  }
  const adopt = adoptable(context, projection, [...strangers.values()]);
  const stranger = adopt ? undefined : [...strangers.values()][0];
  const second = relinks.size > 1 ? { entry: [...relinks.values()][0]!.target, key: addressKey(projection.address) } : undefined;
  const owner = stranger ?? second;
  return {
    collision: owner ? ownerOf(context, owner) : null,
    relink: relinks.size === 1 ? [...relinks.values()][0]! : null,
    adopt: relinks.size > 0 ? null : adopt,
    holders,
  };
}

/** Whose object it is: by its stamp, or where that was emptied by the link that names it (promise 9). */
function markOf(context: PlanContext, target: Entry, view: TargetView): Stamp | null {
  if (target.stamp !== undefined || target.stampPlace !== undefined) return parseStamp(target.stamp);
  const link = view.linkOf(target.id);
  return link ? { route: context.route.id, sourceId: link.sourceId, adopted: link.adopted } : null;
}

function holdsPrimary(target: Entry, projection: Projection): boolean {
  const key = addressKey(projection.address);
  return target.addresses.some((address) => addressKey(address) === key);
}

function adoptable(context: PlanContext, { as }: Projection, strangers: readonly { entry: Entry; key: string }[]): Entry | null {
  const only = strangers[0]?.entry;
  if (context.route.push.existing === 'report' || strangers.length !== 1 || !only) return null;
  const capability = context.capabilityOf(as);
  if (
    !capability.types.includes(only.type) ||
    capability.outgrown?.(only) ||
    only.readOnly ||
    only.stamp !== undefined ||
    only.stampPlace !== undefined
  )
    return null;
  return context.existingWhere(only) ? only : null;
}

/** Who holds an address, and in which attribute (case R21). */
function ownerOf(context: PlanContext, { entry, key }: { entry: Entry; key: string }): Owner {
  const inAddresses = entry.addresses.some((address) => addressKey(address) === key);
  const inUpn = entry.userPrincipalName !== undefined && addressKey(entry.userPrincipalName) === key;
  const inDelivery = entry.deliveryAddress !== undefined && addressKey(entry.deliveryAddress) === key;
  const listed = context.route.push.as === 'sharedContact' ? 'email' : 'proxyAddresses';
  const attribute = inAddresses ? listed : inUpn ? 'userPrincipalName' : inDelivery ? 'targetAddress' : listed;
  const name = entry.attributes.displayName;
  return {
    id: entry.id,
    kind: entry.type || entry.kind,
    attribute,
    displayName: typeof name === 'string' ? name : primaryAddress(entry) || domainOf(key),
  };
}
