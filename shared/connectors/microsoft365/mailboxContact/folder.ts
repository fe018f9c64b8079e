import { FailureError } from '../../../model/failure.ts';
import type { ChangesPage, CopyContact, CopyFolder, CopyPage, FolderQuery, FolderSight } from '../../copies.ts';
import { type BatchReply, type BatchRequest, type GraphBatch, relativeLink } from '../batch.ts';
import { badAnswer } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';
import { bodyOf, faultIn, waitOf } from './faults.ts';
import { contactOf, EXPAND_MARKS, folderBody, hasStamp, markOf, SELECT_CONTACT } from './wire.ts';

const { permission } = PERMISSIONS.mailboxContacts;
/** Contacts on one page. */
export const PAGE = 250;
/** Ids that stay the same when an object is moved; on every request (learn.microsoft.com/graph/outlook-immutable-id). */
export const IMMUTABLE = 'IdType="ImmutableId"';
const PAGED = `${IMMUTABLE}, odata.maxpagesize=${PAGE}`;

type Json = Readonly<Record<string, unknown>>;

/** One request about a mailbox, alone in its batch: so that a 429 regards this mailbox and nobody else. */
export async function ask(batch: GraphBatch, request: BatchRequest): Promise<BatchReply> {
  return (await batch([{ ...request, headers: { Prefer: IMMUTABLE, ...request.headers } }], permission))[0]!;
}

export function foldersOf(mailbox: string): string {
  return `/users/${encodeURIComponent(mailbox)}/contactFolders`;
}

export function folderUrl(mailbox: string, folder: string): string {
  return `${foldersOf(mailbox)}/${encodeURIComponent(folder)}`;
}

/** Our folder by its mark, and in the same call whether anything in it changed. */
export async function look(batch: GraphBatch, query: FolderQuery): Promise<FolderSight> {
  const { mailbox, mark } = query;
  const requests: BatchRequest[] = [
    { method: 'GET', url: `${foldersOf(mailbox)}?$top=100&$expand=${encodeURIComponent(EXPAND_MARKS)}`, headers: { Prefer: IMMUTABLE } },
  ];
  const asksChanges = query.folder !== null && query.token !== null;
  if (asksChanges) requests.push({ method: 'GET', url: query.token!, headers: { Prefer: PAGED } });
  const [folders, delta] = await batch(requests, permission);
  const marked = (await allFolders(batch, mailbox, folders!)).filter((one) => markOf(one) === mark);
  const ids = marked.map((one) => String(one.id)).sort();
  const chosen = marked.find((one) => one.id === query.folder) ?? marked.find((one) => one.id === ids[0]);
  const others = ids.filter((id) => id !== chosen?.id);
  if (query.folder !== null && !ids.includes(query.folder) && (await isElsewhere(batch, query))) others.push(query.folder);
  const folder = chosen ? { id: String(chosen.id), name: String(chosen.displayName ?? '') } : null;
  const token = asksChanges && folder?.id === query.folder ? quietToken(delta!) : null;
  return { folder, others, unchanged: token !== null, token };
}

/** The new token of a record that says: nothing happened. */
function quietToken(reply: BatchReply): string | null {
  const body = reply.body as Json | null;
  const link = body?.['@odata.deltaLink'];
  return reply.status === 200 && Array.isArray(body?.value) && body.value.length === 0 && typeof link === 'string'
    ? relativeLink(link)
    : null;
}

async function allFolders(batch: GraphBatch, mailbox: string, first: BatchReply): Promise<readonly Json[]> {
  const found: Json[] = [];
  let body = bodyOf(first, mailbox, 'the contact folders');
  for (let page = 0; page < 20; page += 1) {
    if (!Array.isArray(body.value)) throw badAnswer(`Microsoft Graph answered the contact folders of ${mailbox} with no list.`);
    found.push(...(body.value as Json[]));
    const next = body['@odata.nextLink'];
    if (typeof next !== 'string') return found;
    body = bodyOf(await ask(batch, { method: 'GET', url: relativeLink(next) }), mailbox, 'the contact folders');
  }
  return found;
}

/** A folder that is not among the contact folders may have been moved, or lie among the deleted items. */
async function isElsewhere(batch: GraphBatch, { mailbox, folder, mark }: FolderQuery): Promise<boolean> {
  const reply = await ask(batch, {
    method: 'GET',
    url: `${folderUrl(mailbox, folder!)}?$expand=${encodeURIComponent(EXPAND_MARKS)}`,
  });
  if (reply.status === 404 || reply.status === 400) return false;
  return markOf(bodyOf(reply, mailbox, 'a contact folder')) === mark;
}

