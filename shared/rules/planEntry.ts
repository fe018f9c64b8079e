import { fieldsOf } from '../connectors/connector.ts';
import { isAttributeName } from '../model/attributes.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { ChangeKind, FieldChange, FieldName, Fields, FieldValue, Owner, SkipReason } from '../model/plan.ts';
import { formatStamp, parseStamp } from '../model/stamp.ts';
import { diffFields, hashValue, sameValue } from './diff.ts';
import { giveUpStamp } from './givenUp.ts';
import { addressesOf } from './heldAddresses.ts';
import { type Matched, matchEntry } from './match.ts';
import { aliasFor, type Projection } from './project.ts';
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
      const still = view.hits(`stamp:${planned.change!.stamp}`).find((target) => target.id === match.targetId) ?? null;
      return {
        ...planned,
        link: link?.state === 'linked' ? { ...link, state: 'ended', endedBecause: 'takenOver' } : null,
        beside: link ? giveUpStamp(context, link, still) : null,
      };
    }
    case 'create':
    case 'missing':
      return create(context, entry, projection, link, matched, match.kind === 'missing' ? 'missingInTarget' : 'new');
    case 'linked':
      return update(context, entry, projection, link!, match.sight, matched, match.restamp ? 'restamped' : 'changed');
    case 'stamped':
    case 'relink': {
      const from = match.kind === 'relink' ? match.from : null;
      const found = fromTarget(context, entry, projection, match.target, link);
      return update(context, entry, projection, found, { entry: match.target, hash: null }, matched, 'relinked', from);
    }
    case 'adopt':
      return adopt(context, entry, projection, match.target, matched, link);
  }
}

function base(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  link: Link | null,
  change: ChangeKind,
  reason: string,
): DraftChange {
  const name = projection.fields.displayName;
  return {
    route: context.route.id,
    change,
    kind: entry.kind,
    sourceId: entry.id,
    targetId: link?.state === 'linked' ? link.targetId : null,
    address: projection.address,
    displayName: typeof name === 'string' ? name : projection.address,
    reason,
    orphan: false,
    fields: [],
    desired: null,
    stamp: formatStamp({ route: context.route.id, sourceId: entry.id, adopted: link?.adopted ?? false }),
    alias: link?.alias ?? aliasFor(context.route.id, entry),
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
  };
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
  const desired: Fields = link ? withKnownX500(context, projection.fields, link) : projection.fields;
  const row: DraftChange = {
    ...base(context, entry, projection, link, 'create', reason),
    targetId: null,
    desired,
    takes: projection.addressKeys,
    holders,
  };
  return { ...NOTHING, bucket: 'change', change: row, losses: projection.losses };
}

/** Replies survive: every X500 address ever seen of the person is put back on re-creation (promise 8). */
function withKnownX500(context: PlanContext, fields: Fields, link: Link): Fields {
  if (!context.capability.fields.x500 || link.x500.length === 0 || !context.route.push.addresses.x500) return fields;
  const now = (fields.x500 as readonly string[] | null | undefined) ?? [];
  const known = new Set(now.map((value) => value.toLowerCase()));
  return { ...fields, x500: [...now, ...link.x500.filter((value) => !known.has(value.toLowerCase()))] };
}

/** What of the target is known: `entry` null while it is as the link's image says. */
interface Seen {
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
  reason: string,
  relinkFrom: string | null = null,
): Planned {
  const target = seen.entry;
  const current = target ? fieldsOf(target) : link.image;
  const returned = link.leaving !== null || link.hidden;
  const desired = desiredOf(context, projection, link);
  const refreshed = refresh(link, desired, target, seen.hash);
  const { written, notKept } = refreshed ?? link;
  const { emptyFields, drift } = context.route.push;
  const fields: FieldChange[] = [...diffFields(desired, current, { emptyFields, drift, written, notKept })];
  const losses = [...projection.losses, ...lostAtTarget(desired, current, notKept)];
  const row = base(context, entry, projection, link, 'update', returned ? 'returned' : reason);
  const stampWrong = relinkFrom !== null || (target !== null && target.stamp !== row.stamp);
  if (stampWrong) fields.push({ name: 'stamp', before: target?.stamp ?? null, after: row.stamp });
  if (fields.length === 0) {
    const back = returned ? { ...(refreshed ?? link), leaving: null, hidden: false } : refreshed;
    return { ...NOTHING, bucket: 'unchanged', link: back, losses };
  }
  const moves = movesOf(projection, current, fields);
  const change: DraftChange = {
    ...row,
    ...moves,
    targetId: link.targetId,
    fields,
    holders: matched.holders.filter((holder) => moves.takes.includes(holder.key)),
    relinkFrom,
  };
  return { ...NOTHING, bucket: 'change', change, link: relinkFrom ? null : refreshed, losses };
}

