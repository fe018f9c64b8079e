import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Engine, EngineError } from './engine.ts';
import type { HubStore, Instance } from './hubStore.ts';
import { isForeign } from './loopback.ts';

export interface Management {
  readonly base: string;
  readonly server: Server;
  /** Answers one request; the same API hangs under `/runtime/webhooks/durabletask/` of the app's address. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** The durable extension's local RPC address: what `DurableClient` calls (reference: embedded-host.md §2.5). */
export async function startManagement(engine: Engine, store: HubStore): Promise<Management> {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(engine, store, request).then(
      ({ status, body }) => {
        response.writeHead(status, {
          'content-type': 'application/json; charset=utf-8',
          ...(status === 202 ? { 'retry-after': '5' } : {}),
        });
        response.end(body === undefined ? '' : JSON.stringify(body));
      },
      (error: unknown) => fail(response, error),
    );
  };
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/durabletask/`, server, handle };
}

/** The durableClient binding's value for an app on this host. */
export function clientBinding(base: string, hub: string, port: number): string {
  const web = `http://127.0.0.1:${port}/runtime/webhooks/durabletask`;
  const query = `taskHub=${hub}&connection=Storage&code=local`;
  const of = (verb: string, also = ''): string => `${web}/instances/INSTANCEID${verb}?${also}${query}`;
  return JSON.stringify({
    taskHubName: hub,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${web}/orchestrators/{functionName}[/{instanceId}]?code=local`,
      createAndWaitOnNewInstancePostUri: `${web}/orchestrators/{functionName}[/{instanceId}]?code=local`,
    },
    managementUrls: {
      id: 'INSTANCEID',
      statusQueryGetUri: of(''),
      sendEventPostUri: of('/raiseEvent/{eventName}'),
      terminatePostUri: of('/terminate', 'reason={text}&'),
      rewindPostUri: of('/rewind', 'reason={text}&'),
      purgeHistoryDeleteUri: of(''),
      restartPostUri: of('/restart'),
      suspendPostUri: of('/suspend', 'reason={text}&'),
      resumePostUri: of('/resume', 'reason={text}&'),
    },
    baseUrl: web,
    requiredQueryStringParameters: 'code=local',
    rpcBaseUrl: base,
    httpBaseUrl: null,
  });
}

function fail(response: ServerResponse, error: unknown): void {
  const status = error instanceof EngineError ? error.status : 500;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ Message: error instanceof Error ? error.message : String(error) }));
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

async function answer(engine: Engine, store: HubStore, request: IncomingMessage): Promise<Answer> {
  if (isForeign(request)) throw new EngineError(403, 'This development host answers loopback names only.');
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const parts = url.pathname
    .replace(/^(\/runtime\/webhooks)?\/durabletask\//, '')
    .split('/')
    .filter(Boolean)
    .map(decodeURIComponent);
  const body = await textOf(request);
  const [kind, first, verb, name] = parts;
  if (kind === 'orchestrators' && request.method === 'POST') {
    const id = await engine.start(first!, verb ?? null, body === '' ? null : body);
    return { status: 202, body: { id } };
  }
  if (kind !== 'instances') throw new EngineError(501, `This development host has no ${request.method} ${url.pathname}.`);
  if (!first) return request.method === 'DELETE' ? purgeMany(engine, store, url) : { status: 200, body: await listed(store, url) };
  if (request.method === 'GET') return statusOf(store, first, url);
  if (request.method === 'DELETE') {
    await engine.purge(first);
    return { status: 200, body: { instancesDeleted: 1 } };
  }
  if (verb === 'raiseEvent') {
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      throw new EngineError(400, 'Only application/json request content is supported');
    if (body === '') throw new EngineError(400, 'Invalid JSON content: an event needs a value.');
    await engine.raise(first, name!, body);
    return { status: 202 };
  }
  if (verb === 'terminate') {
    await engine.terminate(first, url.searchParams.get('reason') ?? '');
    return { status: 202 };
  }
  throw new EngineError(501, `This development host has no ${verb ?? 'such call'}.`);
}

async function statusOf(store: HubStore, id: string, url: URL): Promise<Answer> {
  const instance = await store.get(id);
  if (!instance) throw new EngineError(404, `No instance "${id}".`);
  const ended = instance.status === 'Completed' || instance.status === 'Failed' || instance.status === 'Terminated';
  return { status: ended ? 200 : 202, body: view(instance, url.searchParams.get('showInput') !== 'false') };
}

function view(instance: Instance, showInput: boolean): object {
  const seconds = (time: string): string => `${time.slice(0, 19)}Z`;
  return {
    name: instance.name,
    instanceId: instance.instanceId,
    runtimeStatus: instance.status,
    input: showInput && instance.input !== null ? (JSON.parse(instance.input) as unknown) : null,
    customStatus: instance.customStatus ?? null,
    output: instance.output ?? null,
    createdTime: seconds(instance.createdTime),
    lastUpdatedTime: seconds(instance.lastUpdatedTime),
  };
}

const STATES: ReadonlySet<string> = new Set([
  'Pending',
  'Running',
  'Completed',
  'Failed',
  'Terminated',
  'ContinuedAsNew',
  'Canceled',
  'Suspended',
]);

async function selected(store: HubStore, url: URL): Promise<readonly Instance[]> {
  const from = url.searchParams.get('createdTimeFrom');
  const to = url.searchParams.get('createdTimeTo');
  const states = url.searchParams.get('runtimeStatus')?.split(',').filter(Boolean) ?? [];
  const unknown = states.find((state) => !STATES.has(state));
  if (unknown) throw new EngineError(400, `There is no runtime status "${unknown}" (the real engine would answer every instance).`);
  const found: Instance[] = [];
  for await (const instance of store.list()) {
    if (from && Date.parse(instance.createdTime) < Date.parse(from)) continue;
    if (to && Date.parse(instance.createdTime) > Date.parse(to)) continue;
    if (states.length === 0 || states.includes(instance.status)) found.push(instance);
  }
  return found;
}

async function listed(store: HubStore, url: URL): Promise<readonly object[]> {
  return (await selected(store, url)).map((instance) => view(instance, true));
}

async function purgeMany(engine: Engine, store: HubStore, url: URL): Promise<Answer> {
  if (!url.searchParams.get('createdTimeFrom')) throw new EngineError(400, 'A purge needs createdTimeFrom.');
  let deleted = 0;
  for (const instance of await selected(store, url)) {
    if (instance.status === 'Running' || instance.status === 'Pending') continue;
    await engine.purge(instance.instanceId);
    deleted += 1;
  }
  return deleted > 0 ? { status: 200, body: { instancesDeleted: deleted } } : { status: 404 };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const part of request as AsyncIterable<string>) text += part;
  return text;
}
