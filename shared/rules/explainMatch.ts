import { fieldsOf } from '../connectors/connector.ts';
import type { RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { FieldName, Fields } from '../model/plan.ts';
import { type FieldVerdict, type JudgedField, judgeFields } from './diff.ts';
import type { ExplainStep } from './explain.ts';
import { count, listed, person, quoted } from './explainWords.ts';
import type { Match, Matched } from './match.ts';
import { compareAdopted, compareLinked, foundLink, projectedOnto } from './planEntry.ts';
import type { Projection } from './project.ts';
import type { PlanContext, TargetView } from './view.ts';

/** A link as it may be shown: no hashes. */
export function linkView(link: Link): Readonly<Record<string, unknown>> {
  const {
    state,
    targetId,
    adopted,
    alias,
    address,
    displayName,
    leaving,
    hidden,
    x500,
    writtenAt,
    retry,
    endedBecause,
    intent,
    doneChange,
  } = link;
  const open = state === 'intent' && intent ? { what: intent.what, at: intent.at, alias: intent.alias } : null;
  return {
    state,
    targetId,
    adopted,
    alias,
    address,
    displayName,
    leaving,
    hidden,
    x500,
    writtenAt,
    retry,
    endedBecause,
    intent: open,
    lastChange: doneChange,
  };
}

/** Which object of the target an entry is, and by what. */
export function matchStep({ match, holders }: Matched, link: Link | null): ExplainStep {
  const data = { match: match.kind, link: link && linkView(link), holders, ...ownerData(match) };
  const stop = match.kind === 'collision' || match.kind === 'takenOver';
  const held =
    holders.length > 0
      ? ` ${count(holders.length, 'of its addresses is', 'of its addresses are')} held by other objects of ours: see claims.`
      : '';
  return { step: 'match', verdict: stop ? 'stop' : holders.length > 0 ? 'note' : 'ok', text: `${matchText(match, link)}${held}`, data };
}

function ownerData(match: Match): Readonly<Record<string, unknown>> {
  if (match.kind === 'collision') return { owner: match.owner };
  if (match.kind === 'takenOver') return { targetId: match.targetId, why: match.why };
  return 'target' in match ? { targetId: match.target.id, stamp: match.target.stamp ?? null } : {};
}

function matchText(match: Match, link: Link | null): string {
  switch (match.kind) {
    case 'linked':
      return `By its link it is object ${link?.targetId}${link?.adopted ? ' (adopted)' : ''}, last written ${link?.writtenAt ?? 'never'}.${match.restamp ? ' Its stamp was emptied there: it is stamped again.' : ''}`;
    case 'missing':
      return `Its object ${link?.targetId} is not in the target any more: it is created again.`;
    case 'stamped':
      return `Object ${match.target.id} carries its stamp, although no link row is there: it is linked again.`;
    case 'relink':
      return `Object ${match.target.id} carries the stamp of ${match.from}, who is gone, and holds its primary address: the same person under a new id.`;
    case 'adopt':
      return `Object ${match.target.id} (${match.target.type}) has one of its addresses and no stamp: it is adopted, as the route says (push.existing).`;
    case 'collision':
      return `${person(match.owner.displayName, undefined, match.owner.id)} (${match.owner.kind}, ${match.owner.id}) has one of its addresses in ${match.owner.attribute} and is not ours: it is left alone (push.existing decides).`;
    case 'takenOver':
      return `${match.why} Object ${match.targetId} is not ours to write any more: the link is closed.`;
    case 'create':
      if (link?.state === 'intent')
        return `A create was begun at ${link.intent?.at} and its answer is not known: the next run looks it up before anything is made.`;
      return link?.state === 'ended'
        ? `Its link has ended (${link.endedBecause}); nothing in the target has its stamp or one of its addresses: it is created again.`
        : 'No link, and nothing in the target has its stamp or one of its addresses: it is new there.';
  }
}

/** What the target holds, and from where that is known. */
export interface TargetObject {
  readonly id: string;
  /** `lastWrite`: written after the target was last read, or not visible yet. */
  readonly from: 'snapshot' | 'link' | 'lastWrite';
  readonly fields: Fields;
  readonly entry: Entry | null;
}

/** The target object as the snapshot (or, where it agrees with it, the link's image) shows it. */
export function targetObject(match: Match | null, link: Link | null, view: TargetView): TargetObject | null {
  const target = match && 'target' in match ? match.target : null;
  if (target) return { id: target.id, from: 'snapshot', fields: fieldsOf(target), entry: target };
  if (!link?.targetId || link.state !== 'linked') return null;
  const sight = view.sight(link.targetId);
  if (!sight.there) return null;
  if (sight.entry) return { id: link.targetId, from: 'snapshot', fields: fieldsOf(sight.entry), entry: sight.entry };
  return { id: link.targetId, from: sight.hash === null ? 'lastWrite' : 'link', fields: link.image, entry: null };
}

/** Every field on both sides, and why those that differ are left. Null where nothing is compared. */
export function judgedFields(
  context: PlanContext,
  entry: Entry,
  projection: Projection,
  match: Match,
  link: Link | null,
  view: TargetView,
): readonly JudgedField[] | null {
  if (match.kind === 'adopt') {
    const { desired, current, options } = compareAdopted(context, projection, match.target, view);
    return judgeFields(desired, current, options);
  }
  const found = match.kind === 'stamped' || match.kind === 'relink' ? match : null;
  const onto = found ? projectedOnto(context, entry, projection, found.target) : projection;
  const linked = found ? foundLink(context, entry, onto, found, link) : match.kind === 'linked' ? link : null;
  if (!linked) return null;
  const seen = match.kind === 'linked' ? match.sight : { entry: found?.target ?? null, hash: null };
  const { desired, current, options } = compareLinked(context, onto, linked, seen, view);
  return judgeFields(desired, current, options);
}

/** The diff, field by field. */
export function diffStep(fields: readonly JudgedField[], route: RouteSettings): ExplainStep {
  const of = (verdict: FieldVerdict): readonly JudgedField[] => fields.filter((field) => field.verdict === verdict);
  const writes = of('write').map(changeText);
  const left = fields.filter((field) => !['same', 'write'].includes(field.verdict));
  const text = [
    writes.length > 0
      ? `${count(writes.length, 'field differs', 'fields differ')} and would be written: ${writes.join('; ')}.`
      : 'No field would be written.',
    ...left.map((field) => leftText(field, route)),
  ];
  const data = {
    fields: fields.map((field) => ({ ...field, why: ['same', 'write'].includes(field.verdict) ? null : leftText(field, route) })),
  };
  return { step: 'diff', verdict: left.length > 0 ? 'note' : 'ok', text: text.join(' '), data };
}

/** `jobTitle from "Clerk" to "Engineer"`. */
export function changeText(field: {
  readonly name: FieldName;
  readonly before: JudgedField['before'];
  readonly after: JudgedField['after'];
}): string {
  if (field.after === null) return `${field.name} emptied (was ${quoted(field.before)})`;
  return field.before === null
    ? `${field.name} set to ${quoted(field.after)}`
    : `${field.name} from ${quoted(field.before)} to ${quoted(field.after)}`;
}

function leftText(field: JudgedField, route: RouteSettings): string {
  const there = quoted(field.before);
  if (field.verdict === 'notCleared') {
    const { emptyFields } = route.push;
    const why =
      emptyFields === 'own' && field.name !== 'addresses' && field.name !== 'displayName'
        ? 'emptyFields is "own", and this value is not what galsync wrote'
        : emptyFields === 'never'
          ? 'emptyFields is "never"'
          : 'it is never emptied';
    return `${field.name} stays ${there} although the source is empty: ${why}.`;
  }
  if (field.verdict === 'drift')
    return `${field.name} stays ${there} instead of ${quoted(field.after)}: it was edited in the target, and drift says "leave".`;
  return `${field.name} stays ${there} instead of ${quoted(field.after)}: the target took that value twice and does not show it (not kept).`;
}

/** One who wants or holds an address that the entry wants. */
export interface ClaimFact {
  readonly address: string;
  readonly route: string;
  readonly object: string;
  readonly targetId: string | null;
  readonly who: string;
  /** `claims`: plans to take it · `holds`: its object has it. */
  readonly how: 'claims' | 'holds';
}

/** Who else wants or holds one of its addresses, over all routes into the target, and who gets it. */
export function claimsStep(facts: readonly ClaimFact[], lost: string | null, unread: readonly string[], acts: boolean): ExplainStep {
  const data = { others: facts, lost, unread };
  const doubt = unread.length > 0 ? ` Not looked at: route ${listed(unread)}, which cannot be planned now.` : '';
  if (facts.length === 0)
    return {
      step: 'claims',
      verdict: unread.length > 0 ? 'note' : 'ok',
      text: `No other entry of any route claims or holds one of its addresses in the target.${doubt}`,
      data,
    };
  const who = facts.map((fact) => `${fact.who} (route ${fact.route}) ${fact.how} ${fact.address}`);
  return {
    step: 'claims',
    verdict: lost ? 'stop' : 'note',
    text: `${listed(who)}. ${lost ?? (acts ? 'It keeps its addresses all the same.' : '')}${doubt}`,
    data,
  };
}
