import type { Connector, WriteAnswer, WriteRequest } from '../connectors/connector.ts';
import type { PushType } from '../model/configuration.ts';
import { type Failure, FailureError, failureOf, ThrottledError } from '../model/failure.ts';
import type { Link } from '../model/link.ts';
import type { Change, FieldName, Fields, FieldValue, Outcome } from '../model/plan.ts';
import { hashValue } from '../rules/diff.ts';
import { retryTime } from './retrySchedule.ts';

/** A created object may not be visible at once: how long after the intent "not found" proves nothing. */
const LAG_MS = 20_000;

export type Written =
  | { readonly kind: 'done'; readonly link: Link; readonly outcome: Outcome; readonly permission: boolean }
  /** The same change must be looked at again after this time. */
  | { readonly kind: 'deferred'; readonly until: number };

export interface WriteContext {
  readonly connector: Connector;
  readonly as: PushType;
  readonly now: () => Date;
  /** False: what fails is not tried again by itself (an undo or a retire, which a later job does not repeat). */
  readonly retries?: boolean;
}

/**
 * Steps 2 to 4 of writing one change (design §3): the target is called (or, after a lost answer, first asked what became of it), and the
 * link row to be stored is returned with the outcome. Throws `ThrottledError`: nothing was done, try again later.
 * `lookUp`: a create of this link was announced by an earlier attempt, and nobody knows its answer.
 */
export async function writeChange(context: WriteContext, change: Change, link: Link, lookUp: boolean): Promise<Written> {
  if (link.doneChange === change.id)
    return { kind: 'done', link, outcome: outcome(context, 'done', link.targetId, null), permission: false };
  try {
    const found = lookUp ? await foundAgain(context, change, link) : null;
    if (found === 'wait') return { kind: 'deferred', until: Date.parse(link.intent!.at) + LAG_MS };
    const answer = found ?? (await context.connector.write(requestOf(context, change, link)));
    return answered(context, change, link, answer, found !== null);
  } catch (error) {
    if (error instanceof ThrottledError) throw error;
    const lost = error instanceof FailureError && (error as { answerLost?: boolean }).answerLost === true;
    const permission = error instanceof FailureError && (error.failure.code === 'permission' || error.failure.code === 'authentication');
    const answer: WriteAnswer = {
      ok: false,
      failure: failureOf(error),
      retry: permission ? 'permission' : lost ? 'unknown' : 'later',
      targetId: null,
      owner: null,
    };
    return answered(context, change, link, answer, false);
  }
}

/** True if an earlier create of this link was announced and nobody knows its answer. */
export function hasOpenCreate(link: Link): boolean {
  return link.state === 'intent' && link.targetId === null && link.intent !== null;
}

/** Looks a create up whose answer was lost: by stamp, by alias, by address created since the intent. No intent, no look-up. */
async function foundAgain(context: WriteContext, change: Change, link: Link): Promise<WriteAnswer | 'wait' | null> {
  const earlier = link.intent;
  if (change.change !== 'create' || !earlier) return null;
  const entry = await context.connector.find({
    as: context.as,
    stamp: change.stamp,
    alias: earlier.alias ?? '',
    address: change.address,
    since: earlier.at,
  });
  if (!entry) {
    const lags = context.connector.capability(context.as).knownLag;
    return lags && context.now().getTime() < Date.parse(earlier.at) + LAG_MS ? 'wait' : null;
  }
  // The first try may have been cut off half way: everything is written once more on the found object.
  const fields = { ...change.desired } as Fields;
  return context.connector.write({
    ...requestOf(context, change, link),
    change: 'update',
    targetId: entry.id,
    fields,
    setStamp: change.stamp,
  });
}

function requestOf(context: WriteContext, change: Change, link: Link): WriteRequest {
  const fields: Partial<Record<FieldName, FieldValue>> = {};
  if (change.change === 'create')
    for (const [name, value] of Object.entries(change.desired ?? {})) {
      if (value !== null && value !== undefined) fields[name as FieldName] = value;
    }
  else for (const field of change.fields) fields[field.name] = field.after;
  const stamped =
    change.change === 'create' ||
    change.change === 'adopt' ||
    change.relinkFrom !== null ||
    change.fields.some((field) => field.name === 'stamp');
  return {
    change: change.change as WriteRequest['change'],
    as: context.as,
    kind: change.kind,
    targetId: change.targetId ?? link.targetId,
    fields,
    current: link.image,
    // Who releases an object looks for its own stamp there.
    stamp: change.stamp || stampBefore(change),
    ...(stamped ? { setStamp: change.stamp } : {}),
    alias: change.alias ?? link.alias ?? '',
  };
}

function stampBefore(change: Change): string {
  const before = change.fields.find((field) => field.name === 'stamp')?.before;
  return typeof before === 'string' ? before : '';
}

