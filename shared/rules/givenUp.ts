import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { parseStamp } from '../model/stamp.ts';
import { standingChange } from './claimLoss.ts';
import type { DraftChange, PlanContext } from './view.ts';

/**
 * What has become something else is never written again, but for one thing: our stamp goes where it can be written (promise 6), because an
 * object that carries one is never exported (promise 3). The entry is counted by its `takenOver` row: this write is neither counted nor shown.
 * null: it carries no stamp of ours, or is mastered elsewhere.
 */
export function giveUpStamp(context: Pick<PlanContext, 'route'>, link: Link, target: Entry | null): DraftChange | null {
  const stamp = parseStamp(target?.stamp);
  if (!target?.stamp || target.readOnly || stamp?.route !== context.route.id || stamp.sourceId !== link.sourceId) return null;
  return {
    ...standingChange({ ...link, targetId: target.id }),
    reason: 'takenOver',
    orphan: true,
    stamp: '',
    fields: [{ name: 'stamp', before: target.stamp, after: null }],
    firstPart: true,
  };
}
