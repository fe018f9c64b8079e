import { fieldsOf } from '../connectors/connector.ts';
import { isAttributeName } from '../model/attributes.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { FieldChange, FieldName, Fields, FieldValue, Owner, SkipReason } from '../model/plan.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import { convert } from './convert.ts';
import { type DiffOptions, diffFields, hashValue, sameValue } from './diff.ts';
import { base, comparedWith, desiredOf, movesOf, signInName, withKnownX500 } from './draft.ts';
import { type Match, type Matched, madeAs, matchEntry } from './match.ts';
import { aliasFor, type Projection } from './project.ts';
import { released } from './release.ts';
import { absentManager, comparedManager, followManager, isAbsent, keepsManagers, NO_MANAGER_THERE } from './superior.ts';
import { type DraftChange, NOTHING, type PlanContext, type Planned, type TargetView } from './view.ts';

/** What one selected entry comes to: unchanged, skipped (collision, taken over) or a change. */
export function planEntry(context: PlanContext, entry: Entry, projection: Projection, link: Link | null, view: TargetView): Planned {
  const matched = matchEntry(context, entry, projection, link, view);
  const { match } = matched;
  switch (match.kind) {
    case 'collision':
      return skip(context, entry, projection, link, 'collision', match.owner);
    case 'takenOver': {
      const planned = skip(context, entry, projection, link, 'takenOver', { id: match.targetId, kind: 'released', attribute: match.why });
      const ended = link?.state === 'linked' ? ({ ...link, state: 'ended', endedBecause: 'takenOver' } as const) : null;
      return { ...planned, link: ended, ...(link ? released(context, link, view) : {}) };
    }
    case 'create':
    case 'missing':
      return create(context, entry, projection, link, matched, match.kind === 'missing' ? 'missingInTarget' : 'new');
    case 'linked':
      if (link!.converting || link!.as !== projection.as) return convert(context, entry, projection, link!, match.sight, matched);
      return update(context, entry, projection, link!, match.sight, matched, view, match.restamp ? 'restamped' : 'changed');
    case 'stamped':
    case 'relink': {
      const from = match.kind === 'relink' ? match.from : null;
      const onto = projectedOnto(context, entry, projection, match.target);
      const found = foundLink(context, entry, onto, match, link);
      return update(context, entry, onto, found, { entry: match.target, hash: null }, matched, view, 'relinked', from);
    }
    case 'adopt':
      return adopt(context, entry, projection, match.target, matched, link, view);
  }
}

function skip(context: PlanContext, entry: Entry, projection: Projection, link: Link | null, reason: SkipReason, owner: Owner): Planned {
  return {
    ...NOTHING,
    bucket: 'skipped',
    skipReason: reason,
    change: { ...base(context, entry, projection, link, 'skip', reason), owner },
    losses: projection.losses,
  };
}

function create(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  link: Link | null,
  { holders }: Matched,
  reason: string,
): Planned {
  const known: Fields = link ? withKnownX500(context, projection, link) : projection.fields;
  const desired = { ...known, ...signInName(context, entry, projection, link) };
  const row: DraftChange = {
    // What we make is ours in full, also where an adopted one was before.
    ...base(context, entry, projection, link && { ...link, adopted: false }, 'create', reason),
    targetId: null,
    desired,
    takes: projection.addressKeys,
    holders,
  };
  return { ...NOTHING, bucket: 'change', change: row, losses: projection.losses };
}

/** What is compared for an entry that has an object, and under which options. */
export interface Comparison {
  readonly desired: Fields;
  readonly current: Fields;
  readonly options: DiffOptions;
  /** The link as the target shows it now, or null if its image is fresh. */
  readonly refreshed: Link | null;
}

/** The two sides of the diff of a linked entry. */
export function compareLinked(context: PlanContext, projection: Projection, link: Link, seen: Seen, view: TargetView): Comparison {
  const desired = desiredOf(context, projection, link);
  const refreshed = refresh(link, desired, seen.entry, seen.hash);
  const { written, notKept: marks } = refreshed ?? link;
  const { emptyFields, drift } = context.route.push;
  const known = comparedWith(context, projection, link, seen.entry ? fieldsOf(seen.entry) : link.image);
  if (!keepsManagers(context, projection.as))
    return { desired, current: known, options: { emptyFields, drift, written, notKept: marks }, refreshed };
  const current = comparedManager(desired, known, seen.entry ? seen.entry.managerRef : link.managerId, view);
  const notKept = absentManager(desired, marks, view);
  return { desired, current, options: { emptyFields, drift, written, notKept }, refreshed: followManager(link, refreshed, known, current) };
}

