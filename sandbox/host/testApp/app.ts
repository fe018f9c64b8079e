/** The small app that the host's tests run: HTTP, timer and client functions; orchestrations are in orchestrations.ts. */
import { appendFileSync } from 'node:fs';
import { app, type HttpRequest, type HttpResponseInit, type InvocationContext, type Timer } from '@azure/functions';
import * as df from 'durable-functions';
import './orchestrations.ts';

app.http('echo', {
  route: 'things/{id:int}/{tail?}',
  methods: ['PUT'],
  authLevel: 'function',
  handler: async (request: HttpRequest): Promise<HttpResponseInit> => ({
    status: 201,
    headers: { 'x-seen': request.headers.get('x-sent') ?? '' },
    cookies: [{ name: 'c', value: 'a b', path: '/', httpOnly: true }],
    jsonBody: { params: request.params, q: request.query.get('q'), body: await request.json(), path: new URL(request.url).pathname },
  }),
});
app.http('bytes', {
  methods: ['POST'],
  handler: async (request) => ({ body: Buffer.from(await request.arrayBuffer()).reverse() }),
});
app.http('rest', { route: 'files/{*path}', methods: ['GET'], handler: async (request) => ({ jsonBody: request.params }) });
app.http('literal', { route: 'things/list', methods: ['PUT'], handler: async () => ({ body: 'the literal route' }) });
app.http('crash', { methods: ['GET'], handler: async () => Promise.reject(new Error('the handler broke')) });

type Client = ReturnType<typeof df.getClient>;
interface Call {
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly states?: readonly df.OrchestrationRuntimeStatus[];
}

const CALLS: Readonly<Record<string, (client: Client, call: Call) => Promise<unknown>>> = {
  start: (client, { id, name, input }) => client.startNew(name ?? '', { ...(id === undefined ? {} : { instanceId: id }), input }),
  status: (client, { id }) => client.getStatus(id ?? ''),
  by: async (client, { states }) =>
    (await client.getStatusBy({ createdTimeFrom: new Date(0), createdTimeTo: new Date(), runtimeStatus: [...(states ?? [])] })).map(
      (one) => one.instanceId,
    ),
  raise: (client, { id, name, input }) => client.raiseEvent(id ?? '', name ?? '', input),
  terminate: (client, { id }) => client.terminate(id ?? '', 'because'),
  purge: (client, { id }) => client.purgeInstanceHistory(id ?? ''),
  purgeBy: (client, { states }) =>
    client.purgeInstanceHistoryBy({ createdTimeFrom: new Date(0), createdTimeTo: new Date(), runtimeStatus: [...(states ?? [])] }),
  links: async (client, { id }) => client.createHttpManagementPayload(id ?? ''),
};

app.http('client', {
  route: 'client/{call}',
  methods: ['POST'],
  extraInputs: [df.input.durableClient()],
  handler: async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    try {
      const call = CALLS[request.params['call'] ?? ''];
      return { jsonBody: { ok: (await call?.(df.getClient(context), (await request.json()) as Call)) ?? null } };
    } catch (error) {
      return { jsonBody: { error: error instanceof Error ? error.message : String(error) } };
    }
  },
});

app.timer('tick', {
  schedule: '%TICK%',
  extraInputs: [df.input.durableClient()],
  handler: async (timer: Timer, context: InvocationContext): Promise<void> => {
    const { taskHubName } = df.getClient(context);
    appendFileSync(process.env['TRACE'] ?? '', `tick ${JSON.stringify({ ...timer, taskHubName })}\n`);
    if (process.env['SLOW_TICK']) await new Promise((resolve) => setTimeout(resolve, 60_000));
    appendFileSync(process.env['TRACE'] ?? '', 'tock\n');
  },
});
if (process.env['QUEUES'])
  app.storageQueue('mail', { queueName: 'mail', connection: 'AzureWebJobsStorage', handler: async () => undefined });
