import type { JobRecord } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import { linkFromStamp } from '../rules/relink.ts';
import { planRetire } from '../rules/retire.ts';
import type { DraftChange } from '../rules/view.ts';
import { shardOf } from '../store/shard.ts';
import { linksOf, rangeOf } from './errandRange.ts';
import { isVirtual, type TargetSide } from './planning.ts';
import type { PlannedRange } from './planRange.ts';
import type { Range } from './ranges.ts';
import { readTargets } from './readTargets.ts';
import { mayShowLate } from './writtenLately.ts';

/** Plans one range of a route that leaves: every link of it, and every object that carries its stamp although its link is lost. */
export async function retireRange(side: TargetSide, record: JobRecord, objects: 'keep' | 'delete', range: Range): Promise<PlannedRange> {
  const { route, capabilityOf } = side;
  const links = await linksOf(side.context, route.id, range);
  const index = await side.context.store.snapshots.index(route.to, side.targetState.version);
  const stamped = index.stamped(route.id).filter((one) => one.sourceId && inRange(one.sourceId, range));
  const mark = `${record.job.id}.retire`;
  // A repeated activity finds the links that it ended: it plans the same again.
  const managed = [...links.values()].flatMap((link) => (link.doneChange === mark ? [{ ...link, state: 'linked' as const }] : [link]));
  const targets = await readTargets(side, [...managed.flatMap((link) => link.targetId ?? []), ...stamped.map((one) => one.id)]);
  const rows: DraftChange[] = [];
  const ended: Link[] = [];
  const seen = new Set<string>();
  const retire = (link: Link, linked: boolean): void => {
    seen.add(link.targetId!);
    const entry = targets.get(link.targetId!) ?? null;
    const planned = planRetire({ route, capabilityOf }, objects, {
      link,
      linked,
      entry,
      lagging: isVirtual(side) || mayShowLate(side, link),
    });
    if (planned.change) rows.push(planned.change);
    if (planned.link) ended.push({ ...planned.link, doneChange: mark });
  };
  for (const link of managed) if (link.state === 'linked' && link.targetId) retire(link, true);
  for (const one of stamped) {
    const entry = targets.get(one.id);
    const link = links.get(one.sourceId) ?? null;
    if (!entry || seen.has(one.id) || link?.endedBecause === 'takenOver') continue;
    // A create whose answer was lost is a row of ours, and this is its object.
    retire(linkFromStamp({ route, capabilityOf }, one.sourceId, entry, link), link?.state === 'intent');
  }
  const linked = managed.filter((link) => link.state === 'linked').length;
  return rangeOf(rows, { unchanged: 0, linked, warnings: warningsOf(side, rows), links: ended });
}

function inRange(sourceId: string, range: Range): boolean {
  const shard = shardOf(sourceId);
  return shard >= range.from && shard < range.to;
}

function warningsOf({ route }: TargetSide, rows: readonly DraftChange[]): readonly string[] {
  const again = `Route "${route.id}" is still enabled: its next sync takes up its work again. Disable it, or drop it from the configuration.`;
  const lost = 'Objects with its stamp but without a link are kept (unlinked): relink the route, then retire it again.';
  return [...(route.enabled ? [again] : []), ...(rows.some((row) => row.change === 'keep' && row.reason === 'unlinked') ? [lost] : [])];
}