/** The two sides of the diff of an object that is adopted: nothing of it is emptied unless it is taken over. */
export function compareAdopted(context: PlanContext, projection: Projection, target: Entry, view: TargetView): Comparison {
  const { drift, existing } = context.route.push;
  const emptyFields = existing === 'adopt' ? 'never' : context.route.push.emptyFields;
  const held = fieldsOf(target);
  const current = keepsManagers(context, projection.as) ? comparedManager(projection.fields, held, target.managerRef, view) : held;
  return { desired: projection.fields, current, options: { emptyFields, drift, written: {} }, refreshed: null };
}

/** What of the target is known: `entry` null while it is as the link's image says. */
export interface Seen {
  readonly entry: Entry | null;
  readonly hash: string | null;
}

function update(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  link: Link,
  seen: Seen,
  matched: Matched,
  view: TargetView,
  reason: string,
  relinkFrom: string | null = null,
): Planned {
  const target = seen.entry;
  const returned = link.leaving !== null || link.hidden;
  const { desired, current: compared, options, refreshed } = compareLinked(context, projection, link, seen, view);
  const current = target ? fieldsOf(target) : link.image;
  const fields: FieldChange[] = [...diffFields(desired, compared, options)];
  const losses = [...projection.losses, ...lostAtTarget(desired, current, options.notKept ?? {}, link)];
  const stampOpen = target === null && (link.open?.fields.includes('stamp') ?? false);
  const marked = target !== null || relinkFrom !== null || stampOpen;
  const stamp = marked ? formatStamp({ route: context.route.id, sourceId: entry.id, adopted: link.adopted }) : '';
  const stampWrong = relinkFrom !== null || (target !== null ? target.stamp !== stamp : stampOpen);
  if (stampWrong) fields.push({ name: 'stamp', before: target?.stamp ?? null, after: stamp });
  if (fields.length === 0) {
    const back = returned ? { ...(refreshed ?? link), leaving: null, hidden: false } : refreshed;
    return { ...NOTHING, bucket: 'unchanged', link: back, losses };
  }
  const moves = movesOf(context, projection, current, fields);
  const change: DraftChange = {
    ...base(context, entry, projection, link, 'update', returned ? 'returned' : reason),
    ...moves,
    targetId: link.targetId,
    fields,
    holders: matched.holders.filter((holder) => moves.takes.includes(holder.key)),
    relinkFrom,
  };
  return { ...NOTHING, bucket: 'change', change, link: relinkFrom ? null : refreshed, losses };
}

function lostAtTarget(desired: Fields, current: Fields, notKept: Link['notKept'], link: Link): readonly string[] {
  return (Object.keys(notKept) as FieldName[])
    .filter((name) => notKept[name] === hashValue(desired[name] ?? null) && !sameValue(name, desired[name] ?? null, current[name] ?? null))
    .map((name) => (isAbsent(link.notKept[name]) ? NO_MANAGER_THERE : `${name} not kept`));
}

/**
 * The image as the target shows it now. A value of ours that the target spells its own way stays ours; one that it does not show at the
 * first sight after our write is written once more, and then noted as not kept (promise 15).
 */