function answered(context: WriteContext, change: Change, link: Link, answer: WriteAnswer, found: boolean): Written {
  if (answer.ok) {
    const lostFields = answer.notKept.filter((name) => name !== 'hidden');
    const next = linkAfter(context, change, link, answer.targetId, lostFields);
    if (lostFields.length === 0)
      return {
        kind: 'done',
        link: next,
        outcome: outcome(context, 'done', answer.targetId, found ? 'foundAgain' : answer.note),
        permission: false,
      };
    const failure: Failure = {
      code: 'notKept',
      message: `The target did not keep: ${lostFields.join(', ')}.`,
      nextStep: 'The next job writes these fields again; look at the object in the target if it stays.',
    };
    return failed(context, { ...next, doneChange: null }, failure, answer.targetId, null, true);
  }
  if (answer.retry === 'collision' && !(answer.targetId && !link.targetId)) {
    const skipped: Outcome = { ...outcome(context, 'skipped', null, null), failure: answer.failure, owner: answer.owner, collision: true };
    return { kind: 'done', link: link.targetId ? link : closedIntent(link), outcome: skipped, permission: false };
  }
  const base =
    answer.targetId && !link.targetId
      ? { ...linkAfter(context, change, link, answer.targetId, Object.keys(change.desired ?? {}) as FieldName[]), doneChange: null }
      : link;
  if (answer.retry === 'gone') return failed(context, base, answer.failure, link.targetId, answer.owner, true);
  if (answer.retry === 'permission')
    return { ...failed(context, base, answer.failure, link.targetId, answer.owner, false), permission: true };
  return failed(
    context,
    answer.retry === 'never' ? closedIntent(base) : base,
    answer.failure,
    base.targetId,
    answer.owner,
    answer.retry !== 'never',
  );
}

/** A create that is known not to have happened leaves no open question behind. */
function closedIntent(link: Link): Link {
  return link.targetId === null ? { ...link, intent: null } : link;
}

function failed(
  context: WriteContext,
  link: Link,
  failure: Failure,
  targetId: string | null,
  owner: Outcome['owner'],
  again: boolean,
): Extract<Written, { kind: 'done' }> {
  const tries = (link.retry?.tries ?? 0) + 1;
  const at = again && context.retries !== false ? retryTime(tries, context.now()) : null;
  const result: Outcome = { ...outcome(context, 'failed', targetId, null), failure, owner, retryAt: at };
  return {
    kind: 'done',
    link: { ...link, retry: context.retries === false ? link.retry : at ? { at, tries } : null },
    outcome: result,
    permission: false,
  };
}

function outcome(context: WriteContext, result: Outcome['result'], targetId: string | null, note: string | null): Outcome {
  return { result, at: context.now().toISOString(), targetId, failure: null, retryAt: null, owner: null, note };
}

function linkAfter(context: WriteContext, change: Change, link: Link, targetId: string, notKept: readonly FieldName[]): Link {
  const at = context.now().toISOString();
  const image: Record<string, FieldValue> = { ...link.image };
  const written: Record<string, string> = { ...link.written };
  const wrote =
    change.change === 'create' ? Object.entries(change.desired ?? {}) : change.fields.map((field) => [field.name, field.after] as const);
  for (const [name, value] of wrote as readonly (readonly [FieldName, FieldValue])[]) {
    if (notKept.includes(name)) continue;
    image[name] = value;
    if (value === null) delete written[name];
    else written[name] = hashValue(value);
  }
  const base: Link = {
    ...link,
    targetId,
    image,
    written,
    imageHash: null,
    doneChange: change.id,
    writtenAt: at,
    retry: null,
    alias: change.alias ?? link.alias,
    address: change.address || link.address,
    displayName: change.displayName || link.displayName,
    kind: change.kind,
  } as Link;
  const held = change.fields.find((field) => field.name === 'x500')?.before;
  const seen = [...(Array.isArray(held) ? held : []), ...((image['x500'] as readonly string[] | null | undefined) ?? [])];
  const x500 = [...new Set([...link.x500, ...seen])];
  if (change.change === 'delete') return { ...base, x500, state: 'ended', leaving: leavingOf(change), endedBecause: change.reason };
  if (change.change === 'hide') return { ...base, x500, state: 'linked', hidden: true, leaving: { ...leavingOf(change), since: at } };
  if (change.orphan) return { ...base, x500, state: 'ended', endedBecause: change.reason };
  const { restores } = change;
  if (restores) {
    const leaving = restores.leaving && { ...restores.leaving, since: restores.leaving.since ?? at };
    return { ...base, x500, state: 'linked', ...restores, leaving, endedBecause: null };
  }
  return {
    ...base,
    x500,
    state: 'linked',
    adopted: link.adopted || (change.change === 'adopt' && change.reason === 'adopted'),
    hidden: false,
    leaving: null,
    endedBecause: null,
  };
}

function leavingOf(change: Change): { reason: 'gone' | 'outOfScope'; since: string } {
  return { reason: change.reason.startsWith('outOfScope') ? 'outOfScope' : 'gone', since: change.since ?? '' };
}
