import { createHash } from 'node:crypto';
import type { WriteAnswer, WriteRequest } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { Converting, Link } from '../model/link.ts';
import { type Change, type FieldName, type Fields, type Owner, textsOf } from '../model/plan.ts';
import { wholeOf } from '../rules/convert.ts';
import { putBack, takeBack } from './convertBack.ts';
import { requestOf } from './writeRequest.ts';
import { answerOf, deferred, failed, linkAfter, outcome, type WriteContext, type Written } from './written.ts';

type NotOk = Extract<WriteAnswer, { ok: false }>;

/** An address that was given up a moment ago: waits between the tries of who takes it. Longer once it has failed before. */
const FREED_AFTER_MS = [1_000, 3_000, 6_000];
const FREED_LATER_MS = [...FREED_AFTER_MS, 20_000, 60_000];

/**
 * Replaces the entry's object by one of another push type (promise 8), each step noted in the link row before the next:
 *
 *     note what is there → the old one steps aside (or goes, where it cannot) → the new one is made, with the stamp → the old one goes
 *     → the new one takes its X500 addresses → done
 *
 * Where the directory keeps addresses unique the new one cannot be made beside the old one; stepping aside keeps the old one in the directory
 * until its successor is there. If that is refused, the old one gets back what it gave up, or is made again (case R29). A death in any gap
 * leaves `converting` in the link row: the next attempt, or the next job, goes on from there.
 */
export async function convertObject(context: WriteContext, change: Change, link: Link): Promise<Written> {
  const begun = await begin(context, change, link);
  if ('kind' in begun) return begun;
  let { at } = begun;
  let problem: Problem | null = null;
  let waiting: Extract<Written, { kind: 'deferred' }> | null = null;
  if (at.targetId === at.converting.oldId) {
    const made = await makeSuccessor(context, change, at, begun.resumed);
    if (!('answer' in made)) return made;
    const { answer } = made;
    const linked = successorLink(context, change, at, answer);
    waiting = linked.waiting;
    at = { ...linked.link, converting: at.converting };
    if (!answer.ok) problem = answer;
    await context.save(at);
  }
  return finish(context, change, at, problem, waiting);
}

type Problem = Pick<NotOk, 'failure' | 'owner' | 'retry'>;
type ConvertingLink = Link & { readonly converting: Converting };

/** Notes what is replaced and what it was. An object that is not ours any more is left alone: the next plan says what it has become. */
async function begin(
  context: WriteContext,
  change: Change,
  link: Link,
): Promise<{ readonly at: ConvertingLink; readonly resumed: boolean } | Written> {
  if (link.converting) return { at: { ...link, converting: link.converting }, resumed: true };
  const old = await context.connector.get(link.targetId!, link.as);
  if (old && !isOurs(context, change, link, old)) return notNow(context, link, NOT_OURS, null);
  // A connector tells the manager in the directory's own words; the link knows the address.
  const manager = old?.managerRef !== undefined && link.image.manager ? { manager: link.image.manager } : {};
  const image = old ? { ...wholeOf(old), ...manager } : link.image;
  const converting: Converting = { from: link.as, to: change.as, oldId: link.targetId!, image };
  const at = { ...link, converting, x500: [...new Set([...link.x500, ...textsOf(image.x500)])] };
  await context.save(at);
  return { at, resumed: false };
}

/** Still what we made there: of its type, with our stamp or none. */
function isOurs(context: WriteContext, change: Change, { as }: Link, old: Entry): boolean {
  const { types, outgrown } = context.connector.capability(as);
  const stamped = (old.stamp ?? old.stampPlace ?? change.stamp) === change.stamp;
  return types.includes(old.type) && !outgrown?.(old) && !old.readOnly && stamped;
}

const NOT_OURS: Failure = {
  code: 'conflict',
  message: 'The object is none of ours any more: it was not converted.',
  nextStep: 'The next job reads the target and says what it has become.',
};

