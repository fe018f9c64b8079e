import { addressKey } from '../connectors/connector.ts';
import type { RouteSettings } from '../model/configuration.ts';
import type { Link } from '../model/link.ts';
import { textsOf } from '../model/plan.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import { settleClaims } from '../rules/claims.ts';
import type { ClaimFact } from '../rules/explainMatch.ts';
import { person } from '../rules/explainWords.ts';
import type { DraftChange, Holder } from '../rules/view.ts';
import { claimantsOf, type RouteDrafts } from './claimants.ts';
import { heldAs, lookInto, sourceAddresses } from './directoryLookup.ts';
import { type Looked, lookAtEntry, lookAtGone } from './lookAt.ts';
import { openPlanning, type Planning } from './planning.ts';

export interface ClaimsFound {
  readonly facts: readonly ClaimFact[];
  /** The entry's change after claims. */
  readonly change: DraftChange | null;
  /** Routes into the target that cannot be planned now, so that their claims are not known. */
  readonly unread: readonly string[];
}

/** Who else wants or holds the entry's addresses, over all routes into the target, and what claims make of its change (design §3, Claims). */
export async function findClaims(planning: Planning, looked: Looked): Promise<ClaimsFound> {
  const { candidate } = looked;
  const change = looked.planned?.change ?? null;
  const keys = candidate?.projection?.addressKeys ?? [];
  if (!candidate || keys.length === 0) return { facts: [], change, unread: [] };
  const facts: ClaimFact[] = [];
  const unread: string[] = [];
  const plans: RouteDrafts[] = [];
  const holders: Holder[] = [...(change?.holders ?? [])];
  for (const route of planning.configuration.routes.filter((one) => one.to === planning.route.to && one.enabled)) {
    try {
      const opened = await rivalsOf(planning, route, keys, candidate.entry.id, looked);
      for (const rival of opened.looked) {
        const fact = factOf(opened.planning, rival, keys);
        if (fact) facts.push(fact);
        // Objects written since the target was read are in no index yet: their links know what they hold.
        if (fact?.how === 'holds' && !holders.some((one) => one.targetId === fact.targetId && one.key === fact.address))
          holders.push(holderOf(fact, rival.link!));
      }
      if (opened.looked.length > 0)
        plans.push({ planning: opened.planning, changes: opened.looked.flatMap((rival) => rival.planned?.change ?? []) });
    } catch {
      unread.push(route.id);
    }
  }
  if (change?.change === 'skip' || change?.change === 'keep') return { facts, change, unread };
  const own = plans.find((plan) => plan.planning.route.id === planning.route.id);
  const all = [
    ...plans.filter((plan) => plan !== own),
    { planning, changes: [...(change ? [{ ...change, holders }] : []), ...(own?.changes ?? [])] },
  ];
  const { claimants } = await claimantsOf(all);
  const settled = settleClaims(
    claimants,
    planning.capabilities.some((capability) => capability.uniqueAddresses),
  ).filter((one) => one.change.route === planning.route.id && one.change.sourceId === candidate.entry.id && !one.firstPart);
  return { facts, change: (settled.find((one) => !one.change.orphan) ?? settled[0])?.change ?? change, unread };
}

/** Entries of one route that want one of the keys, and its managed objects that hold one. */
async function rivalsOf(
  planning: Planning,
  route: RouteSettings,
  keys: readonly string[],
  self: string,
  looked: Looked,
): Promise<{ readonly planning: Planning; readonly looked: readonly Looked[] }> {
  const { context, configuration } = planning;
  const source = await lookInto(context, configuration, route.from);
  const ids = new Set<string>();
  for (const key of keys)
    for (const address of sourceAddresses(route, key))
      for (const entry of (await source?.find(addressKey(address))) ?? []) if (heldAs(entry, address) === 'address') ids.add(entry.id);
  for (const { stamp } of looked.matched?.holders ?? []) {
    const mark = parseStamp(stamp);
    if (mark?.route === route.id) ids.add(mark.sourceId);
  }
  if (route.id === planning.route.id) ids.delete(self);
  if (ids.size === 0) return { planning, looked: [] };
  const opened = route.id === planning.route.id ? planning : await openPlanning(context, { configuration, route: route.id, only: null });
  const found: Looked[] = [];
  for (const id of [...ids].slice(0, MOST)) {
    const link = await context.store.links.get(route.id, id);
    const there = await source?.get(id);
    if (there) found.push(await lookAtEntry(opened, there.entry, link));
    else if (link) found.push(await lookAtGone(opened, link));
  }
  return { planning: opened, looked: found };
}
/** More rivals than this for one person's addresses mean that something else is wrong. */
const MOST = 20;

function holderOf(fact: ClaimFact, link: Link): Holder {
  return { key: fact.address, targetId: link.targetId!, stamp: formatStamp(link) };
}

function factOf(planning: Planning, { candidate, link, planned }: Looked, keys: readonly string[]): ClaimFact | null {
  const wanted = candidate?.projection?.addressKeys.find((key) => keys.includes(key));
  const held =
    link?.state === 'linked'
      ? textsOf(link.image.addresses ?? null)
          .map(addressKey)
          .find((key) => keys.includes(key))
      : undefined;
  const address = held ?? (planned?.bucket === 'change' ? wanted : undefined);
  if (!address) return null;
  const name = candidate?.entry.attributes.displayName;
  const id = candidate?.entry.id ?? link!.sourceId;
  const who = person(typeof name === 'string' ? name : link?.displayName, candidate?.entry.addresses[0] ?? link?.address, id);
  return { address, route: planning.route.id, object: id, targetId: link?.targetId ?? null, who, how: held ? 'holds' : 'claims' };
}
