import { answerLost } from '../../http/answerLost.ts';
import type { HttpAnswer } from '../../http/http.ts';
import { FailureError } from '../../model/failure.ts';
import type { WriteAnswer, WriteRequest } from '../connector.ts';
import { isTooFast, type OperationAnswer, operationAnswers } from './batchAnswers.ts';
import type { BatchSwitch } from './batchSwitch.ts';
import { type Operation, operationsFeed } from './batchXml.ts';
import { contactId } from './contactXml.ts';
import { editLink, type Feed, strongEtag } from './feed.ts';
import { afterCreate, afterRemove, afterUpdate, beforeWrite, type FeedAnswer, refused } from './judge.ts';
import { writeContact } from './writeContact.ts';
import { type Element, element, local } from './xml.ts';

/** Operations in one batch (Domain Shared Contacts, perform-batch-operations). */
const MOST = 100;
/** What an entry holds besides the contact's own data. */
const BARE: ReadonlySet<string> = new Set(['id', 'updated', 'category', 'title', 'link', 'edited']);

export interface TogetherDependencies {
  readonly feed: Feed;
  readonly connector: string;
  readonly batches: BatchSwitch;
}

/** See `Connector.writeMany`. Two calls at most: the last look at what is to be changed or deleted, then every change. */
export async function writeTogether(
  deps: TogetherDependencies,
  requests: readonly WriteRequest[],
): Promise<readonly (WriteAnswer | null)[]> {
  const none = requests.map(() => null);
  if (requests.length < 2 || requests.length > MOST || requests.some((one) => one.change === 'hide')) return none;
  if (!(await usable(deps))) return none;
  const found = await looks(deps, requests);
  if (!found) return none;
  const answers: (WriteAnswer | null)[] = requests.map((request, n) => stays(deps, request, found.get(String(n))));
  const operations = requests.flatMap((request, n) => {
    const one = answers[n] === null ? operationOf(deps.feed, String(n), request, found.get(String(n))) : null;
    return one ? [one] : [];
  });
  if (operations.length === 0) return answers;
  const said = await sent(deps, operations);
  if (said === 'refused') return answers;
  for (const { id } of operations) answers[Number(id)] = judged(deps.connector, requests[Number(id)]!, said.get(id));
  const open = operations.map(({ id }) => answers[Number(id)]);
  if (open.some(isUnknown) && !open.some((one) => one?.ok)) deps.batches.pause('none of its changes was answered as done');
  return answers;
}

/** Whether batches work here is asked with a question, so that no change is lost in an endpoint that is not there. */
async function usable({ feed, batches }: TogetherDependencies): Promise<boolean> {
  if (!batches.isOpen()) return false;
  if (batches.isProven()) return true;
  const answer = await questioned(feed, batches, [{ id: 'proof', type: 'query', entry: named(feed, '0') }]);
  if (!answer?.has('proof')) return false;
  batches.prove();
  return true;
}

/** The objects as they are now, by place; null: they are asked for one by one. */
async function looks(
  { feed, batches }: TogetherDependencies,
  requests: readonly WriteRequest[],
): Promise<ReadonlyMap<string, OperationAnswer> | null> {
  const asked = requests.flatMap((request, n): Operation[] =>
    request.change === 'create' ? [] : [{ id: String(n), type: 'query', entry: named(feed, request.targetId!) }],
  );
  return asked.length === 0 ? new Map() : questioned(feed, batches, asked);
}

async function questioned(
  feed: Feed,
  batches: BatchSwitch,
  operations: readonly Operation[],
): Promise<ReadonlyMap<string, OperationAnswer> | null> {
  try {
    const answer = await feed.batch(operationsFeed(operations), true);
    const answers = operationAnswers(answer);
    if (!answers) refuse(batches, answer);
    return answers;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    batches.pause(error.failure.message);
    return null;
  }
}

/** Why nothing is written to what was looked at; null: it may be, or only the single call can tell. */
function stays({ connector }: TogetherDependencies, request: WriteRequest, found: OperationAnswer | undefined): WriteAnswer | null {
  if (!found || !(found.status === 404 || showsIt(request, found))) return null;
  return beforeWrite(connector, request, found);
}

