import { join } from 'node:path';
import { openObjects } from '../objects.ts';
import { createTokenDesk, type DirectoryServer, json, startDirectoryServer } from '../server.ts';
import { exchangeAnswer } from './exchange.ts';
import { error, graphAnswer } from './graph.ts';
import { type Application, refused, signIn } from './login.ts';
import { editMailbox, type MailboxItem } from './mailboxes.ts';
import { rememberManagers } from './managers.ts';
import type { TenantObject } from './model.ts';
import { moduleFile } from './moduleFile.ts';

export interface Tenant extends Application {
  readonly tenant: string;
  readonly domains: readonly string[];
  readonly objects: readonly TenantObject[];
}

/** The simulated Microsoft 365: sign-in, Graph and Exchange Online behind one address. @param state folder of its journal, null: memory. */
export async function startMicrosoft365(
  tenant: Tenant,
  options: { port?: number; state?: string | null; prefix?: string },
): Promise<DirectoryServer> {
  const prefix = options.prefix ?? '';
  const journal = options.state ? join(options.state, 'microsoft365.jsonl') : null;
  const objects = rememberManagers(openObjects<TenantObject>(journal, () => tenant.objects));
  const desk = createTokenDesk();
  let url = '';
  const mailboxes = openObjects<MailboxItem>(options.state ? join(options.state, 'mailboxes.jsonl') : null, () => []);
  const graph = { objects, mailboxes, domains: tenant.domains, base: () => `${url}/graph` };
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
      if ('mailbox' in command) return editMailbox(graph, command as unknown as Parameters<typeof editMailbox>[1]);
      const { put, remove } = command as { put?: TenantObject[]; remove?: string[] };
      for (const object of put ?? []) objects.put({ ...objects.get(object.id), ...object });
      for (const id of remove ?? []) objects.remove(id);
      return command['show'] === 'mailboxes' ? mailboxes.all() : undefined;
    },
    answer(call, faults) {
      if (call.path === `/login/${tenant.tenant}/oauth2/v2.0/token`)
        return signIn(tenant, tenant.tenant, `${url}${call.path}`, call.body, desk, faults);
      if (call.path.startsWith('/login/'))
        return refused(400, 'invalid_request', 90002, 'Tenant not found. Check to make sure you have the correct tenant ID.');
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
      if (call.path === `/exchange/adminapi/v1.0/${tenant.tenant}/EXOModuleFile` && call.method === 'GET') {
        if (!desk.audience(call.headers.authorization)?.includes('outlook') || faults.forbidden?.includes('exchange'))
          return json(401, { error: { code: 'Unauthorized', message: 'The token is for another audience.' } });
        return moduleFile(faults);
      }
      return error(404, 'ResourceNotFound', `There is no ${call.path} here.`);
    },
  });
  url = server.url;
  return server;
}
