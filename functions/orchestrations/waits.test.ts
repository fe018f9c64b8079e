import type { OrchestrationContext } from 'durable-functions';
import { describe, expect, it } from 'vitest';
import { obeyWait, type Waited } from './waits.ts';

const NOW = Date.parse('2026-11-26T12:00:00Z');
const MINUTE = 60_000;

/** Runs the wait on a clock that goes on to every timer; answers what came of it and how long it took. */
function waited(minutes: number, before: number, ours: boolean): { readonly answer: Waited; readonly minutes: number } {
  let now = NOW;
  const df = {
    get currentUtcDateTime() {
      return new Date(now);
    },
    createTimer: (at: Date) => ({ at: at.getTime(), isCompleted: false, cancel() {} }),
    waitForExternalEvent: () => ({}),
    Task: { any: ([, timer]: readonly [object, { readonly at: number }]) => timer },
  };
  const context = { df } as unknown as OrchestrationContext;
  const steps = obeyWait(context, 'The target "b" asks to wait', before * MINUTE, { until: NOW + minutes * MINUTE, ours });
  for (let step = steps.next(); ; ) {
    if (step.done) return { answer: step.value, minutes: (now - NOW) / MINUTE };
    const timer = step.value as unknown as { readonly at: number };
    now = timer.at;
    step = steps.next(timer as never);
  }
}

describe('waits of a lane', () => {
  it.each([
    ['as long as a job waits at once', 15, 0, { ok: true, waitedMs: 15 * MINUTE }],
    ['the last one that fits into the sum', 10, 50, { ok: true, waitedMs: 60 * MINUTE }],
    ['too long at once', 16, 0, { ok: false }],
    ['too long in sum', 10, 51, { ok: false }],
  ] as const)('%s', (_what, minutes, before, expected) => {
    const { answer, minutes: took } = waited(minutes, before, false);
    expect(answer).toMatchObject(expected);
    expect(took).toBe(expected.ok ? minutes : 0);
  });

  it('for our own ceiling are obeyed however long they are, and are in no sum', () => {
    for (const [minutes, before] of [
      [20, 0],
      [10, 59],
    ] as const)
      expect(waited(minutes, before, true)).toEqual({ answer: { ok: true, waitedMs: before * MINUTE }, minutes });
  });
});
