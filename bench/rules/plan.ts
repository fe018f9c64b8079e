import type { Entry } from '../../shared/model/entry.ts';
import type { Link } from '../../shared/model/link.ts';
import { judgeBreakers } from '../../shared/rules/breakers.ts';
import { settleClaims } from '../../shared/rules/claims.ts';
import { planEntry } from '../../shared/rules/planEntry.ts';
import type { DraftChange, PlanContext } from '../../shared/rules/view.ts';
import { QUIET } from './directory.ts';

const NO_DOMAINS: ReadonlySet<string> = new Set();

export interface Planned {
  readonly changes: readonly DraftChange[];
  readonly unchanged: number;
  readonly skipped: number;
}

/** What planning does with each entry: select, project, match, diff. */
export function planEntries(context: PlanContext, entries: Iterable<Entry>, links: ReadonlyMap<string, Link>): Planned {
  const changes: DraftChange[] = [];
  let unchanged = 0;
  let skipped = 0;
  for (const entry of entries) {
    if (!context.select(entry).kept) {
      skipped += 1;
      continue;
    }
    const link = links.get(entry.id) ?? null;
    if (link && context.settled(entry, link, QUIET.sight(link.targetId!), QUIET.manager) !== null) {
      unchanged += 1;
      continue;
    }
    const planned = planEntry(context, entry, context.project(entry, 'contact'), link, QUIET);
    if (planned.change) changes.push(planned.change);
    else unchanged += 1;
  }
  return { changes, unchanged, skipped };
}

/** And what sealing does with the changes: claims, order, breakers. Answers how many would be carried out, and what would hold them. */
export function sealChanges(context: PlanContext, changes: readonly DraftChange[], linked: number): { changes: number; trips: number } {
  const settled = settleClaims(
    changes.map((change) => ({ change, owns: NO_DOMAINS, linked: change.targetId !== null, routeOrder: 0 })),
    context.capabilityOf('contact').uniqueAddresses,
  );
  const trips = judgeBreakers(context.route.breakers, {
    ...{
      removals: 0,
      removalsBefore: 0,
      adoptions: 0,
      clearing: 0,
      addressChanges: 0,
      source: { user: linked },
      accepted: { user: linked },
    },
    creations: settled.filter((one) => one.change.change === 'create').length,
    linked,
    firstRun: false,
  });
  return { changes: settled.length, trips: trips.length };
}
