import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockOf, createThrottle, type Faults } from './faults.ts';

export interface Call {
  readonly method: string;
  /** Without the server's prefix. */
  readonly path: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
  /** A write that changed the directory. */
  readonly wrote?: boolean;
  /** How many objects it changed, if several at once. */
  readonly writes?: number;
  /** What was done, for the log: the cmdlet. */
  readonly what?: string;
}

export interface Logged {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
  readonly what: string;
  readonly status: number;
  readonly refused: boolean;
  readonly wrote: boolean;
  /** Objects that were made, changed or removed. */
  readonly writes: number;
}

export interface DirectoryServer {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly port: number;
  /** Path before every vendor path, such as `/graph-like`. */
  readonly prefix: string;
  readonly answer: (call: Call, faults: Faults) => Reply | Promise<Reply>;
  /** The vendor's shape of a refusal. */
  readonly refuse: (refusal: { retryAfter: number | null; status: number; reason: string }, call: Call) => Reply;
  /** What a call is about, for `match`: path and cmdlet. */
  readonly about: (call: Call) => string;
  /** Edits the organisation, shows its objects. */
  readonly control: (command: Record<string, unknown>) => unknown;
  readonly objects: () => unknown;
}

/** A simulated directory's HTTP server with its control endpoint (`/control`, `/control/log`, `/control/stats`, `/control/objects`). */
export async function startDirectoryServer(options: ServerOptions): Promise<DirectoryServer> {
  const served: Served = { options, faults: {}, log: [], throttle: createThrottle() };
  const server = createServer((request, response) => {
    handle(served, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error instanceof Error ? error.stack : String(error));
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    faults: served.faults,
    url: `http://127.0.0.1:${port}${options.prefix}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A running directory: what it was started with, how it misbehaves now, and every call so far. */
interface Served {
  readonly options: ServerOptions;
  readonly faults: Faults;
  readonly log: Logged[];
  readonly throttle: ReturnType<typeof createThrottle>;
}

async function handle(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prefix } = served.options;
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? '127.0.0.1'}`);
  let body = '';
  request.setEncoding('utf8');
  for await (const part of request as AsyncIterable<string>) body += part;
  if (url.pathname === '/control' || url.pathname.startsWith('/control/')) return answerControl(served, url.pathname, body, response);
  if (!url.pathname.startsWith(`${prefix}/`)) return void response.writeHead(404).end(`Everything is below ${prefix}/.`);
  const call: Call = {
    method: request.method ?? 'GET',
    path: url.pathname.slice(prefix.length),
    url,
    headers: request.headers,
    body,
  };
  await answerVendorCall(served, call, request, response);
}

async function answerVendorCall(served: Served, call: Call, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { options, faults, log, throttle } = served;
  if (faults.latencyMs) await sleep(faults.latencyMs);
  const about = options.about(call);
  const refusal = throttle(faults, about, Date.now());
  const reply = refusal ? options.refuse(refusal, call) : await options.answer(call, faults);
  log.push({
    at: Date.now(),
    method: call.method,
    path: call.path,
    query: call.url.search.slice(1),
    what: about,
    status: reply.status,
    refused: refusal !== null,
    wrote: reply.wrote ?? false,
    writes: reply.writes ?? (reply.wrote ? 1 : 0),
  });
  const { loseAnswer } = faults;
  if (!refusal && loseAnswer && loseAnswer.times > 0 && new RegExp(loseAnswer.match).test(about)) {
    loseAnswer.times -= 1;
    return void request.socket.destroy();
  }
  const date = new Date(clockOf(faults)).toUTCString();
  response.writeHead(reply.status, { date, 'content-type': 'application/json; charset=utf-8', ...reply.headers });
  response.end(reply.body);
}

function answerControl(served: Served, path: string, body: string, response: ServerResponse): void {
  try {
    const answer = JSON.stringify(controlled(served, path, body));
    response.writeHead(200, { 'content-type': 'application/json' }).end(answer);
  } catch (error) {
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }));
  }
}

function controlled({ options, faults, log }: Served, path: string, body: string): unknown {
  if (path === '/control/log') return log;
  if (path === '/control/stats') {
    const [wrote, refused] = [log.filter((one) => one.wrote).length, log.filter((one) => one.refused).length];
    // Objects, not calls: a batch writes many.
    const writes = log.reduce((sum, one) => sum + one.writes, 0);
    return { calls: log.length, reads: log.length - wrote - refused, writes, refused };
  }
  if (path === '/control/objects') return options.objects();
  const command = JSON.parse(body || '{}') as { faults?: Faults; clearLog?: boolean };
  if (command.faults) {
    for (const key of Object.keys(faults)) delete (faults as Record<string, unknown>)[key];
    Object.assign(faults, command.faults);
  }
  if (command.clearLog) log.length = 0;
  return options.control(command as Record<string, unknown>) ?? { ok: true };
}

/** Bearer tokens with a life: opaque, or in the shape of a JWT where somebody may look at their claims. */
export interface TokenDesk {
  issue(audience: string, seconds: number, now?: number, claims?: object): string;
  audience(header: string | undefined, now?: number): string | null;
}

export function createTokenDesk(): TokenDesk {
  const tokens = new Map<string, { audience: string; until: number }>();
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    issue(audience, seconds, now = Date.now(), claims) {
      const random = randomBytes(24).toString('base64url');
      const token = claims ? `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${random}` : `opaque-${random}`;
      tokens.set(token, { audience, until: now + seconds * 1000 });
      return token;
    },
    audience(header, now = Date.now()) {
      const known = tokens.get(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
      return known && known.until > now ? known.audience : null;
    },
  };
}

export function json(status: number, value: unknown, more: Partial<Reply> = {}): Reply {
  return { status, body: JSON.stringify(value), ...more };
}

/** The lies that any JSON service can tell with 200. */
export function lied(reply: Reply, faults: Faults, about: string): Reply {
  if (!faults.lie || reply.status !== 200 || (faults.lieAbout && !new RegExp(faults.lieAbout).test(about))) return reply;
  if (faults.lie === 'truncatedJson') return { ...reply, body: reply.body.slice(0, Math.max(1, Math.floor(reply.body.length / 2))) };
  if (faults.lie === 'html')
    return { ...reply, headers: { 'content-type': 'text/html' }, body: '<html><body><h1>Please sign in to the network</h1></body></html>' };
  return reply;
}
