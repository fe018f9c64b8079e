import type { OrchestrationContext } from 'durable-functions';
import { z } from 'zod';
import { CANCEL_EVENT } from '../../shared/sync/cancel.ts';
import { LanePosition } from '../../shared/sync/pushBatch.ts';
import { pushBatch } from '../activities/push.ts';
import { orchestration, type Steps, waitUntil } from '../durable.ts';

const Input = LanePosition.extend({
  /** Waits so far, in ms; and when the last wave of deferred changes must be over (epoch ms, 0: not begun). */
  waitedMs: z.number(),
  lastWaveEnds: z.number(),
});
type Input = z.infer<typeof Input>;

const LONGEST_WAIT_MS = 15 * 60_000;
const LONGEST_SUM_MS = 60 * 60_000;
const LAST_WAVE_MS = 15 * 60_000;
const BATCHES_PER_GENERATION = 200;

/** Works off one lane of one target: batches, waits in durable timers, at the end a last wave for what had to be looked at later. */
export const pushLane = orchestration('pushLane', Input, function* (context, input): Steps<{ done: number }> {
  let state: Input = input;
  for (let batches = 0; batches < BATCHES_PER_GENERATION; batches += 1) {
    const { waitedMs, lastWaveEnds, ...position } = state;
    const step = yield* pushBatch.run(context, position);
    state = { ...step.position, waitedMs, lastWaveEnds };
    if (step.waitUntil !== null) state = yield* obeyWait(context, state, step.waitUntil);
    else if (step.end) {
      const again = yield* lastWave(context, state);
      if (!again) return { done: state.done };
      state = again;
    }
  }
  context.df.continueAsNew(state);
  return { done: state.done };
});

function* obeyWait(context: OrchestrationContext, state: Input, until: number): Steps<Input> {
  const wait = Math.max(0, until - context.df.currentUtcDateTime.getTime());
  if (wait > LONGEST_WAIT_MS || state.waitedMs + wait > LONGEST_SUM_MS) {
    const at = new Date(until).toISOString();
    const message = `The target "${state.target}" asks to wait until ${at}, longer than a job waits (15 min at once, 60 min in sum).`;
    return { ...state, stop: { code: 'throttled', message, nextStep: 'The rest is tried again by itself.', retryAt: at } };
  }
  yield* waitUntil(context, until, CANCEL_EVENT);
  return { ...state, waitedMs: state.waitedMs + wait };
}

/** Changes whose answer was lost a moment ago are looked for once the target must show them. */
function* lastWave(context: OrchestrationContext, state: Input): Steps<Input | null> {
  const now = context.df.currentUtcDateTime.getTime();
  const ends = state.lastWaveEnds || now + LAST_WAVE_MS;
  if (state.deferredUntil === null || now > ends) return null;
  yield* waitUntil(context, Math.max(state.deferredUntil, now + 1_000), CANCEL_EVENT);
  return { ...state, sequence: 0, deferredUntil: null, lastWaveEnds: ends };
}
