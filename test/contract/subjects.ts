import { setTimeout as sleep } from 'node:timers/promises';
import { startGoogle } from '../../sandbox/directories/google/google.ts';
import { startMicrosoft365 } from '../../sandbox/directories/microsoft365/microsoft365.ts';
import type { DirectoryServer } from '../../sandbox/directories/server.ts';
import { CONTOSO, createContoso } from '../../sandbox/organisations/contoso.ts';
import { createFabrikam, createKeys, FABRIKAM } from '../../sandbox/organisations/fabrikam.ts';
import { checkConfiguration } from '../../shared/config/checkConfiguration.ts';
import type { Connector } from '../../shared/connectors/connector.ts';
import { createGoogleWorkspace } from '../../shared/connectors/google/connector.ts';
import { createMemoryConnector, createMemoryDirectory } from '../../shared/connectors/memory/memoryConnector.ts';
import { createMicrosoft365 } from '../../shared/connectors/microsoft365/connector.ts';
import { createHttp } from '../../shared/http/createHttp.ts';
import type { Http } from '../../shared/http/http.ts';
import { LIST_ATTRIBUTES, SINGLE_ATTRIBUTES } from '../../shared/model/attributes.ts';
import type { ConnectorSettings, PushType } from '../../shared/model/configuration.ts';
import type { Entry } from '../../shared/model/entry.ts';

/** A directory with a connector for it, for the suite that every connector must pass. */
export interface Subject {
  readonly as: PushType;
  /** A connector as another process would open it: nothing is shared but the directory. */
  connect(): Connector;
  /** The directory's control endpoint; null where there is no server. */
  readonly server: DirectoryServer | null;
  control(command: object): Promise<unknown>;
  /** Gives somebody of the directory a manager, or takes it away, as its administrators do; absent where managers are no objects. */
  manage?(one: Entry, manager: Entry | null): Promise<unknown>;
  stop(): Promise<void>;
}

const PEOPLE = 23;
const WANTED = { attributes: [...SINGLE_ATTRIBUTES, ...LIST_ATTRIBUTES], raw: [], x500: true, groupX500: true };

function httpOf(connector: string): Http {
  const rows = new Map<string, number>();
  return createHttp({
    tenant: 'tenant',
    connector,
    waits: {
      read: async (key) => rows.get(key) ?? 0,
      raise: async (key, until) => void rows.set(key, until),
      take: async (_key, from) => from,
    },
    paces: new Map(),
    fetch: globalThis.fetch,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    random: Math.random,
  });
}

/** One connector's settings as the configuration document gives them, with every default. */
function settingsOf<K extends ConnectorSettings['kind']>(
  connector: { readonly kind: K } & Readonly<Record<string, unknown>>,
): Extract<ConnectorSettings, { kind: K }> {
  const checked = checkConfiguration({ version: 1, connectors: [connector], routes: [] }, { local: true, allowedHosts: [] });
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.configuration.connectors[0] as Extract<ConnectorSettings, { kind: K }>;
}

function control(server: DirectoryServer): (command: object) => Promise<unknown> {
  return async (command) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/control`, { method: 'POST', body: JSON.stringify(command) });
    if (answer.status !== 200) throw new Error(await answer.text());
    return answer.json();
  };
}

export async function microsoft365(as: PushType): Promise<Subject> {
  const server = await startMicrosoft365(createContoso(PEOPLE), {});
  const settings = settingsOf({
    id: 'contoso',
    kind: 'microsoft365',
    tenant: CONTOSO.tenant,
    credential: { kind: 'clientSecret', clientId: CONTOSO.clientId, secret: 'CONTOSO_SECRET' },
    endpoints: { login: `${server.url}/login`, graph: `${server.url}/graph`, exchange: `${server.url}/exchange` },
  });
  return {
    as,
    server,
    control: control(server),
    manage: (one, manager) =>
      control(server)({ put: [{ id: one.memberId ?? one.id, manager: manager && (manager.memberId ?? manager.id) }] }),
    connect: () =>
      createMicrosoft365(settings, {
        http: httpOf('contoso'),
        secret: async () => CONTOSO.clientSecret,
        wanted: WANTED,
        now: Date.now,
      }),
    stop: () => server.stop(),
  };
}

export async function googleWorkspace(): Promise<Subject> {
  const keys = createKeys();
  const server = await startGoogle(createFabrikam(PEOPLE, keys.publicKey), {});
  const key = JSON.stringify({
    type: 'service_account',
    client_email: FABRIKAM.serviceAccount,
    private_key: keys.privateKey,
    private_key_id: 'contract',
    token_uri: `${server.url}/token`,
  });
  const settings = settingsOf({
    id: 'fabrikam',
    kind: 'googleWorkspace',
    domain: FABRIKAM.domain,
    credential: { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: FABRIKAM.subject },
    endpoints: { token: `${server.url}/token`, admin: server.url, contacts: server.url },
  });
  return {
    as: 'sharedContact',
    server,
    control: control(server),
    connect: () => createGoogleWorkspace(settings, { http: httpOf('fabrikam'), secret: async () => key, wanted: WANTED, now: Date.now }),
    stop: () => server.stop(),
  };
}

export async function memory(): Promise<Subject> {
  const directory = createMemoryDirectory(['memory.example']);
  for (let n = 0; n < PEOPLE; n += 1)
    directory.entries.set(`u${n}`, {
      id: `u${n}`,
      kind: 'user',
      type: 'user',
      addresses: [`u${n}@memory.example`],
      enabled: true,
      external: false,
      hidden: false,
      attributes: { displayName: `User ${n}` },
    });
  const staff = {
    id: 'g1',
    kind: 'group',
    type: 'group',
    addresses: ['staff@memory.example'],
    attributes: { displayName: 'Staff' },
  } as const;
  directory.entries.set('g1', { ...staff, enabled: true, external: false, hidden: false });
  const members = Array.from({ length: PEOPLE }, (_, n) => ({ id: `u${n}`, group: false }));
  directory.groups.set('g1', { members: [...members, { id: 'g1', group: true }] });
  directory.pageSize = 5;
  directory.together = { calls: 0 };
  directory.managers = true;
  return {
    as: 'contact',
    server: null,
    control: async () => undefined,
    manage: async ({ managerRef: _old, ...one }, manager) =>
      directory.entries.set(one.id, { ...one, ...(manager ? { managerRef: manager.id } : {}) }),
    connect: () => createMemoryConnector('memory', directory),
    stop: async () => undefined,
  };
}
