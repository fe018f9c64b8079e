import type { JobRecord } from '../model/job.ts';
import { TERMINAL } from '../model/job.ts';
import type { Instances, SyncContext } from './context.ts';
import { Refusal } from './refusal.ts';

/** Raised at a job's waits; the job row is the truth, the event only wakes (events may be lost at continueAsNew). */
export const CANCEL_EVENT = 'cancel';

/** True if somebody asked this job to stop. Read per page and per change. */
export async function isCancelled(context: SyncContext, job: string): Promise<boolean> {
  return (await context.store.jobs.get(job))?.cancelRequested ?? true;
}

/** Asks a job to stop: writes its row and wakes whatever waits. Throws `Refusal` 404 or 409 (already over). */
export async function cancelJob(context: SyncContext, instances: Instances, id: string): Promise<JobRecord> {
  const found = await context.store.jobs.get(id);
  if (!found) throw new Refusal('not-found', 404, `There is no job "${id}".`);
  if (TERMINAL.has(found.job.state))
    throw new Refusal('job-over', 409, `Job ${id} is over already (${found.job.state}); there is nothing to cancel.`);
  const record = await context.store.jobs.update(id, (current) =>
    current.cancelRequested ? current : { ...current, cancelRequested: true },
  );
  for (const waiting of Object.keys(record.waits)) await instances.raise(waiting, CANCEL_EVENT, { job: id });
  context.log({ event: 'job.cancelRequested', job: id });
  return record;
}
