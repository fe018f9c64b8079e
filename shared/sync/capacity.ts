import type { Capacity } from '../connectors/connector.ts';
import type { Trip } from '../model/job.ts';
import type { Change, Fields } from '../model/plan.ts';
import type { Held } from '../store/store.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { isCarriedOut } from './cutBatches.ts';
import { ownWritesSince } from './ownWrites.ts';
import type { Planning } from './planning.ts';
import type { SettledRoute } from './settleRoutes.ts';

/**
 * What would not fit into a target, by route: what it held at its last complete read, with everything that the routes of this job would do.
 * @param taken see `roomTakenSince`
 */
export async function capacityTrips(
  context: SyncContext,
  target: string,
  routes: readonly Pick<SettledRoute, 'key' | 'changes'>[],
  taken: Held,
): Promise<ReadonlyMap<string, readonly Trip[]>> {
  const { configuration } = await context.configuration();
  const { capacity } = context.open(connectorSettings(configuration, target), configuration).connector;
  const held = capacity ? (await context.store.snapshots.state(target))?.held : undefined;
  if (!capacity || !held) return new Map();
  const growths = routes.map(({ key, changes }) => ({
    route: key.route,
    growth: sumOf(changes.filter(isCarriedOut).map((change) => growthBy(capacity, change))),
  }));
  return overfull(target, capacity, sumOf([held, taken]), growths);
}

/** Only routes that need more room are named; a plan that makes nothing worse is never held for it. */
export function overfull(
  target: string,
  capacity: Capacity,
  held: Held,
  growths: readonly { readonly route: string; readonly growth: Held }[],
): ReadonlyMap<string, readonly Trip[]> {
  const after: Held = {
    objects: growths.reduce((n, { growth }) => n + growth.objects, held.objects),
    bytes: growths.reduce((n, { growth }) => n + growth.bytes, held.bytes),
  };
  const over = (['objects', 'bytes'] as const).filter((what) => after[what] > capacity[what] && after[what] > held[what]);
  const growing = growths.filter(({ growth }) => over.some((what) => growth[what] > 0)).map(({ route }) => route);
  const trips = over.map(
    (what): Trip => ({
      breaker: 'capacity',
      kind: null,
      before: held[what],
      after: after[what],
      value: after[what],
      limit: capacity[what],
      nextStep: wordsOf(target, capacity, held, after, growing),
    }),
  );
  return new Map(growing.map((route) => [route, trips]));
}

/**
 * What objects take up that galsync made in a target since its last read, less those that it deleted: a plan on that read counts them as there
 * or gone, the read does not. What updates changed since is left out. Nothing, where the target was read for the plan.
 */
export async function roomTakenSince(planning: Planning): Promise<Held> {
  const { route, targetState } = planning;
  const writes = await ownWritesSince(planning);
  const index = await planning.context.store.snapshots.index(route.to, targetState.version);
  const taken: Held[] = [];
  // The others were made before the read, or were gone before it.
  for (const { targetId, deleted, size } of writes.all())
    if (index.has(targetId) === deleted) taken.push(deleted ? { objects: -1, bytes: -size } : { objects: 1, bytes: size });
  return sumOf(taken);
}

/** What a change that is carried out adds to what its target holds; less than nothing for one that removes. */
export function growthBy(capacity: Capacity, change: Pick<Change, 'change' | 'fields' | 'desired' | 'stamp'>): Held {
  const image = (pick: 'before' | 'after'): Fields => Object.fromEntries(change.fields.map((field) => [field.name, field[pick]]));
  if (change.change === 'create') return { objects: 1, bytes: capacity.sizeOf({ ...change.desired, stamp: change.stamp }) };
  if (change.change === 'delete') return { objects: -1, bytes: -capacity.sizeOf(image('before')) };
  return { objects: 0, bytes: capacity.sizeOf(image('after')) - capacity.sizeOf(image('before')) };
}

export function sumOf(growths: readonly Held[]): Held {
  return growths.reduce((sum, one) => ({ objects: sum.objects + one.objects, bytes: sum.bytes + one.bytes }), { objects: 0, bytes: 0 });
}

function wordsOf(target: string, capacity: Capacity, held: Held, after: Held, routes: readonly string[]): string {
  const both = ({ objects, bytes }: Held): string => `${objects.toLocaleString('en')} (${(bytes / 1e6).toFixed(1)} MB)`;
  return [
    `"${target}" holds ${both(held)} ${capacity.what}; with this plan it would hold ${both(after)}, and it takes ${both(capacity)}, whichever comes first.`,
    `Nothing was written, and no approval makes room: narrow the filter of ${routes.map((route) => `"${route}"`).join(', ')}, push fewer fields`,
    `(push.attributes), or delete ${capacity.what} in "${target}" that nobody needs; then run again.`,
  ].join(' ');
}
