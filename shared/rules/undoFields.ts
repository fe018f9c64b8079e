import type { Link } from '../model/link.ts';
import type { Change, FieldChange, FieldName, Fields, FieldValue, LinkRestored } from '../model/plan.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import { sameValue } from './diff.ts';
import { addressesOf } from './heldAddresses.ts';
import { takenOverBecause } from './match.ts';
import { isTouched } from './touched.ts';
import { changedBy, heldNow, holdersOf, leftAlone, type Made, type UndoContext, type UndoView, undoRow } from './undoRow.ts';
import type { DraftChange } from './view.ts';

/** What the undone change did with the stamp, and so what its reverse does. */
type StampMove = 'none' | 'release' | 'restamp' | 'relinkBack';

/** The reverse of updates, hides and adoptions of one object: the before-values of exactly the fields that still hold what the job wrote. */
export function undoFields(context: UndoContext, made: Made, view: UndoView): DraftChange | null {
  const last = made.changes.at(-1)!;
  const { link } = view;
  const row = { ...undoRow(last, link), as: context.capability.as, targetId: made.targetId };
  const current = heldNow(view);
  if (current === null) return leftAlone(row, 'The object is not in the target any more.');
  const move = stampMove(last);
  const foreign = notOurs(context, made, move, view);
  if (foreign) return leftAlone(row, foreign);
  const { fields, left } = reversed(context, made, current, view);
  const moves = movesOf(current, fields);
  const { strangers, holders } = holdersOf(context, moves.takes, row, view);
  const freed = strangers ? fields.filter((field) => field.name !== 'addresses' && field.name !== 'deliveryAddress') : fields;
  const why = [
    ...(left.length > 0 ? [changedBy(left, link, made.job)] : []),
    ...(strangers ? [`Its addresses stay: ${strangers.displayName} (${strangers.kind} ${strangers.id}) holds one of them now.`] : []),
  ].join(' ');
  const change: DraftChange = {
    ...row,
    ...(strangers ? {} : { ...moves, holders }),
    fields: freed,
    reason: why ? `undone: ${why}` : 'undone',
    since: last.change === 'hide' ? (link?.leaving?.since ?? null) : null,
  };
  if (move !== 'none') return withStamp(change, last, move, link);
  if (freed.length === 0) return why ? leftAlone(row, why) : null;
  return { ...change, restores: restored(made, link, freed) };
}

function stampMove(last: Change): StampMove {
  const stamp = last.fields.find((field) => field.name === 'stamp');
  if (last.relinkFrom !== null) return 'relinkBack';
  if (last.change === 'adopt') return 'release';
  if (last.orphan && last.change === 'update') return 'restamp';
  // An undo that gave a released object its stamp back.
  if (stamp && stamp.after !== null && last.reason.startsWith('undone')) return 'release';
  return 'none';
}

/** Why the object is not ours to write back, in words. */
function notOurs(context: UndoContext, made: Made, move: StampMove, { link, entry, lagging }: UndoView): string | null {
  const last = made.changes.at(-1)!;
  if (move === 'restamp') {
    if (link?.state === 'linked') return link.targetId === last.targetId ? 'It is ours again.' : 'The entry has another object now.';
    if (!lagging && (entry?.stamp !== undefined || entry?.stampPlace !== undefined)) return 'Its stamp place holds something else now.';
  } else {
    if (move === 'release' && made.targetId !== last.targetId) return 'The entry has another object now.';
    if (link?.state !== 'linked' || link.targetId !== made.targetId) return 'No link says that it is ours; relink the route.';
    if (!lagging && entry && entry.stamp === undefined) return 'It does not carry our stamp any more.';
  }
  return entry ? takenOverBecause(context, entry, { as: context.capability.as, sourceId: last.sourceId }) : null;
}

