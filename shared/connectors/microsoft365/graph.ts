import { Client, type Context, type Middleware, type MiddlewareOptions, ResponseType } from '@microsoft/microsoft-graph-client';
import { z } from 'zod';
import type { Http, HttpAnswer } from '../../http/http.ts';
import { FailureError } from '../../model/failure.ts';
import { type Endpoints, mayFollow } from './clouds.ts';
import type { TokenSource } from './token.ts';

/** What a page of a collection must look like; objects are judged one by one by who reads them. */
export const GraphPage = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
});
export type GraphPage = z.infer<typeof GraphPage>;

const GraphFault = z.object({ error: z.object({ code: z.string().catch(''), message: z.string().catch('') }) });

export interface GraphQuery {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GraphWrite extends GraphQuery {
  readonly method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  /** False for creates: not repeated when the answer was lost. */
  readonly idempotent: boolean;
}

/** Thin client of Microsoft Graph v1.0. Answers with any status; `okPage` and `graphFailure` judge it. */
export interface Graph {
  get(query: GraphQuery): Promise<HttpAnswer>;
  write(call: GraphWrite): Promise<HttpAnswer>;
  /** GETs a link of an earlier answer verbatim. Throws `badAnswer` if it leads to a host that our token must not reach. */
  follow(link: string): Promise<HttpAnswer>;
}

/**
 * Microsoft's own client with a middleware chain of one: our `Http`, which alone does auth, retry and throttling. So none of the client's
 * retry (waits at most 180 s, repeats POST) and none of its auth handler (no token for plain-HTTP hosts, reference §7) is in the way.
 */
export function createGraph(endpoints: Endpoints, http: Http, tokens: TokenSource): Graph {
  const client = Client.initWithMiddleware({ middleware: new HttpEnd(http, tokens), baseUrl: endpoints.graph, defaultVersion: 'v1.0' });
  const send = async (path: string, carried: Carried, query: GraphQuery['query'], headers: GraphQuery['headers']): Promise<HttpAnswer> => {
    const request = client
      .api(path)
      .query(encoded(query ?? {}))
      .headers({ accept: 'application/json', ...headers })
      .middlewareOptions([carried])
      .responseType(ResponseType.RAW);
    // The method and the body travel in `carried`, too: the client's own verbs differ in nothing else.
    await request.get().catch((error: unknown) => {
      // The client wraps every error and every refusal into its own class: the original stands in `carried`.
      if (!carried.answer && !carried.error) throw error;
    });
    if (carried.answer) return carried.answer;
    throw carried.error;
  };
  return {
    get: (query) => send(query.path, new Carried(null), query.query, query.headers),
    write: (call) => send(call.path, new Carried(null, call), call.query, call.headers),
    follow: (link) => {
      if (!mayFollow(link, endpoints.graph, new URL(endpoints.cloud.graph).hostname)) {
        const host = URL.canParse(link) ? new URL(link).host : 'no address at all';
        throw badAnswer(`Microsoft Graph gave a page link to another host (${host}).`);
      }
      return send('/', new Carried(link), undefined, undefined);
    },
  };
}

function encoded(query: Readonly<Record<string, string>>): Record<string, string> {
  // The client joins values as they are; commas and `$` stay readable in logs.
  return Object.fromEntries(
    Object.entries(query).map(([key, value]) => [key, encodeURIComponent(value).replaceAll('%2C', ',').replaceAll('%24', '$')]),
  );
}

/** Travels with one request: its link in, the answer out. */
class Carried implements MiddlewareOptions {
  readonly link: string | null;
  readonly write: GraphWrite | null;
  answer: HttpAnswer | null = null;
  error: unknown = null;
  constructor(link: string | null, write: GraphWrite | null = null) {
    this.link = link;
    this.write = write;
  }
}

class HttpEnd implements Middleware {
  readonly #http: Http;
  readonly #tokens: TokenSource;
  constructor(http: Http, tokens: TokenSource) {
    this.#http = http;
    this.#tokens = tokens;
  }

