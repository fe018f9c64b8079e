import { join } from 'node:path';
import { openObjects } from '../objects.ts';
import { createTokenDesk, type DirectoryServer, json, startDirectoryServer } from '../server.ts';
import { exchangeAnswer } from './exchange.ts';
import { error, graphAnswer } from './graph.ts';
import type { TenantObject } from './model.ts';

export interface Tenant {
  readonly tenant: string;
  readonly domains: readonly string[];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly objects: readonly TenantObject[];
}

/** The simulated Microsoft 365: sign-in, Graph and Exchange Online behind one address. @param state folder of its journal, null: memory. */
export async function startMicrosoft365(
  tenant: Tenant,
  options: { port?: number; state?: string | null; prefix?: string },
): Promise<DirectoryServer> {
  const prefix = options.prefix ?? '';
  const objects = openObjects<TenantObject>(options.state ? join(options.state, 'microsoft365.jsonl') : null, () => tenant.objects);
  const desk = createTokenDesk();
  let url = '';
  const graph = { objects, domains: tenant.domains, base: () => `${url}/graph` };
  const exchange = {
    objects,
    tenant: tenant.tenant,
    domains: tenant.domains,
    base: () => `${url}/exchange`,
    held: new Map<string, { owner: string; at: number }>(),
  };
  const server = await startDirectoryServer({
    port: options.port ?? 0,
    prefix,
    about: (call) => `${call.path} ${/"CmdletName":\s*"([^"]+)"/.exec(call.body)?.[1] ?? ''}`.trim(),
    refuse: ({ status, retryAfter, reason }) =>
      error(status, 'TooManyRequests', reason, retryAfter === null ? {} : { 'retry-after': String(retryAfter) }),
    objects: () => objects.all(),
    control(command) {
      const { put, remove } = command as { put?: TenantObject[]; remove?: string[] };
      for (const object of put ?? []) objects.put({ ...objects.get(object.id), ...object });
      for (const id of remove ?? []) objects.remove(id);
      return undefined;
    },
    answer(call, faults) {
      if (call.path === `/login/${tenant.tenant}/oauth2/v2.0/token`) return signIn(call.body, faults.tokenSeconds ?? 3599);
      if (call.path.startsWith('/graph/')) {
        if (!desk.audience(call.headers.authorization)?.includes('graph'))
          return error(401, 'InvalidAuthenticationToken', 'Access token is empty, expired or for another audience.');
        return graphAnswer(graph, { ...call, path: call.path.slice('/graph'.length) }, faults);
      }
      if (call.path === `/exchange/adminapi/beta/${tenant.tenant}/InvokeCommand` && call.method === 'POST') {
        if (!desk.audience(call.headers.authorization)?.includes('outlook'))
          return json(401, { error: { code: 'Unauthorized', message: 'The token is for another audience.' } });
        return exchangeAnswer(exchange, call, faults);
      }
      return error(404, 'ResourceNotFound', `There is no ${call.path} here.`);
    },
  });
  const signIn = (body: string, seconds: number) => {
    const form = new URLSearchParams(body);
    if (form.get('client_id') !== tenant.clientId)
      return json(400, {
        error: 'unauthorized_client',
        error_description: `AADSTS700016: Application with identifier '${form.get('client_id')}' was not found in the directory.`,
      });
    if (form.get('client_secret') !== tenant.clientSecret)
      return json(401, { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid client secret provided.' });
    return json(200, { token_type: 'Bearer', expires_in: seconds, access_token: desk.issue(form.get('scope') ?? '', seconds) });
  };
  url = server.url;
  return server;
}
