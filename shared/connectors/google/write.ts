import { answerLost } from '../../http/answerLost.ts';
import type { Entry } from '../../model/entry.ts';
import { type Failure, FailureError } from '../../model/failure.ts';
import type { FieldName, FieldValue } from '../../model/plan.ts';
import { type FindQuery, fieldsOf, type WriteAnswer, type WriteRequest } from '../connector.ts';
import { shortText } from './answers.ts';
import { type ContactValues, contactId, readContact, stampOf, writeContact } from './contactXml.ts';
import { editLink, type Feed, strongEtag } from './feed.ts';
import { sameTexts } from './sameTexts.ts';
import { childrenOf, type Element } from './xml.ts';

/** Carries out one change of a shared contact. */
export async function writeSharedContact(feed: Feed, connector: string, request: WriteRequest): Promise<WriteAnswer> {
  try {
    if (request.change === 'create') return await create(feed, connector, request);
    if (request.change === 'delete') return await remove(feed, connector, request.targetId!);
    if (request.change === 'hide')
      return refused('refused', 'never', 'Google cannot hide a shared contact.', 'Use the leaver policy "delete" or "keep".');
    return await update(feed, connector, request);
  } catch (error) {
    if (error instanceof FailureError && answerLost(error))
      return { ok: false, failure: error.failure, retry: 'unknown', targetId: request.targetId, owner: null };
    throw error;
  }
}

async function create(feed: Feed, connector: string, request: WriteRequest): Promise<WriteAnswer> {
  const answer = await feed.create(writeContact(null, request.fields, request.setStamp ?? request.stamp));
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
  return { ok: true, targetId: id, notKept: notKept(request.fields, answer.element), note: null };
}

/** Fields that the returned entry does not show (case R31). */
function notKept(wanted: ContactValues, entry: Element): readonly FieldName[] {
  const there = fieldsOf({ id: 'x', ...readContact(entry) } as Entry);
  return (Object.entries(wanted) as [FieldName, FieldValue][])
    .filter(([name, value]) => value !== null && name !== 'stamp' && !sameTexts(name, value, there[name] ?? null))
    .map(([name]) => name);
}

/** Reads the entry, changes only what is ours in it, and replaces it under its ETag; a stale one is read again, once. */
async function update(feed: Feed, connector: string, request: WriteRequest): Promise<WriteAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await feed.entry(request.targetId!);
    if (found.status === 404)
      return refused('notFound', 'gone', `The shared contact ${request.targetId} is not there any more.`, 'The next job makes it again.');
    if (found.status !== 200 || !found.element) return failureOf(connector, request, found.status, found.text);
    const values = { ...fieldsOf({ id: 'x', ...readContact(found.element) } as Entry), ...request.fields };
    const answer = await feed.update(
      editLink(found.element, request.targetId!),
      strongEtag(found.element),
      writeContact(found.element, values, request.setStamp),
    );
    if (answer.status === 412 && attempt === 1) continue;
    if (answer.status === 200)
      return { ok: true, targetId: request.targetId!, notKept: answer.element ? notKept(request.fields, answer.element) : [], note: null };
    if (answer.status === 409) return verified(feed, request);
    return failureOf(connector, request, answer.status, answer.text);
  }
}

/** "Already exists" may mean that it was done (case R27): the entry itself says. */
async function verified(feed: Feed, request: WriteRequest): Promise<WriteAnswer> {
  const now = await feed.entry(request.targetId!);
  if (now.element && notKept(request.fields, now.element).length === 0)
    return { ok: true, targetId: request.targetId!, notKept: [], note: 'verified' };
  return refused(
    'conflict',
    'later',
    `Google says that ${request.alias || request.targetId} exists already, and the contact does not hold the new values.`,
    'The next job tries again; look for another contact with that address.',
  );
}

async function remove(feed: Feed, connector: string, id: string): Promise<WriteAnswer> {
  const found = await feed.entry(id);
  if (found.status === 404 || (found.element && childrenOf(found.element, 'deleted').length > 0))
    return { ok: true, targetId: id, notKept: [], note: 'alreadyGone' };
  if (found.status !== 200 || !found.element) return failureOf(connector, null, found.status, found.text);
  const answer = await feed.remove(editLink(found.element, id));
  if (answer.status === 404) return { ok: true, targetId: id, notKept: [], note: 'alreadyGone' };
  return answer.status < 300 ? { ok: true, targetId: id, notKept: [], note: null } : failureOf(connector, null, answer.status, answer.text);
}

function failureOf(connector: string, request: WriteRequest | null, status: number, body: string): WriteAnswer {
  const what = request ? `${request.change} of ${request.alias || request.targetId}` : 'delete';
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
    return refused('refused', 'never', `Google refused the ${what}: ${text}`, 'Correct the values of this entry in its source.');
  return refused(
    status >= 500 ? 'unreachable' : 'badAnswer',
    'later',
    `The ${what} answered ${status}: ${text}`,
    'It is tried again by itself.',
  );
}

function refused(
  code: Failure['code'],
  retry: Extract<WriteAnswer, { ok: false }>['retry'],
  message: string,
  nextStep: string,
): WriteAnswer {
  return { ok: false, failure: { code, message: message.slice(0, 400), nextStep }, retry, targetId: null, owner: null };
}

/** The contact with our stamp: first among what changed since the intent, then in the whole feed. */
export async function findByStamp(feed: Feed, query: FindQuery): Promise<Entry | null> {
  const since = encodeURIComponent(new Date(Date.parse(query.since) - 60_000).toISOString());
  return (
    (await scan(feed, query.stamp, `&updated-min=${since}&showdeleted=false&orderby=lastmodified`)) ?? (await scan(feed, query.stamp, ''))
  );
}

async function scan(feed: Feed, stamp: string, extra: string): Promise<Entry | null> {
  let link: string | null = null;
  for (let pages = 0; pages < 500; pages += 1) {
    const page = await feed.page(link, 1000, extra);
    const found = page.entries.find((entry) => stampOf(entry) === stamp && childrenOf(entry, 'deleted').length === 0);
    if (found) return { id: contactId(found), ...readContact(found) } as Entry;
    if (!page.next || page.next === link) return null;
    link = page.next;
  }
  return null;
}
