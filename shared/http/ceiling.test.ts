import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../store/memory/memoryStore.ts';
import { type Ceiling, createCeiling } from './ceiling.ts';
import { createHttp } from './createHttp.ts';
import type { Http } from './http.ts';
import type { Pace } from './pace.ts';

/** A clock that goes on to the next sleeper when nobody has anything else to do. */
function createClock() {
  const sleepers: { at: number; wake: () => void }[] = [];
  const clock = {
    now: 1_790_000_000_000,
    sleep: (ms: number) => new Promise<void>((wake) => void sleepers.push({ at: clock.now + ms, wake })),
    /** Runs until the work is done. */
    async run(work: Promise<unknown>): Promise<void> {
      let over = false;
      void work.finally(() => (over = true));
      while (!over) {
        for (let n = 0; n < 50; n += 1) await Promise.resolve();
        await new Promise((resolve) => setImmediate(resolve));
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers.shift();
        if (!next) continue;
        clock.now = Math.max(clock.now, next.at);
        next.wake();
      }
      await work;
    },
  };
  return clock;
}

type Clock = ReturnType<typeof createClock>;

const ceilingOn = (clock: Clock, waits: ReturnType<typeof createMemoryStore>['waits'], requestsPerMinute: number): Ceiling =>
  createCeiling({ connector: 'contoso', requestsPerMinute, waits, now: () => clock.now, sleep: clock.sleep });

function httpOn(clock: Clock, ceiling: Ceiling, sent: number[], answer: () => Response = () => new Response('{}')): Http {
  const paces = new Map<string, Pace>();
  return createHttp({
    connector: 'contoso',
    tenant: 't',
    waits: { read: async () => 0, raise: async () => undefined, take: async (_key, from) => from },
    paces,
    fetch: async () => {
      sent.push(clock.now);
      return answer();
    },
    now: () => clock.now,
    sleep: clock.sleep,
    random: () => 0,
    ceiling,
  });
}

/** The most calls in any minute. */
function mostInAMinute(sent: readonly number[]): number {
  return Math.max(...sent.map((from) => sent.filter((at) => at >= from && at < from + 60_000).length));
}

const get = (http: Http, host: string): Promise<unknown> => http({ method: 'GET', url: `https://${host}/x`, idempotent: true });

describe('limits.requestsPerMinute', () => {
  it.each([7, 60, 90, 1_000])('%i a minute, over all hosts and processes together, and nearly as many as that', async (limit) => {
    const clock = createClock();
    const { waits } = createMemoryStore();
    const sent: number[] = [];
    // Three processes; calls of four lanes each, to two hosts.
    const lanes = [0, 1, 2].flatMap(() => {
      const http = httpOn(clock, ceilingOn(clock, waits, limit), sent);
      return [0, 1, 2, 3].map(async (lane) => {
        for (let n = 0; n < limit / 4; n += 1) await get(http, (n + lane) % 2 ? 'graph.example' : 'exchange.example');
      });
    });
    await clock.run(Promise.all(lanes));
    expect(mostInAMinute(sent)).toBeLessThanOrEqual(limit);
    expect(mostInAMinute(sent)).toBeGreaterThan(limit * 0.8);
  });

  it('does not catch up after a rest, and a call that waited for the service is no burst', async () => {
    const clock = createClock();
    const { waits } = createMemoryStore();
    const sent: number[] = [];
    let refuse = 1;
    const answer = (): Response => new Response('{}', refuse-- > 0 ? { status: 429, headers: { 'retry-after': '4' } } : { status: 200 });
    const http = httpOn(clock, ceilingOn(clock, waits, 120), sent, answer);
    const eight = (): Promise<unknown> => Promise.all(Array.from({ length: 8 }, () => get(http, 'graph.example')));
    await clock.run(eight());
    clock.now += 120_000;
    await clock.run(eight());
    const gaps = sent.slice(1).map((at, n) => at - sent[n]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(499);
  });

  it('a wait of more than 5 s is told before anything is begun; another number counts at once', async () => {
    const clock = createClock();
    const { waits } = createMemoryStore();
    const [slow, other] = [ceilingOn(clock, waits, 6), ceilingOn(clock, waits, 6)];
    await slow.ready();
    await clock.run(slow.turn());
    for (const ceiling of [slow, other])
      await expect(ceiling.ready()).rejects.toMatchObject({ name: 'ThrottledError', ours: true, notBefore: clock.now + 10_000 });
    clock.now += 5_001;
    await other.ready();
    await clock.run(Promise.all([slow.turn(), other.turn(), slow.turn()]));
    await expect(other.ready()).rejects.toThrow('limits.requestsPerMinute of connector "contoso" allows the next call at');
    const quick = ceilingOn(clock, waits, 600);
    await quick.ready();
    const at = clock.now;
    await clock.run(quick.turn());
    expect(clock.now).toBe(at);
  });
});
