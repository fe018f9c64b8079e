import { causeText, failureOf } from '../model/failure.ts';
import { nextRunText } from '../rules/explainNext.ts';
import { listed, person, quoted } from '../rules/explainWords.ts';
import type { SyncContext } from './context.ts';
import { elsewhere, explainTargetObject } from './explainElsewhere.ts';
import { type Around, nextRunOf, readFacts, waitFacts } from './explainFacts.ts';
import { explainEntry, explainLeaver } from './explainPerson.ts';
import { type ExplainQuery, findSubject, type Subject } from './explainSubject.ts';
import type { Explanation, Told } from './explanation.ts';
import { openPlanning } from './planning.ts';
import { Refusal } from './refusal.ts';

/**
 * Explains one address or id on one route by the code that plans (contract, `GET /api/routes/{id}/explain`). Reads snapshots, links and
 * jobs; asks the target only for a managed object that its last read does not show. Throws `Refusal` 404 and 400.
 */
export async function explainRoute(context: SyncContext, query: ExplainQuery): Promise<Explanation> {
  const { configuration } = await context.configuration();
  const route = configuration.routes.find((candidate) => candidate.id === query.route);
  if (!route) throw new Refusal('not-found', 404, `There is no route "${query.route}" in the configuration.`);
  const asked = { address: query.address?.trim() || undefined, object: query.object || undefined };
  if ((asked.address === undefined) === (asked.object === undefined))
    throw new Refusal('invalid', 400, 'Name whom to explain: either "address" or "object" (an id of the source or of the target).');
  const now = context.now();
  const state = await context.store.routes.get(route.id);
  const facts = { context, configuration, route, state, now, nextRun: nextRunOf(route, now) };
  const around: Around = { ...facts, waits: await waitFacts(facts) };
  const told = await tell(around, await findSubject(context, configuration, route, { route: route.id, ...asked }), asked);
  return { route: route.id, from: route.from, to: route.to, asked, at: now.toISOString(), ...ofThatRead(told) };
}

/** A verdict on a read that did not ask for what counts now says so before anything else: a run reads first (see `isReadAsAsked`). */
function ofThatRead(told: Told): Told {
  const outdated = told.steps.flatMap(({ data }) => (data['asAsked'] === false ? [quoted(String(data['connector']))] : []));
  if (outdated.length === 0) return told;
  const which = listed([...new Set(outdated)]);
  return {
    ...told,
    answer: `Of an outdated read: the configuration asks ${which} for more than its last read brought. ${told.answer}`,
    next: `The next run reads ${which} first, and may decide otherwise. By the last read: ${told.next}`,
  };
}

async function tell(around: Around, subject: Subject, asked: Explanation['asked']): Promise<Told> {
  const { context, configuration, route } = around;
  if (subject.kind === 'nothing') return nothing(around, asked, subject.complete);
  if (subject.kind === 'targetObject') return explainTargetObject(around, subject.entry);
  try {
    const planning = await openPlanning(context, { configuration, route: route.id, only: null });
    return subject.kind === 'entry' ? await explainEntry(around, planning, subject) : await explainLeaver(around, planning, subject);
  } catch (error) {
    return unplannable(around, subject, error);
  }
}

/** The route cannot be planned at all: said in full, with what is known of the object. */
async function unplannable(around: Around, subject: Extract<Subject, { kind: 'entry' | 'link' }>, error: unknown): Promise<Told> {
  const failure = failureOf(error);
  const { entry, link } = subject.kind === 'entry' ? subject : { entry: null, link: subject.link };
  const name = entry?.attributes.displayName ?? link?.displayName;
  const displayName = typeof name === 'string' ? name : null;
  const id = entry?.id ?? link!.sourceId;
  const address = entry?.addresses[0] ?? link?.address ?? null;
  return {
    found: entry ? 'entry' : 'leaver',
    object: id,
    target: link?.targetId ?? null,
    kind: entry?.kind ?? link?.kind ?? null,
    address,
    displayName,
    answer: `${person(displayName ?? undefined, address ?? undefined, id)} is known, but this route cannot be planned now: ${causeText(failure)}`,
    next: `Nothing happens on this route until that is repaired. ${failure.nextStep}`,
    steps: await readFacts(around, null),
    others: [],
  };
}

async function nothing(around: Around, asked: Explanation['asked'], complete: boolean): Promise<Told> {
  const { route } = around;
  const others = await elsewhere(around, asked);
  const steps = await readFacts(around, null);
  const what = asked.address ?? asked.object ?? '';
  const short = what.length > 200 ? `${what.slice(0, 200)}…` : what;
  const where = `neither the last complete read of "${route.from}", nor "${route.to}", nor a link of this route${complete ? '' : ' (not all links could be looked at in time)'}`;
  const other =
    others.length > 0
      ? ` It is known elsewhere: ${others.map((one) => one.text).join(' ')}`
      : ' No other directory of the configuration has it either.';
  return {
    found: 'nothing',
    object: null,
    target: null,
    kind: null,
    address: null,
    displayName: null,
    answer: steps[0]!.verdict === 'stop' ? `"${short}" is not known: ${steps[0]!.text}${other}` : `"${short}" is in ${where}.${other}`,
    next: `${nextRunText(around.nextRun)} would do nothing about it, unless the source has it by then: check its spelling there, and that the connector may read it.`,
    steps,
    others,
  };
}
