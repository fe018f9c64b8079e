import type { PushType } from '../model/configuration.ts';
import type { Converting, Link } from '../model/link.ts';
import type { BeforeConversion, Change, FieldChange, FieldName, Fields, FieldValue, LinkRestored } from '../model/plan.ts';
import { ownFields, removesAccount, wholeOf } from './convert.ts';
import { joinX500, sameValue } from './diff.ts';
import { withoutOthers } from './draft.ts';
import { takenOverBecause } from './match.ts';
import { touchedFields } from './touched.ts';
import { movesOf, undoFields } from './undoFields.ts';
import { changedBy, holdersOf, leftAlone, type Made, type UndoContext, type UndoView, undoRow } from './undoRow.ts';
import type { DraftChange } from './view.ts';

/** The entry's object as it is now: what the reverse of a conversion begins with. */
interface Standing {
  readonly as: PushType;
  /** What it holds; of one that stepped aside for its successor, what it held before. */
  readonly image: Fields;
  /** An earlier job began what this undo does: going on with it counts for no breaker again. */
  readonly begun: boolean;
  /** The undone job has made no successor yet: nobody can have changed one. */
  readonly untouched: boolean;
}

/**
 * The reverse of a conversion: the object becomes again what it was, with the before-values, through the same steps. What somebody changed
 * in the meantime goes over to it; where it cannot hold that, the object is left. One that was begun only is taken back.
 * null: nothing is left to be undone.
 */
export function undoConversion(context: UndoContext, made: Made, view: UndoView): DraftChange | null {
  const last = made.changes.at(-1)!;
  const { from, before } = last.converts!;
  const { link } = view;
  const row = { ...undoRow(last, link), targetId: link?.targetId ?? made.targetId };
  if (!before) return leftAlone(row, NO_BEFORE_IMAGE);
  if (link?.state !== 'linked')
    return leftAlone(row, link?.endedBecause === 'takenOver' ? RELEASED : 'No link says that it is ours; relink the route.');
  // It went back already: refused (case R29), or converted back since. What else the job wrote is compared field by field.
  if (!link.converting && link.as === from) return undoFields(asIs(context, link), { ...made, targetId: link.targetId }, view);
  const now = standing(context, last, view);
  if (typeof now === 'string') return leftAlone(row, now);
  const turned = reversed(context, { made, last, before, now }, view);
  if (turned.lost.length > 0)
    return leftAlone(row, `${changedBy(turned.lost, link, made.job)} A ${from} cannot hold that: it would be lost.`);
  return whole(context, { ...row, as: from }, { made, before, now, turned }, view);
}

const NO_BEFORE_IMAGE =
  'Its object was replaced by one of another push type, and nothing is kept of what it was; set "push.as" of the route back, and the next sync converts it back.';
const RELEASED = 'It was released: it has become something else.';

/** Judged as what the object is now. */
export function asIs(context: UndoContext, { as }: Link): UndoContext {
  return { ...context, capability: context.capabilityOf(as) };
}

/** What there is to convert back, or why it is left, in words. */
function standing(context: UndoContext, last: Change, { link, entry, lagging }: UndoView): Standing | string {
  const { as, converting, targetId, image } = link!;
  const goal = last.converts!.from;
  if (converting) {
    if (converting.to === goal) return { as: converting.from, image: converting.image, begun: true, untouched: false };
    if (converting.from !== goal) return unfinished(converting);
    if (targetId === converting.oldId) return { as: goal, image: converting.image, begun: true, untouched: true };
  } else if (as !== last.as) return `It is a ${as} by now: a later job converted it; undo that one first.`;
  const foreign = entry ? takenOverBecause(context, entry, { as, sourceId: last.sourceId }) : null;
  if (foreign) return foreign;
  if (entry && entry.stamp === undefined && !lagging) return 'It does not carry our stamp any more.';
  if (!entry && !lagging) return 'The object is not in the target any more.';
  return { as, image: entry ? wholeOf(entry) : image, begun: false, untouched: false };
}

function unfinished({ from, to }: Converting): string {
  return `A later job has begun to make a ${to} of this ${from} and is not through: start a sync of the route, then undo that job first.`;
}

interface Turned {
  /** What it holds now, of lists without what is the directory's own. */
  readonly current: Fields;
  readonly desired: Fields;
  readonly fields: readonly FieldChange[];
  /** Fields that somebody changed and that go over as they are, and those that the object cannot hold. */
  readonly left: readonly FieldName[];
  readonly lost: readonly FieldName[];
}

