/** `npm start`: the unmodified functions app, its storage and (unless a configuration is given) two sample organisations on one machine. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'jsonc-parser';
import { buildApp } from '../scripts/build.ts';
import type { Job } from '../shared/model/job.ts';
import { type Arguments, keepFault, readArguments } from './arguments.ts';
import { type Api, createApi } from './client.ts';
import { readConfigurationFile, saveConfiguration } from './configurationFile.ts';
import { createProgress } from './progress.ts';
import { reportJob } from './report.ts';
import { exitCode, follow, runJob, unfinished } from './runJob.ts';
import { startSampleOrganisations } from './sampleOrganisations.ts';
import { type Service, startServices } from './services.ts';

const read = readArguments(process.argv.slice(2));
if (!read.ok) leave(2, read.json, read.faults);
else await main(read.arguments);

/** Bad arguments or configuration: exit code 2, faults as JSON or as lines. */
function leave(code: 2, json: boolean, faults: readonly { path: string; message: string; fix: string }[]): void {
  if (json) process.stdout.write(`${JSON.stringify({ errors: faults })}\n`);
  for (const fault of faults) process.stderr.write(`${fault.path || '(arguments)'}: ${fault.message}\n    ${fault.fix}\n`);
  process.exitCode = code;
}

async function main(args: Arguments): Promise<void> {
  const tell = (line: string): void => void (args.json ? process.stderr : process.stdout).write(`${line}\n`);
  const file = args.configuration ? readConfigurationFile(args.configuration) : null;
  if (file && !file.ok) return leave(2, args.json, file.faults);
  const state = args.keep ? resolve(args.keep) : mkdtempSync(join(tmpdir(), 'galsync-'));
  const fault = keepFault(state);
  if (fault) return leave(2, args.json, [fault]);
  const services: Service[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= stopAll(services).then(() => (args.keep ? undefined : rmSync(state, { recursive: true, force: true })));
    return stopping;
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void stop().then(() => process.exit(128 + (signal === 'SIGINT' ? 2 : 15))));
  // Nobody is left to end it: it goes with its parent.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) void stop().then(() => process.exit(143));
  }, 1_000).unref();
  try {
    tell('galsync on this machine. A development host: bound to the loopback address, not for production.');
    const samples = file ? null : await startSampleOrganisations(state, services);
    const { directory } = await buildApp();
    const url = await startServices(services, { app: directory, state, port: args.port, secrets: samples?.secrets ?? localSecrets() });
    const api = createApi(url);
    const faults = await saveConfiguration(api, file?.ok ? file.document : samples!.document);
    if (faults.length > 0) {
      await stop();
      return leave(2, args.json, faults);
    }
    tell(`The API is at ${api.url}/api (health: ${api.url}/api/health).`);
    await work(args, api, tell, stop);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    await stop();
    // Who reads the output gets a document in any case.
    if (args.json) process.stdout.write(`${JSON.stringify({ jobs: [] })}\n`);
    process.exitCode = 1;
  }
}

async function work(args: Arguments, api: Api, tell: (line: string) => void, stop: () => Promise<void>): Promise<void> {
  const view = createProgress(args.json ? process.stderr : process.stdout);
  const jobs: Job[] = [];
  for (const id of await unfinished(api)) {
    tell(`Finishing job ${id} of the kept state …`);
    jobs.push(await follow(api, id, view));
    for (const line of reportJob(jobs.at(-1)!, api.url)) tell(line);
  }
  if (args.once || !args.configuration) {
    jobs.push(await runJob(api, args.action, view));
    for (const line of reportJob(jobs.at(-1)!, api.url)) tell(line);
  }
  if (args.once) {
    await stop();
    if (args.json) process.stdout.write(`${JSON.stringify({ jobs })}\n`);
    process.exitCode = exitCode(jobs.at(-1));
    return;
  }
  if (args.json) process.stdout.write(`${JSON.stringify({ jobs })}\n`);
  tell('');
  tell('Ctrl-C ends everything in order.');
  if (args.configuration) tell(`Nothing is written before you ask for it: POST ${api.url}/api/jobs {"action":"simulate"}`);
  await new Promise(() => undefined);
}

async function stopAll(services: Service[]): Promise<void> {
  for (const service of services.reverse()) await service.stop().catch(() => undefined);
}

/** Secrets of a developer's machine: `local.settings.json`, under the names that the document uses; the environment wins. */
function localSecrets(): Readonly<Record<string, string>> {
  try {
    const settings = parse(readFileSync('local.settings.json', 'utf8')) as { Values?: Record<string, string> };
    return Object.fromEntries(
      Object.entries(settings.Values ?? {}).filter(([name]) => !/^(AzureWebJobs|FUNCTIONS_|TASKHUB_NAME$)/.test(name)),
    );
  } catch {
    return {};
  }
}
