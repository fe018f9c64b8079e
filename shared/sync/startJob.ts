import type { Configuration } from '../model/configuration.ts';
import type { Action, Job, JobRecord, RouteResult, Trigger } from '../model/job.ts';
import { ZERO_COUNTS } from '../model/job.ts';
import type { Instances, SyncContext } from './context.ts';
import { takeLeases } from './leases.ts';
import { Refusal } from './refusal.ts';

/** What somebody asks for at the door (API, schedule, start-up). */
export interface JobRequest {
  readonly action: Extract<Action, 'pull' | 'simulate' | 'push' | 'sync'>;
  readonly routes?: readonly string[] | undefined;
  /** Only with `pull`. */
  readonly connectors?: readonly string[] | undefined;
  readonly fresh?: boolean | undefined;
  readonly only?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  /** Set by the schedule only: targets that are not read this time. */
  readonly keepTargets?: readonly string[] | undefined;
}

/**
 * The door of jobs (design §3): writes the job row, takes the leases of every connector involved, then starts the orchestration.
 * Throws `Refusal`: unknown id (404), busy (409, naming the job that holds a connector), nothing to do or disabled route (422).
 */
export async function startJob(
  context: SyncContext,
  instances: Instances,
  request: JobRequest,
  trigger: Trigger,
  startedBy: string,
): Promise<JobRecord> {
  const { configuration, version } = await context.configuration();
  const routes = chosenRoutes(configuration, request);
  if (request.only && request.action === 'pull')
    throw new Refusal('invalid', 422, '"only" goes with simulate, push and sync; a pull reads its directories whole. Leave it out.');
  return startRecord(context, instances, {
    action: request.action,
    trigger,
    startedBy,
    reason: request.reason ?? null,
    version,
    routes,
    connectors: involved(configuration, request, routes),
    more: {
      fresh: request.fresh ?? false,
      only: request.only ?? null,
      ...(request.keepTargets?.length ? { keepTargets: request.keepTargets } : {}),
    },
  });
}

/** What every kind of job is made of. */
export interface NewJob {
  readonly action: Action;
  readonly trigger: Trigger;
  readonly startedBy: string;
  readonly reason: string | null;
  /** Of the configuration. */
  readonly version: string;
  readonly routes: readonly string[];
  readonly connectors: JobRecord['connectors'];
  readonly more?: Partial<Pick<JobRecord, 'fresh' | 'only' | 'errand' | 'keepTargets'>>;
  /** Further fields of the job as the API shows it. */
  readonly shown?: Partial<Job>;
}

/** Writes a new job's row, takes the leases and starts its first round. Throws `Refusal` 409 if a connector is busy. */
export async function startRecord(context: SyncContext, instances: Instances, wanted: NewJob): Promise<JobRecord> {
  const { action, trigger, routes, connectors } = wanted;
  const id = newJobId(context);
  const record: JobRecord = {
    fresh: false,
    only: null,
    ...wanted.more,
    job: newJob(context, id, wanted),
    connectors,
    cancelRequested: false,
    round: 1,
    roundRoutes: routes,
    instance: `${id}.1`,
    plannedIn: {},
    pulledIn: {},
    lanes: {},
    waits: {},
    pushStartedAt: null,
  };
  await context.store.jobs.create(record);
  await leaseAndStart(context, instances, record, () => context.store.jobs.remove(id));
  context.log({ event: 'job.started', job: id, action, trigger, routes: routes.length, connectors: connectors.length });
  return record;
}

/** Takes the leases and starts the round's orchestration; gives back and undoes if somebody else holds one. */
export async function leaseAndStart(
  context: SyncContext,
  instances: Instances,
  record: JobRecord,
  undo: () => Promise<unknown>,
): Promise<void> {
  const busy = await takeLeases(context, instances, record);
  if (busy) {
    await undo();
    throw new Refusal('busy', 409, `Connector "${busy.connector}" is in use by job ${busy.job}; wait for its end or cancel it.`, {
      job: busy.job,
      connector: busy.connector,
    });
  }
  await instances.start('sync', record.instance, { job: record.job.id, round: record.round });
}

function chosenRoutes(configuration: Configuration, request: JobRequest): readonly string[] {
  if (request.connectors?.length) {
    const unknown = request.connectors.find((id) => !configuration.connectors.some((connector) => connector.id === id));
    if (unknown) throw new Refusal('not-found', 404, `There is no connector "${unknown}" in the configuration.`);
    if (request.action !== 'pull')
      throw new Refusal('invalid', 422, '"connectors" goes with the action "pull" only; name "routes" instead.');
  }
  const named = request.routes;
  if (!named && request.connectors?.length) return [];
  const ids = named ?? configuration.routes.filter((route) => route.enabled).map((route) => route.id);
  for (const id of ids) {
    const route = configuration.routes.find((candidate) => candidate.id === id);
    if (!route) throw new Refusal('not-found', 404, `There is no route "${id}" in the configuration.`);
    if (!route.enabled) throw new Refusal('route-disabled', 422, `Route "${id}" is disabled; enable it in the configuration first.`);
  }
  if (ids.length === 0) throw new Refusal('nothing-to-do', 422, 'No enabled route is configured: there is nothing to do.');
  return [...new Set(ids)];
}

function involved(configuration: Configuration, request: JobRequest, routes: readonly string[]): JobRecord['connectors'] {
  const roles = new Map<string, { source: boolean; target: boolean }>();
  const role = (id: string): { source: boolean; target: boolean } => {
    const known = roles.get(id) ?? { source: false, target: false };
    roles.set(id, known);
    return known;
  };
  for (const id of request.connectors ?? []) role(id).source = true;
  for (const id of routes) {
    const route = configuration.routes.find((candidate) => candidate.id === id)!;
    role(route.from).source = true;
    if (request.action !== 'pull') role(route.to).target = true;
  }
  return [...roles].map(([id, flags]) => ({ id, ...flags })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `20261125T091500Z-7f3a`: sorts by time, so that jobs can be listed newest first. */
function newJobId(context: SyncContext): string {
  return `${context
    .now()
    .toISOString()
    .replace(/[-:]|\.\d+/g, '')}-${context.randomHex(6)}`;
}

function newJob(context: SyncContext, id: string, wanted: NewJob): Job {
  return {
    id,
    action: wanted.action,
    state: 'queued',
    cause: null,
    trigger: wanted.trigger,
    startedBy: wanted.startedBy,
    reason: wanted.reason,
    ...wanted.shown,
    createdAt: context.now().toISOString(),
    startedAt: null,
    finishedAt: null,
    durationMs: null,
    configurationVersion: wanted.version,
    connectors: wanted.connectors.map((connector) => ({
      id: connector.id,
      state: 'queued',
      cause: null,
      pulled: 0,
      read: 0,
      mode: 'full',
      complete: false,
      calls: 0,
    })),
    routes: wanted.routes.map(emptyResult),
    progress: { phase: 'pull', done: 0, total: 0, ratePerMinute: null, secondsLeft: null, waitingUntil: null },
  };
}

/** A route's row before anything is known of it. */
export function emptyResult(id: string): RouteResult {
  return {
    id,
    state: 'queued',
    cause: null,
    plan: null,
    ...ZERO_COUNTS,
    heldBecause: [],
    heldBy: null,
    newer: null,
    decision: null,
    warnings: [],
    losses: {},
  };
}
