import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppModule, Binding, HttpData, TypedData } from './appModule.ts';

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?$/i;
const MAX_BODY = 100 * 1024 * 1024;

interface Route {
  readonly name: string;
  readonly binding: string;
  readonly methods: ReadonlySet<string>;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly literal: number;
  readonly clients: readonly string[];
}

export interface HttpOptions {
  readonly app: AppModule;
  readonly prefix: string;
  readonly port: number;
  readonly clientBinding: () => string;
  /** Runs a timer function now (`POST /admin/functions/NAME`). */
  readonly runTimer: (name: string) => Promise<boolean>;
  readonly log: (level: string, message: string) => void;
}

/** Serves the app's HTTP functions on the loopback address; anything whose `Host` is not a loopback name is refused (DNS rebinding). */
export async function startHttp(options: HttpOptions): Promise<{ port: number; server: Server }> {
  const routes = options.app.functions
    .flatMap((one) => routesOf(one.name, one.bindings, options.prefix))
    .sort((a, b) => b.literal - a.literal);
  const server = createServer((request, response) => {
    serve(options, routes, request, response).catch((error: unknown) => {
      options.log('error', `${request.method} ${request.url}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, server };
}

function routesOf(name: string, bindings: Readonly<Record<string, Binding>>, prefix: string): readonly Route[] {
  const trigger = Object.entries(bindings).find(([, binding]) => binding.type === 'httpTrigger');
  if (!trigger) return [];
  const [key, binding] = trigger;
  const names: string[] = [];
  const path = [prefix, binding.route ?? name].filter(Boolean).join('/');
  const pattern = path.split('/').map((part) => {
    const parameter = /^\{(\*?)([A-Za-z0-9_]+)(:[^}]*)?(\?)?\}$/.exec(part);
    if (!parameter) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    names.push(parameter[2]!);
    return parameter[1] ? '(.*)' : '([^/]+)';
  });
  const clients = Object.entries(bindings)
    .filter(([, one]) => one.type === 'durableClient')
    .map(([client]) => client);
  const methods = new Set((binding.methods ?? ['GET', 'POST']).map((method) => method.toUpperCase()));
  return [
    {
      name,
      binding: key,
      methods,
      pattern: new RegExp(`^/${pattern.join('/')}/?$`, 'i'),
      names,
      literal: pattern.filter((part) => !part.startsWith('(')).length,
      clients,
    },
  ];
}

async function serve(options: HttpOptions, routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = request.headers.host ?? '';
  if (!LOOPBACK.test(host)) return plain(response, 403, 'This development host answers loopback names only.');
  const url = new URL(request.url ?? '/', `http://${host}`);
  const admin = /^\/admin\/functions\/([^/]+)$/.exec(url.pathname);
  if (admin && request.method === 'POST') return plain(response, (await options.runTimer(admin[1]!)) ? 202 : 404, '');
  const path = decodeURI(url.pathname);
  const route = routes.find((one) => one.pattern.test(path) && one.methods.has(request.method ?? 'GET'));
  if (!route) return plain(response, 404, '');
  const body = await bodyOf(request);
  if (body === null) return plain(response, 413, 'The body is too large.');
  const values = route.pattern.exec(url.pathname)!.slice(1);
  const params = Object.fromEntries(route.names.map((name, n) => [name, decodeURIComponent(values[n] ?? '')]));
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
  const http = {
    method: request.method,
    url: url.href,
    headers,
    params,
    query: Object.fromEntries(url.searchParams),
    ...(body.byteLength > 0 ? { body: { bytes: body } } : {}),
  };
  const inputs = [
    { name: route.binding, data: { http } as unknown as TypedData },
    ...route.clients.map((name) => ({ name, data: { string: options.clientBinding() } })),
  ];
  const answer = await options.app.invoke(route.name, inputs, {});
  respond(response, answer?.http ?? {});
}

function respond(response: ServerResponse, answer: HttpData): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.statusCode = Number(answer.statusCode ?? 200) || 200;
  const { body } = answer;
  if (body?.bytes) response.end(body.bytes);
  else response.end(body?.string ?? body?.json ?? '');
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > MAX_BODY) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
