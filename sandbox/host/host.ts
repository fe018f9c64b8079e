import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadApp } from './appModule.ts';
import { createEngine } from './engine.ts';
import { startHttp } from './http.ts';
import { createHubStore } from './hubStore.ts';
import { clientBinding, startManagement } from './management.ts';
import { startTimers } from './timers.ts';

export interface HostOptions {
  /** Folder with host.json and a package.json whose "main" is the built app. */
  readonly app: string;
  /** 0: any free one. */
  readonly port: number;
  /** Becomes the app's environment. `AzureWebJobsStorage` is the storage, also for the hub. */
  readonly settings: Readonly<Record<string, string>>;
  readonly log: (level: string, message: string) => void;
}

export interface Host {
  readonly port: number;
  readonly url: string;
  readonly functions: readonly string[];
  stop(): Promise<void>;
}

interface HostJson {
  readonly extensions?: {
    readonly http?: { readonly routePrefix?: string };
    readonly durableTask?: { readonly hubName?: string; readonly maxConcurrentActivityFunctions?: number };
  };
}

/** Starts an unmodified Azure Functions app in this process. A development host: loopback only, no keys, one process. */
export async function startHost(options: HostOptions): Promise<Host> {
  Object.assign(process.env, options.settings, {
    AzureWebJobsScriptRoot: options.app,
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    NO_PROXY: [process.env['NO_PROXY'], '127.0.0.1', 'localhost'].filter(Boolean).join(','),
  });
  const hostJson = JSON.parse(readFileSync(join(options.app, 'host.json'), 'utf8')) as HostJson;
  const durable = hostJson.extensions?.durableTask ?? {};
  const hub = (durable.hubName ?? 'TestHubName')
    .replace(/^%(.+)%$/, (_, name: string) => options.settings[name] ?? '')
    .replace(/[^A-Za-z0-9]/g, '');
  if (!/^[A-Za-z][A-Za-z0-9]{2,44}$/.test(hub))
    throw new Error(`The task hub's name "${hub}" must have 3 to 45 letters and digits (host.json, extensions.durableTask.hubName).`);
  const store = createHubStore(options.settings['AzureWebJobsStorage'] ?? '', hub);
  const [app] = await Promise.all([loadApp(options.app, options.log), store.prepare()]);
  refuseUnknownTriggers(app.functions);
  let binding = '';
  const client = (): string => binding;
  const engine = createEngine({
    app,
    store,
    maxActivities: durable.maxConcurrentActivityFunctions ?? 10,
    log: options.log,
    clientBinding: client,
  });
  const management = await startManagement(engine, store);
  let runTimer = async (_name: string): Promise<boolean> => false;
  const http = await startHttp({
    app,
    prefix: hostJson.extensions?.http?.routePrefix ?? 'api',
    port: options.port,
    clientBinding: client,
    runTimer: (name) => runTimer(name),
    management: management.handle,
    log: options.log,
  });
  process.env['WEBSITE_HOSTNAME'] = `127.0.0.1:${http.port}`;
  binding = clientBinding(management.base, hub, http.port);
  const recovered = await engine.recover();
  if (recovered > 0) options.log('information', `${recovered} orchestrations of the kept state go on`);
  const timers = await startTimers(app, store, options.settings, client, options.log);
  runTimer = timers.runNow;
  return {
    port: http.port,
    url: `http://127.0.0.1:${http.port}`,
    functions: app.functions.map((one) => one.name),
    async stop() {
      timers.stop();
      engine.stop();
      await app.stop();
      http.server.closeAllConnections();
      management.server.closeAllConnections();
      await Promise.all([http.server, management.server].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

const TRIGGERS = new Set(['httpTrigger', 'timerTrigger', 'orchestrationTrigger', 'activityTrigger']);

function refuseUnknownTriggers(functions: readonly { name: string; bindings: Readonly<Record<string, { type: string }>> }[]): void {
  for (const one of functions) {
    const trigger = Object.values(one.bindings).find((binding) => binding.type.endsWith('Trigger'));
    if (trigger && !TRIGGERS.has(trigger.type))
      throw new Error(`Function "${one.name}" has a ${trigger.type}, which this development host does not know.`);
  }
}
