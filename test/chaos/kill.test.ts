import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAzurite } from '../../sandbox/azurite/azurite.ts';
import { createApi } from '../../sandbox/client.ts';
import { type Samples, startSampleOrganisations } from '../../sandbox/sampleOrganisations.ts';
import type { Service } from '../../sandbox/services.ts';
import { buildApp } from '../../scripts/build.ts';
import { type Job, TERMINAL } from '../../shared/model/job.ts';
import { bucketFaults, startWorld } from '../journeys/harness.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const KILLS = 22;

interface Counted {
  readonly id: string;
  readonly counts: readonly number[];
}

function countsOf(job: Job): readonly Counted[] {
  return job.routes.map((route) => ({
    id: route.id,
    counts: [route.pulled, route.created, route.updated, route.unchanged, route.skipped, route.failed, route.held],
  }));
}

/** Stamps in both directories, sorted: each must be there exactly once. */
async function stamps(samples: Samples): Promise<readonly string[]> {
  const objects = async (base: string): Promise<readonly { custom?: Record<string, string>; xml?: string }[]> =>
    (await fetch(`${base}/control/objects`)).json() as never;
  const tenant = (await objects(samples.control.microsoft)).flatMap((one) => one.custom?.CustomAttribute15 ?? []);
  const workspace = (await objects(samples.control.google)).flatMap(
    (one) => /name="galsync" value="([^"]+)"/.exec(one.xml ?? '')?.[1] ?? [],
  );
  return [...tenant, ...workspace].filter((stamp) => stamp !== '').sort();
}

/** A stack that can be killed: answers its API's address and what to kill. */
type Start = () => Promise<{ url: string; kill: () => void }>;

async function ready(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const match = pattern.exec(line);
      if (match) resolve(match[1]!);
    });
    child.once('exit', (code, signal) => reject(new Error(`ended before it was ready: ${signal ?? code}`)));
  });
}

/** Kills the stack at random moments until the job is over; answers the job and how often it was killed. */
async function disturb(start: Start): Promise<{ job: Job; kills: number }> {
  let id: string | null = null;
  for (let kills = 0; ; kills += 1) {
    const { url, kill } = await start();
    const api = createApi(url);
    id ??= ((await api.send('POST', 'jobs', { action: 'sync' })).body as Job).id;
    const until = kills < KILLS ? Date.now() + 150 + Math.random() * 700 : Number.POSITIVE_INFINITY;
    while (Date.now() < until) {
      const job = await api.job(id);
      if (TERMINAL.has(job.state)) {
        kill();
        return { job, kills };
      }
      await sleep(50);
    }
    kill();
    await sleep(50);
  }
}

describe('kill -9 in the middle', () => {
  let expected: { counts: readonly Counted[]; stamps: readonly string[] };
  beforeAll(async () => {
    const world = await startWorld();
    const job = await world.run('sync');
    expected = { counts: countsOf(job), stamps: await stamps(world.samples) };
    await world.stop();
  }, 120_000);
  const services: Service[] = [];
  const folders: string[] = [];
  afterAll(async () => {
    for (const service of services.reverse()) await service.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function setting(): Promise<{ samples: Samples; folder: string; app: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'galsync-chaos-'));
    folders.push(folder);
    const samples = await startSampleOrganisations(null, services);
    for (const base of Object.values(samples.control))
      await fetch(`${base}/control`, { method: 'POST', body: JSON.stringify({ faults: { latencyMs: 12 } }) });
    return { samples, folder, app: (await buildApp()).directory };
  }

  async function judge(samples: Samples, job: Job, kills: number): Promise<void> {
    expect(kills).toBeGreaterThanOrEqual(20);
    expect(bucketFaults(job)).toEqual([]);
    expect(await stamps(samples)).toEqual(expected.stamps);
    expect(countsOf(job)).toEqual(expected.counts);
    expect(job.state).toBe('completed');
  }

  it('of the host: the same directories and the same counts as without', async () => {
    const { samples, folder, app } = await setting();
    const azurite = await startAzurite({ directory: join(folder, 'storage') });
    services.push({ name: 'storage', stop: () => azurite.stop() });
    const settings = join(folder, 'settings.json');
    writeFileSync(
      settings,
      JSON.stringify({
        ...samples.secrets,
        AzureWebJobsStorage: azurite.connectionString,
        TASKHUB_NAME: 'chaos',
        GALSYNC_LOCAL_OPERATOR: '1',
      }),
    );
    let saved = false;
    const { job, kills } = await disturb(async () => {
      const child = spawn(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', join(root, 'sandbox/host/main.ts'), '--app', app, '--port', '0', '--settings', settings],
        { stdio: ['pipe', 'pipe', 'ignore'] },
      );
      const url = `http://127.0.0.1:${await ready(child, /"port":(\d+)/)}`;
      if (!saved) await createApi(url).send('PUT', 'configuration', samples.document);
      saved = true;
      return { url, kill: () => void child.kill('SIGKILL') };
    });
    await judge(samples, job, kills);
  }, 400_000);

  it('of the whole process group with its storage: nothing acknowledged is lost', async () => {
    const { samples, folder } = await setting();
    const file = join(folder, 'configuration.json');
    writeFileSync(file, JSON.stringify(samples.document));
    const { job, kills } = await disturb(async () => {
      const child = spawn(
        process.execPath,
        [
          '--disable-warning=ExperimentalWarning',
          join(root, 'sandbox/start.ts'),
          '--configuration',
          file,
          '--keep',
          join(folder, 'state'),
          '--port',
          '0',
        ],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
          detached: true,
          env: { ...process.env, ...samples.secrets },
          cwd: root,
        },
      );
      const url = await ready(child, /The API is at (http:\/\/[^/]+)\/api/);
      return { url, kill: () => void process.kill(-child.pid!, 'SIGKILL') };
    });
    await judge(samples, job, kills);
  }, 600_000);
});