function reversed(
  context: UndoContext,
  made: Made,
  current: Fields,
  view: UndoView,
): { readonly fields: readonly FieldChange[]; readonly left: readonly string[] } {
  const fields: FieldChange[] = [];
  const left: string[] = [];
  for (const [name, { before, wrote }] of written(made.changes)) {
    // X500 addresses are what replies to old mail go to: only ever added (promise 8). The stamp is looked at by itself.
    if (name === 'x500' || name === 'stamp' || !context.capability.fields[name]) continue;
    const back = name === 'hidden' ? (before ?? 'false') : before;
    if (back === null && (name === 'displayName' || name === 'addresses')) continue;
    const there = name === 'hidden' ? (current.hidden ?? 'false') : (current[name] ?? null);
    const last = wrote.at(-1) ?? null;
    if (sameValue(name, back, there)) {
      // A directory that shows writes late may show what was there before the job.
      if (view.lagging && !sameValue(name, back, last)) fields.push({ name, before: last, after: back });
    } else if (wrote.every((value) => isTouched(made.job, name, value, current, view.link))) left.push(name);
    else fields.push({ name, before: there, after: back });
  }
  return { fields, left };
}

/** Per field: what it held before the job, and what the job wrote, in order. */
function written(changes: readonly Change[]): ReadonlyMap<FieldName, { readonly before: FieldValue; readonly wrote: FieldValue[] }> {
  const all = new Map<FieldName, { before: FieldValue; wrote: FieldValue[] }>();
  for (const change of changes) {
    for (const { name, before, after } of change.fields) {
      const known = all.get(name);
      if (known) known.wrote.push(after);
      else all.set(name, { before, wrote: [after] });
    }
  }
  return all;
}

/** Address keys that an object takes and gives up with these fields. */
export function movesOf(current: Fields, fields: readonly FieldChange[]): Pick<DraftChange, 'takes' | 'releases'> {
  const changed = fields.filter((field) => field.name === 'addresses' || field.name === 'deliveryAddress');
  if (changed.length === 0) return { takes: [], releases: [] };
  const held = addressesOf({ image: current });
  const next = addressesOf({ image: { ...current, ...Object.fromEntries(changed.map((field) => [field.name, field.after])) } });
  return { takes: next.filter((key) => !held.includes(key)), releases: held.filter((key) => !next.includes(key)) };
}

function withStamp(change: DraftChange, last: Change, move: Exclude<StampMove, 'none'>, link: Link | null): DraftChange {
  const field = last.fields.find((one) => one.name === 'stamp');
  const before = typeof field?.before === 'string' ? field.before : null;
  if (move === 'release') {
    const fields: readonly FieldChange[] = [...change.fields, { name: 'stamp', before: last.stamp, after: null }];
    return { ...change, orphan: true, reason: change.reason.replace(/^undone/, 'released'), stamp: '', fields };
  }
  const oldId = move === 'relinkBack' ? last.relinkFrom! : last.sourceId;
  const stamp = before ?? formatStamp({ route: last.route, sourceId: oldId, adopted: link?.adopted ?? false });
  const adopted = parseStamp(stamp)?.adopted ?? false;
  const base = {
    ...change,
    sourceId: oldId,
    stamp,
    fields: [...change.fields, { name: 'stamp' as const, before: move === 'relinkBack' ? last.stamp : null, after: stamp }],
  };
  if (move === 'relinkBack') return { ...base, relinkFrom: last.sourceId, restores: { leaving: null, hidden: false, adopted } };
  return { ...base, restores: { leaving: link?.leaving ?? null, hidden: link?.hidden ?? false, adopted } };
}

/** What the link says of a leaving stays as it is, unless the leaving itself is undone, or its end. */
function restored(made: Made, link: Link | null, fields: readonly FieldChange[]): LinkRestored {
  const adopted = link?.adopted ?? false;
  const hidden = fields.find((field) => field.name === 'hidden')?.after;
  const last = made.changes.at(-1)!;
  if (last.change === 'hide' && hidden === 'false') return { leaving: null, hidden: false, adopted };
  const endedLeaving = last.reason === 'returned' || (last.reason.startsWith('undone') && last.since !== null);
  if (endedLeaving && hidden === 'true') return { leaving: { reason: 'gone', since: last.since }, hidden: true, adopted };
  return { leaving: link?.leaving ?? null, hidden: link?.hidden ?? false, adopted };
}
