import { causeText, type Failure } from '../model/failure.ts';
import type { ConnectorProgress, JobRecord, RouteResult } from '../model/job.ts';
import { routeSettings, type SyncContext } from './context.ts';
import { type Range, rangesFor } from './ranges.ts';

export interface RouteToPlan {
  readonly route: string;
  readonly ranges: readonly Range[];
}

/**
 * Which routes can be planned: those whose source and target are known completely. The others fail with their connector's cause (promises
 * 4 and 5). Links lie in the same shards as the entries, so the source's size gives the ranges.
 */
export async function routesToPlan(context: SyncContext, input: { job: string; round: number }): Promise<readonly RouteToPlan[]> {
  const { configuration } = await context.configuration();
  const found = await context.store.jobs.get(input.job);
  if (!found || found.job.action === 'pull' || found.cancelRequested) return [];
  const planned: RouteToPlan[] = [];
  const causes = new Map<string, string>();
  for (const id of found.roundRoutes) {
    const route = routeSettings(configuration, id);
    // An undo or a retire goes by what the target holds; whether the source can be read is nothing to it.
    const source = found.errand && found.errand.what !== 'relink' ? null : route.from;
    const failure =
      (source && unreadable(found, source, 'source')) ??
      unreadable(found, route.to, 'target') ??
      (source && (await missing(context, source))) ??
      (await missing(context, route.to));
    if (failure) causes.set(id, failure);
    else
      planned.push({
        route: id,
        ranges: rangesFor((await context.store.snapshots.state(found.errand ? route.to : route.from))?.total ?? 0),
      });
  }
  await context.store.jobs.update(input.job, (record) => {
    const routes = record.job.routes.map((known): RouteResult => {
      if (!record.roundRoutes.includes(known.id)) return known;
      const cause = causes.get(known.id);
      return cause ? { ...known, state: 'failed', cause } : { ...known, state: 'running' };
    });
    return { ...record, job: { ...record.job, routes, progress: { ...record.job.progress, phase: 'plan' } } };
  });
  return planned;
}

function unreadable(record: JobRecord, connector: string, role: 'source' | 'target'): string | null {
  const progress: ConnectorProgress | undefined = record.job.connectors.find((known) => known.id === connector);
  if (progress?.state !== 'failed') return null;
  return `${progress.cause ?? 'incompleteRead: It could not be read.'} (${role} "${connector}")`;
}

async function missing(context: SyncContext, connector: string): Promise<string | null> {
  if (await context.store.snapshots.state(connector)) return null;
  const failure: Failure = {
    code: 'noSnapshot',
    message: `Connector "${connector}" was never read completely.`,
    nextStep: 'Run a pull of it and look at its cause.',
  };
  return causeText(failure);
}
