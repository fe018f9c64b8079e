import type { Configuration, RouteSettings } from '../model/configuration.ts';
import type { RouteState } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import { type ExplainStep, type ReadFacts, readStep } from '../rules/explain.ts';
import type { NextRun, WaitFacts } from '../rules/explainNext.ts';
import { nextRuns } from '../rules/schedule.ts';
import type { SnapshotRow } from '../store/store.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { isReadAsAsked } from './readAsAsked.ts';
import { inZone } from './views.ts';

/** What every part of an explanation needs. */
export interface Around {
  readonly context: SyncContext;
  readonly configuration: Configuration;
  readonly route: RouteSettings;
  readonly state: RouteState;
  readonly now: Date;
  readonly nextRun: NextRun | null;
  /** Without the object's own retry. */
  readonly waits: WaitFacts;
}

/** When the schedule runs the route next; null where it does not. */
export function nextRunOf(route: RouteSettings, now: Date): NextRun | null {
  if (!route.enabled || !route.schedule?.automatic) return null;
  const { timeZone } = route.schedule;
  const [at] = nextRuns(route.schedule, now, 1);
  return at ? { utc: at.toISOString(), local: inZone(at, timeZone), timeZone } : null;
}

/** What holds the whole route up. */
export async function waitFacts({ context, configuration, route, state, now, nextRun }: Omit<Around, 'waits'>): Promise<WaitFacts> {
  const lease = await context.store.leases.read(route.to);
  const running = lease ? await context.store.jobs.get(lease.job) : null;
  return {
    paused: configuration.paused,
    enabled: route.enabled,
    held: state.held,
    rejected: state.rejected !== null,
    retry: null,
    runningJob: running?.roundRoutes.includes(route.id) ? running.job.id : null,
    nextRun,
    now,
  };
}

export function withRetry(waits: WaitFacts, link: Link | null): WaitFacts {
  return { ...waits, retry: link?.retry ?? null };
}

/** The reads of source and target as steps; a directory never read is said so. */
export async function readFacts(around: Around, row: SnapshotRow | null): Promise<readonly ExplainStep[]> {
  const source = await readOf(around, 'pull', around.route.from, row !== null && row.unconfirmed !== undefined);
  const target = await readOf(around, 'target', around.route.to, false);
  return [source, target];
}

async function readOf(around: Around, step: 'pull' | 'target', connector: string, unconfirmed: boolean): Promise<ExplainStep> {
  const { context, configuration, now } = around;
  const { name } = connectorSettings(configuration, connector);
  const state = await context.store.snapshots.state(connector);
  const lastFailure = await failureOf(context, connector);
  if (!state) {
    const why = lastFailure ? ` Job ${lastFailure.job} could not: ${lastFailure.cause}` : ' Run a pull of it.';
    return {
      step,
      verdict: 'stop',
      text: `Connector "${connector}" was never read completely: nothing is known of it.${why}`,
      data: { connector, lastFailure },
    };
  }
  const lease = await context.store.leases.read(connector);
  const { completedAt, version, mode, total, losses } = state;
  const facts: ReadFacts = {
    connector,
    name,
    completedAt,
    version,
    mode,
    total,
    losses,
    asAsked: await isReadAsAsked(context, configuration, connector),
    runningJob: lease?.job ?? null,
    lastFailure,
    unconfirmed,
  };
  return readStep(step, facts, now);
}

/** Why the newest finished job with a connector could not read it, if it could not. */
async function failureOf(context: SyncContext, connector: string): Promise<ReadFacts['lastFailure']> {
  const { items } = await context.store.jobs.list({ connector }, 3, null);
  const newest = items.find((record) => record.job.finishedAt !== null);
  const progress = newest?.job.connectors.find((one) => one.id === connector);
  return newest && progress?.state === 'failed' ? { job: newest.job.id, cause: progress.cause ?? 'no cause was kept' } : null;
}
