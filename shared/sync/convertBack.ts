import type { WriteAnswer, WriteRequest } from '../connectors/connector.ts';
import type { Failure } from '../model/failure.ts';
import type { Link } from '../model/link.ts';
import type { Change, FieldName, FieldValue } from '../model/plan.ts';
import { answerOf, type WriteContext } from './written.ts';

export type Back = { readonly link: Link } | { readonly failure: Failure };

/**
 * One object again of a conversion that was begun and is not wanted any more (the route was changed back, the person left): once the successor
 * is linked, the old one goes; before that, what was made goes and the old one gets back what it gave up. Every step may be repeated.
 */
export async function takeBack(context: WriteContext, change: Change, link: Link): Promise<Back> {
  const converting = link.converting!;
  const request = { kind: change.kind, fields: {}, current: converting.image, stamp: change.stamp, alias: link.alias ?? '' };
  if (link.targetId !== converting.oldId) {
    const gone = await answerOf(() =>
      context.connector.write({ ...request, change: 'delete', as: converting.from, targetId: converting.oldId }),
    );
    return gone.ok || gone.retry === 'gone' ? { link: { ...link, converting: null } } : { failure: gone.failure };
  }
  const since = link.intent?.at ?? context.now().toISOString();
  const found = await context.connector.find({ as: converting.to, stamp: change.stamp, alias: link.alias ?? '', address: '', since });
  if (found && found.id !== converting.oldId) {
    const gone = await answerOf(() => context.connector.write({ ...request, change: 'delete', as: converting.to, targetId: found.id }));
    if (!gone.ok && gone.retry !== 'gone') return { failure: gone.failure };
  }
  return putBack(context, change, link);
}

/** The old object as it was: it gets back what it gave up, or is made again from its before-image where it went (case R29). */
export async function putBack(context: WriteContext, change: Change, link: Link): Promise<Back> {
  const { from, oldId, image } = link.converting!;
  const name = image.userPrincipalName ? { userPrincipalName: image.userPrincipalName } : {};
  const fields = {
    addresses: image.addresses ?? null,
    deliveryAddress: image.deliveryAddress ?? null,
    hidden: image.hidden ?? 'false',
    ...name,
  };
  const alias = link.alias ?? change.alias ?? '';
  const request: WriteRequest = {
    change: 'update',
    as: from,
    kind: change.kind,
    targetId: oldId,
    fields,
    current: { displayName: image.displayName ?? null },
    stamp: change.stamp,
    alias,
  };
  let answer = await answerOf(async () => {
    if (context.connector.capability(from).stepsAside) return context.connector.write({ ...request, setAlias: alias });
    return (await context.connector.get(oldId, from)) ? THERE(oldId) : GONE;
  });
  if (!answer.ok && answer.retry === 'gone') {
    const whole = { ...request, change: 'create' as const, targetId: null, former: oldId, fields: present(image), current: {} };
    answer = await answerOf(() => context.connector.write({ ...whole, setStamp: change.stamp }));
  }
  if (!answer.ok) return { failure: answer.failure };
  const writtenAt = context.now().toISOString();
  return { link: { ...link, as: from, targetId: answer.targetId, image, imageHash: null, writtenAt, converting: null } };
}

const THERE = (targetId: string): WriteAnswer => ({ ok: true, targetId, notKept: [], note: null });
const GONE: WriteAnswer = {
  ok: false,
  failure: { code: 'notFound', message: 'The old object is gone.', nextStep: 'It is made again.' },
  retry: 'gone',
  targetId: null,
  owner: null,
};

function present(image: Link['image']): Partial<Record<FieldName, FieldValue>> {
  return Object.fromEntries(Object.entries(image).filter(([name, value]) => value !== null && name !== 'stamp'));
}
