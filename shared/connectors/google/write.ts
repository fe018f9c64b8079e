import { answerLost } from '../../http/answerLost.ts';
import { FailureError } from '../../model/failure.ts';
import type { WriteAnswer, WriteRequest } from '../connector.ts';
import { editLink, type Feed, strongEtag } from './feed.ts';
import { afterCreate, afterRemove, afterUpdate, beforeWrite, refused, verified } from './judge.ts';
import { writeContact } from './writeContact.ts';

/** Carries out one change of a shared contact. */
export async function writeSharedContact(feed: Feed, connector: string, request: WriteRequest): Promise<WriteAnswer> {
  try {
    if (request.change === 'create')
      return afterCreate(connector, request, await feed.create(writeContact(null, request.fields, request.setStamp ?? request.stamp)));
    if (request.change === 'delete') return await remove(feed, connector, request);
    if (request.change === 'hide') return cannotHide();
    return await update(feed, connector, request);
  } catch (error) {
    if (error instanceof FailureError && answerLost(error))
      return { ok: false, failure: error.failure, retry: 'unknown', targetId: request.targetId, owner: null };
    throw error;
  }
}

function cannotHide(): WriteAnswer {
  return refused('refused', 'never', 'Google cannot hide a shared contact.', 'Use the leaver policy "delete" or "keep".');
}

/** Reads the entry, changes only what is ours in it, and replaces it under its ETag; a stale one is read again, once. */
async function update(feed: Feed, connector: string, request: WriteRequest): Promise<WriteAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await feed.entry(request.targetId!);
    const stays = beforeWrite(connector, request, found);
    if (stays) return stays;
    const answer = await feed.update(
      editLink(found.element!, request.targetId!),
      strongEtag(found.element!),
      writeContact(found.element, request.fields, request.setStamp),
    );
    if (answer.status === 412 && attempt === 1) continue;
    return afterUpdate(connector, request, answer) ?? verified(request, await feed.entry(request.targetId!));
  }
}

async function remove(feed: Feed, connector: string, request: WriteRequest): Promise<WriteAnswer> {
  const found = await feed.entry(request.targetId!);
  const stays = beforeWrite(connector, request, found);
  if (stays) return stays;
  return afterRemove(connector, request, await feed.remove(editLink(found.element!, request.targetId!)));
}
