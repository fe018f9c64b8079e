import { type Failure, failureOf } from '../model/failure.ts';
import { onlyShows } from '../model/job.ts';
import type { SyncContext } from './context.ts';
import { planErrand } from './planErrand.ts';
import { openPlanning, planningOf } from './planning.ts';
import { planRange } from './planRange.ts';
import type { Range } from './ranges.ts';

export type RangeStep = { readonly ok: true; readonly changes: number } | { readonly ok: false; readonly failure: Failure };

/**
 * Plans one route over one range of shards (design §3, step 2): select, project, match, diff; the result is a draft for sealing. An undo, a
 * retire and a relink have planners of their own.
 */
export async function makePlan(
  context: SyncContext,
  input: { job: string; round: number; route: string; range: Range },
): Promise<RangeStep> {
  try {
    const record = await context.store.jobs.get(input.job);
    if (!record) return { ok: true, changes: 0 };
    const { configuration } = await context.configuration();
    const made = record.errand
      ? await planErrand(context, record, { configuration, route: input.route, range: input.range })
      : await planRange(await openPlanning(context, planningOf(record, configuration, input.route)), input.range);
    await context.store.plans.putDraft(
      { job: input.job, round: input.round, route: input.route },
      input.range.from,
      made.changes as never,
      made.summary,
    );
    if (!onlyShows(record) && made.links.length > 0) await context.store.links.putMany(made.links);
    return { ok: true, changes: made.changes.length };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}
