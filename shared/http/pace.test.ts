import { describe, expect, it } from 'vitest';
import { createPace, type Pace } from './pace.ts';

/** A caller that makes one call after the other, each taking `latency` ms, against a service that refuses as told; answers the time it took. */
function run(
  pace: Pace,
  calls: number,
  latency: number,
  refuses: (call: number, now: number) => number | null,
): { ms: number; refused: number } {
  let now = 0;
  let refused = 0;
  for (let n = 1, done = 0; done < calls; n += 1) {
    now += pace.reserve(now) + latency;
    const waitMs = refuses(n, now);
    if (waitMs === null) {
      pace.succeeded();
      done += 1;
    } else {
      refused += 1;
      pace.refused(now, waitMs);
      now += waitMs;
    }
  }
  return { ms: now, refused };
}

describe('pace', () => {
  it('is as fast as the caller until the service refuses', () => {
    expect(run(createPace(), 100, 20, () => null).ms).toBe(2_000);
  });

  it('finds the rate of a service that bears so many calls in a window, and is refused seldom', () => {
    let window: number[] = [];
    const limited = (_call: number, now: number): number | null => {
      window = window.filter((at) => at > now - 1_000);
      if (window.length >= 10) return 1_000;
      window.push(now);
      return null;
    };
    const { ms, refused } = run(createPace(), 1_000, 5, limited);
    // 1,000 calls at 10 a second: 100 s at best.
    expect(ms).toBeLessThan(180_000);
    expect(refused).toBeLessThan(100);
  });

  it('does not crawl before a service that refuses every seventh call whatever the rate: the waits asked for are most of the time', () => {
    const { ms, refused } = run(createPace(), 100, 30, (call) => (call % 7 === 0 ? 1_000 : null));
    expect(ms).toBeLessThan(refused * 1_000 + 100 * 30 + 100 * 250);
  });

  it('goes down to one call in five seconds where waits of minutes are asked for again and again', () => {
    const pace = createPace();
    for (let n = 0, now = 0; n < 40; n += 1, now += 600_000) {
      pace.reserve(now);
      pace.refused(now, 300_000);
      pace.succeeded();
    }
    pace.reserve(1e9);
    const interval = pace.reserve(1e9);
    expect(interval).toBeGreaterThan(4_000);
    expect(interval).toBeLessThanOrEqual(5_000);
  });

  it('counts a burst of refusals once', () => {
    const pace = createPace();
    for (let n = 0; n < 8; n += 1) pace.refused(1_000, 60_000);
    pace.reserve(2_000);
    expect(pace.reserve(2_000)).toBeLessThan(400);
  });
});
