import { admin, type admin_directory_v1 } from 'googleapis/build/src/apis/admin/index.js';
import type { z } from 'zod';
import type { Http, HttpAnswer } from '../../http/http.ts';
import { badAnswer, isQuota, refusalOf } from './answers.ts';
import { type Feature, SCOPES } from './token.ts';

type Directory = admin_directory_v1.Admin;

export interface DirectoryClient {
  /** One page, parsed. `null`: the service does not have it (404), where `optional` says so. */
  page<T>(
    feature: Feature,
    what: string,
    schema: z.ZodType<T>,
    call: (directory: Directory, options: CallOptions) => Promise<unknown>,
  ): Promise<T>;
}

/** What every call passes: our transport, no retry of the library's own, the text as it came. */
export type CallOptions = {
  readonly retry: false;
  readonly responseType: 'text';
  readonly validateStatus: () => true;
  readonly fetchImplementation: typeof fetch;
};

/** Google's own client for the Admin SDK, with our transport below it: `shared/http` signs, waits and repeats. */
export function createDirectory(
  base: string,
  http: Http,
  token: (feature: Feature) => (fresh: boolean) => Promise<string>,
  connector: string,
): DirectoryClient {
  // The library drops a path from its root address: it gets the vendor's, and the request goes to ours.
  const directory = admin({ version: 'directory_v1' });
  return {
    async page(feature, what, schema, call) {
      let answer: HttpAnswer | null = null;
      let thrown: unknown = null;
      const transport = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
        const asked = new URL(input instanceof Request ? input.url : String(input));
        const url = `${base}${asked.pathname}${asked.search}`;
        try {
          answer = await http({
            method: (init?.method ?? 'GET') as 'GET',
            url,
            headers: { accept: 'application/json', 'user-agent': 'galsync (gzip)' },
            token: token(feature),
            idempotent: true,
            isThrottle: isQuota,
          });
        } catch (error) {
          thrown = error;
          throw error;
        }
        return new Response(answer.text, { status: answer.status, headers: { 'content-type': 'text/plain' } });
      };
      await call(directory, {
        retry: false,
        responseType: 'text',
        validateStatus: () => true,
        fetchImplementation: transport as typeof fetch,
      }).catch((error: unknown) => {
        // The library wraps what its transport throws; a wait must stay a wait, and a failure keep its cause.
        throw thrown ?? error;
      });
      return parse(connector, feature, what, answer!, schema);
    },
  };
}

function parse<T>(connector: string, feature: Feature, what: string, answer: HttpAnswer, schema: z.ZodType<T>): T {
  if (answer.status !== 200) throw refusalOf(connector, what, SCOPES[feature], answer);
  let json: unknown;
  try {
    json = JSON.parse(answer.text);
  } catch {
    throw badAnswer(connector, what, `something that is no complete JSON (${answer.text.length} characters)`);
  }
  const good = schema.safeParse(json);
  if (good.success) return good.data;
  throw badAnswer(connector, what, `another shape (${good.error.issues[0]?.path.join('.')}: ${good.error.issues[0]?.message})`);
}
