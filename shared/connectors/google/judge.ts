import type { HttpAnswer } from '../../http/http.ts';
import type { Entry } from '../../model/entry.ts';
import type { Failure } from '../../model/failure.ts';
import type { FieldName, FieldValue } from '../../model/plan.ts';
import { looksStamped, parseStamp } from '../../model/stamp.ts';
import { fieldsOf, type WriteAnswer, type WriteRequest } from '../connector.ts';
import { shortText } from './answers.ts';
import { contactId, readContact, STAMP, stampOf } from './contactXml.ts';
import { sameTexts } from './sameTexts.ts';
import type { ContactValues } from './writeContact.ts';
import { childrenOf, type Element } from './xml.ts';

const MOST_PROPERTIES = 10;

/** What the feed said, to a single call or to one operation of a batch: it means the same. */
export interface FeedAnswer extends HttpAnswer {
  readonly element: Element | null;
}

/** What an answer to a create means. */
export function afterCreate(connector: string, request: WriteRequest, answer: FeedAnswer): WriteAnswer {
  if (existsAlready(answer))
    return refused(
      'conflict',
      'unknown',
      `Google says that ${request.alias} exists already: ${shortText(answer.text)}`,
      'It is looked up before it is tried again.',
    );
  if (answer.status >= 500)
    return refused(
      'unreachable',
      'unknown',
      `Creating ${request.alias} answered ${answer.status}; it may have been made.`,
      'It is looked up before it is tried again.',
    );
  if (answer.status !== 201 && answer.status !== 200) return failureOf(connector, request, answer.status, answer.text);
  const id = answer.element ? contactId(answer.element) : '';
  if (!answer.element || id === '')
    return refused(
      'badAnswer',
      'unknown',
      `Creating ${request.alias} answered ${answer.status} without an entry.`,
      'It is looked up before it is tried again.',
    );
  return { ok: true, targetId: id, notKept: notKept(request.fields, answer.element, request.setStamp ?? request.stamp), note: null };
}

function existsAlready(answer: HttpAnswer): boolean {
  return answer.status === 409 || (answer.status === 400 && /already exists/i.test(answer.text));
}

/** Fields that the returned entry does not show (case R31). Without its stamp a contact is not ours: that is written again too. */
function notKept(wanted: ContactValues, entry: Element, stamp: string | undefined): readonly FieldName[] {
  const there = fieldsOf({ id: 'x', ...readContact(entry) } as Entry);
  const lost = (Object.entries(wanted) as [FieldName, FieldValue][])
    .filter(([name, value]) => value !== null && name !== 'stamp' && !sameTexts(name, value, there[name] ?? null))
    .map(([name]) => name);
  return stamp && stampOf(entry) !== stamp ? [...lost, 'stamp'] : lost;
}

/** The last look before an update or a delete: why nothing is written, or null and `found` holds the contact to write over. */
export function beforeWrite(connector: string, request: WriteRequest, found: FeedAnswer): WriteAnswer | null {
  const removes = request.change === 'delete';
  if (found.status === 404 || isTombstone(found.element)) return removes ? goneAlready(request) : gone(request);
  if (found.status !== 200 || !found.element) return failureOf(connector, request, found.status, found.text);
  return claimedBy(found.element, request) ?? noRoomForStamp(found.element, request);
}

/** What an answer to a replaced entry means; null: "already exists", and only the entry itself can say whether it was done. */
export function afterUpdate(connector: string, request: WriteRequest, answer: FeedAnswer): WriteAnswer | null {
  if (answer.status === 404) return gone(request);
  if (existsAlready(answer)) return null;
  if (answer.status !== 200) return failureOf(connector, request, answer.status, answer.text);
  const lost = answer.element ? notKept(request.fields, answer.element, request.setStamp) : [];
  return { ok: true, targetId: request.targetId!, notKept: lost, note: null };
}

export function afterRemove(connector: string, request: WriteRequest, answer: HttpAnswer): WriteAnswer {
  if (answer.status === 404) return goneAlready(request);
  if (answer.status >= 300) return failureOf(connector, request, answer.status, answer.text);
  return { ok: true, targetId: request.targetId!, notKept: [], note: null };
}

function goneAlready(request: WriteRequest): WriteAnswer {
  return { ok: true, targetId: request.targetId!, notKept: [], note: 'alreadyGone' };
}

