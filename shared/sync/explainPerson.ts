import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { compileCondition } from '../rules/condition.ts';
import { type ExplainStep, entryStep, ownerStep, projectStep, selectStep } from '../rules/explain.ts';
import { explainWhere } from '../rules/explainCondition.ts';
import { leaverStep } from '../rules/explainLeaver.ts';
import { claimsStep, diffStep, judgedFields, linkView, matchStep, targetObject } from '../rules/explainMatch.ts';
import { nextRunText, nextSentence, type Outlook, skipSentence, waitsStep } from '../rules/explainNext.ts';
import { person, quoted } from '../rules/explainWords.ts';
import { compileVerdicts } from '../rules/select.ts';
import type { DraftChange } from '../rules/view.ts';
import { brief } from './directoryLookup.ts';
import { type ClaimsFound, findClaims } from './explainClaims.ts';
import { type Around, readFacts, withRetry } from './explainFacts.ts';
import { historyStep } from './explainHistory.ts';
import type { Subject } from './explainSubject.ts';
import type { OtherObject, Told } from './explanation.ts';
import { type Looked, lookAtEntry, lookAtGone } from './lookAt.ts';
import type { Planning } from './planning.ts';
import { withManagerOf } from './superiors.ts';

const MOST_OTHERS = 5;

/** An entry of the source: its whole way. */
export async function explainEntry(around: Around, planning: Planning, subject: Extract<Subject, { kind: 'entry' }>): Promise<Told> {
  const { link, row } = subject;
  const entry = await withManagerOf(planning, subject.entry);
  const looked = await lookAtEntry(planning, entry, link);
  const claims = await findClaims(planning, looked);
  const [pull, target] = await readFacts(around, row);
  const steps: ExplainStep[] = [
    pull!,
    entryStep(entry, withheldFrom(planning, entry), subject.heldAs),
    ...selectSteps(planning, entry, looked),
    ...placeSteps(planning, entry, looked, claims, target!),
  ];
  const leaves = looked.decided.skipped && link && looked.planned;
  if (leaves) steps.push(leaverStep(planning.plan, link, 'outOfScope', looked.planned!, around.nextRun));
  steps.push(waitsStep(withRetry(around.waits, link), claims.change), await historyStep(planning.context, around.state, entry.id, link));
  const name = entry.attributes.displayName;
  const who = person(typeof name === 'string' ? name : undefined, entry.addresses[0], entry.id);
  return {
    found: 'entry',
    object: entry.id,
    target: targetIdOf(looked, claims.change),
    kind: entry.kind,
    address: entry.addresses[0] ?? null,
    displayName: typeof name === 'string' ? name : null,
    answer: answerOf(who, steps.find((step) => step.step === 'select')!, looked, claims.change, around),
    next: sentence(around, looked, claims.change),
    steps,
    others: await othersOf(planning, around, subject.others),
  };
}

