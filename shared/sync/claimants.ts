import { fieldsOf } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import { textsOf } from '../model/plan.ts';
import { parseStamp } from '../model/stamp.ts';
import { standingChange } from '../rules/claimLoss.ts';
import type { Claimant } from '../rules/claims.ts';
import type { DraftChange, Holder } from '../rules/view.ts';
import { shardOf } from '../store/shard.ts';
import type { Planning } from './planning.ts';
import { planRange } from './planRange.ts';
import { readTargets } from './readTargets.ts';

/** One route's drafts, as far as claims need them. */
export interface RouteDrafts {
  readonly planning: Planning;
  readonly changes: readonly DraftChange[];
}

export interface Claims {
  readonly claimants: readonly Claimant[];
  /** Route → routes that hold addresses which it wants and that are not planned here: what they hold stays. */
  readonly absent: ReadonlyMap<string, readonly string[]>;
}

type Held = Pick<Claimant, 'addresses' | 'delivery'>;

/** An object of ours that holds an address which a change takes; `row`: the change that it is itself planned for. */
interface Holding {
  readonly plan: RouteDrafts;
  readonly link: Link;
  readonly row: DraftChange | null;
}

/**
 * Everybody who has a say in whose an address is, over all routes of one target: the planned changes, and the entries that change nothing but
 * whose objects hold an address that a change takes. Only those few are read.
 */
export async function claimantsOf(plans: readonly RouteDrafts[]): Promise<Claims> {
  const rows = new Map<string, DraftChange>();
  for (const { changes } of plans) for (const change of changes) if (change.targetId) rows.set(change.targetId, change);
  const byRoute = new Map(plans.map((plan) => [plan.planning.route.id, plan]));
  const absent = new Map<string, Set<string>>();
  const holding: Holding[] = [];
  for (const [targetId, { holder, takers }] of holdersOf(plans)) {
    const row = rows.get(targetId);
    if (row && (row.orphan || row.change !== 'update')) continue;
    const stamp = parseStamp(holder.stamp);
    const plan = stamp ? byRoute.get(stamp.route) : undefined;
    if (!stamp || !plan) {
      if (stamp) for (const taker of takers) absent.set(taker, (absent.get(taker) ?? new Set()).add(stamp.route));
      continue;
    }
    const link = await plan.planning.context.store.links.get(stamp.route, stamp.sourceId);
    if (link?.state !== 'linked' || link.targetId !== targetId) continue;
    // A job over named entries takes nothing from the others: the next one over all of them does.
    if (row || plan.planning.only === null) holding.push({ plan, link, row: row ?? null });
  }
  const held = await heldBy(holding);
  const standing = holding.filter(({ row }) => row === null);
  const unchanged = await unchangedOf(standing);
  return {
    claimants: [
      ...plans.flatMap((plan) =>
        plan.changes.map((change) => claimant(plan.planning, change, change.targetId ? held.get(change.targetId) : undefined)),
      ),
      ...standing
        .filter(({ link }) => unchanged.has(`${link.route}\0${link.sourceId}`))
        .map(({ plan, link }) => ({
          ...claimant(plan.planning, standingChange(link), held.get(link.targetId!)),
          linked: true,
          unchanged: true,
        })),
    ],
    absent: new Map([...absent].map(([route, others]) => [route, [...others].sort()])),
  };
}

function claimant({ owners, route, configuration }: Planning, change: DraftChange, held: Held | undefined): Claimant {
  return {
    change,
    routeOrder: configuration.routes.findIndex((one) => one.id === route.id),
    linked: change.targetId !== null,
    owns: owners.ownedBy(route.from),
    ...held,
  };
}

/** Managed objects that hold an address which a change takes, with the routes of those changes. */
function holdersOf(plans: readonly RouteDrafts[]): ReadonlyMap<string, { holder: Holder; takers: Set<string> }> {
  const holders = new Map<string, { holder: Holder; takers: Set<string> }>();
  for (const { changes } of plans)
    for (const change of changes) {
      if (change.change === 'skip' || change.change === 'keep') continue;
      for (const holder of change.holders) {
        const known = holders.get(holder.targetId) ?? { holder, takers: new Set<string>() };
        known.takers.add(change.route);
        holders.set(holder.targetId, known);
      }
    }
  return holders;
}

/** What objects of ours hold, by their ids: as the target showed them last, or as we wrote them since. */
async function heldBy(holding: readonly Holding[]): Promise<ReadonlyMap<string, Held>> {
  const held = new Map<string, Held>();
  for (const [{ planning }, links] of Map.groupBy(holding, ({ plan }) => plan)) {
    const entries = await readTargets(
      planning,
      links.map(({ link }) => link.targetId!),
    );
    for (const { link } of links) {
      const entry = entries.get(link.targetId!);
      const image = entry && (link.writtenAt ?? '') <= planning.targetState.completedAt ? fieldsOf(entry) : link.image;
      held.set(link.targetId!, { addresses: textsOf(image.addresses), delivery: textsOf(image.deliveryAddress)[0] ?? null });
    }
  }
  return held;
}

/** Which of these entries would be left as they are: only those are counted as unchanged, and only their objects may be taken from. */
async function unchangedOf(standing: readonly { plan: RouteDrafts; link: Link }[]): Promise<ReadonlySet<string>> {
  const byShard = new Map<string, { planning: Planning; shard: number; ids: string[] }>();
  for (const { plan, link } of standing) {
    const shard = shardOf(link.sourceId);
    const key = `${shard} ${link.route}`;
    const group = byShard.get(key) ?? { planning: plan.planning, shard, ids: [] };
    group.ids.push(link.sourceId);
    byShard.set(key, group);
  }
  const unchanged = new Set<string>();
  for (const { planning, shard, ids } of byShard.values()) {
    const planned = await planRange({ ...planning, only: ids }, { from: shard, to: shard + 1 });
    for (const id of planned.unchanged) unchanged.add(`${planning.route.id}\0${id}`);
  }
  return unchanged;
}