/** The new object: found again after a lost answer, else made once the old one is out of the way. */
async function makeSuccessor(
  context: WriteContext,
  change: Change,
  at: ConvertingLink,
  resumed: boolean,
): Promise<{ readonly answer: WriteAnswer } | Written> {
  const create = createRequest(change, at);
  const known = resumed ? await successorOf(context, change, at) : null;
  if (known !== null) return { answer: await writeAgain(context, create, known) };
  const room = await stepAside(context, change, at);
  if (!room.ok && room.retry !== 'gone') {
    // Refused: nothing has happened. An answer that was lost is asked for by the next try.
    const untouched = room.retry !== 'unknown' && room.retry !== 'later';
    return notNow(context, untouched ? { ...at, converting: null } : at, room.failure, room);
  }
  let answer = await patiently(context, at, () => context.connector.write(create));
  if (!answer.ok && answer.targetId === null) {
    // A lost answer, or a conflict with what an earlier try has made (case R27).
    if (answer.retry === 'unknown') await context.sleep(2_000);
    const found = await successorOf(context, change, at);
    if (found !== null) answer = await writeAgain(context, create, found);
  }
  if (answer.ok || answer.targetId !== null) return { answer };
  const back = await putBack(context, change, at);
  if ('failure' in back)
    return notNow(context, at, { ...back.failure, message: `${answer.failure.message} ${back.failure.message}`.slice(0, 500) }, answer);
  const message = `It stays a ${at.converting.from}: ${answer.failure.message}`.slice(0, 500);
  return notNow(context, back.link, { ...answer.failure, message }, answer);
}

/** What the new object shall hold; X500 addresses that the old one still has follow when it is gone. */
function createRequest(change: Change, at: ConvertingLink): WriteRequest {
  const { desired, ...rest } = change;
  const held = new Set(textsOf(at.converting.image.x500).map(lower));
  const x500 = textsOf(desired?.x500).filter((one) => !held.has(lower(one)));
  const fields: Fields = { ...desired, x500: x500.length > 0 ? x500 : null };
  const create = { ...rest, change: 'create' as const, desired: fields, targetId: null };
  // `former` is for a deleted object of the same push type.
  return { ...requestOf(create, { ...at, targetId: null, image: {} }), former: null, as: change.as };
}

async function successorOf(context: WriteContext, change: Change, at: ConvertingLink): Promise<string | null> {
  const since = at.intent?.at ?? context.now().toISOString();
  const query = { as: change.as, stamp: change.stamp, alias: change.alias ?? at.alias ?? '', address: change.address, since };
  const found = await context.connector.find(query);
  return found && found.id !== at.converting.oldId ? found.id : null;
}

/** The first try may have been cut off half way: everything is written once more on the object that it made. */
function writeAgain(context: WriteContext, create: WriteRequest, targetId: string): Promise<WriteAnswer> {
  return answerOf(() => context.connector.write({ ...create, change: 'update', targetId, setStamp: create.stamp }));
}

/** The old object gives up addresses, alias and name, and is hidden; where it cannot, it goes. Both may be repeated. */
function stepAside(context: WriteContext, change: Change, at: ConvertingLink): Promise<WriteAnswer> {
  const { from, oldId } = at.converting;
  const request = deletionOf(change, at);
  if (!context.connector.capability(from).stepsAside) return answerOf(() => context.connector.write({ ...request, forGood: true }));
  // Of this object alone: a deleted account keeps its names for 30 days, and the next conversion of the same person must find others free.
  const setAlias = `${at.alias ?? change.alias ?? 'g'}-${createHash('sha256').update(oldId).digest('hex').slice(0, 4)}`;
  const fields: Fields = { addresses: [`${setAlias}@galsync.invalid`], deliveryAddress: null, hidden: 'true' };
  return answerOf(() => context.connector.write({ ...request, change: 'update', fields, setAlias }));
}

/** The old object goes. */
function deletionOf(change: Change, at: ConvertingLink): WriteRequest {
  const { from, oldId, image } = at.converting;
  return {
    change: 'delete',
    as: from,
    kind: change.kind,
    targetId: oldId,
    fields: {},
    current: image,
    stamp: change.stamp,
    alias: at.alias ?? '',
  };
}

/** A directory frees an address late: who takes it is told "in use" for a while. */
async function patiently(context: WriteContext, link: Link, call: () => Promise<WriteAnswer>): Promise<WriteAnswer> {
  const waits = (link.retry?.tries ?? 0) > 1 ? FREED_LATER_MS : FREED_AFTER_MS;
  for (let attempt = 0; ; attempt += 1) {
    const answer = await answerOf(call);
    const wait = waits[attempt];
    if (answer.ok || answer.targetId !== null || answer.retry !== 'later' || wait === undefined) return answer;
    await context.sleep(wait);
  }
}