  async execute(context: Context): Promise<void> {
    const carried = context.middlewareControl?.getMiddlewareOptions(Carried) as Carried;
    const { write } = carried;
    const body = write?.body === undefined ? undefined : JSON.stringify(write.body);
    const sent = (context.options?.headers ?? {}) as Record<string, string>;
    try {
      carried.answer = await this.#http({
        method: write?.method ?? 'GET',
        url: carried.link ?? String(context.request),
        headers: body === undefined ? sent : { ...sent, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
        token: this.#tokens('graph'),
        idempotent: write?.idempotent ?? true,
      });
    } catch (error) {
      carried.error = error;
      throw error;
    }
    const { status, headers, text } = carried.answer;
    context.response = new Response([204, 205, 304].includes(status) ? null : text, { status, headers: { ...headers } });
  }
}

/** The page in a 200 answer, or the fault of any other. Throws `FailureError`; `permission` is what this call needs. */
export function okPage(answer: HttpAnswer, what: string, permission: string): GraphPage {
  if (answer.status !== 200) throw graphFailure(answer, what, permission);
  const parsed = GraphPage.safeParse(parseJson(answer, what));
  if (!parsed.success) throw badAnswer(`Microsoft Graph answered ${what} with a body that is no page of objects.`);
  return parsed.data;
}

/** The JSON in an answer. Throws `badAnswer` for HTML, text and truncated JSON, whatever the status says. */
export function parseJson(answer: HttpAnswer, what: string): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    const kind =
      answer.text.trim() === '' ? 'an empty body' : answer.text.trimStart().startsWith('<') ? 'an HTML page' : 'truncated or foreign text';
    throw badAnswer(`Microsoft Graph answered ${what} with HTTP ${answer.status} and ${kind} instead of JSON.`);
  }
}

/** `code` and `message` of a refusal, empty if it has none. */
export function graphFault(answer: HttpAnswer): { readonly code: string; readonly message: string } {
  try {
    return GraphFault.parse(JSON.parse(answer.text)).error;
  } catch {
    return { code: '', message: '' };
  }
}

/** A refusal as a failure for people. learn.microsoft.com/graph/errors */
export function graphFailure(answer: HttpAnswer, what: string, permission: string): FailureError {
  const { code, message } = graphFault(answer);
  const words = `HTTP ${answer.status}${code ? ` ${code}` : ''}${message ? `: ${message.slice(0, 200)}` : ''}`;
  if (answer.status === 403) {
    return failure(
      'permission',
      `Microsoft Graph refuses ${what} (${words}).`,
      `Grant the application permission ${permission} with admin consent.`,
    );
  }
  if (answer.status === 401) {
    return failure(
      'authentication',
      `Microsoft Graph does not accept our token for ${what} (${words}).`,
      `Check that the application has ${permission} and that tenant and cloud of the connector fit.`,
    );
  }
  if (answer.status >= 500)
    return failure(
      'unreachable',
      `Microsoft Graph could not answer ${what} (${words}).`,
      'The next job tries again; see the service health of Microsoft 365 if it stays.',
    );
  if (/could not find a property named/i.test(message)) {
    return failure(
      'configuration',
      `Microsoft Graph does not know an attribute that is asked for: ${message.slice(0, 200)}`,
      'Correct the "raw." attribute in filters or "set" of the configuration.',
    );
  }
  return failure('refused', `Microsoft Graph refuses ${what} (${words}).`, 'Nothing was changed. Look at the text; report it if it stays.');
}

function failure(
  code: 'permission' | 'authentication' | 'unreachable' | 'configuration' | 'refused',
  message: string,
  nextStep: string,
): FailureError {
  return new FailureError({ code, message: message.slice(0, 500), nextStep });
}

/** An answer that cannot be relied on: nothing is removed because of it. */
export function badAnswer(message: string): FailureError {
  return new FailureError({
    code: 'badAnswer',
    message,
    nextStep: 'Nothing was changed because of it. The next job reads again; check what stands between us and the service if it stays.',
  });
}
