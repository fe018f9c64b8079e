import { addressKey, type Capability, fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Change, Fields, Owner } from '../model/plan.ts';
import { parseStamp } from '../model/stamp.ts';
import type { DraftChange, PlanContext } from './view.ts';

/** What undo asks of a route: no source, no filter, no projection. `capability`: of the object that is looked at. */
export type UndoContext = Pick<PlanContext, 'route' | 'capabilityOf' | 'routes'> & { readonly capability: Capability };

/** What one job did to one object: its changes in the order in which they were made, at least one. */
export interface Made {
  readonly job: string;
  readonly changes: readonly Change[];
  /** The object that it made or changed, or the one that an undo has made in its place since; null if nobody knows it. */
  readonly targetId: string | null;
}

/** The object as it is now. */
export interface UndoView {
  readonly link: Link | null;
  /** As it was read just now; null: not there. */
  readonly entry: Entry | null;
  /** Written by this very job, so short a time ago that the directory may not show it yet. */
  readonly lagging: boolean;
  /** Objects of the target that hold a key (`addressKey`, `stamp:…`). */
  hits(key: string): readonly Entry[];
}

/** The row of an undo, before it is said what is done. */
export function undoRow(last: Change, link: Link | null): DraftChange {
  const { id: _id, order: _order, firstPart: _first, restores: _restores, converts: _converts, ...row } = last;
  return {
    ...row,
    change: 'update',
    targetId: last.targetId ?? link?.targetId ?? null,
    address: link?.address || last.address,
    displayName: link?.displayName || last.displayName,
    alias: link?.alias ?? last.alias,
    reason: 'undone',
    orphan: false,
    fields: [],
    desired: null,
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
  };
}

/** The object is left as it is. `why`: a sentence for people. */
export function leftAlone(row: DraftChange, why: string): DraftChange {
  return { ...row, change: 'keep', orphan: true, reason: `changedSince: ${why}`, fields: [], desired: null, takes: [], releases: [] };
}

/** Who changed it, in words. */
export function changedBy(fields: readonly string[], link: Link | null, job: string): string {
  const later = link?.doneChange && !link.doneChange.startsWith(`${job}.`) ? link.doneChange.slice(0, link.doneChange.indexOf('.')) : null;
  return `${fields.join(', ')} ${fields.length === 1 ? 'was' : 'were'} changed ${later ? `by job ${later}; undo that one first` : 'by somebody'}.`;
}

/** Who holds the addresses that an undo takes back: objects of ours (sealing decides), or a stranger, who keeps them. */
export function holdersOf(
  context: UndoContext,
  keys: readonly string[],
  own: Pick<Change, 'targetId' | 'stamp'>,
  view: UndoView,
): { readonly strangers: Owner | null; readonly holders: DraftChange['holders'] } {
  const holders: DraftChange['holders'][number][] = [];
  let strangers: Owner | null = null;
  for (const key of keys) {
    for (const entry of view.hits(key)) {
      // What an earlier try of the same create left behind is no stranger.
      if (entry.id === own.targetId || entry.stamp === own.stamp) continue;
      const route = parseStamp(entry.stamp)?.route;
      if (route !== undefined && (context.routes?.has(route) ?? true)) holders.push({ key, targetId: entry.id, stamp: entry.stamp });
      else strangers ??= strangerOf(context, entry, key);
    }
  }
  return { strangers: context.capability.uniqueAddresses ? strangers : null, holders: context.capability.uniqueAddresses ? holders : [] };
}

function strangerOf(context: UndoContext, entry: Entry, key: string): Owner {
  const name = entry.attributes.displayName;
  const listed = entry.addresses.some((address) => addressKey(address) === key);
  const attribute = context.capability.as === 'sharedContact' ? 'email' : listed ? 'proxyAddresses' : 'targetAddress';
  return { id: entry.id, kind: entry.type || entry.kind, attribute, displayName: typeof name === 'string' ? name : key };
}

/** What an object holds, as far as it counts: of one that a conversion has put aside, what it held before. */
export function heldNow({ link, entry, lagging }: UndoView): Fields | null {
  if (link?.converting && link.targetId === link.converting.oldId) return link.converting.image;
  return entry ? fieldsOf(entry) : lagging ? link!.image : null;
}
