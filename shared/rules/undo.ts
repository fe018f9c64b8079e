import { fieldsOf } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import type { Change, FieldName, Fields, LinkRestored } from '../model/plan.ts';
import { joinX500 } from './diff.ts';
import { addressesOf, beforeImage } from './heldAddresses.ts';
import { touchedFields } from './touched.ts';
import { asIs, undoConversion } from './undoConversion.ts';
import { undoFields } from './undoFields.ts';
import { changedBy, holdersOf, leftAlone, type Made, type UndoContext, type UndoView, undoRow } from './undoRow.ts';
import type { DraftChange } from './view.ts';

/**
 * The reverse of what a job did to one object (promise 10): only where the object is still as that job left it. What somebody changed
 * since is left and reported (`keep`, `changedSince: …`). null: nothing is left to be undone.
 */
export function planUndo(context: UndoContext, made: Made, view: UndoView): DraftChange | null {
  const last = made.changes.at(-1)!;
  if (last.converts) return undoConversion(context, made, view);
  if (last.change === 'create') return undoCreate(context, made, last, view);
  if (last.change === 'delete') return undoDelete(context, last, view);
  // Another job may have converted it since: what is written back is written into what it is now.
  return undoFields(view.link?.state === 'linked' ? asIs(context, view.link) : context, made, view);
}

function undoCreate(context: UndoContext, made: Made, last: Change, view: UndoView): DraftChange | null {
  const { link, entry } = view;
  const current = entry ? fieldsOf(entry) : view.lagging ? link!.image : null;
  const row = { ...undoRow(last, link), targetId: made.targetId };
  if (made.targetId !== null && current === null && link?.state === 'linked' && link.as !== last.as)
    return leftAlone(row, `It is a ${link.as} by now: a later job converted it; undo that one first.`);
  if (made.targetId === null || current === null) return null;
  const open = link?.state === 'intent' && made.changes.some((change) => change.id === link.intent?.change);
  if (!open && (link?.state !== 'linked' || link.targetId !== made.targetId))
    return leftAlone(
      row,
      link?.state === 'linked' ? 'The entry has another object now.' : 'No link says that it is ours; relink the route.',
    );
  if (entry && entry.stamp !== last.stamp) return leftAlone(row, 'It does not carry our stamp any more.');
  if (entry && (entry.readOnly || !context.capability.types.includes(entry.type)))
    return leftAlone(row, `It has become something else (${entry.type}).`);
  const touched = touchedFields(context, made, last.desired ?? {}, current, link);
  if (touched.length > 0) return leftAlone(row, changedBy(touched, link, made.job));
  return {
    ...row,
    change: 'delete',
    orphan: true,
    fields: beforeImage(current),
    releases: addressesOf({ image: current }),
  };
}

/** Made again from its before-image, with all addresses, X500 and stamp (promise 8). */
function undoDelete(context: UndoContext, last: Change, view: UndoView): DraftChange | null {
  const { link } = view;
  const row = undoRow(last, link);
  if (link?.state === 'linked') return leftAlone(row, 'The entry has an object again.');
  const openCreate = link?.state === 'intent' && link.intent?.what === 'create';
  if (!openCreate && view.hits(`stamp:${last.stamp}`).some((entry) => entry.id !== last.targetId || !view.lagging))
    return leftAlone(row, 'An object with its stamp is there; relink the route.');
  const desired = imageOf(context, last, link);
  if (!desired.addresses) return leftAlone(row, 'Nothing is kept any more of what it held.');
  const takes = addressesOf({ image: desired });
  const { strangers, holders } = holdersOf(context, takes, last, view);
  const change: DraftChange = {
    ...row,
    change: 'create',
    targetId: null,
    // As the object was called; the link may have learned the alias of another one since (re-linked), and that one has it.
    alias: last.alias ?? row.alias,
    desired,
    takes,
    holders,
    restores: leavingAgain(context, last, desired),
  };
  return strangers ? { ...change, change: 'skip', reason: 'collision', desired: null, takes: [], holders: [], owner: strangers } : change;
}

function imageOf(context: UndoContext, last: Change, link: Link | null): Fields {
  const held: Fields =
    last.fields.length > 0
      ? Object.fromEntries(last.fields.map((field) => [field.name, field.before]))
      : link?.doneChange === last.id
        ? link.image
        : {};
  const names = (Object.keys(held) as FieldName[]).filter((name) => name !== 'stamp' && context.capability.fields[name]);
  const desired: Fields = Object.fromEntries(names.flatMap((name) => (held[name] === null ? [] : [[name, held[name]]])));
  if (!context.capability.fields.x500) return desired;
  const x500 = joinX500(link?.x500, desired.x500);
  return x500.length > 0 ? { ...desired, x500 } : desired;
}

/** A leaver that comes back is still a leaver: its days count from now, so that the next sync does not remove it at once. */
function leavingAgain(context: UndoContext, last: Change, desired: Fields): LinkRestored {
  const reason = last.reason.startsWith('outOfScope') ? 'outOfScope' : 'gone';
  const wasLeaving = last.since !== null || /^(gone|outOfScope)/.test(last.reason);
  const hidden = wasLeaving && context.capability.canHide && desired.hidden === 'true';
  return { leaving: wasLeaving ? { reason, since: null } : null, hidden, adopted: false };
}