/** The projection, and what it does not say: attributes of ours that the route pushes no longer are empty; who returns is shown again. */
function desiredOf(context: PlanContext, projection: Projection, link: Link): Fields {
  const { fields: held, canHide } = context.capability;
  const noLonger = Object.keys(link.written).filter((name) => isAttributeName(name) && held[name] && projection.fields[name] === undefined);
  const hidden = link.hidden && projection.fields.hidden === undefined && canHide ? { hidden: 'false' } : {};
  return { ...Object.fromEntries(noLonger.map((name) => [name, null])), ...projection.fields, ...hidden };
}

/** Address keys that a change newly takes at the target, and gives up. */
function movesOf(projection: Projection, current: Fields, fields: readonly FieldChange[]): Pick<DraftChange, 'takes' | 'releases'> {
  if (!fields.some((field) => field.name === 'addresses' || field.name === 'deliveryAddress')) return { takes: [], releases: [] };
  const held = addressesOf({ image: current });
  return {
    takes: projection.addressKeys.filter((key) => !held.includes(key)),
    releases: held.filter((key) => !projection.addressKeys.includes(key)),
  };
}

function lostAtTarget(desired: Fields, current: Fields, notKept: Link['notKept']): readonly string[] {
  return (Object.keys(notKept) as FieldName[])
    .filter((name) => notKept[name] === hashValue(desired[name] ?? null) && !sameValue(name, desired[name] ?? null, current[name] ?? null))
    .map((name) => `${name} not kept`);
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
  for (const name of Object.keys(written) as FieldName[]) {
    const there = image[name] ?? null;
    const expected = link.image[name] ?? null;
    const wanted = desired[name] ?? null;
    const ours = written[name] === hashValue(expected);
    if ((desired[name] !== undefined && sameValue(name, wanted, there)) || (ours && sameValue(name, expected, there))) {
      written[name] = hashValue(there);
      continue;
    }
    const dropped = unproven && ours && isAttributeName(name) && sameValue(name, wanted, expected);
    const mark = dropped ? again(link, name, wanted) : link.notKept[name];
    if (mark?.endsWith(hashValue(wanted))) notKept[name] = mark;
  }
  return { ...link, image, imageHash: hash, written, notKept, x500: [...new Set([...link.x500, ...(target.x500 ?? [])])] };
}

/** First time: a mark that no value has, so that it is written once more. Second time: the value's hash, which the diff leaves out. */
function again(link: Link, name: FieldName, wanted: FieldValue): string {
  const value = hashValue(wanted);
  return link.notKept[name] === `once:${value}` || link.notKept[name] === value ? value : `once:${value}`;
}

/** A link worked out from an object that carries our stamp, or that is adopted. What the old row remembers of the person is kept. */
export function fromTarget(context: PlanContext, entry: Entry, projection: Projection, target: Entry, old: Link | null): Link {
  const image = fieldsOf(target);
  const adopted = parseStamp(target.stamp)?.adopted ?? true;
  const written: Partial<Record<FieldName, string>> = {};
  for (const name of Object.keys(projection.fields) as FieldName[])
    if (image[name] !== undefined && !adopted) written[name] = hashValue(image[name] ?? null);
  const alias = typeof target.attributes.alias === 'string' ? target.attributes.alias : aliasFor(context.route.id, entry);
  return {
    route: context.route.id,
    sourceId: entry.id,
    state: 'linked',
    kind: entry.kind,
    targetId: target.id,
    adopted,
    intent: null,
    doneChange: null,
    image,
    imageHash: null,
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

function adopt(context: PlanContext, entry: Entry, projection: Projection, target: Entry, { holders }: Matched, old: Link | null): Planned {
  const adopted = context.route.push.existing === 'adopt';
  const link = fromTarget(context, entry, projection, target, old);
  const { drift } = context.route.push;
  const emptyFields = adopted ? 'never' : context.route.push.emptyFields;
  const fields: FieldChange[] = [...diffFields(projection.fields, link.image, { emptyFields, drift, written: {} })];
  const moves = movesOf(projection, link.image, fields);
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
