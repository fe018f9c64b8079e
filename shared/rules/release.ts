import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import type { DraftChange, PlanContext, Planned, TargetView } from './view.ts';

/**
 * Our stamp is taken off an object that has become something else (promise 6), so that its own directory may export it again. Planned as long
 * as the stamp is there; it is neither counted nor shown, for the entry is skipped as `takenOver` whatever becomes of it.
 */
export function released(context: PlanContext, link: Link, view: TargetView): Pick<Planned, 'also'> {
  const sight = link.targetId === null ? null : view.sight(link.targetId);
  const also = sight?.there ? releaseOf(context, link, sight.entry) : null;
  return also ? { also } : {};
}

/** That change for an object as it is now; null: it carries no stamp of ours, or is mastered elsewhere. */
export function releaseOf(context: Pick<PlanContext, 'route'>, link: Link, target: Entry | null): DraftChange | null {
  const stamp = parseStamp(target?.stamp);
  if (!target || target.readOnly || stamp?.route !== context.route.id || stamp.sourceId !== link.sourceId) return null;
  return {
    route: context.route.id,
    change: 'update',
    kind: link.kind,
    as: link.as,
    sourceId: link.sourceId,
    targetId: target.id,
    address: link.address,
    displayName: link.displayName,
    reason: 'takenOver',
    orphan: false,
    fields: [{ name: 'stamp', before: target.stamp ?? null, after: null }],
    desired: null,
    stamp: formatStamp({ route: context.route.id, sourceId: link.sourceId, adopted: link.adopted }),
    alias: link.alias,
    owner: null,
    countedBefore: true,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
    firstPart: true,
  };
}
