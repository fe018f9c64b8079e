import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobAnswer } from '../../functions/api/answers.ts';
import { type Api, createApi } from '../../sandbox/client.ts';
import { saveConfiguration } from '../../sandbox/configurationFile.ts';
import { type Samples, startSampleOrganisations } from '../../sandbox/sampleOrganisations.ts';
import { type Service, startServices } from '../../sandbox/services.ts';
import { buildApp } from '../../scripts/build.ts';
import { type Job, TERMINAL } from '../../shared/model/job.ts';

let built: Promise<{ directory: string }> | null = null;

/** Everything on one machine, as `npm start` would have it, with the directories' control endpoints in hand. */
export interface World {
  readonly api: Api;
  readonly samples: Samples;
  readonly state: string;
  /** Starts a job and answers it at its end. */
  run(action: string, body?: object): Promise<Job>;
  start(body: object): Promise<{ status: number; body: unknown }>;
  /** Waits for a job; what is answered is held against the published schema. */
  until(id: string, accept: (job: Job) => boolean, seconds?: number): Promise<Job>;
  control(side: 'microsoft' | 'google', command: object): Promise<unknown>;
  ask<T>(side: 'microsoft' | 'google', path: string): Promise<T>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly people?: { readonly contoso?: number; readonly fabrikam?: number };
  /** Changes the sample configuration before it is saved. */
  readonly configure?: (document: { connectors: Record<string, unknown>[]; routes: Record<string, unknown>[] }) => void;
  /** Further settings of the app. */
  readonly settings?: (samples: Samples) => Readonly<Record<string, string>>;
}

/** Starts a world; `stop` ends it and removes its state. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  built ??= buildApp();
  const { directory } = await built;
  const state = mkdtempSync(join(tmpdir(), 'galsync-test-'));
  const services: Service[] = [];
  const samples = await startSampleOrganisations(state, services, options.people);
  const url = await startServices(services, {
    app: directory,
    state,
    port: 0,
    secrets: { ...samples.secrets, ...options.settings?.(samples) },
  });
  const api = createApi(url);
  const document = structuredClone(samples.document) as { connectors: Record<string, unknown>[]; routes: Record<string, unknown>[] };
  options.configure?.(document);
  const faults = await saveConfiguration(api, document);
  if (faults.length > 0) throw new Error(`The test's configuration is refused: ${JSON.stringify(faults)}`);
  const base = (side: 'microsoft' | 'google'): string => (side === 'microsoft' ? samples.control.microsoft : samples.control.google);
  const world: World = {
    api,
    samples,
    state,
    start: (body) => api.send('POST', 'jobs', body),
    async run(action, body = {}) {
      const answer = await api.send('POST', 'jobs', { action, ...body });
      if (answer.status !== 202) throw new Error(`POST /api/jobs answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return world.until((answer.body as Job).id, (job) => TERMINAL.has(job.state), 200);
    },
    async until(id, accept, seconds = 60) {
      for (let n = 0; n < seconds * 10; n += 1) {
        const job = await api.job(id);
        if (accept(job)) {
          JobAnswer.parse(job);
          return job;
        }
        await sleep(100);
      }
      throw new Error(`Job ${id} did not get there in ${seconds} s: ${JSON.stringify(await api.job(id))}`);
    },
    async control(side, command) {
      const response = await fetch(`${base(side)}/control`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(command),
      });
      if (!response.ok) throw new Error(`control ${JSON.stringify(command)} answered ${response.status}: ${await response.text()}`);
      return response.json();
    },
    async ask<T>(side: 'microsoft' | 'google', path: string) {
      const response = await fetch(`${base(side)}/control/${path}`);
      return (await response.json()) as T;
    },
    async stop() {
      for (const service of services.reverse()) await service.stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
  return world;
}

/** Both bucket invariants of the contract, for every route of a job. */
export function bucketFaults(job: Job): readonly string[] {
  return job.routes.flatMap((route) => {
    const sum = route.created + route.updated + route.adopted + route.unchanged + route.skipped + route.failed + route.held;
    const because = Object.values(route.skippedBecause).reduce((a, b) => a + b, 0);
    const l = route.leavers;
    const orphaned = l.hidden + l.deleted + l.kept + l.failed + l.held;
    return [
      ...(sum === route.pulled ? [] : [`${route.id}: pulled ${route.pulled}, buckets ${sum}`]),
      ...(because === route.skipped ? [] : [`${route.id}: skipped ${route.skipped}, reasons ${because}`]),
      ...(orphaned === l.orphaned ? [] : [`${route.id}: orphaned ${l.orphaned}, buckets ${orphaned}`]),
    ];
  });
}
