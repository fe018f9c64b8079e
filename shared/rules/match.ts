import { addressKey } from '../connectors/connector.ts';
import { domainOf, type Entry, primaryAddress } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Owner } from '../model/plan.ts';
import { formatStamp, looksStamped, parseStamp } from '../model/stamp.ts';
import type { Projection } from './project.ts';
import type { PlanContext, Sight, TargetView } from './view.ts';

export type Match =
  | { readonly kind: 'linked'; readonly sight: Extract<Sight, { there: true }>; readonly restamp: boolean }
  | { readonly kind: 'missing' }
  | { readonly kind: 'create' }
  /** An object that carries our stamp for this very entry, without a link row. */
  | { readonly kind: 'stamped'; readonly target: Entry }
  | { readonly kind: 'relink'; readonly from: string; readonly target: Entry }
  | { readonly kind: 'adopt'; readonly target: Entry }
  | { readonly kind: 'collision'; readonly owner: Owner }
  | { readonly kind: 'takenOver'; readonly why: string; readonly targetId: string };

export interface Matched {
  readonly match: Match;
  /** Managed objects of other entries that hold an address of this one: settled by claims. */
  readonly holders: readonly { readonly key: string; readonly targetId: string }[];
}

/** Which target object an entry is, by link, then stamp, then address; never guessed (promises 1, 2, 3, 6, 9). */
export function matchEntry(context: PlanContext, entry: Entry, projection: Projection, link: Link | null, view: TargetView): Matched {
  const own = linkedMatch(context, entry, link, view);
  if (own?.kind === 'takenOver') return { match: own, holders: [] };
  const ownId = own?.kind === 'linked' ? link!.targetId : null;
  const addresses = byAddress(context, entry, projection, ownId, view);
  if (addresses.collision && own?.kind !== 'linked') {
    const stamped = byStamp(context, entry, view);
    if (stamped) return { match: { kind: 'stamped', target: stamped }, holders: [] };
  }
  if (addresses.collision) return { match: { kind: 'collision', owner: addresses.collision }, holders: [] };
  if (own) return { match: own, holders: addresses.holders };
  const stamped = byStamp(context, entry, view);
  if (stamped) return { match: { kind: 'stamped', target: stamped }, holders: addresses.holders };
  if (link?.state === 'ended' && link.endedBecause === 'takenOver' && link.targetId && view.sight(link.targetId).there) {
    return {
      match: { kind: 'takenOver', why: 'It was released earlier: it has become something else.', targetId: link.targetId },
      holders: [],
    };
  }
  if (addresses.relink) return { match: addresses.relink, holders: addresses.holders };
  if (addresses.adopt && !openCreate(link)) return { match: { kind: 'adopt', target: addresses.adopt }, holders: addresses.holders };
  return { match: { kind: 'create' }, holders: addresses.holders };
}

function openCreate(link: Link | null): boolean {
  return link?.state === 'intent' && link.intent?.what === 'create';
}

function linkedMatch(context: PlanContext, entry: Entry, link: Link | null, view: TargetView): Match | null {
  if (link?.state !== 'linked' || !link.targetId) return null;
  const sight = view.sight(link.targetId);
  if (!sight.there) return { kind: 'missing' };
  if (!sight.entry) return { kind: 'linked', sight, restamp: false };
  const why = takenOverBecause(context, sight.entry, entry.id);
  if (why) return { kind: 'takenOver', why, targetId: link.targetId };
  return { kind: 'linked', sight, restamp: sight.entry.stamp === undefined };
}

/** Why an object is no longer ours to write: another type, mastered elsewhere, or somebody else's mark in the stamp place. */
export function takenOverBecause(context: PlanContext, target: Entry, sourceId: string): string | null {
  if (!context.capability.types.includes(target.type)) return `It has become a ${target.type}.`;
  if (target.readOnly) return 'It is mastered in another directory now.';
  const stamp = parseStamp(target.stamp);
  if (target.stamp !== undefined && (stamp?.route !== context.route.id || stamp.sourceId !== sourceId))
    return `It carries another stamp (${target.stamp.slice(0, 80)}).`;
  return target.stampPlace !== undefined ? 'Its stamp place holds something else.' : null;
}

