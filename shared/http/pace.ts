/**
 * How fast this process calls one host for one tenant: unlimited until the service refuses, then slower at once and faster slowly (AIMD).
 * Shared by every lane of the process; other processes learn of waits through the `Waits` row.
 */
export interface Pace {
  /** Reserves the next slot and answers how long to wait for it, in ms. */
  reserve(now: number): number;
  succeeded(): void;
  /** @param waitMs how long the service asked to wait: the scale of its window, beyond which going slower is pointless. */
  refused(now: number, waitMs: number): void;
  /** Epoch ms before which nobody may call; known to this process. */
  notBefore: number;
  /** When the shared row was read last. */
  rowReadAt: number;
  /** Refusals without a successful call between. */
  refusals: number;
}

const SLOWEST_MS = 5_000;
const FASTER = 0.97;
const SLOWER = 1.6;
/** A service that asks for a second judges by seconds: four calls in each such window are slow enough. */
const CALLS_PER_WINDOW = 4;
const SLOW_ENOUGH_MS = 100;

export function createPace(): Pace {
  let interval = 0;
  let next = 0;
  const recent: number[] = [];
  const pace: Pace = {
    notBefore: 0,
    rowReadAt: 0,
    refusals: 0,
    reserve(now) {
      const at = Math.max(now, next);
      next = at + interval;
      recent.push(at);
      if (recent.length > 50) recent.shift();
      return at - now;
    },
    succeeded() {
      pace.refusals = 0;
      interval = interval * FASTER < 2 ? 0 : interval * FASTER;
    },
    refused(now, waitMs) {
      pace.refusals += 1;
      const window = recent.filter((at) => at > now - 2_000);
      const observed = window.length > 1 ? (now - window[0]!) / window.length : 100;
      // One burst of refusals counts once: lanes that were already under way say nothing new.
      if (pace.refusals > 1) return;
      const slowest = Math.min(SLOWEST_MS, Math.max(SLOW_ENOUGH_MS, waitMs / CALLS_PER_WINDOW));
      interval = Math.max(interval, Math.min(slowest, Math.max(interval, observed, 20) * SLOWER));
    },
  };
  return pace;
}
