import type { Configuration } from '../model/configuration.ts';
import type { JobRecord } from '../model/job.ts';
import type { SyncContext } from './context.ts';
import { openPlanning, openTarget } from './planning.ts';
import type { PlannedRange } from './planRange.ts';
import type { Range } from './ranges.ts';
import { relinkRange } from './relinkRange.ts';
import { retireRange } from './retireRange.ts';
import { undoRange } from './undoRange.ts';

/** Plans one range of an undo, a retire or a relink: from what the target holds now, the links, and the job that is undone. */
export async function planErrand(
  context: SyncContext,
  record: JobRecord,
  input: { readonly configuration: Configuration; readonly route: string; readonly range: Range },
): Promise<PlannedRange> {
  const errand = record.errand!;
  if (errand.what === 'relink') return relinkRange(await openPlanning(context, { ...input, only: null }), record, input.range);
  const side = await openTarget(context, input);
  return errand.what === 'undo' ? undoRange(side, errand, input.range) : retireRange(side, record, errand.objects, input.range);
}
