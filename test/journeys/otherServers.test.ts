import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, startChild } from '../../sandbox/child.ts';
import { CONTOSO } from '../../sandbox/organisations/contoso.ts';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults } from './harness.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

interface Ready {
  readonly microsoft: string;
  readonly google: string;
  readonly microsoftPort: number;
  readonly googlePort: number;
  readonly key: string;
}

describe('a configuration file against any server that speaks the wire', () => {
  const folder = mkdtempSync(join(tmpdir(), 'galsync-file-'));
  let child: Child<Ready>;
  beforeAll(async () => {
    child = await startChild<Ready>(
      'directories',
      join(root, 'sandbox/organisations/main.ts'),
      ['--state', 'memory', '--contoso', '40', '--fabrikam', '30', '--prefix', '/some/prefix'],
      {},
      () => undefined,
    );
    for (const port of [child.ready.microsoftPort, child.ready.googlePort]) {
      await fetch(`http://127.0.0.1:${port}/control`, {
        method: 'POST',
        body: JSON.stringify({ faults: { tokenSeconds: 3, pageSize: 7, latencyMs: 15 } }),
      });
    }
  });
  afterAll(async () => {
    await child.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, CONTOSO_SECRET: CONTOSO.clientSecret, FABRIKAM_KEY: child.ready.key });
  function command(document: object, ...more: readonly string[]): readonly string[] {
    const file = join(folder, 'galsync.jsonc');
    writeFileSync(file, `// comments and trailing commas are allowed in a file\n${JSON.stringify(document)}`);
    const entry = join(root, 'sandbox/start.ts');
    return ['--disable-warning=ExperimentalWarning', entry, '--once', '--json', '--configuration', file, '--port', '0', ...more];
  }
  function start(document: object, ...more: readonly string[]): { status: number | null; stdout: string } {
    return spawnSync(process.execPath, command(document, ...more), { env: environment(), encoding: 'utf8', cwd: root });
  }
  const document = (): { connectors: Record<string, unknown>[]; [key: string]: unknown } => {
    const { microsoft, google } = child.ready;
    return {
      version: 1,
      connectors: [
        {
          id: 'contoso',
          kind: 'microsoft365',
          tenant: CONTOSO.tenant,
          credential: { kind: 'clientSecret', clientId: CONTOSO.clientId, secret: 'CONTOSO_SECRET' },
          endpoints: { login: `${microsoft}/login`, graph: `${microsoft}/graph`, exchange: `${microsoft}/exchange` },
        },
        {
          id: 'fabrikam',
          kind: 'googleWorkspace',
          domain: 'fabrikam.example',
          credential: { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: 'galsync@fabrikam.example' },
          endpoints: { token: `${google}/token`, admin: google, contacts: google },
        },
      ],
      routes: [
        { id: 'there', from: 'contoso', to: 'fabrikam' },
        { id: 'back', from: 'fabrikam', to: 'contoso', push: { as: 'contact' } },
      ],
    };
  };

  /** Something to write for everybody, whoever is there from before. */
  const renaming = (suffix: string): object => {
    const { routes, ...rest } = document() as unknown as { routes: { push?: object }[] };
    return {
      ...rest,
      routes: routes.map((route) => ({ ...route, push: { ...route.push, set: { displayName: `{displayName} ${suffix}` } } })),
    };
  };

  it('works below a path prefix, with tokens of 3 s and pages of 7', () => {
    const { status, stdout } = start(document());
    const [job] = (JSON.parse(stdout) as { jobs: Job[] }).jobs;
    expect([status, job!.state, job!.routes.map((route) => route.cause)]).toEqual([0, 'completed', [null, null]]);
    expect(bucketFaults(job!)).toEqual([]);
    expect(job!.routes.every((route) => route.created > 20)).toBe(true);
  });

  it('ends with 2 and all faults for a bad configuration; names a missing secret and goes on with the other directory', () => {
    const bad = start({ ...document(), rutes: [], paused: 'no' });
    expect([bad.status, (JSON.parse(bad.stdout) as { errors: { path: string }[] }).errors.map((fault) => fault.path).sort()]).toEqual([
      2,
      ['/paused', '/rutes'],
    ]);
    const wrong = document();
    wrong.connectors[0]!['credential'] = { kind: 'clientSecret', clientId: CONTOSO.clientId, secret: 'NOT_THERE' };
    const refused = start(wrong, '--action', 'pull');
    const [job] = (JSON.parse(refused.stdout) as { jobs: Job[] }).jobs;
    expect(job!.connectors.find((connector) => connector.id === 'contoso')!.cause).toMatch(/^secretMissing: .*NOT_THERE/);
    expect(refused.status).toBe(3);
  });

  it('ends with 1 where everything failed, with 4 where a plan is held', () => {
    const wrong = document();
    for (const [n, name] of (['secret', 'key'] as const).entries())
      wrong.connectors[n]!['credential'] = { ...(wrong.connectors[n]!['credential'] as object), [name]: 'NOT_THERE' };
    const failed = start(wrong, '--action', 'pull');
    expect([failed.status, jobsOf(failed).map((job) => [job.action, job.state])]).toEqual([1, [['pull', 'failed']]]);
    const held = start({ ...renaming('held'), paused: true }, '--action', 'push');
    expect([held.status, jobsOf(held).map((job) => [job.action, job.state])]).toEqual([4, [['push', 'held']]]);
  });

  it('--keep: what was under way when the process was killed is finished first by the next start with the same folder', async () => {
    const port = await freePort();
    const keep = ['--keep', join(folder, 'kept'), '--port', String(port)];
    const args = command(renaming('kept'), ...keep);
    const killed = spawn(process.execPath, args, { env: environment(), cwd: root, detached: true, stdio: 'ignore' });
    let job: Job | undefined;
    for (let n = 0; n < 600 && job?.progress.phase !== 'push'; n += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/jobs`).catch(() => null);
      if (answer?.ok) [job] = ((await answer.json()) as { items: Job[] }).items;
      await sleep(100);
    }
    process.kill(-killed.pid!, 'SIGKILL');
    expect([job?.state, job?.progress.phase]).toEqual(['running', 'push']);
    const next = start(renaming('kept'), ...keep, '--action', 'pull');
    const jobs = jobsOf(next);
    expect([next.status, jobs.map(({ action, state }) => [action, state])]).toEqual([
      0,
      [
        ['sync', 'completed'],
        ['pull', 'completed'],
      ],
    ]);
    expect(jobs[0]!.id).toBe(job!.id);
    // It goes on from what it has read.
    expect(jobs[1]!.connectors.find(({ id }) => id === 'contoso')!.mode).toBe('delta');
  });
});

function jobsOf({ stdout }: { readonly stdout: string }): readonly Job[] {
  return (JSON.parse(stdout) as { jobs: Job[] }).jobs;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
