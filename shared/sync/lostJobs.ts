import { causeText, type Failure } from '../model/failure.ts';
import { type JobRecord, TERMINAL } from '../model/job.ts';
import type { Instances, SyncContext } from './context.ts';

function lostFailure(engineSays: string | null): Failure {
  const nextStep = 'Start the job again; what was done stays and is recognised.';
  if (engineSays && /non-deterministic/i.test(engineSays)) return { code: 'nonDeterministic', message: engineSays.slice(0, 400), nextStep };
  return {
    code: 'hostLost',
    message: `The orchestration of this job ended without closing it${engineSays ? `: ${engineSays.slice(0, 300)}` : '.'}`,
    nextStep,
  };
}

/** Closes a job whose orchestration is gone: promise 14, never silently stale. Its leases become free with it. */
export async function failLostJob(context: SyncContext, record: JobRecord, engineSays: string | null): Promise<void> {
  const failure = lostFailure(engineSays);
  const at = context.now().toISOString();
  let changed = false;
  await context.store.jobs.update(record.job.id, (current) => {
    changed = !TERMINAL.has(current.job.state) && current.round === record.round;
    if (!changed) return current;
    const routes = current.job.routes.map((route) =>
      ['queued', 'running', 'waiting'].includes(route.state) ? { ...route, state: 'failed' as const, cause: causeText(failure) } : route,
    );
    const connectors = current.job.connectors.map((connector) =>
      ['queued', 'running', 'waiting'].includes(connector.state)
        ? { ...connector, state: 'failed' as const, cause: causeText(failure) }
        : connector,
    );
    return {
      ...current,
      waits: {},
      job: {
        ...current.job,
        routes,
        connectors,
        state: 'failed',
        cause: causeText(failure),
        finishedAt: at,
        durationMs: current.job.startedAt ? Date.parse(at) - Date.parse(current.job.startedAt) : 0,
        progress: { ...current.job.progress, phase: 'done', waitingUntil: null },
      },
    };
  });
  if (!changed) return;
  for (const connector of record.connectors) await context.store.leases.release(connector.id, record.instance);
  context.log({ event: 'job.finished', job: record.job.id, action: record.job.action, state: 'failed', cause: causeText(failure) });
}

/**
 * Looks at jobs that should be alive and closes those whose orchestration has ended or never came to be.
 * Called by the schedule's tick and by whoever shows a job.
 */
export async function closeIfLost(context: SyncContext, instances: Instances, record: JobRecord): Promise<JobRecord> {
  if (TERMINAL.has(record.job.state)) return record;
  const { state, failure } = await instances.state(record.instance);
  const age = context.now().getTime() - Date.parse(record.job.startedAt ?? record.job.createdAt);
  if (state === 'running' || (state === 'missing' && age < 2 * 60_000)) return record;
  // The closing activity may have run between the two reads: look again before judging.
  const again = await context.store.jobs.get(record.job.id);
  if (!again || TERMINAL.has(again.job.state) || again.round !== record.round) return again ?? record;
  await failLostJob(context, again, failure);
  return (await context.store.jobs.get(record.job.id)) ?? again;
}
