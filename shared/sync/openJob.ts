import type { ConnectorProgress, Job, JobRecord } from '../model/job.ts';
import type { SnapshotState } from '../store/store.ts';

import { routeSettings, type SyncContext } from './context.ts';
import { isReadAsAsked } from './readAsAsked.ts';

/** What one round of a job is to do; small, because it travels through the orchestration's history. */
export interface Round {
  readonly ok: true;
  readonly action: Job['action'];
  /** Connectors to read in this round. */
  readonly pulls: readonly string[];
  /** Targets with the routes that write into them. */
  readonly targets: readonly { readonly connector: string; readonly routes: readonly string[] }[];
}

/** First activity of a round: marks the job as running and works out which connectors must be read. */
export async function openJob(context: SyncContext, input: { job: string; round: number }): Promise<Round | { ok: false }> {
  const { configuration } = await context.configuration();
  let mine = true;
  const record = await context.store.jobs.update(input.job, (current) => {
    mine = current.round === input.round && (current.job.state === 'queued' || current.job.state === 'running');
    if (!mine || current.job.state === 'running') return current;
    return {
      ...current,
      job: { ...current.job, state: 'running', startedAt: current.job.startedAt ?? context.now().toISOString(), finishedAt: null },
    };
  });
  if (!mine) return { ok: false };
  const { action } = record.job;
  const routes = record.roundRoutes.map((id) => routeSettings(configuration, id));
  const pulls: string[] = [];
  for (const connector of record.connectors) {
    const kept = input.round === 1 && (record.keepTargets ?? []).includes(connector.id);
    const writes = routes.some((route) => route.to === connector.id) && action !== 'pull' && !kept;
    const reads = connector.source && (action === 'pull' || action === 'sync' || record.fresh || input.round > 1);
    const never = (connector.source || kept) && !(await isReadAsAsked(context, configuration, connector.id));
    const inRound = writes || kept || record.roundRoutes.length === 0 || routes.some((route) => route.from === connector.id);
    // An unfinished commit of a dead job is finished before anything is planned on that snapshot.
    const unfinished = (await context.store.snapshots.pending(connector.id)) !== null;
    if (inRound && (writes || reads || never || unfinished)) pulls.push(connector.id);
  }
  await showUnread(context, record, pulls);
  const targets = new Map<string, string[]>();
  if (action !== 'pull') for (const route of routes) targets.set(route.to, [...(targets.get(route.to) ?? []), route.id]);
  return { ok: true, action, pulls, targets: [...targets].map(([connector, ids]) => ({ connector, routes: ids })) };
}

/** Connectors that this job does not read: what counts is their last snapshot. */
async function showUnread(context: SyncContext, record: JobRecord, pulls: readonly string[]): Promise<void> {
  const states = new Map<string, SnapshotState>();
  for (const { id } of record.connectors) {
    const state = pulls.includes(id) ? null : await context.store.snapshots.state(id);
    if (state) states.set(id, state);
  }
  if (states.size === 0) return;
  await context.store.jobs.update(record.job.id, (current) => {
    const connectors = current.job.connectors.map((known): ConnectorProgress => {
      const state = known.state === 'queued' ? states.get(known.id) : undefined;
      return state ? { ...known, state: 'completed', pulled: state.total, mode: state.mode, complete: true } : known;
    });
    return { ...current, job: { ...current.job, connectors } };
  });
}
