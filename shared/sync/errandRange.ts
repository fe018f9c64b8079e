import type { Link } from '../model/link.ts';
import type { DraftChange } from '../rules/view.ts';
import type { SyncContext } from './context.ts';
import type { PlannedRange } from './planRange.ts';
import type { Range } from './ranges.ts';

/** Links of a route in a range of shards, by source id. */
export async function linksOf(context: SyncContext, route: string, range: Range): Promise<ReadonlyMap<string, Link>> {
  const links = new Map<string, Link>();
  for await (const link of context.store.links.range(route, range.from, range.to)) links.set(link.sourceId, link);
  return links;
}

/** A range's result in which every entry above is a row or one of `unchanged`. */
export function rangeOf(
  changes: readonly DraftChange[],
  more: {
    readonly unchanged: number;
    readonly linked: number;
    readonly warnings: readonly string[];
    readonly links?: PlannedRange['links'];
  },
): PlannedRange {
  const above = changes.filter((change) => !change.orphan && !change.firstPart).length;
  return {
    changes,
    links: more.links ?? [],
    unchanged: [],
    summary: {
      pulled: above + more.unchanged,
      unchanged: more.unchanged,
      skippedBecause: {},
      keptBecause: {},
      linked: more.linked,
      internalOnly: 0,
      losses: {},
      warnings: more.warnings,
    },
  };
}