function showsIt(request: WriteRequest, found: FeedAnswer): boolean {
  return found.status === 200 && found.element !== null && contactId(found.element) === request.targetId;
}

/** Null: not in a batch. What is written over is what was seen, under its ETag; without a strong one the single call does it. */
function operationOf(feed: Feed, id: string, request: WriteRequest, found: OperationAnswer | undefined): Operation | null {
  if (request.change === 'create')
    return { id, type: 'insert', entry: writeContact(null, request.fields, request.setStamp ?? request.stamp) };
  const etag = found?.element && showsIt(request, found) ? strongEtag(found.element) : null;
  if (!found?.element || etag === null) return null;
  if (request.change !== 'delete') {
    const entry = writeContact(found.element, request.fields, request.setStamp);
    return { id, type: 'update', entry: { ...entry, attributes: { ...entry.attributes, 'gd:etag': etag } } };
  }
  const { children } = named(feed, request.targetId!);
  const edit = element('link', { rel: 'edit', href: editLink(found.element, request.targetId!) });
  return { id, type: 'delete', entry: element('entry', { 'gd:etag': etag }, [...children, edit]) };
}

/** An entry that only says which contact is meant. */
function named(feed: Feed, contact: string): Element {
  return element('entry', {}, [element('id', {}, [], feed.idOf(contact))]);
}

/** What was answered, by id; `refused`: the endpoint took nothing. A lost answer, or one that is none, leaves everything unanswered. */
async function sent(
  { feed, batches }: TogetherDependencies,
  operations: readonly Operation[],
): Promise<ReadonlyMap<string, OperationAnswer> | 'refused'> {
  try {
    const answer = await feed.batch(operationsFeed(operations), false);
    const answers = operationAnswers(answer);
    if (answers) return answers;
    return refuse(batches, answer) ? 'refused' : new Map();
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    batches.pause(error.failure.message);
    return answerLost(error) ? new Map() : 'refused';
  }
}

/** True if the endpoint refused the whole and did nothing; false if nobody knows what it did. */
function refuse(batches: BatchSwitch, answer: HttpAnswer): boolean {
  const understood = answer.status >= 300 && (answer.status < 500 || answer.status === 501);
  const what = `it answered ${answer.status}`;
  // Rights come and go with the administrator's grants; an endpoint that is not there stays away.
  if (understood && answer.status !== 401 && answer.status !== 403) batches.close(what);
  else batches.pause(what);
  return understood;
}

/** As the single call would judge it; null: it was not done, and the single call asks again (too fast, changed since, a token, other refusals). */
function judged(connector: string, request: WriteRequest, answer: OperationAnswer | undefined): WriteAnswer | null {
  if (!answer) return unanswered(request);
  const { status } = answer;
  if (isTooFast(answer) || status === 501) return null;
  const done = status === 200 || status === 201;
  if (request.change === 'create') {
    const unclear = status >= 500 || status === 409 || (status === 400 && /already exists/i.test(answer.text));
    return done || unclear || status === 403 ? believed(answer, afterCreate(connector, request, answer)) : null;
  }
  if (!done && status !== 404 && status !== 403) return null;
  if (request.change === 'delete') return afterRemove(connector, request, answer);
  return believed(answer, afterUpdate(connector, request, answer));
}

/** An entry of which the answer shows nothing but its name proves nothing about its fields. */
function believed({ element: entry }: OperationAnswer, answer: WriteAnswer | null): WriteAnswer | null {
  const bare = entry?.children.every(({ name }) => BARE.has(local(name))) ?? false;
  return bare && answer?.ok ? { ...answer, notKept: [] } : answer;
}

function unanswered(request: WriteRequest): WriteAnswer {
  return refused(
    'badAnswer',
    'unknown',
    `Google's answer to a batch lacks the ${request.change} of ${request.alias || request.targetId}; it may have been done.`,
    'It is looked up before it is tried again.',
  );
}

function isUnknown(answer: WriteAnswer | null | undefined): boolean {
  return answer?.ok === false && answer.retry === 'unknown';
}
