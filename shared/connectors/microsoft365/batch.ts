import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import type { Endpoints } from './clouds.ts';
import { badAnswer, graphFailure, parseJson } from './graph.ts';
import type { TokenSource } from './token.ts';

/** One request inside a `$batch`. `url` is relative to the version, as `/users/1f0c/contactFolders`. */
export interface BatchRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

export interface BatchReply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** At most this many requests in one call (learn.microsoft.com/graph/json-batching). */
export const BATCH_SIZE = 20;

/**
 * Sends up to 20 requests in one call and answers them in their order, each with its own status: one of them may be throttled while the
 * others are done. Throws what regards the whole call. A call without a create in it is repeated when its answer was lost.
 */
export type GraphBatch = (requests: readonly BatchRequest[], permission: string) => Promise<readonly BatchReply[]>;

const Answer = z.object({
  responses: z.array(
    z.object({
      id: z.coerce.string(),
      status: z.coerce.number().int(),
      headers: z.record(z.string(), z.unknown()).nullish(),
      body: z.unknown().optional(),
    }),
  ),
});

export function createBatch(endpoints: Endpoints, http: Http, tokens: TokenSource): GraphBatch {
  return async (requests, permission) => {
    if (requests.length > BATCH_SIZE) throw new RangeError(`A batch takes ${BATCH_SIZE} requests, not ${requests.length}.`);
    const answer = await http({
      method: 'POST',
      url: `${endpoints.graph}/v1.0/$batch`,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ requests: requests.map(asWire) }),
      token: tokens('graph'),
      idempotent: requests.every((request) => request.method !== 'POST'),
    });
    if (answer.status !== 200) throw graphFailure(answer, 'POST /$batch', permission);
    const parsed = Answer.safeParse(parseJson(answer, 'POST /$batch'));
    if (!parsed.success) throw badAnswer('Microsoft Graph answered POST /$batch with a body that is no list of responses.');
    const byId = new Map(parsed.data.responses.map((response) => [response.id, response]));
    return requests.map((_request, n) => {
      const found = byId.get(String(n + 1));
      if (!found) throw badAnswer(`Microsoft Graph left request ${n + 1} of a batch of ${requests.length} without an answer.`);
      return { status: found.status, headers: lowered(found.headers ?? {}), body: found.body ?? null };
    });
  };
}

function asWire(request: BatchRequest, n: number): object {
  const headers = { ...request.headers, ...(request.body ? { 'Content-Type': 'application/json' } : {}) };
  return {
    id: String(n + 1),
    method: request.method,
    url: request.url,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(request.body ? { body: request.body } : {}),
  };
}

function lowered(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

/** A link of an answer as a batch wants it: what comes after the version. Our token goes to our own address, whatever host the link names. */
export function relativeLink(link: string): string {
  const at = link.indexOf('/v1.0/');
  if (at < 0) throw badAnswer('Microsoft Graph gave a page link that is none of its version 1.0.');
  return link.slice(at + '/v1.0'.length);
}