/** Makes the folder. A folder of somebody's own with that name stays as it is: ours gets `(galsync)` behind its name. */
export async function makeFolder(batch: GraphBatch, mailbox: string, mark: string, name: string): Promise<CopyFolder> {
  for (const wanted of [name, `${name} (galsync)`, `${name} (galsync 2)`]) {
    const reply = await ask(batch, { method: 'POST', url: foldersOf(mailbox), body: folderBody(wanted, mark) });
    if (reply.status === 409 || /ErrorFolderExists/i.test(faultIn(reply).code)) continue;
    return { id: String(bodyOf(reply, mailbox, 'a new contact folder').id), name: wanted };
  }
  throw new FailureError({
    code: 'conflict',
    message: `The mailbox ${mailbox} has folders of its own with the names "${name}" and "${name} (galsync)".`,
    nextStep: 'Choose another name in push.mailboxes.folder.',
  });
}

/** Renames; a name that is taken in that mailbox leaves the old one. */
export async function renameFolder(batch: GraphBatch, mailbox: string, folder: string, name: string): Promise<void> {
  const reply = await ask(batch, { method: 'PATCH', url: folderUrl(mailbox, folder), body: { displayName: name } });
  if (reply.status === 409 || /ErrorFolderExists/i.test(faultIn(reply).code)) return;
  bodyOf(reply, mailbox, 'the name of a contact folder');
}

export async function removeFolder(batch: GraphBatch, mailbox: string, folder: string): Promise<void> {
  const reply = await ask(batch, { method: 'DELETE', url: folderUrl(mailbox, folder) });
  if (reply.status !== 404) bodyOf(reply, mailbox, 'the removal of a contact folder');
}

/** One page of a folder's contacts. */
export async function listContacts(batch: GraphBatch, mailbox: string, folder: string, cursor: string | null): Promise<CopyPage> {
  const first = `${folderUrl(mailbox, folder)}/contacts?$top=${PAGE}&$select=${SELECT_CONTACT}&$expand=${encodeURIComponent(EXPAND_MARKS)}`;
  const body = bodyOf(await ask(batch, { method: 'GET', url: cursor ?? first }), mailbox, 'the contacts');
  if (!Array.isArray(body.value)) throw badAnswer(`Microsoft Graph answered the contacts of ${mailbox} with no list.`);
  const next = body['@odata.nextLink'];
  const link = typeof next === 'string' ? relativeLink(next) : null;
  if (link !== null && link === cursor)
    throw new FailureError({
      code: 'pagingStuck',
      message: `Reading the contacts of the mailbox ${mailbox} does not advance: the same page link came again.`,
      nextStep: 'Nothing was changed because of it; the next job reads again.',
    });
  return { contacts: (body.value as Json[]).map(contactOf), cursor: link };
}

/** Contacts by their stamps, twenty searches in one call. The search does not regard case, so the stamps are compared again. */
export async function findContacts(
  batch: GraphBatch,
  mailbox: string,
  folder: string,
  stamps: readonly string[],
): Promise<readonly CopyContact[]> {
  const url = `${folderUrl(mailbox, folder)}/contacts?$top=${PAGE}&$select=${SELECT_CONTACT}&$expand=${encodeURIComponent(EXPAND_MARKS)}`;
  const replies = await batch(
    stamps.map((stamp) => ({
      method: 'GET' as const,
      url: `${url}&$filter=${encodeURIComponent(hasStamp(stamp))}`,
      headers: { Prefer: IMMUTABLE },
    })),
    permission,
  );
  return replies.flatMap((reply, n) => {
    const { value } = bodyOf(reply, mailbox, 'the contacts');
    if (!Array.isArray(value)) throw badAnswer(`Microsoft Graph answered the contacts of ${mailbox} with no list.`);
    return (value as Json[]).map(contactOf).filter((contact) => contact.stamp === stamps[n]);
  });
}

/** Delta of a folder. Not every cloud has it (China has not), and old tokens end: both answer null. */
export async function changesIn(
  batch: GraphBatch,
  mailbox: string,
  folder: string,
  from: { readonly token: string | null } | { readonly cursor: string },
): Promise<ChangesPage | null> {
  const begin = `${folderUrl(mailbox, folder)}/contacts/delta?$select=changeKey`;
  const url = 'cursor' in from ? from.cursor : (from.token ?? begin);
  const reply = await ask(batch, { method: 'GET', url, headers: { Prefer: PAGED } });
  if (waitOf(reply) === null && reply.status >= 400 && reply.status !== 401 && reply.status !== 403) return null;
  const body = bodyOf(reply, mailbox, 'the changes of a contact folder');
  if (!Array.isArray(body.value)) return null;
  const next = body['@odata.nextLink'];
  const delta = body['@odata.deltaLink'];
  if (typeof next !== 'string' && typeof delta !== 'string') return null;
  const cursor = typeof next === 'string' ? relativeLink(next) : null;
  if (cursor !== null && cursor === url) return null;
  return {
    changes: (body.value as Json[]).map((one) => ({
      id: String(one.id),
      version: one['@removed'] ? null : typeof one.changeKey === 'string' ? one.changeKey : '',
    })),
    cursor,
    token: cursor === null ? relativeLink(String(delta)) : null,
  };
}
