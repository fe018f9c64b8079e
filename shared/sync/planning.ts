import { addressKey, type Capability, type Connector } from '../connectors/connector.ts';
import type { Configuration, ConnectorSettings, PushType, RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { FailureError } from '../model/failure.ts';
import type { JobRecord } from '../model/job.ts';
import { pushTypesOf } from '../model/pushType.ts';
import { compileCondition } from '../rules/condition.ts';
import { type DomainOwners, domainOwners } from '../rules/owners.ts';
import { compileProjections } from '../rules/project.ts';
import { compileSelection, type SelectionContext } from '../rules/select.ts';
import { compileSettled } from '../rules/settled.ts';
import { type PlanContext, STALE_MS } from '../rules/view.ts';
import type { SnapshotState } from '../store/store.ts';
import type { OpenConnector, SyncContext } from './context.ts';
import { connectorSettings, routeSettings } from './context.ts';
import { membershipOfRoute } from './memberships.ts';

/** The target's side of a route: all that an undo or a retire needs, which ask nothing of the source. */
export interface TargetSide {
  readonly context: SyncContext;
  readonly configuration: Configuration;
  readonly route: RouteSettings;
  readonly target: Connector;
  readonly targetState: SnapshotState;
  /** Of each push type that the route's objects have, the one of users first. */
  readonly capabilities: readonly Capability[];
  readonly capabilityOf: (as: PushType) => Capability;
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
  /** What could not be judged, for people. */
  readonly warnings: readonly string[];
  /** The job and round that plan on an earlier read of the target (pullTargetEvery); null: it was read for this plan. */
  readonly earlierTarget: string | null;
  /** The job and round, or the look, whose plans share what they read once for all their ranges; null: nothing is kept. */
  readonly run: string | null;
  /** The plan is only looked at (preview): the target itself is asked for nothing. */
  readonly lookOnly: boolean;
  /** What `plan.select` was compiled from. */
  readonly selection: SelectionContext;
  readonly plan: PlanContext;
}

/** True for a route whose target objects are its link rows. */
export function isVirtual(planning: Pick<Planning, 'capabilities'>): boolean {
  return planning.capabilities.every((capability) => capability.virtual);
}

/** True if a job is about this entry: all are meant, or it is named by its id or one of its addresses. */
export function isAmong({ only }: Pick<Planning, 'only'>, entry: Pick<Entry, 'id' | 'addresses'>): boolean {
  if (!only) return true;
  return only.some(
    (name) => name === entry.id || (name.includes('@') && entry.addresses.some((one) => addressKey(one) === addressKey(name))),
  );
}

/** A target that we may not read completely is no target (promise 5). */
function refuseBlindTarget(target: string, capabilities: readonly Capability[], state: SnapshotState): void {
  const missing = capabilities.flatMap(({ needs }) => needs).find((set) => state.losses.includes(set) || !state.readBefore.includes(set));
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
  const capabilityOf = (as: PushType): Capability => opened.connector.capability(as);
  const capabilities = pushTypesOf(route.push.as).map(capabilityOf);
  refuseBlindTarget(route.to, capabilities, targetState);
  return { context, configuration, route, target: opened.connector, targetState, capabilities, capabilityOf, now: context.now() };
}

export interface PlanningInput {
  /** The running configuration, or one that is only looked at (preview). */
  readonly configuration: Configuration;
  readonly route: string;
  readonly only: readonly string[] | null;
  /** The job that plans on an earlier read of the target, if it does. */
  readonly earlierTarget?: string | null;
  readonly run?: string;
  readonly lookOnly?: boolean;
}

/** What a route is planned with in a job. */
export function planningOf(record: JobRecord, configuration: Configuration, route: string): PlanningInput {
  const { to } = routeSettings(configuration, route);
  const earlier = record.round === 1 && (record.keepTargets ?? []).includes(to);
  return { configuration, route, only: record.only, earlierTarget: earlier ? record.instance : null, run: record.instance };
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
  const { route, capabilityOf, now } = side;
  const domains: Record<string, readonly string[]> = {};
  for (const connector of configuration.connectors) {
    const state = await context.store.snapshots.state(connector.id);
    if (state) domains[connector.id] = state.domains;
  }
  const owners = domainOwners(configuration.connectors, domains);
  const { warnings, ...membership } = await membershipOfRoute(context, source, route, sourceState);
  const existingWhere = route.push.existingWhere ? compileCondition(route.push.existingWhere, now) : (_entry: Entry): boolean => true;
  const selection: SelectionContext = { source, route, owners, membership, now };
  return {
    ...side,
    only: input.only,
    source,
    sourceSets: context.open(source, configuration).connector.sets,
    sourceState,
    owners,
    warnings,
    earlierTarget: input.earlierTarget ?? null,
    run: input.run ?? null,
    lookOnly: input.lookOnly ?? false,
    selection,
    plan: {
      route,
      capabilityOf,
      now,
      existingWhere,
      select: compileSelection(selection),
      project: compileProjections(route, capabilityOf),
      settled: compileSettled(route, capabilityOf),
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
