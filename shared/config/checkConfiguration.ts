import { z } from 'zod';
import type { Configuration, ConfigurationFault, ConnectorSettings, RouteSettings } from '../model/configuration.ts';
import { connectorFaults } from './connectorFaults.ts';
import { CONNECTOR_INPUTS } from './connectorInput.ts';
import { faultsOf, nearest } from './faults.ts';
import { expandMeshes, isRecord, mergeDefaults, type RawRoute } from './merge.ts';
import { notAvailable } from './notAvailable.ts';
import { routeFaults, routesFaults } from './routeFaults.ts';
import { RetentionInput, routeInput } from './routeInput.ts';
import { parseAll } from './salvage.ts';

export interface CheckOptions {
  /** On a developer's machine: plain http is accepted for loopback addresses. */
  readonly local: boolean;
  /** Hosts besides the vendors' that endpoints may name in Azure. */
  readonly allowedHosts: readonly string[];
}

export type Checked =
  | { readonly ok: true; readonly configuration: Configuration; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly faults: readonly ConfigurationFault[] };

const Top = z.strictObject({
  version: z.literal(1),
  paused: z.boolean().default(false),
  defaults: z
    .strictObject({ connector: z.record(z.string(), z.unknown()).default({}), route: z.record(z.string(), z.unknown()).default({}) })
    .prefault({}),
  meshes: z.array(z.unknown()).max(100).default([]),
  connectors: z.array(z.unknown()).max(500),
  routes: z.array(z.unknown()).max(5000).default([]),
  retention: RetentionInput,
});

/** Checks a whole document and works its defaults out; every fault at once, each with its path and a fix. */
export function checkConfiguration(document: unknown, options: CheckOptions): Checked {
  const top = Top.safeParse(document);
  if (!top.success && !isRecord(document))
    return { ok: false, faults: [{ path: '', message: 'The document is no JSON object.', fix: 'Begin with { "version": 1, … }.' }] };
  const faults: ConfigurationFault[] = top.success ? [] : [...faultsOf(top.error, '')];
  const raw = document as Record<string, unknown>;
  const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
  const defaults = isRecord(raw['defaults']) ? raw['defaults'] : {};
  faults.push(...defaultsFaults(defaults));
  const connectors = list(raw['connectors']).map((one, n) => readConnector(one, defaults['connector'], n, options, faults));
  const known = connectors.filter((one) => one !== null);
  const rawIds = new Set(list(raw.connectors).map((one) => (isRecord(one) ? String(one.id) : '')));
  const routes = readRoutes(list(raw['routes']), list(raw['meshes']), defaults['route'], known, rawIds, faults);
  faults.push(...duplicateConnectors(list(raw['connectors'])), ...routesFaults(routes));
  if (faults.length > 0 || !top.success) return { ok: false, faults: unique(faults) };
  const configuration: Configuration = {
    version: 1,
    paused: top.data.paused,
    connectors: known,
    routes: routes.map((one) => one.route),
    retention: top.data.retention,
  };
  return { ok: true, configuration, warnings: [] };
}

