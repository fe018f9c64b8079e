import type { HttpAnswer } from './http.ts';

/** Below this, a difference is the answer's way and the header's whole seconds. */
export const SKEW_NOTICED_MS = 30_000;

/**
 * The clock of a service as its answers tell it (`Date`, RFC 9110 §6.6.1). Ours counts until something that we signed was refused
 * although the service's clock differs: then the service's is tried.
 */
export interface ServerClock {
  /** Epoch milliseconds. */
  now(): number;
  learn(answer: HttpAnswer): void;
  /** From here on the service's clock counts. False if there is nothing to adopt, or it counts already. */
  adopt(): boolean;
  /** Service minus ours in ms, null before the first answer. */
  skewMs(): number | null;
}

export function createServerClock(now: () => number): ServerClock {
  let skew: number | null = null;
  let adopted = false;
  return {
    now: () => now() + (adopted ? (skew ?? 0) : 0),
    learn(answer) {
      const date = Date.parse(answer.headers['date'] ?? '');
      if (!Number.isNaN(date)) skew = date - now();
    },
    adopt() {
      if (adopted || skew === null || Math.abs(skew) < SKEW_NOTICED_MS) return false;
      adopted = true;
      return true;
    },
    skewMs: () => skew,
  };
}
