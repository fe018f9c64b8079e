import type { Capability, Connector } from '../connectors/connector.ts';
import type { Configuration, ConnectorSettings, RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { FailureError } from '../model/failure.ts';
import { compileCondition } from '../rules/condition.ts';
import { type DomainOwners, domainOwners } from '../rules/owners.ts';
import { compileProjection } from '../rules/project.ts';
import { compileSelection } from '../rules/select.ts';
import type { PlanContext } from '../rules/view.ts';
import type { SnapshotState } from '../store/store.ts';
import type { OpenConnector, SyncContext } from './context.ts';
import { connectorSettings, routeSettings } from './context.ts';

const STALE_MS = 24 * 3_600_000;

/** The target's side of a route: all that an undo or a retire needs, which ask nothing of the source. */
export interface TargetSide {
  readonly context: SyncContext;
  readonly configuration: Configuration;
  readonly route: RouteSettings;
  readonly target: Connector;
  readonly targetState: SnapshotState;
  readonly capability: Capability;
  readonly now: Date;
}

/** Everything that planning a route needs, opened once per activity. */
export interface Planning extends TargetSide {
  /** Addresses or ids: just these entries. null: all. */
  readonly only: readonly string[] | null;
  readonly source: ConnectorSettings;
  readonly sourceSets: readonly string[];
  readonly sourceState: SnapshotState;
  readonly owners: DomainOwners;
  readonly plan: PlanContext;
}

/** A target that we may not read completely is no target (promise 5). */
function refuseBlindTarget(target: string, capability: Capability, state: SnapshotState): void {
  const missing = capability.needs.find((set) => state.losses.includes(set) || !state.readBefore.includes(set));
  if (!missing) return;
  throw new FailureError({
    code: 'permission',
    message: `The target "${target}" does not let "${missing}" be read: what is there could not be matched and would be made twice.`,
    nextStep: `Grant the right to read "${missing}" to the connector (docs/operate.md), then run again.`,
  });
}

/** Opens the target of a route. Throws `FailureError` if it is not configured, was never read or may not be read completely. */
export async function openTarget(context: SyncContext, input: Pick<PlanningInput, 'configuration' | 'route'>): Promise<TargetSide> {
  const { configuration } = input;
  const route = routeSettings(configuration, input.route);
  const opened: OpenConnector = context.open(connectorSettings(configuration, route.to), configuration);
  const targetState = await readState(context, route.to);
  const capability = opened.connector.capability(route.push.as);
  refuseBlindTarget(route.to, capability, targetState);
  return { context, configuration, route, target: opened.connector, targetState, capability, now: context.now() };
}

export interface PlanningInput {
  /** The running configuration, or one that is only looked at (preview). */
  readonly configuration: Configuration;
  readonly route: string;
  readonly only: readonly string[] | null;
}

/**
 * Opens a route for planning, by a job or without one (explain, preview). Throws `FailureError` if the route or its connectors are not
 * configured, or one of them was never read.
 */
export async function openPlanning(context: SyncContext, input: PlanningInput): Promise<Planning> {
  const { configuration } = input;
  const source = connectorSettings(configuration, routeSettings(configuration, input.route).from);
  const sourceState = await readState(context, source.id);
  const side = await openTarget(context, input);
  const { route, capability, now } = side;
  const domains: Record<string, readonly string[]> = {};
  for (const connector of configuration.connectors) {
    const state = await context.store.snapshots.state(connector.id);
    if (state) domains[connector.id] = state.domains;
  }
  const owners = domainOwners(configuration.connectors, domains);
  const existingWhere = route.push.existingWhere ? compileCondition(route.push.existingWhere, now) : (_entry: Entry): boolean => true;
  return {
    ...side,
    only: input.only,
    source,
    sourceSets: context.open(source, configuration).connector.sets,
    sourceState,
    owners,
    plan: {
      route,
      capability,
      now,
      existingWhere,
      select: compileSelection({ source, route, owners, membership: { pull: null, filter: null }, now }),
      project: compileProjection(route, capability),
      sourceStale: now.getTime() - Date.parse(sourceState.completedAt) > STALE_MS,
      routes: new Set(configuration.routes.map((one) => one.id)),
    },
  };
}

async function readState(context: SyncContext, connector: string): Promise<SnapshotState> {
  const state = await context.store.snapshots.state(connector);
  if (state) return state;
  throw new FailureError({
    code: 'noSnapshot',
    message: `Connector "${connector}" was never read completely.`,
    nextStep: 'Run a pull of it and look at its cause.',
  });
}
