import { fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { ChangeKind, FieldChange, FieldName, Fields, Owner, SkipReason } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { diffFields, hashValue, sameValue } from './diff.ts';
import { addressesOf } from './heldAddresses.ts';
import { type Matched, matchEntry } from './match.ts';
import { aliasFor, keysOf, type Projection } from './project.ts';
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
      return { ...planned, link: link?.state === 'linked' ? { ...link, state: 'ended', endedBecause: 'takenOver' } : null };
    }
    case 'create':
    case 'missing':
      return create(context, entry, projection, link, matched, match.kind === 'missing' ? 'missingInTarget' : 'new');
    case 'linked':
      return update(context, entry, projection, link!, match.sight.entry, match.sight.hash, matched, match.restamp ? 'restamped' : '');
    case 'stamped':
      return update(
        context,
        entry,
        projection,
        fromTarget(context, entry, projection, match.target, match.target.stamp?.startsWith('galsync-adopted') ?? false),
        match.target,
        null,
        matched,
        'relinked',
      );
    case 'relink':
      return update(
        context,
        entry,
        projection,
        fromTarget(context, entry, projection, match.target, match.target.stamp?.startsWith('galsync-adopted') ?? false),
        match.target,
        null,
        matched,
        'relinked',
        match.from,
      );
    case 'adopt':
      return adopt(context, entry, projection, match.target, matched);
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

function update(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  link: Link,
  target: Entry | null,
  hash: string | null,
  matched: Matched,
  reason: string,
  relinkFrom: string | null = null,
): Planned {
  const current = target ? fieldsOf(target) : link.image;
  const returned = link.leaving !== null || link.hidden;
  // What we hid because the person had left is shown again, also where the route leaves visibility alone.
  const desired: Fields =
    link.hidden && projection.fields.hidden === undefined && context.capability.canHide
      ? { ...projection.fields, hidden: 'false' }
      : projection.fields;
  const { emptyFields, drift } = context.route.push;
  const fields: FieldChange[] = [...diffFields(desired, current, { emptyFields, drift, written: link.written })];
  const row = base(context, entry, projection, link, 'update', returned ? 'returned' : reason || 'changed');
  const stampWrong = relinkFrom !== null || (target !== null && target.stamp !== row.stamp);
  if (stampWrong) fields.push({ name: 'stamp', before: target?.stamp ?? null, after: row.stamp });
  const refreshed = refresh(link, desired, target, hash);
  if (fields.length === 0) {
    const back = returned ? { ...(refreshed ?? link), leaving: null, hidden: false } : refreshed;
    return { ...NOTHING, bucket: 'unchanged', link: back, losses: projection.losses };
  }
  const held = addressesOf({ ...link, image: current });
  const takes = projection.addressKeys.filter((key) => !held.includes(key));
  const releases = fields.some((field) => field.name === 'addresses' || field.name === 'deliveryAddress')
    ? held.filter((key) => !projection.addressKeys.includes(key))
    : [];
  const change: DraftChange = {
    ...row,
    targetId: link.targetId,
    fields,
    takes,
    releases,
    holders: matched.holders.filter((holder) => takes.includes(holder.key)),
    relinkFrom,
  };
  return { ...NOTHING, bucket: 'change', change, link: relinkFrom ? null : refreshed, losses: projection.losses };
}

/** The image as the target shows it now. A value of ours that the target spells its own way stays ours. */
function refresh(link: Link, desired: Fields, target: Entry | null, hash: string | null): Link | null {
  if (!target || (hash !== null && hash === link.imageHash)) return null;
  const image = fieldsOf(target);
  const written: Partial<Record<FieldName, string>> = { ...link.written };
  for (const name of Object.keys(written) as FieldName[]) {
    const there = image[name] ?? null;
    if (desired[name] !== undefined && sameValue(name, desired[name] ?? null, there)) written[name] = hashValue(there);
  }
  return { ...link, image, imageHash: hash, written, x500: [...new Set([...link.x500, ...(target.x500 ?? [])])] };
}

function fromTarget(context: PlanContext, entry: Entry, projection: Projection, target: Entry, adopted: boolean): Link {
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
    x500: target.x500 ?? [],
    writtenAt: null,
    retry: null,
    endedBecause: null,
  };
}

function adopt(context: PlanContext, entry: Entry, projection: Projection, target: Entry, { holders }: Matched): Planned {
  const adopted = context.route.push.existing === 'adopt';
  const link = fromTarget(context, entry, projection, target, true);
  const { drift } = context.route.push;
  const fields = [
    ...diffFields(projection.fields, link.image, { emptyFields: adopted ? 'never' : context.route.push.emptyFields, drift, written: {} }),
  ];
  const stamp = formatStamp({ route: context.route.id, sourceId: entry.id, adopted });
  fields.push({ name: 'stamp', before: null, after: stamp });
  const row: DraftChange = {
    ...base(context, entry, projection, { ...link, adopted }, 'adopt', adopted ? 'adopted' : 'takenOver'),
    targetId: target.id,
    stamp,
    fields,
    takes: keysOf([projection.address]).filter((key) => !addressesOf(link).includes(key)),
    holders,
  };
  return { ...NOTHING, bucket: 'change', change: row, losses: projection.losses };
}