/** A link whose entry the source no longer has: who it was, and what becomes of its object. */
export async function explainLeaver(around: Around, planning: Planning, subject: Extract<Subject, { kind: 'link' }>): Promise<Told> {
  const { link } = subject;
  const looked = await lookAtGone(planning, link);
  const [pull, target] = await readFacts(around, null);
  const change = looked.planned?.change ?? null;
  const who = person(link.displayName, link.address, link.sourceId);
  const linked = link.state === 'linked';
  const ended =
    link.state === 'ended'
      ? `its link has ended (${link.endedBecause})`
      : 'a create was begun, and the entry left before its answer was known';
  const linkStep: ExplainStep = {
    step: 'match',
    verdict: linked ? 'note' : 'stop',
    text: linked
      ? `Its link says that object ${link.targetId} is its object${link.adopted ? ' (adopted)' : ''}.`
      : `${ended}; object ${link.targetId ?? '(none)'} is not managed. ${x500Text(link)}`,
    data: { link: linkView(link) },
  };
  const steps = [pull!, linkStep, targetStep(looked, target!)];
  if (linked && looked.planned) steps.push(leaverStep(planning.plan, link, 'gone', looked.planned, around.nextRun));
  steps.push(waitsStep(withRetry(around.waits, link), change), await historyStep(planning.context, around.state, link.sourceId, link));
  return {
    found: linked ? 'leaver' : 'history',
    object: link.sourceId,
    target: link.targetId,
    kind: link.kind,
    address: link.address,
    displayName: link.displayName,
    answer: linked
      ? `${who} is not in the source any more. ${steps.find((step) => step.step === 'leaver')?.text ?? ''}`.trim()
      : `${who} is not in the source any more, and ${ended}. ${x500Text(link)}`.trim(),
    next: linked ? sentence(around, looked, change) : `${nextRunText(around.nextRun)} would do nothing about it.`,
    steps,
    others: subject.others.slice(0, MOST_OTHERS).map((other) => ({
      connector: around.route.from,
      object: other.sourceId,
      kind: other.kind,
      address: other.address,
      displayName: other.displayName,
      text: `An older link (${other.state}${other.endedBecause ? `, ${other.endedBecause}` : ''}) knew the same address.`,
    })),
  };
}

function x500Text(link: Link): string {
  return link.x500.length > 0
    ? `${link.x500.length} X500 addresses of the person are kept, so that replies can be repaired (GET /api/x500).`
    : '';
}

function selectSteps(planning: Planning, entry: Entry, { candidate }: Looked): readonly ExplainStep[] {
  const { now } = planning.plan;
  const conditions = {
    'pull.where': explainWhere(planning.source.pull.where, entry, now),
    'filter.where': explainWhere(planning.route.filter.where, entry, now),
  };
  const select = selectStep(candidate!.selected, compileVerdicts(planning.selection)(entry), conditions);
  return [select, ownerStep(entry, planning.route, planning.owners)];
}

function placeSteps(planning: Planning, entry: Entry, looked: Looked, claims: ClaimsFound, target: ExplainStep): readonly ExplainStep[] {
  const { candidate, matched, link } = looked;
  const projection = candidate?.projection;
  if (!projection || !matched) return [targetStep(looked, target)];
  const fields = judgedFields(planning.plan, entry, projection, matched.match, link, looked.view);
  const lost =
    claims.change?.reason === 'claimed' && looked.planned?.change?.reason !== 'claimed'
      ? lostText(claims.change)
      : shrunkText(looked, claims.change);
  return [
    projectStep(projection, planning.route),
    matchStep(matched, link),
    targetStep(looked, target),
    ...(fields ? [diffStep(fields, planning.route)] : []),
    claimsStep(claims.facts, lost, claims.unread, claims.change?.change !== 'skip'),
  ];
}

function lostText({ owner }: DraftChange): string {
  return `It loses ${quoted(owner?.attribute)} to ${person(owner?.displayName, undefined, owner?.id ?? '')}: it is skipped (claimed).`;
}

/** A linked loser is written without what it lost. */
function shrunkText({ planned }: Looked, after: DraftChange | null): string | null {
  const before = planned?.change;
  if (!before || !after || before === after) return null;
  const lost = before.takes.filter((key) => !after.takes.includes(key));
  return lost.length > 0 ? `Others have the better claim to ${quoted(lost)}: it is written without.` : null;
}

