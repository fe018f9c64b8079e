import { addressKey, type Connector, type PendingParts, type WriteAnswer } from '../connectors/connector.ts';
import { type Failure, FailureError, failureOf, ThrottledError } from '../model/failure.ts';
import type { Link } from '../model/link.ts';
import type { Change, FieldName, FieldValue, Outcome } from '../model/plan.ts';
import { parseStamp } from '../model/stamp.ts';
import { hashValue } from '../rules/diff.ts';
import { absentMark } from '../rules/superior.ts';
import { retryTime } from './retrySchedule.ts';
import { isRelease } from './writeRequest.ts';

export type Written =
  | { readonly kind: 'done'; readonly link: Link; readonly outcome: Outcome; readonly permission: boolean }
  /** The same change must be looked at again after this time. With parts that wait for the target: the row to store and what is said until then. */
  | {
      readonly kind: 'deferred';
      readonly until: number;
      readonly parts: { readonly link: Link; readonly outcome: Outcome } | null;
      /** What is true if nobody looks again. Absent: it was said before. */
      readonly said?: Outcome;
    };

type Refused = Extract<WriteAnswer, { ok: true }>['refused'];

export interface WriteContext {
  readonly connector: Connector;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  /** Stores a link row in the middle of a change that has several steps (conversion). */
  readonly save: (link: Link) => Promise<void>;
  /** Objects of the managers that this change wrote, by the key of the address (`withManagers`). */
  readonly managerIds?: ReadonlyMap<string, string>;
  /** False: what fails is not tried again by itself (an undo or a retire, which a later job does not repeat). */
  readonly retries?: boolean;
}

/** What a call came to, also one that threw. Throws `ThrottledError`: nothing was done, try again later. */
export async function answerOf(call: () => Promise<WriteAnswer>): Promise<WriteAnswer> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ThrottledError) throw error;
    const lost = error instanceof FailureError && (error as { answerLost?: boolean }).answerLost === true;
    const permission = error instanceof FailureError && (error.failure.code === 'permission' || error.failure.code === 'authentication');
    const retry = permission ? 'permission' : lost ? 'unknown' : 'later';
    return { ok: false, failure: failureOf(error), retry, targetId: null, owner: null };
  }
}

