import { fieldsOf } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { KeptReason } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { addressesOf, beforeImage } from './heldAddresses.ts';
import { takenOverBecause } from './match.ts';
import { released as releasedStamp } from './release.ts';
import { type DraftChange, NOTHING, type PlanContext, type Planned, type TargetView } from './view.ts';

export interface Leaver {
  readonly link: Link;
  readonly reason: 'gone' | 'outOfScope';
  /** The select reason, for people: `where`, `disabled` … */
  readonly detail: string | null;
  /** Outside only through a group that was not read completely. */
  readonly unconfirmed: boolean;
}

/** What happens to a managed object whose source is gone or out of scope (contract, leavers). */
export function planLeaver(context: PlanContext, leaver: Leaver, view: TargetView): Planned {
  const { link } = leaver;
  if (link.state !== 'linked' || !link.targetId) return NOTHING;
  const sight = view.sight(link.targetId);
  // The object that a conversion began with may be gone already: its successor, or itself made again, is what leaves.
  if (!sight.there && !link.converting) return { ...NOTHING, link: { ...link, state: 'ended', endedBecause: 'alreadyGone' } };
  const there = sight.there ? sight.entry : null;
  const takenOver = there ? takenOverBecause(context, there, link) : null;
  if (takenOver) return { ...NOTHING, link: { ...link, state: 'ended', endedBecause: 'takenOver' }, ...releasedStamp(context, link, view) };
  if (leaver.unconfirmed) return kept(context, leaver, 'unconfirmed', null);
  if (link.adopted) return released(context, leaver);
  const planned = byPolicy(context, leaver, there);
  // From a source that was read too long ago nothing is hidden or deleted; what would stay anyway keeps its own reason.
  return context.sourceStale && planned.change?.change !== 'keep' ? kept(context, leaver, 'staleSource', null) : planned;
}

function byPolicy(context: PlanContext, leaver: Leaver, there: Entry | null): Planned {
  const { policy, days } = context.route.leavers[leaver.reason];
  const { link } = leaver;
  const canHide = context.capabilityOf(link.as).canHide;
  const shownAgain = link.hidden && there !== null && !there.hidden;
  if (policy === 'keep') return kept(context, leaver, 'policy', null);
  if (policy === 'delete') return change(context, leaver, 'delete', link.hidden, there);
  if (policy === 'hide')
    return !canHide || (link.hidden && !shownAgain) ? kept(context, leaver, 'policy', null) : change(context, leaver, 'hide', link.hidden);
  return hideThenDelete(context, leaver, days, shownAgain, there);
}

function hideThenDelete(context: PlanContext, leaver: Leaver, days: number, shownAgain: boolean, there: Entry | null): Planned {
  const { link } = leaver;
  const canHide = context.capabilityOf(link.as).canHide;
  const since = link.leaving?.since ?? null;
  if (canHide && !link.hidden) return change(context, leaver, 'hide', false);
  if (!canHide && days === 0) return change(context, leaver, 'delete', false, there);
  if (since !== null && daysSince(since, context.now, context.route.schedule?.timeZone ?? 'UTC') >= days)
    return change(context, leaver, 'delete', canHide, there);
  if (shownAgain) return change(context, leaver, 'hide', true);
  // Where the target cannot hide, the days count from the first push or sync that found it.
  const noted = since === null ? { ...link, leaving: { reason: leaver.reason, since: context.now.toISOString() } } : null;
  return kept(context, leaver, 'grace', noted);
}

const DAYS = new Map<string, Intl.DateTimeFormat>();

/** Calendar days between two instants in a zone; 0 where `since` is no time. */
export function daysSince(since: string, now: Date, timeZone: string): number {
  const begin = Date.parse(since);
  if (Number.isNaN(begin)) return 0;
  return dayNumber(now.getTime(), timeZone) - dayNumber(begin, timeZone);
}

/** The calendar day (`2026-12-25`, in the zone) from which on a job deletes what has been leaving since then: the first with `daysSince` = days. */
export function deletionDay(since: string, days: number, timeZone: string): string | null {
  const begin = Date.parse(since);
  if (Number.isNaN(begin)) return null;
  return new Date((dayNumber(begin, timeZone) + days) * 86_400_000).toISOString().slice(0, 10);
}

function dayNumber(ms: number, timeZone: string): number {
  // Formatters are dear: one for each zone.
  const format = DAYS.get(timeZone) ?? new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  DAYS.set(timeZone, format);
  return Date.parse(`${format.format(ms)}T00:00:00Z`) / 86_400_000;
}

function kept(context: PlanContext, leaver: Leaver, reason: KeptReason, link: Link | null): Planned {
  const row = { ...base(context, leaver), change: 'keep' as const, reason };
  return { bucket: 'orphan', skipReason: null, keptReason: reason, change: row, link, losses: [] };
}

/** @param there the object as it was read, where it is not as the link's image says: what a delete must be able to give back. */
function change(
  context: PlanContext,
  leaver: Leaver,
  what: 'hide' | 'delete',
  countedBefore: boolean,
  there: Entry | null = null,
): Planned {
  const row: DraftChange = {
    ...base(context, leaver),
    change: what,
    countedBefore,
    fields:
      what === 'hide'
        ? [{ name: 'hidden', before: leaver.link.image.hidden ?? null, after: 'true' }]
        : beforeImage(there ? fieldsOf(there) : leaver.link.image),
    releases: what === 'delete' ? addressesOf(leaver.link) : [],
  };
  return { bucket: 'orphan', skipReason: null, keptReason: null, change: row, link: null, losses: [] };
}

/** Adopted objects were there before us: they are released, never removed. */
function released(context: PlanContext, leaver: Leaver): Planned {
  const row: DraftChange = {
    ...base(context, leaver),
    change: 'update',
    reason: 'released',
    stamp: '',
    fields: [{ name: 'stamp', before: leaver.link.image.stamp ?? null, after: null }],
  };
  return { bucket: 'orphan', skipReason: null, keptReason: 'adopted', change: row, link: null, losses: [] };
}

function base(context: PlanContext, { link, reason, detail }: Leaver): DraftChange {
  return {
    route: context.route.id,
    change: 'keep',
    kind: link.kind,
    as: link.as,
    sourceId: link.sourceId,
    targetId: link.targetId,
    address: link.address,
    displayName: link.displayName,
    reason: detail ? `${reason}:${detail}` : reason,
    orphan: true,
    fields: [],
    desired: null,
    stamp: formatStamp({ route: context.route.id, sourceId: link.sourceId, adopted: link.adopted }),
    alias: link.alias,
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: link.leaving?.since ?? null,
    holders: [],
  };
}
