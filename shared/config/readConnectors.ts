import type { z } from 'zod';
import type { ConfigurationFault, ConnectorSettings } from '../model/configuration.ts';
import type { CheckOptions } from './checkConfiguration.ts';
import { connectorFaults } from './connectorFaults.ts';
import { CONNECTOR_INPUTS } from './connectorInput.ts';
import { faultsOf, nearest } from './faults.ts';
import { isRecord, mergeDefaults, placed } from './merge.ts';
import { notAvailable } from './notAvailable.ts';
import { Id } from './primitives.ts';
import { parseAll, STAND_IN, unlessAt } from './salvage.ts';

export const ALL_CONNECTORS: readonly z.ZodType[] = Object.values(CONNECTOR_INPUTS);

/** Stand for a credential or directory that is wrong or missing, while the rest of its connector is judged. */
const STAND_INS: Readonly<Record<keyof typeof CONNECTOR_INPUTS, Readonly<Record<string, unknown>>>> = {
  microsoft365: { credential: { kind: 'clientSecret', clientId: STAND_IN, secret: 'STAND_IN' } },
  googleWorkspace: { credential: { kind: 'serviceAccountKey', key: 'STAND_IN', subject: STAND_IN } },
  exchangeOnPremises: { credential: { kind: 'agent', agent: STAND_IN }, directory: { url: STAND_IN, base: STAND_IN } },
};

/** The connectors that can be judged, defaults worked out; their faults go to `faults`. */
export function readConnectors(
  connectors: readonly unknown[],
  defaults: unknown,
  options: CheckOptions,
  faults: ConfigurationFault[],
): readonly ConnectorSettings[] {
  return connectors.flatMap((raw, n) => readConnector(raw, defaults, `/connectors/${n}`, options, faults) ?? []);
}

function readConnector(
  raw: unknown,
  defaults: unknown,
  start: string,
  options: CheckOptions,
  faults: ConfigurationFault[],
): ConnectorSettings | null {
  if (!isRecord(raw)) {
    faults.push({ path: start, message: 'A connector is an object.', fix: 'Write { "id": …, "kind": … }.' });
    return null;
  }
  const kind = raw['kind'] ?? (isRecord(defaults) ? defaults['kind'] : undefined);
  if (typeof kind !== 'string' || !Object.hasOwn(CONNECTOR_INPUTS, kind)) {
    const id = Id.safeParse(raw['id']);
    if (!id.success) faults.push(...faultsOf(id.error, `${start}/id`, Id));
    faults.push(kindFault(kind, `${start}/kind`));
    return null;
  }
  const name = kind as keyof typeof CONNECTOR_INPUTS;
  const schema: z.ZodType = CONNECTOR_INPUTS[name];
  const own: ConfigurationFault[] = [];
  const value = parseAll(schema, mergeDefaults(defaults, raw, schema, ALL_CONNECTORS), start, own, STAND_INS[name]);
  const part = value as Record<string, unknown> | null;
  const settings = part && ({ ...part, name: part['name'] ?? part['id'] } as unknown as ConnectorSettings);
  if (settings) own.push(...unlessAt(own, [...connectorFaults(settings, start, options), ...notAvailable(settings, start)]));
  faults.push(
    ...placed(own, start, [
      { value: raw, at: start },
      { value: defaults, at: '/defaults/connector' },
    ]),
  );
  return settings;
}

function kindFault(kind: unknown, path: string): ConfigurationFault {
  const known = Object.keys(CONNECTOR_INPUTS);
  const near = typeof kind === 'string' ? nearest(kind, known) : null;
  return {
    path,
    message: kind === undefined ? '"kind" is missing.' : `There is no kind ${JSON.stringify(kind).slice(0, 80)} of connector.`,
    fix: near ? `Did you mean "${near}"?` : `Use one of ${known.join(', ')}.`,
  };
}

/** Connector ids that stand twice, without regard to case. */
export function duplicateConnectors(connectors: readonly unknown[]): readonly ConfigurationFault[] {
  const seen = new Map<string, number>();
  return connectors.flatMap((one, n) => {
    if (!isRecord(one) || typeof one['id'] !== 'string') return [];
    const id = one['id'].toLowerCase();
    const first = seen.get(id);
    seen.set(id, first ?? n);
    if (first === undefined) return [];
    const message = `The connector id "${id.slice(0, 63)}" stands at /connectors/${first} already (case does not count).`;
    return [{ path: `/connectors/${n}/id`, message, fix: 'Give each connector an id of its own.' }];
  });
}
