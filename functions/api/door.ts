import { app, type HttpRequest, type HttpResponseInit } from '@azure/functions';
import * as df from 'durable-functions';
import { z } from 'zod';
import { StoreConflict } from '../../shared/store/store.ts';
import type { Instances } from '../../shared/sync/context.ts';
import { Refusal } from '../../shared/sync/refusal.ts';
import { instancesOf } from '../instances.ts';
import { settings } from '../settings.ts';
import { type Caller, callerOf, type Role } from './caller.ts';
import { queryFaults } from './queries.ts';

/** What a call may use: the parsed request, who asks, and the durable engine. */
export interface Call {
  readonly request: HttpRequest;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly caller: Caller;
  readonly instances: Instances;
  /** The JSON body; throws a 400 for anything else. `{}` if there is none. */
  body(): Promise<unknown>;
  text(): Promise<string>;
}

const MAX_BODY = 1024 * 1024;

/** A registered HTTP route, as the API's description lists it. */
export interface Door {
  readonly name: string;
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[];
  /** Below `/api/`, with `{parameters}`. */
  readonly route: string;
  readonly role: Role | null;
}

const registered: Door[] = [];

/** Every HTTP route of the app: what is called is what is described. */
export function doors(): readonly Door[] {
  return registered;
}

/** One HTTP route. `role: null` is anonymous (health only); every other route answers 401 without a caller, 403 without the role. */
export function door(
  name: string,
  methods: readonly ('GET' | 'POST' | 'PUT' | 'DELETE')[],
  route: string,
  role: Role | null,
  handler: (call: Call) => Promise<HttpResponseInit>,
): void {
  registered.push({ name, methods, route, role });
  app.http(name, {
    methods: [...methods],
    route,
    authLevel: 'anonymous',
    extraInputs: [df.input.durableClient()],
    handler: async (request, context) => {
      try {
        const caller = callerOf(request, settings());
        // Probes of health add what they like.
        if (role !== null) {
          requireRole(caller, role);
          requireQuery(name, request.query);
        }
        const call: Call = {
          request,
          params: request.params,
          query: request.query,
          caller: caller ?? { name: 'anonymous', roles: [] },
          instances: instancesOf(df.getClient(context)),
          body: () => jsonBody(request),
          text: () => boundedText(request),
        };
        return withSecurity(await handler(call));
      } catch (error) {
        return withSecurity(problemOf(error, request));
      }
    },
  });
}

function requireRole(caller: Caller | null, role: Role): void {
  if (!caller) throw new Problem('unauthenticated', 401, 'Sign in: every call but health needs an account with a galsync role.');
  if (!caller.roles.includes(role))
    throw new Problem('forbidden', 403, `This call needs the role "${role}"; ${caller.name} has ${caller.roles.join(', ') || 'none'}.`);
}

function requireQuery(door: string, query: URLSearchParams): void {
  const errors = queryFaults(door, query);
  const [first] = errors;
  if (first) throw new Problem('invalid', 400, `The query has ${errors.length} fault(s): ${first.message} ${first.fix}`, { errors });
}

/** An error with its HTTP status, for what only doors know. */
export class Problem extends Error {
  readonly type: string;
  readonly status: number;
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(type: string, status: number, detail: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.type = type;
    this.status = status;
    this.extra = extra;
  }
}

async function boundedText(request: HttpRequest): Promise<string> {
  const text = await request.text();
  if (Buffer.byteLength(text) > MAX_BODY) throw new Problem('too-large', 400, 'The body is larger than 1 MiB.');
  return text;
}

async function jsonBody(request: HttpRequest): Promise<unknown> {
  const text = await boundedText(request);
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem('invalid-json', 400, `The body is no JSON: ${error instanceof Error ? error.message : ''}`.slice(0, 300));
  }
}

/** `application/problem+json` (RFC 9457). Unknown errors tell the log, not the caller. */
export function problemOf(error: unknown, request: HttpRequest): HttpResponseInit {
  const known = error instanceof Refusal || error instanceof Problem ? error : null;
  const status = known?.status ?? (error instanceof StoreConflict ? 409 : 500);
  const type = known?.type ?? (error instanceof StoreConflict ? 'conflict' : 'internal');
  const detail =
    known || error instanceof StoreConflict
      ? (error as Error).message
      : 'Something went wrong inside galsync; the log of the function app says what.';
  if (status === 500)
    console.error(
      JSON.stringify({
        event: 'api.failed',
        url: new URL(request.url).pathname,
        error: error instanceof Error ? (error.stack ?? error.message).slice(0, 2_000) : String(error),
      }),
    );
  const body = {
    type: `https://galsync.dev/problems/${type}`,
    title: type.replaceAll('-', ' '),
    status,
    detail,
    instance: new URL(request.url).pathname,
    ...known?.extra,
  };
  return { status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify(body) };
}

function withSecurity(response: HttpResponseInit): HttpResponseInit {
  return {
    ...response,
    headers: {
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'",
      ...(response.headers as Record<string, string> | undefined),
    },
  };
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): HttpResponseInit {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: JSON.stringify(body) };
}

/** `limit` (default 100, max 1000) of a list call. */
export function limitOf(query: URLSearchParams): number {
  return Number(query.get('limit') ?? 100);
}

/** `cursor` of a list call as `nextLink` gave it, null without; 400 for anything else. */
export function cursorOf<T>(query: URLSearchParams, schema: z.ZodType<T>): T | null {
  const text = query.get('cursor');
  if (!text) return null;
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch {
    throw notOurs();
  }
}

/** A cursor that a store gave: the place of a row. */
export function rowCursor(query: URLSearchParams): string | null {
  const text = query.get('cursor');
  if (!text || /^[\x20-\x7e]{3,}$/.test(Buffer.from(text, 'base64url').toString('utf8'))) return text || null;
  throw notOurs();
}

function notOurs(): Problem {
  return new Problem('invalid', 400, '"cursor" is none that this list gave: follow nextLink as it is, or begin again without it.');
}

/** What `cursorOf` reads. */
export function cursorText(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** A short list in pages: an item is found again by its id, whatever was added or taken out meanwhile. */
export function pagedList<T extends { readonly id: string }>(
  call: Call,
  all: readonly T[],
): { readonly items: readonly T[]; readonly next: string | null } {
  const after = cursorOf(call.query, z.string());
  const from = after === null ? 0 : all.findIndex((item) => item.id === after) + 1;
  if (after !== null && from === 0)
    throw new Problem('list-changed', 409, `"${after}" is in the list no more: begin again without "cursor".`);
  const items = all.slice(from, from + limitOf(call.query));
  const more = from + items.length < all.length;
  return { items, next: more ? cursorText(items.at(-1)!.id) : null };
}

/** A list answer with the link to its next page. */
export function listOf(call: Call, items: readonly unknown[], next: string | null): HttpResponseInit {
  const url = new URL(call.request.url);
  if (next !== null) url.searchParams.set('cursor', next);
  return json({ items, nextLink: next === null ? null : `${url.pathname}${url.search}` });
}