function unique(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const key = `${fault.path}\0${fault.message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}

/** Keys of `defaults` that fit no kind at all are misspelt, not "left out". */
function defaultsFaults(defaults: Record<string, unknown>): readonly ConfigurationFault[] {
  const all = {
    connector: new Set(Object.values(CONNECTOR_INPUTS).flatMap((schema) => Object.keys(schema.shape))),
    route: new Set(Object.keys(routeInput(true).shape)),
  };
  return (['connector', 'route'] as const).flatMap((part) =>
    Object.keys(isRecord(defaults[part]) ? (defaults[part] as object) : {})
      .filter((key) => !all[part].has(key))
      .map((key) => ({
        path: `/defaults/${part}/${key}`,
        message: `There is no key "${key}" in a ${part}.`,
        fix: nearest(key, [...all[part]]) ? `Did you mean "${nearest(key, [...all[part]])}"?` : 'Remove it.',
      })),
  );
}

function duplicateConnectors(connectors: readonly unknown[]): readonly ConfigurationFault[] {
  const seen = new Map<string, number>();
  return connectors.flatMap((one, n) => {
    const id = isRecord(one) && typeof one['id'] === 'string' ? one['id'].toLowerCase() : null;
    if (id === null) return [];
    const first = seen.get(id);
    seen.set(id, first ?? n);
    return first === undefined
      ? []
      : [
          {
            path: `/connectors/${n}/id`,
            message: `The connector id "${id}" stands at /connectors/${first} already (case does not count).`,
            fix: 'Give each connector an id of its own.',
          },
        ];
  });
}

function readConnector(
  raw: unknown,
  defaults: unknown,
  n: number,
  options: CheckOptions,
  faults: ConfigurationFault[],
): ConnectorSettings | null {
  const start = `/connectors/${n}`;
  if (!isRecord(raw)) {
    faults.push({ path: start, message: 'A connector is an object.', fix: 'Write { "id": …, "kind": … }.' });
    return null;
  }
  const kind = raw['kind'] ?? (isRecord(defaults) ? defaults['kind'] : undefined);
  const schema = CONNECTOR_INPUTS[kind as keyof typeof CONNECTOR_INPUTS];
  if (!Object.hasOwn(CONNECTOR_INPUTS, String(kind)) || !schema) {
    faults.push({
      path: `${start}/kind`,
      message: `There is no kind ${JSON.stringify(kind ?? null)} of connector.`,
      fix: 'Use microsoft365, googleWorkspace or exchangeOnPremises.',
    });
    return null;
  }
  const { value } = parseAll<unknown>(schema, mergeDefaults(defaults, raw, Object.keys(schema.shape)), start, faults);
  if (value === null) return null;
  const settings = named(value) as unknown as ConnectorSettings;
  faults.push(...connectorFaults(settings, start, options), ...notAvailable(settings, start));
  return settings;
}

export interface ReadRoute {
  readonly route: RouteSettings;
  /** Where it stands in the document; a mesh's routes stand at their mesh. */
  readonly start: string;
}

function readRoutes(
  routes: readonly unknown[],
  meshes: readonly unknown[],
  defaults: unknown,
  connectors: readonly ConnectorSettings[],
  rawIds: ReadonlySet<string>,
  faults: ConfigurationFault[],
): readonly ReadRoute[] {
  const written: RawRoute[] = routes.map((raw, n) => ({ raw, start: `/routes/${n}` }));
  const read: ReadRoute[] = [];
  for (const { raw, start } of [...written, ...expandMeshes(meshes, written, connectors, faults)]) {
    const route = readRoute(raw, start, defaults, connectors, rawIds, faults);
    if (route) read.push({ route, start });
  }
  return read;
}

const DEFAULT_PUSH = { microsoft365: 'guest', googleWorkspace: 'sharedContact', exchangeOnPremises: 'contact' } as const;

function readRoute(
  raw: unknown,
  start: string,
  defaults: unknown,
  connectors: readonly ConnectorSettings[],
  rawIds: ReadonlySet<string>,
  faults: ConfigurationFault[],
): RouteSettings | null {
  if (!isRecord(raw)) {
    faults.push({ path: start, message: 'A route is an object.', fix: 'Write { "id": …, "from": …, "to": … }.' });
    return null;
  }
  const target = connectors.find((connector) => connector.id === raw['to']);
  const push = isRecord(raw['push']) ? raw['push'] : {};
  const inherited = isRecord(defaults) && isRecord(defaults['push']) ? defaults['push'] : {};
  const as = push['as'] ?? inherited['as'] ?? (target ? DEFAULT_PUSH[target.kind] : 'contact');
  const schema = routeInput(as !== 'sharedContact' && as !== 'mailboxContact');
  const { value } = parseAll<unknown>(schema, mergeDefaults(defaults, raw, Object.keys(schema.shape)), start, faults);
  if (value === null) return null;
  const settings = withPushType(named(value), as) as unknown as RouteSettings;
  faults.push(...routeFaults(settings, start, connectors, rawIds), ...notAvailable(settings, start));
  return settings;
}

/** The name defaults to the id. */
function named(value: unknown): Record<string, unknown> {
  const part = value as Record<string, unknown>;
  return { ...part, name: part.name ?? part.id };
}

function withPushType(route: Record<string, unknown>, as: unknown): Record<string, unknown> {
  return { ...route, push: { ...(route.push as object), as } };
}