/** Field by field: the before-value, or what somebody wrote there since. */
function reversed(
  context: UndoContext,
  { made, last, before, now }: { readonly made: Made; readonly last: Change; readonly before: BeforeConversion; readonly now: Standing },
  view: UndoView,
): Turned {
  const goal = context.capabilityOf(last.converts!.from).fields;
  const held = context.capabilityOf(now.as);
  const current = withoutOthers(held, now.image);
  const changed = now.untouched ? new Set<FieldName>() : changedFields(context, made, { desired: last.desired ?? {}, held, current }, view);
  const desired: Partial<Record<FieldName, FieldValue>> = {};
  const fields: FieldChange[] = [];
  for (const name of new Set([...Object.keys(before.image), ...Object.keys(current)]) as Set<FieldName>) {
    if (NOT_COMPARED.has(name) || !goal[name]) continue;
    const there = current[name] ?? null;
    const old = before.image[name] ?? null;
    const needed = old === null && (name === 'displayName' || name === 'addresses');
    const value = changed.has(name) || needed ? there : old;
    if (value !== null) desired[name] = value;
    if (!sameValue(name, value, there)) fields.push({ name, before: there, after: value });
  }
  if (goal.userPrincipalName && before.image.userPrincipalName) desired.userPrincipalName = before.image.userPrincipalName;
  const x500 = joinX500(joinX500(view.link!.x500, now.image.x500), before.image.x500);
  if (goal.x500 && x500.length > 0) desired.x500 = x500;
  return {
    current,
    desired,
    fields,
    left: [...changed].filter((name) => goal[name] && !sameValue(name, before.image[name] ?? null, current[name] ?? null)),
    lost: [...changed].filter((name) => !goal[name]),
  };
}

/** X500 addresses are only ever added, the stamp is looked at by itself, a sign-in name is set by who makes the account. */
const NOT_COMPARED: ReadonlySet<FieldName> = new Set(['x500', 'stamp', 'userPrincipalName']);

/** Fields that are not as the job left them. What waits for the directory, or is not shown yet, was changed by nobody. */
function changedFields(
  context: UndoContext,
  made: Made,
  { desired, held, current }: { readonly desired: Fields; readonly held: UndoContext['capability']; readonly current: Fields },
  { link, lagging }: UndoView,
): ReadonlySet<FieldName> {
  const touched = touchedFields({ ...context, capability: held }, made, desired, current, link);
  const shownAgain: readonly FieldName[] = desired.hidden === 'true' && current.hidden === 'false' && !lagging ? ['hidden'] : [];
  const late = (name: FieldName): boolean => (link?.open?.fields.includes(name) ?? false) || (lagging && (current[name] ?? null) === null);
  return new Set([...touched, ...shownAgain].filter((name) => held.fields[name] !== undefined && !NOT_COMPARED.has(name) && !late(name)));
}

/** The row: what is made, what it takes from whom, and what the link says of it then. */
function whole(
  context: UndoContext,
  row: DraftChange,
  {
    made,
    before,
    now,
    turned,
  }: { readonly made: Made; readonly before: BeforeConversion; readonly now: Standing; readonly turned: Turned },
  view: UndoView,
): DraftChange {
  const link = view.link!;
  const moves = movesOf(turned.current, turned.fields);
  const { strangers, holders } = holdersOf(context, moves.takes, row, view);
  const { fields, desired } = strangers ? withoutAddresses(turned) : turned;
  const why = [
    ...(turned.left.length > 0 ? [changedBy(turned.left, link, made.job)] : []),
    ...(strangers ? [`Its addresses stay: ${strangers.displayName} (${strangers.kind} ${strangers.id}) holds one of them now.`] : []),
  ].join(' ');
  return {
    ...row,
    ...(strangers ? {} : { ...moves, holders }),
    fields,
    desired,
    reason: why ? `undone: ${why}` : 'undone',
    converts: {
      from: now.as,
      begun: now.begun,
      removesAccount: !now.begun && removesAccount(context, now.as, row.as),
      before: { image: now.image, own: ownFields(link, {}, now.image), leaving: link.leaving?.reason ?? null },
    },
    restores: restored(link, before, desired, now),
  };
}

const ADDRESSES: ReadonlySet<FieldName> = new Set(['addresses', 'deliveryAddress']);

function withoutAddresses({ current, fields, desired }: Turned): Pick<Turned, 'fields' | 'desired'> {
  const { addresses: _a, deliveryAddress: _d, ...rest } = desired;
  const stay = Object.fromEntries([...ADDRESSES].flatMap((name) => (current[name] ? [[name, current[name]]] : [])));
  return { fields: fields.filter(({ name }) => !ADDRESSES.has(name)), desired: { ...rest, ...stay } };
}

/** A leaving that began since goes on; one that the conversion ended begins anew. Written by us is what was, and what we wrote since. */
function restored(link: Link, before: BeforeConversion, desired: Fields, now: Standing): LinkRestored {
  const ours = new Set<FieldName>([
    ...before.own.filter((name) => sameValue(name, desired[name] ?? null, before.image[name] ?? null)),
    ...ownFields(link, {}, now.image).filter((name) => sameValue(name, desired[name] ?? null, now.image[name] ?? null)),
  ]);
  const own = [...ours].filter((name) => desired[name] !== undefined);
  const { adopted } = link;
  if (link.leaving) return { leaving: link.leaving, hidden: link.hidden, adopted, own };
  const leaves = before.leaving !== null && desired.hidden === 'true';
  return { leaving: leaves ? { reason: before.leaving!, since: null } : null, hidden: leaves, adopted, own };
}
