import type { CopyAct, CopyAnswer } from '../../copies.ts';
import type { BatchReply, BatchRequest, GraphBatch } from '../batch.ts';
import { PERMISSIONS } from '../permissions.ts';
import { failureFor, waitOf } from './faults.ts';
import { folderUrl, IMMUTABLE } from './folder.ts';
import { contactOf, createBody, updateBody } from './wire.ts';

/** Carries out up to 20 acts in one call; Graph works on four of them at a time and throttles each for itself. */
export async function writeContacts(
  batch: GraphBatch,
  mailbox: string,
  folder: string,
  acts: readonly CopyAct[],
): Promise<readonly CopyAnswer[]> {
  const replies = await batch(
    acts.map((act) => requestFor(`${folderUrl(mailbox, folder)}/contacts`, act)),
    PERMISSIONS.mailboxContacts.permission,
  );
  return replies.map((reply, n) => answerTo(acts[n]!, reply, mailbox));
}

function requestFor(contacts: string, act: CopyAct): BatchRequest {
  const headers = { Prefer: IMMUTABLE };
  if (act.act === 'create') return { method: 'POST', url: contacts, headers, body: createBody(act.fields, act.stamp, act.note) };
  const url = `${contacts}/${encodeURIComponent(act.id)}`;
  return act.act === 'delete'
    ? { method: 'DELETE', url, headers }
    : { method: 'PATCH', url, headers, body: updateBody(act.fields, act.whole, act.note) };
}

function answerTo(act: CopyAct, reply: BatchReply, mailbox: string): CopyAnswer {
  const wait = waitOf(reply);
  if (wait !== null) return { ok: false, waitMs: wait };
  const gone = act.act === 'delete' && reply.status === 404;
  if (!gone && (reply.status < 200 || reply.status >= 300))
    return { ok: false, waitMs: null, failure: failureFor(reply, mailbox, `the ${act.act} of a contact`) };
  const body = reply.body as Readonly<Record<string, unknown>> | null;
  const shown = act.act !== 'delete' && body && typeof body.id === 'string' ? contactOf(body) : null;
  return { ok: true, id: shown?.id ?? (act.act === 'create' ? '' : act.id), contact: shown };
}
