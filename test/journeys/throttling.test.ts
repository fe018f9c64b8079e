import { afterEach, describe, expect, it } from 'vitest';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Logged {
  readonly at: number;
  readonly what: string;
  readonly status: number;
  readonly refused: boolean;
}

describe('directories that slow us down', () => {
  let world: World | null = null;
  afterEach(async () => {
    await world?.stop();
    world = null;
  });

  /** Refusals with a time in them: no call of that service may come before it. */
  function tooEarly(log: readonly Logged[], seconds: number): number {
    let notBefore = 0;
    let early = 0;
    for (const one of log) {
      if (one.at < notBefore) early += 1;
      if (one.refused) notBefore = Math.max(notBefore, one.at + seconds * 1000 - 50);
    }
    return early;
  }

  it('429 with Retry-After from Exchange: a durable wait, nothing comes early, few are refused, the job completes', async () => {
    world = await startWorld({ people: { contoso: 10, fabrikam: 70 } });
    await world.control('microsoft', { clearLog: true, faults: { throttle: { everyNth: 90, retryAfter: 7, match: 'InvokeCommand' } } });
    const { start, until } = world;
    const answer = await start({ action: 'sync', routes: ['fabrikam-to-contoso'] });
    const id = (answer.body as { id: string }).id;
    let waited = false;
    const job = await until(
      id,
      (one) => {
        waited ||= one.state === 'waiting';
        return one.finishedAt !== null;
      },
      150,
    );
    expect(job.state).toBe('completed');
    expect(bucketFaults(job)).toEqual([]);
    expect(waited).toBe(true);
    const log = (await world.ask<Logged[]>('microsoft', 'log')).filter((one) => one.what.includes('InvokeCommand'));
    expect(log.filter((one) => one.refused).length / log.length).toBeLessThan(0.05);
    // Calls that were under way in other lanes when the refusal was answered were not sent after it.
    expect(tooEarly(log, 7)).toBeLessThanOrEqual(3);
  });

  it("Google's quota 403 without a time: slower, and it completes", async () => {
    world = await startWorld({ people: { contoso: 60, fabrikam: 10 } });
    await world.control('google', {
      clearLog: true,
      // Batches would make too few calls to be refused at a rate.
      faults: {
        batch: { status: 404 },
        throttle: { status: 403, everyNth: 60, retryAfter: null, reason: 'Quota exceeded for quota metric' },
      },
    });
    const job = await world.run('sync', { routes: ['contoso-to-fabrikam'] });
    expect(job.state).toBe('completed');
    expect(bucketFaults(job)).toEqual([]);
    const log = await world.ask<Logged[]>('google', 'log');
    expect(log.filter((one) => one.refused).length).toBeGreaterThan(0);
    expect(log.filter((one) => one.refused).length / log.length).toBeLessThan(0.05);
  });
});
