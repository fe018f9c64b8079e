import type { OrchestrationContext } from 'durable-functions';
import { CANCEL_EVENT } from '../../shared/sync/cancel.ts';
import { type Steps, waitUntil } from '../durable.ts';

/** The longest wait that a job follows (design §3); a directory that wants more is left to the next job. */
export const LONGEST_WAIT_MS = 15 * 60_000;
const LONGEST_SUM_MS = 60 * 60_000;

export type Waited =
  | { readonly ok: true; readonly waitedMs: number }
  | { readonly ok: false; readonly until: string; readonly message: string };

/** A wait that is due. */
export interface DueWait {
  /** Epoch ms. */
  readonly until: number;
  /** It is for our own ceiling (`limits.requestsPerMinute`), which nobody asked for but the configuration: however long, it is obeyed. */
  readonly ours: boolean;
}

/**
 * Waits in a durable timer, which a cancel ends, if a job may wait so long: 15 min at once, 60 min in sum, our own ceiling's waits left out.
 * @param who who asks to wait, as subject of a sentence
 * @param waitedMs waited before, by the same lane
 */
export function* obeyWait(context: OrchestrationContext, who: string, waitedMs: number, { until, ours }: DueWait): Steps<Waited> {
  if (ours) {
    yield* waitUntil(context, until, CANCEL_EVENT);
    return { ok: true, waitedMs };
  }
  const wait = Math.max(0, until - context.df.currentUtcDateTime.getTime());
  if (wait > LONGEST_WAIT_MS || waitedMs + wait > LONGEST_SUM_MS) {
    const at = new Date(until).toISOString();
    return { ok: false, until: at, message: `${who} until ${at}, longer than a job waits (15 min at once, 60 min in sum).` };
  }
  yield* waitUntil(context, until, CANCEL_EVENT);
  return { ok: true, waitedMs: waitedMs + wait };
}
