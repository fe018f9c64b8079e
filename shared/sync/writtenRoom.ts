import type { Capacity } from '../connectors/connector.ts';
import { formatStamp } from '../model/stamp.ts';
import { type Held, SHARDS } from '../store/store.ts';
import { sumOf } from './capacity.ts';
import type { TargetSide } from './planning.ts';

/**
 * What objects take up that galsync made in a target since its last read, less those that it deleted: a plan on that read counts them as there
 * or gone, the read does not. What updates changed since is left out.
 */
export async function roomTakenSince(side: TargetSide, capacity: Capacity): Promise<Held> {
  const { route, targetState } = side;
  const { snapshots, links } = side.context.store;
  const index = await snapshots.index(route.to, targetState.version);
  const written: Held[] = [];
  for (const into of side.configuration.routes.filter((one) => one.to === route.to))
    for await (const link of links.range(into.id, 0, SHARDS)) {
      if (!link.targetId || (link.writtenAt ?? '') <= targetState.completedAt) continue;
      const deleted = link.state === 'ended' && link.intent?.what === 'delete' && link.intent.change === link.doneChange;
      // Made before the read, or gone before it.
      if (index.has(link.targetId) !== deleted) continue;
      const sign = deleted ? -1 : 1;
      written.push({ objects: sign, bytes: sign * capacity.sizeOf({ ...link.image, stamp: formatStamp(link) }) });
    }
  return sumOf(written);
}
