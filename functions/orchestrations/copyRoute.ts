import type { OrchestrationContext } from 'durable-functions';
import { z } from 'zod';
import { CANCEL_EVENT } from '../../shared/sync/cancel.ts';
import { CopyPosition } from '../../shared/sync/copyBatch.ts';
import { beginCopies, CopiesInput, copyBatch } from '../activities/copies.ts';
import { allSettled, orchestration, type Steps, waitUntil } from '../durable.ts';
import { type DueWait, LONGEST_WAIT_MS, obeyWait } from './waits.ts';

const STEPS_PER_GENERATION = 200;
/** How long one job fills mailboxes: it holds the target for so long. What is left is the next job's. */
const LONGEST_COPYING_MS = 6 * 3_600_000;

/** Copies of one route in people's mailboxes: works out the mailboxes, then lanes serve them. */
export const copyRoute = orchestration('copyRoute', CopiesInput, function* (context, input): Steps<{ lanes: number }> {
  let waitedMs = 0;
  for (;;) {
    const begun = yield* beginCopies.run(context, { ...input, late: waitedMs > LONGEST_WAIT_MS });
    if (begun.waitUntil !== null) {
      waitedMs += Math.max(0, begun.waitUntil - context.df.currentUtcDateTime.getTime());
      if (waitedMs <= LONGEST_WAIT_MS) yield* waitUntil(context, begun.waitUntil, CANCEL_EVENT);
      continue;
    }
    const { job, round, route } = input;
    const endsAt = context.df.currentUtcDateTime.getTime() + LONGEST_COPYING_MS;
    const tasks = Array.from({ length: begun.lanes }, (_, lane) => {
      const instance = `${input.instance}.${lane}`;
      const start = {
        job,
        round,
        route,
        instance,
        lane,
        lanes: begun.lanes,
        digest: begun.digest,
        asOf: begun.asOf,
        refusals: 0,
        stop: null,
      };
      return copyLane.task(context, { ...start, waitedMs: 0, endsAt }, instance);
    });
    for (const result of yield* allSettled(context, tasks)) if (!result.ok) throw new Error(result.error);
    return { lanes: begun.lanes };
  }
});

const TOO_LONG = {
  code: 'throttled',
  message: 'The copies of this job have taken 6 hours; this mailbox is left to the next one.',
  nextStep: 'Nothing: the next job goes on where this one stopped. Many mailboxes and long lists take several nights to be filled.',
};

const Lane = CopyPosition.extend({ waitedMs: z.number(), endsAt: z.number() });
type Lane = z.infer<typeof Lane>;

/** One lane of mailboxes; each activity goes on where the rows say, waits are durable timers. */
export const copyLane = orchestration('copyLane', Lane, function* (context, input): Steps<{ ok: true }> {
  let state = input;
  for (let steps = 0; steps < STEPS_PER_GENERATION; steps += 1) {
    const { waitedMs, endsAt, ...position } = state;
    const late = position.stop === null && context.df.currentUtcDateTime.getTime() > endsAt;
    const step = yield* copyBatch.run(context, late ? { ...position, stop: TOO_LONG } : position);
    state = { ...step.position, waitedMs, endsAt };
    if (step.waitUntil !== null) state = yield* waitOrStop(context, state, { until: step.waitUntil, ours: step.ours ?? false });
    else if (step.end) return { ok: true };
  }
  context.df.continueAsNew(state);
  return { ok: true };
});

function* waitOrStop(context: OrchestrationContext, state: Lane, wait: DueWait): Steps<Lane> {
  const waited = yield* obeyWait(context, 'The mailboxes ask to wait', state.waitedMs, wait);
  if (waited.ok) return { ...state, waitedMs: waited.waitedMs };
  return { ...state, stop: { code: 'throttled', message: waited.message, nextStep: 'The next job goes on.' } };
}