/** The link row to be stored and the outcome of a change, by what the target answered. */
export function answered(context: WriteContext, change: Change, link: Link, answer: WriteAnswer, found: boolean): Written {
  if (answer.ok) {
    const lostFields = answer.notKept.filter((name) => name !== 'hidden');
    const { pending } = answer;
    if (pending) return deferred(context, change, link, answer, pending);
    const next = linkAfter(context, change, link, answer.targetId, lostFields, answer.refused);
    if (lostFields.length === 0)
      return {
        kind: 'done',
        link: next,
        outcome: { ...outcome(context, 'done', answer.targetId, found ? 'foundAgain' : answer.note), failure: warningOf(answer.refused) },
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

/** What is written stands in the link row; what waits is named there, so that the last wave, or any later job, finishes it as an update. */
export function deferred(
  context: WriteContext,
  change: Change,
  link: Link,
  answer: Extract<WriteAnswer, { ok: true }>,
  parts: PendingParts,
): Written {
  const since = link.open?.since ?? (change.change === 'create' ? (link.intent?.at ?? null) : null);
  // A hide that waits has hidden nobody yet.
  const written = change.change === 'hide' ? link : linkAfter(context, change, link, answer.targetId, parts.fields, answer.refused);
  // Only the first deferral in a job is a try of its own.
  const again = link.open?.change === change.id && link.retry;
  const retry = again ? { ...again, tries: again.tries - 1 } : link.retry;
  const open = { change: change.id, fields: parts.fields, until: parts.until, since };
  const waiting = failed(context, { ...written, retry, doneChange: null, open }, parts.failure, answer.targetId, null, true);
  return { kind: 'deferred', until: parts.until, parts: { link: waiting.link, outcome: { ...waiting.outcome, provisional: true } } };
}

/** What is said of a create that was announced and not looked up yet: its object may be there. */
export function undecided(context: Pick<WriteContext, 'now' | 'retries'>): Outcome {
  const failure: Failure = {
    code: 'notYetVisible',
    message: 'Nobody knows yet whether this object was made: the answer was lost.',
    nextStep: 'The next job of this route asks the target for it before it makes one.',
  };
  const at = context.now();
  const retryAt = context.retries === false ? null : retryTime(1, at);
  return { result: 'failed', at: at.toISOString(), targetId: null, failure, retryAt, owner: null, note: null, provisional: true };
}

/** Fields that the object may not have are a warning of a change that is done. */
function warningOf(refused: Refused): Failure | null {
  const first = refused?.[0];
  if (!first) return null;
  const names = refused.map(({ name }) => name).join(', ');
  return { ...first.failure, message: `Written without ${names}. ${first.failure.message}`.slice(0, 500) };
}

/** A create that is known not to have happened leaves no open question behind. */
function closedIntent(link: Link): Link {
  return link.targetId === null ? { ...link, intent: null } : link;
}

export function failed(
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
  const retry = context.retries === false ? link.retry : at ? { at, tries } : null;
  return { kind: 'done', link: { ...link, retry }, outcome: result, permission: false };
}

export function outcome(context: WriteContext, result: Outcome['result'], targetId: string | null, note: string | null): Outcome {
  return { result, at: context.now().toISOString(), targetId, failure: null, retryAt: null, owner: null, note };
}

export function linkAfter(
  context: WriteContext,
  change: Change,
  link: Link,
  targetId: string,
  notKept: readonly FieldName[],
  refused: Refused = [],
): Link {
  const at = context.now().toISOString();
  const wrote = (
    change.change === 'create' ? Object.entries(change.desired ?? {}) : change.fields.map((field) => [field.name, field.after] as const)
  ) as readonly (readonly [FieldName, FieldValue])[];
  const base: Link = {
    ...link,
    ...fieldsAfter(
      context,
      link,
      wrote.filter(([name]) => !notKept.includes(name)),
      refused,
    ),
    targetId,
    open:
      link.open?.change === change.id
        ? null
        : stillOpen(
            link,
            wrote.map(([name]) => name),
          ),
    imageHash: null,
    doneChange: change.id,
    writtenAt: at,
    retry: null,
    alias: change.alias ?? link.alias,
    address: change.address || link.address,
    displayName: change.displayName || link.displayName,
    kind: change.kind,
    as: change.as,
  } as Link;
  return stateAfter(change, link, base, at);
}

/** What the link remembers of the object's fields once they were written. */
function fieldsAfter(
  context: WriteContext,
  link: Link,
  wrote: readonly (readonly [FieldName, FieldValue])[],
  refused: NonNullable<Refused>,
): Pick<Link, 'image' | 'managerId' | 'written' | 'notKept'> {
  const image: Record<string, FieldValue> = { ...link.image };
  const written: Record<string, string> = { ...link.written };
  const marks: Record<string, string> = { ...link.notKept };
  let { managerId } = link;
  for (const [name, value] of wrote) {
    // The sign-in name is the account's own from now on.
    if (name === 'userPrincipalName') continue;
    const refusal = refused.find((one) => one.name === name);
    if (refusal) {
      marks[name] = refusal.absent ? absentMark(hashValue(value)) : hashValue(value);
      continue;
    }
    image[name] = value;
    if (name === 'manager') managerId = typeof value === 'string' ? (context.managerIds?.get(addressKey(value)) ?? null) : null;
    if (value === null) delete written[name];
    else written[name] = hashValue(value);
  }
  return { image, ...(managerId === undefined ? {} : { managerId }), written, notKept: marks };
}

/** What the change made of the object: there, hidden, gone or given up. */
function stateAfter(change: Change, link: Link, base: Link, at: string): Link {
  const held = change.fields.find((field) => field.name === 'x500')?.before;
  const seen = [...(Array.isArray(held) ? held : []), ...((base.image['x500'] as readonly string[] | null | undefined) ?? [])];
  const x500 = [...new Set([...link.x500, ...seen])];
  if (change.change === 'delete') return { ...base, x500, state: 'ended', leaving: leavingOf(change), endedBecause: change.reason };
  if (change.change === 'hide') return { ...base, x500, state: 'linked', hidden: true, leaving: { ...leavingOf(change), since: at } };
  if (change.orphan || isRelease(change)) return { ...base, x500, state: 'ended', endedBecause: change.reason };
  const { restores } = change;
  if (restores) {
    const { hidden, adopted } = restores;
    const leaving = restores.leaving && { ...restores.leaving, since: restores.leaving.since ?? at };
    return { ...base, x500, state: 'linked', hidden, adopted, leaving, endedBecause: null };
  }
  return {
    ...base,
    x500,
    state: 'linked',
    // What the stamp says, whatever an earlier link of this person was: taken over or made anew it is ours in full.
    adopted: parseStamp(change.stamp)?.adopted ?? link.adopted,
    hidden: false,
    leaving: null,
    endedBecause: null,
  };
}

/** What another change left open and this one did not write. */
function stillOpen(link: Link, wrote: readonly FieldName[]): Link['open'] {
  const fields = link.open?.fields.filter((name) => !wrote.includes(name)) ?? [];
  return link.open && fields.length > 0 ? { ...link.open, fields } : null;
}

function leavingOf(change: Change): { reason: 'gone' | 'outOfScope'; since: string } {
  return { reason: change.reason.startsWith('outOfScope') ? 'outOfScope' : 'gone', since: change.since ?? '' };
}