function successorLink(
  context: WriteContext,
  change: Change,
  at: ConvertingLink,
  answer: WriteAnswer,
): { readonly link: Link; readonly waiting: Extract<Written, { kind: 'deferred' }> | null } {
  const create: Change = { ...change, change: 'create' };
  const blank: Link = { ...at, image: {}, managerId: null, written: {}, notKept: {}, open: null };
  const names = Object.keys(change.desired ?? {}) as FieldName[];
  // What others wrote into the old object went over to the new one: it is theirs still, not ours to clear.
  const ours = (link: Link): Link => {
    const own = change.restores?.own ?? [...Object.keys(at.written), ...change.fields.map(({ name }) => name)];
    const known = new Set<string>([...own, 'signIn']);
    const written = Object.fromEntries(Object.entries(link.written).filter(([name]) => known.has(name)));
    const x500 = [...new Set([...at.x500, ...link.x500])];
    return { ...link, written, x500, doneChange: null };
  };
  if (!answer.ok) return { link: ours(linkAfter(context, create, blank, answer.targetId!, names)), waiting: null };
  if (answer.pending) {
    const waiting = deferred(context, create, blank, answer, answer.pending) as Extract<Written, { kind: 'deferred' }>;
    return { link: ours(waiting.parts!.link), waiting };
  }
  return { link: ours(linkAfter(context, create, blank, answer.targetId, [...answer.notKept, 'x500'], answer.refused)), waiting: null };
}

/** The successor is there and linked: the old object goes, then its X500 addresses are free. */
async function finish(
  context: WriteContext,
  change: Change,
  at: Link & { readonly converting: Converting },
  problem: Problem | null,
  waiting: Extract<Written, { kind: 'deferred' }> | null,
): Promise<Written> {
  const { from } = at.converting;
  const request = deletionOf(change, at);
  if (context.connector.capability(from).stepsAside) {
    const gone = await answerOf(() => context.connector.write(request));
    if (!gone.ok && gone.retry !== 'gone') return notNow(context, at, gone.failure, gone);
  }
  const x500 = distinct([...textsOf(change.desired?.x500), ...at.x500]);
  let next: Link = at;
  if (x500.length > 0 && context.connector.capability(change.as).fields.x500) {
    const fields: Fields = { x500 };
    const answer = await patiently(context, at, () =>
      context.connector.write({ ...request, change: 'update', as: change.as, targetId: at.targetId, fields, current: at.image }),
    );
    if (!answer.ok) return notNow(context, at, answer.failure, answer);
    next = { ...at, image: { ...at.image, x500 } };
  }
  const done: Link = { ...next, converting: null };
  if (waiting?.parts) return { ...waiting, parts: { ...waiting.parts, link: { ...done, retry: waiting.parts.link.retry } } };
  if (problem) return notNow(context, done, problem.failure, problem);
  return {
    kind: 'done',
    link: { ...done, doneChange: change.id, retry: null },
    outcome: outcome(context, 'done', at.targetId, null),
    permission: false,
  };
}

/** Not converted, or not to the end: tried again by the schedule of retries, so that a lasting refusal does not trouble the object every night. */
function notNow(
  context: WriteContext,
  link: Link,
  failure: Failure,
  answer: { retry: NotOk['retry']; owner: Owner | null } | null,
): Written {
  const written = failed(context, link, failure, link.targetId, answer?.owner ?? null, true);
  return answer?.retry === 'permission' ? { ...written, permission: true } : written;
}

/**
 * The link row of an entry before any change of it but that same conversion: one that was begun is taken back first, so that there is one
 * object. Answers the row, or what to say of the change if that does not work now.
 */
export async function wholeLink(context: WriteContext, change: Change, link: Link): Promise<Link | Extract<Written, { kind: 'done' }>> {
  if (!link.converting || (change.converts && link.converting.to === change.as)) return link;
  const back = await takeBack(context, change, link);
  if ('failure' in back) return failed(context, link, back.failure, link.targetId, null, true);
  await context.save(back.link);
  return back.link;
}

function lower(text: string): string {
  return text.toLowerCase();
}

function distinct(values: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return values.filter((value) => !seen.has(lower(value)) && seen.add(lower(value)));
}
