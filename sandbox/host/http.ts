import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AppModule, Binding, Cookie, HttpData, TypedData } from './appModule.ts';
import { isForeign } from './loopback.ts';

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
  /** The durable management API under `/runtime/webhooks/durabletask/`. */
  readonly management: (request: IncomingMessage, response: ServerResponse) => void;
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

/** Route constraints that are looked at; the others accept any text. */
const CONSTRAINTS: Readonly<Record<string, string>> = { int: '-?\\d+', long: '-?\\d+', guid: '[0-9a-fA-F-]{36}', alpha: '[A-Za-z]+' };

function routesOf(name: string, bindings: Readonly<Record<string, Binding>>, prefix: string): readonly Route[] {
  const trigger = Object.entries(bindings).find(([, binding]) => binding.type === 'httpTrigger');
  if (!trigger) return [];
  const [key, binding] = trigger;
  const names: string[] = [];
  const path = [prefix, binding.route ?? name].filter(Boolean).join('/');
  const pattern = path.split('/').map((part) => {
    const parameter = /^\{(\*?)([A-Za-z0-9_]+)(?::([^}?]*))?(\?)?\}$/.exec(part);
    if (!parameter) return `/${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`;
    names.push(parameter[2]!);
    const value = parameter[1] ? '(.*)' : `(${CONSTRAINTS[parameter[3] ?? ''] ?? '[^/]+'})`;
    return parameter[1] || parameter[4] ? `(?:/${value})?` : `/${value}`;
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
      pattern: new RegExp(`^${pattern.join('')}/?$`, 'i'),
      names,
      literal: pattern.filter((part) => !part.includes('(')).length,
      clients,
    },
  ];
}

async function serve(options: HttpOptions, routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (isForeign(request)) return plain(response, 403, 'This development host answers loopback names only.');
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  if (url.pathname.startsWith('/runtime/webhooks/durabletask/')) return options.management(request, response);
  const admin = /^\/admin\/functions\/([^/]+)$/.exec(url.pathname);
  if (admin && request.method === 'POST') return plain(response, (await options.runTimer(admin[1]!)) ? 202 : 404, '');
  const route = routes.find((one) => one.pattern.test(url.pathname) && one.methods.has(request.method ?? 'GET'));
  const params = route && paramsOf(route, url.pathname);
  if (!route) return plain(response, 404, '');
  if (!params) return plain(response, 400, 'The path is not well encoded.');
  const body = await bodyOf(request);
  if (body === null) return plain(response, 413, 'The body is too large.');
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

/** Parameters of the route that are in the path; null when the path is not well encoded. */
function paramsOf(route: Route, path: string): Readonly<Record<string, string>> | null {
  const values = route.pattern.exec(path)?.slice(1) ?? [];
  try {
    return Object.fromEntries(
      route.names.flatMap((name, n): [string, string][] => (values[n] === undefined ? [] : [[name, decodeURIComponent(values[n])]])),
    );
  } catch {
    return null;
  }
}

function respond(response: ServerResponse, answer: HttpData): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  const cookies = (answer.cookies ?? []).map(cookieText);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.statusCode = Number(answer.statusCode ?? 200) || 200;
  const { body } = answer;
  if (body?.bytes) response.end(body.bytes);
  else response.end(body?.string ?? body?.json ?? '');
}

function cookieText(cookie: Cookie): string {
  const unwrap = (value: unknown): unknown => (typeof value === 'object' && value !== null && 'value' in value ? value.value : value);
  const pairs = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (unwrap(cookie.path)) pairs.push(`path=${String(unwrap(cookie.path))}`);
  if (unwrap(cookie.domain)) pairs.push(`domain=${String(unwrap(cookie.domain))}`);
  if (unwrap(cookie.maxAge) !== undefined) pairs.push(`max-age=${String(unwrap(cookie.maxAge))}`);
  if (unwrap(cookie.secure)) pairs.push('secure');
  if (unwrap(cookie.httpOnly)) pairs.push('httponly');
  return pairs.join('; ');
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
