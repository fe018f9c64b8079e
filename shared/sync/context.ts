import type { Connector } from '../connectors/connector.ts';
import type { Configuration, ConnectorSettings, RouteSettings } from '../model/configuration.ts';
import { FailureError } from '../model/failure.ts';
import type { Store } from '../store/store.ts';

/** Every line the product logs is one such event: constant name, flat fields, no text of people beyond ids (docs: infra/queries). */
export interface LogEvent {
  readonly event: string;
  readonly [field: string]: string | number | boolean | null | undefined;
}

/** A connector for one activity, with the number of HTTP calls it made so far. */
export interface OpenConnector {
  readonly connector: Connector;
  readonly calls: () => number;
  /**
   * Asked before a page, a change or a mailbox is begun: throws `ThrottledError` (`ours`) while the ceiling of the configuration is used up for
   * longer than an activity may wait.
   */
  readonly ready: () => Promise<void>;
}

/** A configuration that was checked and expanded, with the version that jobs quote. */
export interface LoadedConfiguration {
  readonly configuration: Configuration;
  readonly version: string;
}

export interface InstanceState {
  readonly state: 'running' | 'ended' | 'missing';
  /** What the engine says of an instance that failed, cut to 300 characters. */
  readonly failure: string | null;
}

/** The durable engine, as far as the door of jobs needs it. */
export interface Instances {
  start(orchestration: 'sync', instance: string, input: { readonly job: string; readonly round: number }): Promise<void>;
  state(instance: string): Promise<InstanceState>;
  raise(instance: string, event: string, data: unknown): Promise<void>;
}

/** What the steps of a sync need from outside. Clock, ids and log come in here; nothing in this room asks the process. */
export interface SyncContext {
  readonly store: Store;
  readonly now: () => Date;
  readonly sleep: (ms: number) => Promise<void>;
  /** Lower-case hex, `length` digits. */
  readonly randomHex: (length: number) => string;
  readonly log: (event: LogEvent) => void;
  readonly configuration: () => Promise<LoadedConfiguration>;
  readonly open: (settings: ConnectorSettings, configuration: Configuration) => OpenConnector;
}

/** The connector's settings; throws `configuration` if the document no longer has it. */
export function connectorSettings(configuration: Configuration, id: string): ConnectorSettings {
  const found = configuration.connectors.find((connector) => connector.id === id);
  if (found) return found;
  throw new FailureError({
    code: 'configuration',
    message: `Connector "${id}" is not in the configuration any more.`,
    nextStep: 'Add it again, or start the job without it.',
  });
}

/** The route's settings; throws `configuration` if the document no longer has it. */
export function routeSettings(configuration: Configuration, id: string): RouteSettings {
  const found = configuration.routes.find((route) => route.id === id);
  if (found) return found;
  throw new FailureError({
    code: 'configuration',
    message: `Route "${id}" is not in the configuration any more.`,
    nextStep: 'Add it again, or start the job without it.',
  });
}