function isTombstone(entry: Element | null): boolean {
  return entry !== null && childrenOf(entry, 'deleted').length > 0;
}

function gone(request: WriteRequest): WriteAnswer {
  return refused('notFound', 'gone', `The shared contact ${request.targetId} is not there any more.`, 'The next job makes it again.');
}

/** The last look before a write (promise 1): a contact that another route or installation has stamped since the read is not ours. */
function claimedBy(entry: Element, request: WriteRequest): WriteAnswer | null {
  const there = stampOf(entry);
  const route = parseStamp(request.stamp)?.route;
  if (route === undefined || !looksStamped(there) || parseStamp(there)?.route === route) return null;
  const id = request.targetId ?? '';
  const answer = refused(
    'conflict',
    'collision',
    `The shared contact ${id} carries the stamp of another route: ${there?.slice(0, 120)}`,
    'Let only one route manage it; the other one gives it up when it is retired.',
  );
  return answer.ok ? answer : { ...answer, owner: { id, kind: 'contact', attribute: STAMP } };
}

/** Ten properties are all that a contact takes (Domain Shared Contacts, extended properties): others' are never thrown out for ours. */
function noRoomForStamp(entry: Element, request: WriteRequest): WriteAnswer | null {
  if (!request.setStamp || stampOf(entry) !== undefined) return null;
  const theirs = childrenOf(entry, 'extendedProperty').length;
  if (theirs < MOST_PROPERTIES) return null;
  return refused(
    'refused',
    'never',
    `The shared contact ${request.targetId} holds ${theirs} properties of other programs; with galsync's mark it would be more than ${MOST_PROPERTIES}.`,
    'Take one of them off, with the program that put it there, or leave this contact out of `push.existing`.',
  );
}

/** "Already exists" may mean that it was done (case R27): the entry itself says. */
export function verified(request: WriteRequest, now: FeedAnswer): WriteAnswer {
  if (now.element && !isTombstone(now.element) && holds(request, now.element))
    return { ok: true, targetId: request.targetId!, notKept: [], note: 'verified' };
  return refused(
    'conflict',
    'later',
    `Google says that ${request.alias || request.targetId} exists already, and the contact does not hold the new values.`,
    'The next job tries again; look for another contact with that address.',
  );
}

/** Everything that was asked for, what was to be cleared included. */
function holds(request: WriteRequest, entry: Element): boolean {
  const there = fieldsOf({ id: 'x', ...readContact(entry) } as Entry);
  const cleared = (Object.entries(request.fields) as [FieldName, FieldValue][]).every(
    ([name, value]) => value !== null || name === 'stamp' || (there[name] ?? null) === null,
  );
  return cleared && notKept(request.fields, entry, request.setStamp).length === 0;
}

function failureOf(connector: string, request: WriteRequest, status: number, body: string): WriteAnswer {
  const what = request.change === 'delete' ? 'delete' : `${request.change} of ${request.alias || request.targetId}`;
  const text = shortText(body);
  if (status === 401 || status === 403)
    return refused(
      'permission',
      'permission',
      `Connector "${connector}": Google refused the ${what} with ${status}: ${text}`,
      'The subject must be a super administrator of that domain, and API access must be allowed in the Admin console.',
    );
  if (status === 412)
    return refused('conflict', 'later', `The ${what} met a change by somebody else (412).`, 'The next job reads and tries again.');
  if (status === 400)
    return refused(
      'refused',
      'never',
      `Google refused the ${what}: ${text}`,
      'Correct the values of this entry in its source. What other programs put into the contact counts towards its 2 KB, too.',
    );
  if (status === 200)
    return refused('badAnswer', 'later', `The ${what}: Google answered 200 without this contact.`, 'It is tried again by itself.');
  return refused(
    status >= 500 ? 'unreachable' : 'badAnswer',
    'later',
    `The ${what} answered ${status}: ${text}`,
    'It is tried again by itself.',
  );
}

export function refused(
  code: Failure['code'],
  retry: Extract<WriteAnswer, { ok: false }>['retry'],
  message: string,
  nextStep: string,
): WriteAnswer {
  return { ok: false, failure: { code, message: message.slice(0, 400), nextStep }, retry, targetId: null, owner: null };
}
