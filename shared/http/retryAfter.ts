import type { HttpAnswer } from './http.ts';

/**
 * How long the service asks to wait, in ms from `now`, or null if it does not say. `Retry-After` is seconds or an HTTP date (RFC 9110 §10.2.3).
 * A date in the past is "now".
 */
export function retryAfterMs(answer: HttpAnswer, now: number): number | null {
  const value = answer.headers['retry-after']?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.ceil(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
