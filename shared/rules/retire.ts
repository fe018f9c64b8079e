import { fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import { standingChange } from './claimLoss.ts';
import { addressesOf, beforeImage } from './heldAddresses.ts';
import { takenOverBecause } from './match.ts';
import { releaseOf } from './release.ts';
import type { DraftChange, PlanContext } from './view.ts';

/** One object of a route that is retired. */
export interface Retiring {
  readonly link: Link;
  /** False: only its stamp says that it is of this route, the link is lost. */
  readonly linked: boolean;
  /** As it was read just now; null: not there. */
  readonly entry: Entry | null;
  /** Counts as there although it was not read: written so short a time ago that the directory may not show it yet, or its link row is all there is. */
  readonly lagging: boolean;
}

export interface Retired {
  readonly change: DraftChange | null;
  /** The link ends although nothing is written to the target. */
  readonly link: Link | null;
}

/** What becomes of one object when its route leaves: only the stamp goes, or our object goes; what was adopted is only released. */
export function planRetire(
  context: Pick<PlanContext, 'route' | 'capabilityOf'>,
  objects: 'keep' | 'delete',
  { link, linked, entry, lagging }: Retiring,
): Retired {
  const ended = (endedBecause: string): Link => ({ ...link, state: 'ended', intent: null, endedBecause });
  if (!entry && !lagging) return { change: null, link: linked ? ended('alreadyGone') : null };
  const row: DraftChange = { ...standingChange(link), reason: 'retired', orphan: true };
  const kept: DraftChange = { ...row, change: 'keep', reason: 'policy' };
  if (entry && takenOverBecause(context, entry, link) !== null)
    return { change: releaseOf(context, link, entry), link: linked ? ended('takenOver') : null };
  // Somebody took the stamp away: there is nothing to give up any more, and nothing of ours to delete.
  if (entry && entry.stamp === undefined) return { change: kept, link: linked ? ended('retired') : null };
  const stamp = entry?.stamp ?? formatStamp({ route: link.route, sourceId: link.sourceId, adopted: link.adopted });
  if (objects === 'keep' || parseStamp(stamp)?.adopted) {
    return { change: { ...row, stamp: '', fields: [{ name: 'stamp', before: stamp, after: null }] }, link: null };
  }
  // Removals are planned from link rows only (promise 1).
  if (!linked) return { change: { ...kept, reason: 'unlinked' }, link: null };
  const image = entry ? fieldsOf(entry) : link.image;
  return { change: { ...row, change: 'delete', fields: beforeImage(image), releases: addressesOf({ image }) }, link: null };
}
