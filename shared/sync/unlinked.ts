import type { Link } from '../model/link.ts';
import { standingChange } from '../rules/claimLoss.ts';
import { isOursStill } from '../rules/match.ts';
import { linkFromStamp } from '../rules/relink.ts';
import type { DraftChange } from '../rules/view.ts';
import { shardOf } from '../store/shard.ts';
import type { Planning } from './planning.ts';
import type { Range } from './ranges.ts';
import { readTargets } from './readTargets.ts';

/**
 * Objects that carry a stamp of this route, without a link, whose source id is not in the source (promise 1): removals are planned from link
 * rows only, so they are kept and counted (`unlinked`) until somebody relinks the route. The index names them; only their rows are read.
 * @param links the range's links by source id
 * @param known the range's source ids
 */
export async function unlinkedRows(
  planning: Planning,
  range: Range,
  links: ReadonlyMap<string, Link>,
  known: ReadonlySet<string>,
): Promise<readonly DraftChange[]> {
  const { context, route, targetState } = planning;
  const index = await context.store.snapshots.index(route.to, targetState.version);
  const lost = index.stamped(route.id).filter(({ id, sourceId }) => {
    if (known.has(sourceId)) return false;
    const shard = shardOf(sourceId);
    if (shard < range.from || shard >= range.to) return false;
    const link = links.get(sourceId);
    return !(link?.state === 'linked' && link.targetId === id) && link?.endedBecause !== 'takenOver';
  });
  const targets = await readTargets(
    planning,
    lost.map((one) => one.id),
  );
  return lost.flatMap(({ id, sourceId }): DraftChange[] => {
    const target = targets.get(id);
    if (!target || !isOursStill(planning.plan, target, sourceId)) return [];
    const link = linkFromStamp(planning.plan, sourceId, target, links.get(sourceId) ?? null);
    return [{ ...standingChange(link), change: 'keep', reason: 'unlinked', orphan: true }];
  });
}
