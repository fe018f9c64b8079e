import { z } from 'zod';
import type { Configuration, ConfigurationFault } from '../model/configuration.ts';
import { cleanDocument } from './cleanDocument.ts';
import { MAX_ROUTES } from './expandMeshes.ts';
import { faultsOf } from './faults.ts';
import { isRecord, strangeKeys } from './merge.ts';
import { ALL_CONNECTORS, duplicateConnectors, readConnectors } from './readConnectors.ts';
import { readRoutes } from './readRoutes.ts';
import { routesFaults } from './routeFaults.ts';
import { RetentionInput, routeInput } from './routeInput.ts';
import { warningsOf } from './warnings.ts';

export interface CheckOptions {
  /** On a developer's machine: plain http is accepted for loopback addresses. */
  readonly local: boolean;
  /** Hosts besides the vendors' that endpoints may name in Azure. */
  readonly allowedHosts: readonly string[];
}

export type Checked =
  | { readonly ok: true; readonly configuration: Configuration; readonly warnings: readonly string[] }
  /** `judged`: what can be read of a document with faults, null if some of its connectors or routes cannot. */
  | {
      readonly ok: false;
      readonly faults: readonly ConfigurationFault[];
      readonly judged: Pick<Configuration, 'connectors' | 'routes'> | null;
    };

const Top = z.strictObject({
  version: z.literal(1),
  paused: z.boolean().default(false),
  defaults: z
    .strictObject({ connector: z.record(z.string(), z.unknown()).default({}), route: z.record(z.string(), z.unknown()).default({}) })
    .prefault({}),
  meshes: z.array(z.unknown()).max(100).default([]),
  connectors: z.array(z.unknown()).max(500),
  routes: z.array(z.unknown()).max(MAX_ROUTES).default([]),
  retention: RetentionInput,
});

/** Checks a whole document and works its defaults out; every fault at once, each with its path and a fix. */
export function checkConfiguration(document: unknown, options: CheckOptions): Checked {
  if (!isRecord(document))
    return {
      ok: false,
      faults: [{ path: '', message: 'The document is no JSON object.', fix: 'Begin with { "version": 1, … }.' }],
      judged: null,
    };
  const faults: ConfigurationFault[] = [];
  const raw = cleanDocument(document, '', faults) as Record<string, unknown>;
  const top = Top.safeParse(raw);
  if (!top.success) faults.push(...faultsOf(top.error, '', Top));
  const list = (value: unknown, most: number): readonly unknown[] => (Array.isArray(value) && value.length <= most ? value : []);
  const defaults = isRecord(raw['defaults']) ? raw['defaults'] : {};
  faults.push(...strangeKeys(defaults['connector'], ALL_CONNECTORS, '/defaults/connector'));
  faults.push(...strangeKeys(defaults['route'], [routeInput(true)], '/defaults/route'));
  const written = list(raw['connectors'], 500);
  const connectors = readConnectors(written, defaults['connector'], options, faults);
  const ids =
    Array.isArray(raw['connectors']) && raw['connectors'].length === written.length
      ? new Set(written.flatMap((one) => (isRecord(one) && typeof one['id'] === 'string' ? [one['id']] : [])))
      : null;
  const around = { defaults: defaults['route'], connectors, ids };
  const writtenRoutes = list(raw['routes'], MAX_ROUTES);
  const routes = readRoutes(writtenRoutes, list(raw['meshes'], 100), around, faults);
  faults.push(...duplicateConnectors(written), ...routesFaults(routes));
  const parts = { connectors, routes: routes.map((one) => one.route) };
  if (faults.length > 0 || !top.success) {
    const whole = connectors.length === written.length && routes.filter((one) => !one.mesh).length === writtenRoutes.length;
    return {
      ok: false,
      faults: unique(faults),
      judged: whole && !faults.some(({ path }) => /^\/(meshes|defaults)/.test(path)) ? parts : null,
    };
  }
  const { paused, retention } = top.data;
  const configuration: Configuration = { version: 1, paused, ...parts, retention };
  return { ok: true, configuration, warnings: warningsOf(configuration) };
}

function unique(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  const seen = new Set<string>();
  return faults.filter((fault) => {
    const key = `${fault.path}\0${fault.message}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
