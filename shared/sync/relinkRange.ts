import type { Entry } from '../model/entry.ts';
import type { JobRecord } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import { planRelink } from '../rules/relink.ts';
import type { DraftChange } from '../rules/view.ts';
import { shardOf } from '../store/shard.ts';
import { entryOf } from './commitShards.ts';
import { linksOf, rangeOf } from './errandRange.ts';
import type { Planning } from './planning.ts';
import type { PlannedRange } from './planRange.ts';
import type { Range } from './ranges.ts';
import { readTargets } from './readTargets.ts';

/** Works out the links of one range (by source id) from the stamps in the target; the target's index knows who carries one. */
export async function relinkRange(planning: Planning, record: JobRecord, range: Range): Promise<PlannedRange> {
  const { route } = planning;
  const links = await linksOf(planning.context, route.id, range);
  const index = await planning.context.store.snapshots.index(route.to, planning.targetState.version);
  const stamped = index.stamped(route.id).filter((one) => shardOf(one.sourceId) >= range.from && shardOf(one.sourceId) < range.to);
  const targets = await readTargets(
    planning,
    stamped.map((one) => one.id),
  );
  const sources = await sourcesOf(planning, new Set(stamped.map((one) => one.sourceId)), range);
  const mark = `${record.job.id}.relink`;
  const rows: DraftChange[] = [];
  const made: Link[] = [];
  let unchanged = 0;
  for (const [sourceId, objects] of Map.groupBy(stamped, (one) => one.sourceId)) {
    const known = links.get(sourceId) ?? null;
    // A repeated activity finds the links that it wrote: it plans the same again.
    const link = known?.doneChange === mark ? { ...known, state: 'ended' as const } : known;
    const planned = planRelink(planning.plan, {
      sourceId,
      objects: objects.flatMap((one) => targets.get(one.id) ?? []),
      link,
      entry: sources.get(sourceId) ?? null,
      leavingSince: record.job.createdAt,
    });
    if (planned.change) rows.push(planned.change);
    else unchanged += 1;
    if (planned.link) made.push({ ...planned.link, doneChange: mark });
  }
  const linked = [...links.values()].filter((link) => link.state === 'linked').length;
  return rangeOf(rows, { unchanged, linked, warnings: [], links: made });
}

async function sourcesOf(planning: Planning, wanted: ReadonlySet<string>, range: Range): Promise<ReadonlyMap<string, Entry>> {
  const found = new Map<string, Entry>();
  for (const rows of await planning.context.store.snapshots.readShards(planning.route.from, range.from, range.to)) {
    for (const row of rows) {
      const entry = wanted.has(row.id) ? entryOf(row, planning.sourceSets) : null;
      if (entry) found.set(row.id, entry);
    }
  }
  return found;
}
