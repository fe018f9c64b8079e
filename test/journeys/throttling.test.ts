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

  it('limits.requestsPerMinute: no time has more calls, a long wait shows, and another number counts from the next call', async () => {
    const limit = async (connector: number, requestsPerMinute: number): Promise<void> => {
      const document = await world!.api.get<{ connectors: Record<string, unknown>[] }>('configuration');
      document.connectors[connector]!['limits'] = { requestsPerMinute };
      expect((await world!.api.send('PUT', 'configuration', document)).status).toBe(200);
    };
    world = await startWorld({ people: { contoso: 5, fabrikam: 25 } });
    const calls = (side: 'microsoft' | 'google'): Promise<Logged[]> => world!.ask<Logged[]>(side, 'log');
    // One call in 5.5 s: the page that is begun ends, the next one waits in a durable timer.
    await limit(1, 11);
    const began = Date.now();
    const pull = (await world.start({ action: 'pull', connectors: ['fabrikam'] })).body as { id: string };
    const waiting = await world.until(pull.id, (one) => one.state === 'waiting');
    expect(Date.parse(waiting.progress.waitingUntil!)).toBeLessThan(Date.now() + 12_000);
    expect((await calls('google')).length).toBeLessThanOrEqual(1 + (Date.now() - began) / (60_000 / 11));
    await limit(1, 10_000);
    expect(await world.until(pull.id, (one) => one.finishedAt !== null)).toMatchObject({ state: 'completed', cause: null });
    await limit(0, 1_200);
    const job = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect(job).toMatchObject({ state: 'completed', routes: [{ failed: 0 }] });
    expect(bucketFaults(job)).toEqual([]);
    const at = (await calls('microsoft')).map((one) => one.at);
    const most = Math.max(...at.map((from) => at.filter((one) => one >= from && one < from + 1_500).length));
    // 30 in 1.5 s, and the calls of 8 activities that were late on their way there: no more than these can come together.
    expect(most).toBeLessThanOrEqual(30 + 1 + 8);
    expect(at.length).toBeGreaterThan(60);
  });
});
