import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkConfiguration } from '../shared/config/checkConfiguration.ts';
import { createSecrets } from '../shared/config/secrets.ts';
import { wantedAttributes } from '../shared/config/wantedAttributes.ts';
import { createGoogleWorkspace } from '../shared/connectors/google/connector.ts';
import { createMicrosoft365 } from '../shared/connectors/microsoft365/connector.ts';
import { type Ceiling, createCeiling } from '../shared/http/ceiling.ts';
import { createHttp } from '../shared/http/createHttp.ts';
import type { Http } from '../shared/http/http.ts';
import { createManagedIdentity, type ManagedIdentity } from '../shared/http/managedIdentity.ts';
import type { Pace } from '../shared/http/pace.ts';
import type { Configuration, ConnectorSettings } from '../shared/model/configuration.ts';
import { FailureError } from '../shared/model/failure.ts';
import { tableStoreFromSettings } from '../shared/store/table/tableStore.ts';
import type { LoadedConfiguration, LogEvent, OpenConnector, SyncContext } from '../shared/sync/context.ts';
import { Refusal } from '../shared/sync/refusal.ts';
import { settings } from './settings.ts';

/** The only place that constructs things: store, secrets, connectors, clock, ids, log. One of each per process. */
let context: SyncContext | null = null;

export function syncContext(): SyncContext {
  context ??= {
    store: tableStoreFromSettings(process.env),
    now: () => new Date(),
    sleep: (ms) => sleep(ms),
    randomHex: (length) =>
      randomBytes(Math.ceil(length / 2))
        .toString('hex')
        .slice(0, length),
    log,
    configuration: loadedConfiguration,
    open,
  };
  return context;
}

/** One JSON text per line: what the saved queries parse (infra/queries). */
function log(event: LogEvent): void {
  console.log(JSON.stringify(event));
}

const FRESH_MS = 2_000;
let loaded: { readonly value: LoadedConfiguration; readonly etag: string } | null = null;
let loadedAt = 0;

/** The saved configuration, checked and expanded; parsed again only when its ETag changed. Throws `Refusal` if there is none. */
export async function loadedConfiguration(): Promise<LoadedConfiguration> {
  if (loaded && Date.now() - loadedAt < FRESH_MS) return loaded.value;
  const stored = await syncContext().store.configuration.read();
  if (!stored) throw new Refusal('not-configured', 422, 'No configuration was saved yet; send one with PUT /api/configuration.');
  loadedAt = Date.now();
  if (loaded?.etag === stored.etag) return loaded.value;
  const checked = checkConfiguration(stored.document, loadedConfiguration.options());
  if (!checked.ok) {
    const first = checked.faults[0];
    throw new FailureError({
      code: 'configuration',
      message: `The saved configuration is not valid: ${first?.path} ${first?.message}`,
      nextStep: first?.fix ?? 'Save a valid one.',
    });
  }
  loaded = { value: { configuration: checked.configuration, version: stored.version }, etag: stored.etag };
  return loaded.value;
}

/** How documents are judged on this host. */
loadedConfiguration.options = (): { local: boolean; allowedHosts: readonly string[] } => ({
  local: settings().localOperator,
  allowedHosts: settings().endpointHosts,
});

/** Forgets the parsed configuration: the next step reads it again. */
export function forgetConfiguration(): void {
  loadedAt = 0;
}

const paces = new Map<string, Pace>();
const secrets = createSecrets(process.env);
/** The app's own identity: its tokens are shared by every connector that uses it. */
let identity: ManagedIdentity | null = null;
const connectors = new Map<
  string,
  {
    readonly settings: ConnectorSettings;
    readonly configuration: Configuration;
    readonly http: Http;
    readonly ceiling: Ceiling | null;
    readonly opened: OpenConnector['connector'];
  }
>();

/** Connectors live as long as the process, so that tokens are shared by all callers; calls are counted from here on. */
function open(connector: ConnectorSettings, configuration: Configuration): OpenConnector {
  let known = connectors.get(connector.id);
  if (!known || known.configuration !== configuration) {
    const ceiling = ceilingFor(connector);
    const http = httpFor(connector, ceiling);
    known = { settings: connector, configuration, http, ceiling, opened: construct(connector, configuration, http) };
    // A configuration that is only looked at (preview) does not displace the running one's connectors, with their tokens.
    if (!loaded || loaded.value.configuration === configuration) connectors.set(connector.id, known);
  }
  const { http, ceiling, opened } = known;
  const before = http.calls();
  return { connector: opened, calls: () => http.calls() - before, ready: async () => ceiling?.ready() };
}

/** Outlive a change of the configuration, and a preview of one: what was called counts. */
const ceilings = new Map<string, Ceiling>();

function ceilingFor({ id, limits: { requestsPerMinute } }: ConnectorSettings): Ceiling | null {
  if (requestsPerMinute === null) return null;
  const key = `${id}~${requestsPerMinute}`;
  const { waits } = syncContext().store;
  const ceiling = ceilings.get(key) ?? createCeiling({ connector: id, requestsPerMinute, waits, now: Date.now, sleep: (ms) => sleep(ms) });
  ceilings.set(key, ceiling);
  return ceiling;
}

function httpFor(connector: ConnectorSettings, ceiling: Ceiling | null): Http {
  const tenant =
    connector.kind === 'microsoft365' ? connector.tenant : connector.kind === 'googleWorkspace' ? connector.domain : connector.id;
  return newHttp(connector.id, tenant.toLowerCase(), ceiling);
}

function newHttp(connector: string, tenant: string, ceiling: Ceiling | null): Http {
  return createHttp({
    connector,
    tenant,
    waits: syncContext().store.waits,
    paces,
    fetch: globalThis.fetch,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    random: Math.random,
    ceiling,
    throttled: (event) => log({ event: 'http.throttled', ...event }),
  });
}

function construct(connector: ConnectorSettings, configuration: Configuration, http: Http): OpenConnector['connector'] {
  identity ??= createManagedIdentity(process.env, { http: newHttp('managedIdentity', 'app', null), now: Date.now });
  const deps = {
    http,
    secret: (name: string) => secrets.read(name),
    identity,
    wanted: wantedAttributes(configuration, connector.id),
    now: Date.now,
  };
  const passwordKey = settings().exchangeKey;
  if (connector.kind === 'microsoft365') return createMicrosoft365(connector, { ...deps, ...(passwordKey ? { passwordKey } : {}) });
  if (connector.kind === 'googleWorkspace') return createGoogleWorkspace(connector, { ...deps, tell: log });
  throw new FailureError({
    code: 'configuration',
    message: `Connector "${connector.id}": kind "${connector.kind}" is not available yet.`,
    nextStep: 'Remove it from the configuration.',
  });
}
