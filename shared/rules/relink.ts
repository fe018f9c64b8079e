import { fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { FieldName } from '../model/plan.ts';
import { parseStamp } from '../model/stamp.ts';
import { standingChange } from './claimLoss.ts';
import { hashValue } from './diff.ts';
import { isOursStill, madeAs } from './match.ts';
import { fromTarget } from './planEntry.ts';
import { pushedAttributes } from './project.ts';
import type { DraftChange, PlanContext } from './view.ts';

/** One source id that stamps of this route name. */
export interface Stamped {
  readonly sourceId: string;
  /** The objects that carry its stamp: one, or a collision. */
  readonly objects: readonly Entry[];
  readonly link: Link | null;
  /** The source's entry; null if its complete read holds no such id. */
  readonly entry: Entry | null;
  /** When its leaving begins to count if the source is gone (ISO). */
  readonly leavingSince: string;
}

export interface Relinked {
  readonly change: DraftChange | null;
  readonly link: Link | null;
}

/** The link that a stamp proves (promise 1), or why there is none. `change` null and `link` null: the link is right as it is. */
export function planRelink(context: PlanContext, stamped: Stamped): Relinked {
  const { sourceId, link } = stamped;
  const objects = stamped.objects.filter((one) => isOursStill(context, one, sourceId));
  const target = objects[0];
  if (!target) return { change: null, link: null };
  const made = linkOf(context, stamped, target);
  const row: DraftChange = { ...standingChange(made), reason: 'relinked' };
  const second = objects[1];
  if (second) {
    const owner = { id: second.id, kind: second.type, attribute: 'stamp', displayName: nameOf(second) };
    return { change: { ...row, change: 'skip', reason: 'collision', owner }, link: null };
  }
  if (link?.state === 'linked' && link.targetId === target.id) return { change: null, link: null };
  if (stamped.entry) return { change: row, link: made };
  return { change: { ...row, change: 'keep', reason: 'unlinked', orphan: true, since: stamped.leavingSince }, link: made };
}

function linkOf(context: PlanContext, stamped: Stamped, target: Entry): Link {
  if (stamped.entry) {
    const projection = context.project(stamped.entry, madeAs(context, target) ?? context.route.push.as);
    return fromTarget(context, stamped.entry, projection, target, stamped.link, parseStamp(target.stamp)?.adopted ?? true);
  }
  const made = linkFromStamp(context, stamped.sourceId, target, stamped.link);
  // Hidden and without a source: it was on its way out when the link was lost. Its days count from now.
  return { ...made, leaving: { reason: 'gone', since: stamped.leavingSince }, hidden: target.hidden };
}

/** A link worked out from a stamped object alone: its source is not asked. */
export function linkFromStamp(
  context: Pick<PlanContext, 'route' | 'capabilityOf'>,
  sourceId: string,
  target: Entry,
  old: Link | null,
): Link {
  const image = fieldsOf(target);
  const adopted = parseStamp(target.stamp)?.adopted ?? true;
  const pushed: readonly FieldName[] = [...pushedAttributes(context.route), 'addresses', 'deliveryAddress', 'x500', 'sip'];
  const ours = adopted ? [] : pushed.filter((name) => image[name] !== undefined);
  return {
    route: context.route.id,
    sourceId,
    state: 'linked',
    kind: old?.kind ?? target.kind,
    as: madeAs(context, target) ?? context.route.push.as,
    targetId: target.id,
    adopted,
    intent: null,
    doneChange: null,
    image,
    imageHash: null,
    written: Object.fromEntries(ours.map((name) => [name, hashValue(image[name] ?? null)])),
    notKept: {},
    leaving: null,
    hidden: false,
    alias: typeof target.attributes.alias === 'string' ? target.attributes.alias : (old?.alias ?? null),
    address: target.addresses[0] ?? '',
    displayName: nameOf(target),
    x500: [...new Set([...(old?.x500 ?? []), ...(target.x500 ?? [])])],
    writtenAt: null,
    retry: null,
    endedBecause: null,
  };
}

function nameOf(entry: Entry): string {
  const name = entry.attributes.displayName;
  return typeof name === 'string' ? name : (entry.addresses[0] ?? '');
}
