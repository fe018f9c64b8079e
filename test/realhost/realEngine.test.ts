import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, createApi } from '../../sandbox/client.ts';
import { type Samples, startSampleOrganisations } from '../../sandbox/sampleOrganisations.ts';
import type { Service } from '../../sandbox/services.ts';
import { buildApp } from '../../scripts/build.ts';
import { type Job, TERMINAL } from '../../shared/model/job.ts';
import { bucketFaults } from '../journeys/harness.ts';

const launcher = join(process.env['GALSYNC_REALHOST'] ?? '', 'realhost.mjs');

interface Ready {
  readonly port: number;
  readonly pid: number;
}

/** The same app on Microsoft's own Durable engine: what an embedded host could get wrong shows here. */
describe('on the real Durable engine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'galsync-real-'));
  const services: Service[] = [];
  let samples: Samples;
  let api: Api;
  let host: ChildProcess;
  let ready: Ready;

  async function start(): Promise<void> {
    host = spawn(
      process.execPath,
      [
        launcher,
        '--app',
        (await buildApp()).directory,
        '--port',
        '0',
        '--azurite',
        join(folder, 'azurite'),
        '--env',
        join(folder, 'env'),
        '--keep-azurite',
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    ready = await new Promise<Ready>((resolve, reject) => {
      createInterface({ input: host.stdout! }).once('line', (line) => resolve(JSON.parse(line) as Ready));
      host.once('exit', (code) => reject(new Error(`the real engine's host ended with ${code}`)));
    });
    api = createApi(`http://127.0.0.1:${ready.port}`);
  }
  async function until(id: string, accept: (job: Job) => boolean, seconds: number): Promise<Job> {
    for (let n = 0; n < seconds * 4; n += 1) {
      const job = await api.job(id).catch(() => null);
      if (job && accept(job)) return job;
      await sleep(250);
    }
    throw new Error(`job ${id} did not get there in ${seconds} s: ${JSON.stringify(await api.job(id))}`);
  }
  async function run(body: object, seconds = 150): Promise<Job> {
    const answer = await api.send('POST', 'jobs', body);
    expect(answer.status).toBe(202);
    return until((answer.body as Job).id, (job) => TERMINAL.has(job.state), seconds);
  }
  const control = async (side: 'microsoft' | 'google', command: object): Promise<void> =>
    void (await fetch(`${samples.control[side]}/control`, { method: 'POST', body: JSON.stringify(command) }));
  const objects = async (
    side: 'microsoft' | 'google',
  ): Promise<readonly { id: string; type: string; data: Record<string, unknown>; custom?: Record<string, string> }[]> =>
    (await (await fetch(`${samples.control[side]}/control/objects`)).json()) as never;

  beforeAll(async () => {
    samples = await startSampleOrganisations(null, services, { contoso: 40, fabrikam: 70 });
    writeFileSync(
      join(folder, 'env'),
      Object.entries({
        ...samples.secrets,
        TASKHUB_NAME: 'galsync',
        GALSYNC_LOCAL_OPERATOR: '1',
        AzureFunctionsJobHost__singleton__listenerLockPeriod: '00:00:15',
        AzureFunctionsJobHost__singleton__listenerLockRecoveryPollingInterval: '00:00:15',
      })
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    await start();
    expect((await api.send('PUT', 'configuration', samples.document)).status).toBe(200);
  }, 600_000);
  afterAll(async () => {
    host?.kill('SIGTERM');
    await sleep(1_500);
    for (const service of services.reverse()) await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('syncs, is quiet the second time, holds, and carries out what is approved', async () => {
    const first = await run({ action: 'sync' });
    expect(first.state).toBe('completed');
    expect(bucketFaults(first)).toEqual([]);
    const second = await run({ action: 'sync' });
    expect(second.routes.map((route) => [route.created, route.updated, route.failed])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    const people = (await objects('google')).filter(
      (one) =>
        one.type === 'user' &&
        one.data['suspended'] === false &&
        one.data['includeInGlobalAddressList'] !== false &&
        !one.data['isGuestUser'] &&
        !one.data['archived'],
    );
    await control('google', { remove: people.slice(0, 20).map((one) => one.id) });
    const held = await run({ action: 'sync', routes: ['fabrikam-to-contoso'] });
    expect(held.state).toBe('held');
    expect((await api.send('POST', `jobs/${held.id}/approve`, { route: 'fabrikam-to-contoso', plan: held.routes[0]!.plan })).status).toBe(
      202,
    );
    const done = await until(held.id, (job) => TERMINAL.has(job.state), 150);
    expect(done).toMatchObject({ state: 'completed', routes: [{ leavers: { hidden: 20 } }] });
  }, 600_000);

  it('stops a cancelled job in a wait within seconds', async () => {
    await control('microsoft', { faults: { throttle: { everyNth: 2, retryAfter: 30, match: 'InvokeCommand', times: 500 } } });
    const id = ((await api.send('POST', 'jobs', { action: 'sync', routes: ['fabrikam-to-contoso'] })).body as Job).id;
    await until(id, (job) => job.state === 'waiting', 60);
    expect((await api.send('POST', `jobs/${id}/cancel`, {})).status).toBe(202);
    expect((await until(id, (job) => TERMINAL.has(job.state), 30)).state).toBe('cancelled');
    await control('microsoft', { faults: {} });
  }, 200_000);

  it('finishes a push that was killed in the middle: nothing twice, nothing lost', async () => {
    const more = Array.from({ length: 60 }, (_, n) => ({
      id: `5555555555555555555${String(n).padStart(2, '0')}`,
      type: 'user',
      data: {
        id: `5555555555555555555${String(n).padStart(2, '0')}`,
        primaryEmail: `killed${n}@fabrikam.example`,
        name: { givenName: 'Killed', familyName: String(n), fullName: `Killed ${n}` },
      },
    }));
    await control('google', { put: more });
    await control('microsoft', { faults: { latencyMs: 60 } });
    const id = ((await api.send('POST', 'jobs', { action: 'sync', routes: ['fabrikam-to-contoso'] })).body as Job).id;
    await until(id, (job) => job.progress.phase === 'push' && job.progress.done > 3, 150);
    process.kill(ready.pid, 'SIGKILL');
    host.kill('SIGKILL');
    await sleep(1_000);
    await start();
    const done = await until(id, (job) => TERMINAL.has(job.state), 300);
    expect(done).toMatchObject({ state: 'completed', routes: [{ created: 60, failed: 0 }] });
    const stamps = (await objects('microsoft'))
      .flatMap((one) => one.custom?.['CustomAttribute15'] ?? [])
      .filter((stamp) => stamp.includes(':5555555555555555555'));
    expect([stamps.length, new Set(stamps).size]).toEqual([60, 60]);
  }, 600_000);
});