/** What the target holds of it, on top of which read that is known from. */
function targetStep({ matched, link, view, unasked }: Looked, read: ExplainStep): ExplainStep {
  const object = targetObject(matched?.match ?? null, link, view);
  const doubt = unasked ? ` The target could not be asked for it just now (${unasked.message}), so this is not certain.` : '';
  if (!object) {
    if (!link?.targetId || link.state !== 'linked') return read;
    const data = { ...read.data, targetId: link.targetId, there: false };
    return { ...read, verdict: 'note', text: `Object ${link.targetId} is not there any more.${doubt} ${read.text}`, data };
  }
  const { id, from, entry, fields } = object;
  const stamp = entry ? (entry.stamp ?? null) : undefined;
  const text = {
    snapshot: `The target holds object ${id}${entry ? ` (${entry.type}${stamp ? `, stamp ${stamp}` : ', without a stamp'})` : ''}.`,
    link: `The target holds object ${id}, as its link remembers it: unchanged since.`,
    lastWrite: `Object ${id} was last written after the target was last read: what was written counts.`,
  }[from];
  return {
    ...read,
    text: `${text}${doubt} ${read.text}`,
    data: { ...read.data, targetId: id, there: true, knownFrom: from, stamp, fields },
  };
}

function targetIdOf({ matched, link }: Looked, change: DraftChange | null): string | null {
  if (matched && 'target' in matched.match) return matched.match.target.id;
  return change?.targetId ?? (link?.state === 'linked' ? link.targetId : null);
}

function outlookOf({ decided, planned }: Looked, change: DraftChange | null): Outlook {
  return {
    change: change ?? decided.invalid,
    skipped: decided.skipped,
    incomplete: decided.incomplete,
    closes: planned?.link?.state === 'ended',
  };
}

function sentence(around: Around, looked: Looked, change: DraftChange | null): string {
  const waits = waitsStep(withRetry(around.waits, looked.link), change);
  const outlook = outlookOf(looked, change);
  const acts = outlook.change !== null && outlook.change.change !== 'skip' && outlook.change.change !== 'keep';
  return nextSentence(outlook, around.route, around.nextRun, acts && waits.verdict !== 'ok' ? [waits.text] : []);
}

/** The state of things in one or two sentences: is it there, and if not, why not. */
function answerOf(who: string, select: ExplainStep, looked: Looked, change: DraftChange | null, { route }: Around): string {
  const { candidate, matched, link, decided } = looked;
  const selected = candidate!.selected;
  if (!selected.kept) {
    const left = link?.state === 'linked' ? ` Its object ${link.targetId} is still in "${route.to}".` : '';
    return `${who} is not exported over this route. ${select.text}${left}`;
  }
  if (decided.incomplete) return `${who} could not be read completely; its object ${link?.targetId} stays as it is.`;
  if (change?.change === 'skip') return `${who} is in scope, but skipped (${change.reason}): ${skipSentence(change)}`;
  const kind = matched?.match.kind;
  if (kind === 'linked')
    return `${who} is in "${route.to}" as object ${link?.targetId}${change ? ', and is to be updated.' : ', up to date.'}`;
  if (kind === 'stamped' || kind === 'relink') return `${who} is in "${route.to}", as an object that is to be linked again.`;
  if (kind === 'adopt') return `${who} is in "${route.to}" already as somebody else's object, which is to be adopted.`;
  return link?.retry
    ? `${who} is in scope and not in "${route.to}": writing it failed before.`
    : `${who} is in scope and not yet in "${route.to}".`;
}

/** Names of the attributes that the source withholds of this entry. Their values are shown nowhere. */
function withheldFrom({ source, plan }: Planning, entry: Entry): readonly string[] {
  const rules = source.pull.withhold.filter((rule) => rule.where === null || compileCondition(rule.where, plan.now)(entry));
  return [...new Set(rules.flatMap((rule) => rule.attributes))];
}

/** Others that hold the same address, each with what would happen to it. */
async function othersOf(planning: Planning, around: Around, others: readonly Entry[]): Promise<readonly OtherObject[]> {
  const told: OtherObject[] = [];
  for (const entry of others.slice(0, MOST_OTHERS)) {
    const link = await planning.context.store.links.get(planning.route.id, entry.id);
    const looked = await lookAtEntry(planning, entry, link);
    const { change } = await findClaims(planning, looked);
    const { type: _type, ...who } = brief(planning.route.from, entry);
    told.push({ ...who, text: `Holds the same address in the source. ${sentence(around, looked, change)}` });
  }
  return told;
}
