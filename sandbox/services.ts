import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAzurite } from './azurite/azurite.ts';
import { startChild } from './child.ts';

/** Something that runs beside the command and is stopped in order, last started first. */
export interface Service {
  readonly name: string;
  stop(): Promise<void>;
}

const here = dirname(fileURLToPath(import.meta.url));

export interface ServiceOptions {
  readonly app: string;
  readonly state: string;
  readonly port: number;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Starts storage, then the host with the app; answers the API's base URL once it is healthy. */
export async function startServices(services: Service[], options: ServiceOptions): Promise<string> {
  const azurite = await startAzurite({ directory: join(options.state, 'azurite') });
  services.push({ name: 'storage', stop: () => azurite.stop() });
  const settings = {
    ...options.secrets,
    AzureWebJobsStorage: azurite.connectionString,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    TASKHUB_NAME: 'galsync',
    GALSYNC_LOCAL_OPERATOR: '1',
  };
  mkdirSync(options.state, { recursive: true });
  const file = join(options.state, 'settings.json');
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  const log = createLog(join(options.state, 'host.log'));
  const host = await startChild<{ port: number }>(
    'functions host',
    join(here, 'host/main.ts'),
    ['--app', options.app, '--port', String(options.port), '--settings', file],
    {},
    log,
  );
  services.push({ name: 'host', stop: () => host.stop() });
  const url = `http://127.0.0.1:${host.ready.port}`;
  await healthy(url);
  return url;
}

function createLog(file: string): (line: string) => void {
  return (line) => writeFileSync(file, `${line}\n`, { flag: 'a' });
}

async function healthy(url: string): Promise<void> {
  for (let n = 0; n < 200; n += 1) {
    const ok = await fetch(`${url}/api/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await sleep(100);
  }
  throw new Error(`The app at ${url} did not become healthy within 20 s; the host's log in the state folder says why.`);
}
