import type { JobRecord } from '../model/job.ts';
import { TERMINAL } from '../model/job.ts';
import type { SyncContext } from './context.ts';

/** Shows (or clears, with null) that one orchestration of a job waits for a directory: the job is `waiting`, and until when. */
export async function showWait(context: SyncContext, job: string, instance: string, until: number | null): Promise<void> {
  await context.store.jobs.update(job, (record) => withWait(record, instance, until));
}

function withWait(record: JobRecord, instance: string, until: number | null): JobRecord {
  if (TERMINAL.has(record.job.state)) return record;
  if (until === null && !(instance in record.waits)) return record;
  const { [instance]: _gone, ...others } = record.waits;
  const waits = until === null ? others : { ...others, [instance]: new Date(until).toISOString() };
  const next = Object.values(waits).sort()[0] ?? null;
  return {
    ...record,
    waits,
    job: { ...record.job, state: next ? 'waiting' : 'running', progress: { ...record.job.progress, waitingUntil: next } },
  };
}
