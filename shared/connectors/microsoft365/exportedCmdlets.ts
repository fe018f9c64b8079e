import { z } from 'zod';
import type { Http, HttpAnswer } from '../../http/http.ts';
import { jsonIn } from '../../http/jwt.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { type Endpoints, mayFollow } from './clouds.ts';
import type { TokenSource } from './token.ts';

/** The version of the PowerShell module whose list is asked for; the service sends the newest that it has. */
const MODULE = '3.9.2';
const Answer = z.object({ value: z.array(z.record(z.string(), z.unknown())) });

/**
 * The cmdlets that the application's roles hold, lower case: what the PowerShell module asks for to build its proxies (undocumented,
 * reference §3.2). Null where the service does not tell. Throws what `Http` throws.
 */
export async function exportedCmdlets(
  settings: Microsoft365Settings,
  endpoints: Endpoints,
  http: Http,
  tokens: TokenSource,
): Promise<ReadonlySet<string> | null> {
  const first = `${endpoints.exchange}/adminapi/v1.0/${encodeURIComponent(settings.tenant)}/EXOModuleFile?Version=${MODULE}`;
  const ask = (url: string): Promise<HttpAnswer> =>
    http({
      method: 'GET',
      url,
      headers: { accept: 'application/json', commandname: '*', 'x-clientapplication': 'galsync' },
      token: tokens('exchange'),
      idempotent: true,
    });
  let answer = await ask(first);
  const location = answer.headers['location'];
  if (answer.status >= 300 && answer.status < 400 && location) {
    const url = new URL(location, first).href;
    if (!mayFollow(url, endpoints.exchange, endpoints.cloud.exchangeDomain)) return null;
    answer = await ask(url);
  }
  const parsed = Answer.safeParse(jsonIn(answer.text));
  if (answer.status !== 200 || !parsed.success) return null;
  const lists = parsed.data.value.flatMap((module) =>
    Object.entries(module)
      .filter(([key]) => key.toLowerCase() === 'exportedcmdlets')
      .map(([, value]) => value),
  );
  const names = lists.flatMap((list) => (Array.isArray(list) ? list.map(String) : typeof list === 'string' ? list.split(',') : []));
  const cmdlets = names.map((name) => name.trim().toLowerCase()).filter(Boolean);
  return cmdlets.length > 0 ? new Set(cmdlets) : null;
}
