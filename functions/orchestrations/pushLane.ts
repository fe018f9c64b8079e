import type { OrchestrationContext } from 'durable-functions';
import { z } from 'zod';
import { CANCEL_EVENT } from '../../shared/sync/cancel.ts';
import { nextWave } from '../../shared/sync/lastWave.ts';
import { LanePosition } from '../../shared/sync/pushBatch.ts';
import { pushBatch } from '../activities/push.ts';
import { orchestration, type Steps, waitUntil } from '../durable.ts';
import { type DueWait, obeyWait } from './waits.ts';

const Input = LanePosition.extend({
  /** Waits so far, in ms; and when the last wave of deferred changes must be over (epoch ms, 0: not begun). */
  waitedMs: z.number(),
  lastWaveEnds: z.number(),
});
type Input = z.infer<typeof Input>;

const BATCHES_PER_GENERATION = 200;

/** Works off one lane of one target: batches, waits in durable timers, at the end a last wave for what had to be looked at later. */
export const pushLane = orchestration('pushLane', Input, function* (context, input): Steps<{ done: number }> {
  let state: Input = input;
  for (let batches = 0; batches < BATCHES_PER_GENERATION; batches += 1) {
    const { waitedMs, lastWaveEnds, ...position } = state;
    const step = yield* pushBatch.run(context, position);
    state = { ...step.position, waitedMs, lastWaveEnds };
    if (step.waitUntil !== null) state = yield* waitOrStop(context, state, { until: step.waitUntil, ours: step.ours ?? false });
    else if (step.end) {
      const again = yield* lastWave(context, state);
      if (!again) return { done: state.done };
      state = again;
    }
  }
  context.df.continueAsNew(state);
  return { done: state.done };
});

function* waitOrStop(context: OrchestrationContext, state: Input, wait: DueWait): Steps<Input> {
  const waited = yield* obeyWait(context, `The target "${state.target}" asks to wait`, state.waitedMs, wait);
  if (waited.ok) return { ...state, waitedMs: waited.waitedMs };
  const stop = { code: 'throttled', message: waited.message, nextStep: 'The rest is tried again by itself.', retryAt: waited.until };
  return { ...state, stop };
}

/** What had to be looked at later is: a create whose answer was lost, parts that wait for the target. */
function* lastWave(context: OrchestrationContext, state: Input): Steps<Input | null> {
  const wave = nextWave(state, context.df.currentUtcDateTime.getTime());
  if (!wave) return null;
  yield* waitUntil(context, wave.at, CANCEL_EVENT);
  return { ...state, ...wave.position };
}
