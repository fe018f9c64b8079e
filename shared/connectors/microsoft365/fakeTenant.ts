import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttp } from '../../http/createHttp.ts';
import type { Http } from '../../http/http.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';

/** One request as the server saw it. */
export interface Seen {
  readonly method: string;
  /** Path and query without the server's prefix. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly cmdlet: string | null;
  readonly parameters: Record<string, unknown>;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Objects are sent as JSON, texts as they are; `null` cuts the connection. */
  readonly body?: unknown;
}

/** A hand-written server for the tests of this room: the test says what is answered, the log says what was asked. */
export interface FakeTenant {
  readonly base: string;
  readonly seen: Seen[];
  /** Answers a request, or undefined to leave it to the next one; later ones are asked first. */
  on(answer: (request: Seen) => Reply | undefined | Promise<Reply | undefined>): void;
  cmdlets(): readonly string[];
  close(): Promise<void>;
}

const PREFIX = '/some/prefix';

export async function startFakeTenant(): Promise<FakeTenant> {
  const seen: Seen[] = [];
  const answers: ((request: Seen) => Reply | undefined | Promise<Reply | undefined>)[] = [
    () => ({ status: 404, body: { error: { code: 'NotFound', message: 'nothing here' } } }),
    (request) => (request.url.includes('/oauth2/v2.0/token') ? { body: { access_token: 'opaque-1', expires_in: 3600 } } : undefined),
  ];
  const server: Server = createServer((request, response) => {
    void handle(request, seen, answers).then((reply) => send(response, reply));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`;
  return {
    base,
    seen,
    on: (answer) => void answers.push(answer),
    cmdlets: () => seen.flatMap((request) => request.cmdlet ?? []),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function handle(
  request: IncomingMessage,
  seen: Seen[],
  answers: readonly ((request: Seen) => Reply | undefined | Promise<Reply | undefined>)[],
): Promise<Reply> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const input = body.startsWith('{')
    ? (JSON.parse(body) as { CmdletInput?: { CmdletName: string; Parameters: Record<string, unknown> } })
    : {};
  const one: Seen = {
    method: request.method ?? '',
    url: decodeURIComponent((request.url ?? '').replace(PREFIX, '')),
    headers: request.headers,
    body,
    cmdlet: input.CmdletInput?.CmdletName ?? null,
    parameters: input.CmdletInput?.Parameters ?? {},
  };
  seen.push(one);
  for (const answer of answers.toReversed()) {
    const reply = await answer(one);
    if (reply) return reply;
  }
  return { status: 500 };
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.body === null) {
    response.socket?.destroy();
    return;
  }
  const text = typeof reply.body === 'string' ? reply.body : reply.body === undefined ? '' : JSON.stringify(reply.body);
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  response.end(text);
}

/** An Exchange refusal as the service words it. */
export function exchangeRefusal(status: number, type: string, text: string): Reply {
  return {
    status,
    body: {
      error: {
        code: 'x',
        message: 'Error executing cmdlet',
        details: [{ code: 'Context', target: '', message: `Ex6F9304|${type}|${text}` }],
      },
    },
  };
}

/** Settings of a connector that talks to the fake. */
export function settingsFor(base: string): Microsoft365Settings {
  return {
    id: 'contoso',
    name: 'Contoso',
    kind: 'microsoft365',
    tenant: 'contoso.example',
    cloud: 'global',
    endpoints: { login: base, graph: `${base}/graph`, exchange: base },
    credential: { kind: 'clientSecret', clientId: 'app-1', secret: 'CONTOSO_SECRET' },
    owns: null,
    limits: { lanes: null, requestsPerMinute: null },
    stamp: 'customAttribute15',
    pull: { internalOnlyGroups: true },
  } as unknown as Microsoft365Settings;
}

/** A clock that only moves when somebody sleeps. */
export interface Clock {
  time: number;
}

/** The real `Http` on that clock. */
export function httpOn(clock: Clock): Http {
  return createHttp({
    connector: 'contoso',
    tenant: 'contoso.example',
    waits: { read: async () => 0, raise: async () => undefined, take: async (_key, from) => from },
    paces: new Map(),
    fetch: globalThis.fetch,
    now: () => clock.time,
    sleep: async (ms) => {
      clock.time += ms;
    },
    random: () => 0,
  });
}