function refresh(link: Link, desired: Fields, target: Entry | null, hash: string | null): Link | null {
  if (!target || (hash !== null && hash === link.imageHash)) return null;
  const image = fieldsOf(target);
  const written: Partial<Record<FieldName, string>> = { ...link.written };
  const notKept: Partial<Record<FieldName, string>> = {};
  const unproven = link.imageHash === null && link.writtenAt !== null;
  for (const name of new Set([...Object.keys(written), ...Object.keys(link.notKept)]) as Set<FieldName>) {
    const there = image[name] ?? null;
    const expected = link.image[name] ?? null;
    const wanted = desired[name] ?? null;
    const ours = written[name] === hashValue(expected);
    const right = desired[name] !== undefined && sameValue(name, wanted, there);
    if (right || (ours && sameValue(name, expected, there))) {
      // What was refused stays refused beside an older value of ours.
      const refused = link.notKept[name];
      if (!right && refused === hashValue(wanted)) notKept[name] = refused;
      if (written[name] !== undefined) written[name] = hashValue(there);
      continue;
    }
    const dropped = unproven && ours && isAttributeName(name) && sameValue(name, wanted, expected);
    const mark = dropped ? again(link, name, wanted) : link.notKept[name];
    if (mark?.endsWith(hashValue(wanted))) notKept[name] = mark;
  }
  return {
    ...link,
    image,
    imageHash: hash,
    ...(link.managerId || target.managerRef ? { managerId: target.managerRef ?? null } : {}),
    written,
    notKept,
    x500: [...new Set([...link.x500, ...(target.x500 ?? [])])],
  };
}

/** First time: a mark that no value has, so that it is written once more. Second time: the value's hash, which the diff leaves out. */
function again(link: Link, name: FieldName, wanted: FieldValue): string {
  const value = hashValue(wanted);
  return link.notKept[name] === `once:${value}` || link.notKept[name] === value ? value : `once:${value}`;
}

/** An object that is found is what it is, whatever the route makes by now: it is updated as that, and the next plan converts it. */
export function projectedOnto(context: PlanContext, entry: Entry, projection: Projection, target: Entry): Projection {
  const as = madeAs(context, target) ?? projection.as;
  return as === projection.as ? projection : context.project(entry, as);
}

/** The link of an object that is found by its stamp, or under the person's old id. */
export function foundLink(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  match: Extract<Match, { kind: 'stamped' | 'relink' }>,
  link: Link | null,
): Link {
  const adopted = match.kind === 'relink' ? match.adopted : (parseStamp(match.target.stamp)?.adopted ?? false);
  return fromTarget(context, entry, projection, match.target, link, adopted);
}

/** A link worked out from an object that carries our stamp, or that is adopted. What the old row remembers of the person is kept. */
export function fromTarget(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  target: Entry,
  old: Link | null,
  adopted: boolean,
): Link {
  const image = fieldsOf(target);
  const written: Partial<Record<FieldName, string>> = {};
  for (const name of Object.keys(projection.fields) as FieldName[])
    if (image[name] !== undefined && !adopted) written[name] = hashValue(image[name] ?? null);
  const alias = typeof target.attributes.alias === 'string' ? target.attributes.alias : aliasFor(context.route.id, entry);
  return {
    route: context.route.id,
    sourceId: entry.id,
    state: 'linked',
    kind: entry.kind,
    as: projection.as,
    targetId: target.id,
    adopted,
    intent: null,
    doneChange: null,
    image,
    imageHash: null,
    ...(target.managerRef === undefined ? {} : { managerId: target.managerRef }),
    written,
    notKept: {},
    leaving: null,
    hidden: false,
    alias,
    address: projection.address,
    displayName: typeof projection.fields.displayName === 'string' ? projection.fields.displayName : projection.address,
    x500: [...new Set([...(old?.x500 ?? []), ...(target.x500 ?? [])])],
    writtenAt: null,
    retry: null,
    endedBecause: null,
  };
}

function adopt(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  target: Entry,
  { holders }: Matched,
  old: Link | null,
  view: TargetView,
): Planned {
  const adopted = context.route.push.existing === 'adopt';
  const link = fromTarget(context, entry, projection, target, old, true);
  const compared = compareAdopted(context, projection, target, view);
  const fields: FieldChange[] = [...diffFields(compared.desired, compared.current, compared.options)];
  const moves = movesOf(context, projection, link.image, fields);
  const stamp = formatStamp({ route: context.route.id, sourceId: entry.id, adopted });
  fields.push({ name: 'stamp', before: null, after: stamp });
  const row: DraftChange = {
    ...base(context, entry, projection, { ...link, adopted }, 'adopt', adopted ? 'adopted' : 'takenOver'),
    ...moves,
    targetId: target.id,
    stamp,
    fields,
    holders: holders.filter((holder) => moves.takes.includes(holder.key)),
  };
  return { ...NOTHING, bucket: 'change', change: row, losses: projection.losses };
}
