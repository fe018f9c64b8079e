import { type Failure, failureOf } from '../model/failure.ts';
import type { SyncContext } from './context.ts';
import { openPlanning, planningOf } from './planning.ts';
import { planRange } from './planRange.ts';
import type { Range } from './ranges.ts';

export type RangeStep = { readonly ok: true; readonly changes: number } | { readonly ok: false; readonly failure: Failure };

/** Plans one route over one range of shards (design §3, step 2): select, project, match, diff; the result is a draft for sealing. */
export async function makePlan(
  context: SyncContext,
  input: { job: string; round: number; route: string; range: Range },
): Promise<RangeStep> {
  try {
    const record = await context.store.jobs.get(input.job);
    if (!record) return { ok: true, changes: 0 };
    const { configuration } = await context.configuration();
    const planning = await openPlanning(context, planningOf(record, configuration, input.route));
    const made = await planRange(planning, input.range);
    await context.store.plans.putDraft(
      { job: input.job, round: input.round, route: input.route },
      input.range.from,
      made.changes as never,
      made.summary,
    );
    if (record.job.action !== 'simulate' && made.links.length > 0) await context.store.links.putMany(made.links);
    return { ok: true, changes: made.changes.length };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}
