import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';

/** What the app's client function answers: a value, or the client's error text. */
export interface Answer {
  readonly ok?: unknown;
  readonly error?: string;
}

export interface Status {
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly input: unknown;
}

/** The test app on a host in a process of its own. */
export interface TestHost {
  readonly url: string;
  readonly functions: readonly string[];
  readonly log: readonly string[];
  readonly process: ChildProcess;
  client(call: string, body: object): Promise<Answer>;
  /** Starts an orchestration and answers its id; fails with the client's error. */
  begin(name: string, input?: object | string, id?: string): Promise<string>;
  status(id: string): Promise<Status>;
  until(id: string, accept: (status: Status) => boolean): Promise<Status>;
  /** The status once the orchestration has ended. */
  ended(id: string): Promise<Status>;
  kill(): Promise<void>;
  stop(): Promise<number | null>;
}

/** Bundles the test app into a folder of its own with what a deployed app has. */
export async function buildTestApp(): Promise<{ readonly directory: string; remove(): void }> {
  const directory = mkdtempSync(join(tmpdir(), 'host-test-'));
  mkdirSync(join(directory, 'dist'));
  for (const file of ['host.json', 'package.json']) copyFileSync(join(import.meta.dirname, file), join(directory, file));
  await build({
    entryPoints: [join(import.meta.dirname, 'app.ts')],
    outfile: join(directory, 'dist/app.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['@azure/functions-core'],
    logLevel: 'error',
  });
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Lines that the app's functions wrote. */
export function traceOf(directory: string): readonly string[] {
  const file = join(directory, 'trace');
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}

/** Starts the host on the app; rejects with its log when it ends before it is ready. */
export async function startTestHost(directory: string, storage: string, settings: Readonly<Record<string, string>>): Promise<TestHost> {
  const file = join(directory, 'settings.json');
  const trace = join(directory, 'trace');
  writeFileSync(file, JSON.stringify({ AzureWebJobsStorage: storage, TICK: '0 0 0 1 1 *', HUB: 'TestHub', TRACE: trace, ...settings }));
  const main = join(import.meta.dirname, '../main.ts');
  const args = ['--disable-warning=ExperimentalWarning', main, '--app', directory, '--port', '0', '--settings', file];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const log: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const ready = await new Promise<{ port: number; functions: string[] }>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line) as { port: number; functions: string[] }));
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${log.join('\n')}`)));
  });
  return testHostOf(child, `http://127.0.0.1:${ready.port}`, ready.functions, log);
}

function testHostOf(child: ChildProcess, url: string, functions: readonly string[], log: readonly string[]): TestHost {
  const client = async (call: string, body: object): Promise<Answer> =>
    (await fetch(`${url}/v1/client/${call}`, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<Answer>;
  const status = async (id: string): Promise<Status> => (await client('status', { id })).ok as Status;
  const until = async (id: string, accept: (status: Status) => boolean): Promise<Status> => {
    for (let n = 0; n < 1_000; n += 1) {
      const now = await status(id);
      if (now && accept(now)) return now;
      await sleep(20);
    }
    throw new Error(`"${id}" did not get there: ${JSON.stringify(await status(id))}\n${log.slice(-5).join('\n')}`);
  };
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const end = (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return {
    url,
    functions,
    log,
    process: child,
    client,
    async begin(name, input = {}, id) {
      const { ok, error } = await client('start', { name, input, id });
      if (error !== undefined) throw new Error(error);
      return ok as string;
    },
    status,
    until,
    ended: (id) => until(id, ({ runtimeStatus }) => ['Completed', 'Failed', 'Terminated'].includes(runtimeStatus)),
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}