function byStamp(context: PlanContext, entry: Entry, view: TargetView): Entry | null {
  for (const adopted of [false, true]) {
    const key = `stamp:${formatStamp({ route: context.route.id, sourceId: entry.id, adopted })}`;
    const hit = view.hits(key).find((target) => takenOverBecause(context, target, entry.id) === null);
    if (hit) return hit;
  }
  return null;
}

interface AddressHits {
  readonly collision: Owner | null;
  readonly relink: Extract<Match, { kind: 'relink' }> | null;
  readonly adopt: Entry | null;
  readonly holders: Matched['holders'];
}

function byAddress(context: PlanContext, entry: Entry, projection: Projection, ownId: string | null, view: TargetView): AddressHits {
  const holders: { key: string; targetId: string }[] = [];
  const relinks = new Map<string, Extract<Match, { kind: 'relink' }>>();
  const strangers = new Map<string, { entry: Entry; key: string }>();
  for (const key of projection.addressKeys) {
    for (const hit of view.hits(key)) {
      if (hit.id === ownId) continue;
      const stamp = parseStamp(hit.stamp);
      const sameRoute = stamp?.route === context.route.id;
      if (sameRoute && stamp.sourceId === entry.id) continue;
      if (sameRoute && !view.sourceHas(stamp.sourceId) && holdsPrimary(hit, projection))
        relinks.set(hit.id, { kind: 'relink', from: stamp.sourceId, target: hit });
      else if (looksStamped(hit.stamp)) holders.push({ key, targetId: hit.id });
      else if (!strangers.has(hit.id)) strangers.set(hit.id, { entry: hit, key });
    }
  }
  const adopt = adoptable(context, [...strangers.values()]);
  const collision = !adopt && strangers.size > 0 ? ownerOf(context, [...strangers.values()][0]!) : null;
  if (relinks.size > 1)
    return {
      collision: ownerOf(context, { entry: [...relinks.values()][0]!.target, key: projection.addressKeys[0]! }),
      relink: null,
      adopt: null,
      holders,
    };
  return { collision, relink: [...relinks.values()][0] ?? null, adopt: relinks.size > 0 ? null : adopt, holders };
}

function holdsPrimary(target: Entry, projection: Projection): boolean {
  const key = addressKey(projection.address);
  return target.addresses.some((address) => addressKey(address) === key);
}

function adoptable(context: PlanContext, strangers: readonly { entry: Entry; key: string }[]): Entry | null {
  const only = strangers[0]?.entry;
  if (context.route.push.existing === 'report' || strangers.length !== 1 || !only) return null;
  if (!context.capability.types.includes(only.type) || only.readOnly || only.stampPlace !== undefined) return null;
  return context.existingWhere(only) ? only : null;
}

/** Who holds an address, and in which attribute (case R21). */
function ownerOf(context: PlanContext, { entry, key }: { entry: Entry; key: string }): Owner {
  const inAddresses = entry.addresses.some((address) => addressKey(address) === key);
  const inUpn = entry.userPrincipalName !== undefined && addressKey(entry.userPrincipalName) === key;
  const inDelivery = entry.deliveryAddress !== undefined && addressKey(entry.deliveryAddress) === key;
  const listed = context.capability.as === 'sharedContact' ? 'email' : 'proxyAddresses';
  const attribute = inAddresses ? listed : inUpn ? 'userPrincipalName' : inDelivery ? 'targetAddress' : listed;
  const name = entry.attributes.displayName;
  return {
    id: entry.id,
    kind: entry.type || entry.kind,
    attribute,
    displayName: typeof name === 'string' ? name : primaryAddress(entry) || domainOf(key),
  };
}
