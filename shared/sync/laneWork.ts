import type { SyncContext } from './context.ts';
import { ORDERED_LANE, type SealedRoute } from './sealed.ts';

/** One batch of a lane: which route's, and its sequence there. */
export interface LaneBatch {
  readonly route: string;
  readonly sequence: number;
}

/**
 * The batches of one lane in the order in which they run: first those whose order matters, over all routes, then route by route. Plans that
 * are held have none.
 */
export async function laneWork(
  context: SyncContext,
  lane: { readonly job: string; readonly round: number; readonly lane: number; readonly routes: readonly string[] },
): Promise<readonly LaneBatch[]> {
  const work: (LaneBatch & { rank: number })[] = [];
  for (const route of lane.routes) {
    const sealed = (await context.store.plans.getSealed({ job: lane.job, round: lane.round, route })) as SealedRoute | null;
    if (sealed?.verdict !== 'run') continue;
    const ranks = lane.lane === ORDERED_LANE ? (sealed.orderedRanks ?? []) : [];
    for (let sequence = 0; sequence < (sealed.batches[String(lane.lane)] ?? 0); sequence += 1)
      work.push({ route, sequence, rank: ranks[sequence] ?? Number.POSITIVE_INFINITY });
  }
  return work.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank));
}
