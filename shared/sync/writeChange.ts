import type { WriteAnswer, WriteRequest } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import type { Change, Fields } from '../model/plan.ts';
import { convertObject, wholeLink } from './convertObject.ts';
import { requestOf, restOf } from './writeRequest.ts';
import { answered, answerOf, outcome, undecided, type WriteContext, type Written } from './written.ts';

/** A created object may not be visible at once: how long after the intent "not found" proves nothing. */
const LAG_MS = 20_000;

const UNDECIDED: WriteAnswer = {
  ok: false,
  failure: {
    code: 'notYetVisible',
    message: 'The object may be there and not visible yet.',
    nextStep: 'It is looked up again in this job.',
  },
  retry: 'later',
  targetId: null,
  owner: null,
};

/**
 * Steps 2 to 4 of writing one change (design §3): the target is called (or, after a lost answer, first asked what became of it), and the
 * link row to be stored is returned with the outcome. Throws `ThrottledError`: nothing was done, try again later.
 * `lookUp`: a create of this link was announced by an earlier attempt, and nobody knows its answer.
 */
export async function writeChange(context: WriteContext, planned: Change, link: Link, lookUp: boolean): Promise<Written> {
  if (link.doneChange === planned.id)
    return { kind: 'done', link, outcome: outcome(context, 'done', link.targetId, null), permission: false };
  const whole = await wholeLink(context, planned, link);
  if ('outcome' in whole) return whole;
  if (planned.converts && (whole.converting || whole.as !== planned.as)) return convertObject(context, planned, whole);
  const open = whole.open?.change === planned.id ? whole.open : null;
  if (open && context.now().getTime() < open.until) return { kind: 'deferred', until: open.until, parts: null };
  // What was taken back may be an object that had to be made again; what is left of a conversion is the new object's.
  const change = planned.converts || whole.targetId !== link.targetId ? { ...planned, targetId: whole.targetId } : planned;
  const looked = { waits: false, found: false };
  const answer = await answerOf(async () => {
    const found = lookUp ? await foundAgain(context, change, whole) : null;
    looked.waits = found === 'wait';
    looked.found = found !== null;
    if (found === 'wait') return UNDECIDED;
    return found ?? context.connector.write(open ? restOf(change, whole, open.fields) : requestOf(change, whole));
  });
  if (looked.waits) return { kind: 'deferred', until: Date.parse(link.intent!.at) + LAG_MS, parts: null, said: undecided(context) };
  return answered(context, change, whole, answer, looked.found);
}

/** What is asked of the target for a change that is one write; null: it has steps of its own, a look-up before it, or nothing left to do. */
export function plainRequest(change: Change, link: Link, lookUp: boolean): WriteRequest | null {
  const steps = lookUp || change.converts || link.converting || link.open?.change === change.id || link.doneChange === change.id;
  return steps ? null : requestOf(change, link);
}

/** The link row to be stored and the outcome of such a change, by what the target answered. */
export function writtenBy(context: WriteContext, change: Change, link: Link, answer: WriteAnswer): Written {
  return answered(context, change, link, answer, false);
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
    as: change.as,
    stamp: change.stamp,
    alias: earlier.alias ?? '',
    address: change.address,
    since: earlier.at,
  });
  if (!entry) {
    const lags = context.connector.capability(change.as).knownLag;
    return lags && context.now().getTime() < Date.parse(earlier.at) + LAG_MS ? 'wait' : null;
  }
  // The first try may have been cut off half way: everything is written once more on the found object.
  const fields = { ...change.desired } as Fields;
  return context.connector.write({
    ...requestOf(change, link),
    change: 'update',
    targetId: entry.id,
    fields,
    setStamp: change.stamp,
  });
}
