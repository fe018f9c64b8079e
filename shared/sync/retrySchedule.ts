const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEPS = [15 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];
const LAST_DAY = 28;

/**
 * When an object that was not ready is tried again (promise 13): 15 min, 30 min, 1 h, 6 h, 12 h, 24 h, then daily to 28 days.
 * `tries` counts failures so far, this one included. null: not by itself any more.
 */
export function retryTime(tries: number, now: Date): string | null {
  if (tries > STEPS.length + LAST_DAY) return null;
  return new Date(now.getTime() + STEPS[Math.min(tries, STEPS.length) - 1]!).toISOString();
}
