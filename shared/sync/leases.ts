import { FailureError } from '../model/failure.ts';
import { type JobRecord, TERMINAL } from '../model/job.ts';
import type { Lease } from '../store/store.ts';
import type { Instances, SyncContext } from './context.ts';
import { failLostJob } from './lostJobs.ts';

/** An orchestration that was announced but does not exist: how long its lease still counts. */
const START_GRACE_MS = 2 * 60_000;

/** The job that stands in the way, or null when all leases were taken. */
export interface Busy {
  readonly connector: string;
  readonly job: string;
}

/**
 * Takes the leases of all connectors in ascending order of id; the first busy one gives everything back (design §3, Leases).
 * A lease has no expiry: it is free when its job is terminal, its instance has ended, or no instance exists 2 minutes after it was taken.
 */
export async function takeLeases(context: SyncContext, instances: Instances, record: JobRecord): Promise<Busy | null> {
  const taken: string[] = [];
  const ids = record.connectors.map((connector) => connector.id).sort((a, b) => (a < b ? -1 : 1));
  for (const connector of ids) {
    const holder = await takeOne(context, instances, connector, record);
    if (holder) {
      for (const id of taken) await context.store.leases.release(id, record.instance);
      return { connector, job: holder };
    }
    taken.push(connector);
  }
  return null;
}

/** Answers the holder's job id, or null when the lease is ours. */
async function takeOne(context: SyncContext, instances: Instances, connector: string, record: JobRecord): Promise<string | null> {
  const { leases } = context.store;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const lease = await leases.read(connector);
    if (lease && lease.job !== record.job.id && !(await isFree(context, instances, lease))) return lease.job;
    const mine = await leases.take(connector, record.job.id, record.instance, context.now().toISOString(), lease);
    if (mine) return null;
  }
  return (await leases.read(connector))?.job ?? 'another job';
}

async function isFree(context: SyncContext, instances: Instances, lease: Lease): Promise<boolean> {
  const holder = await context.store.jobs.get(lease.job);
  if (!holder || TERMINAL.has(holder.job.state)) return true;
  const { state, failure } = await instances.state(lease.instance);
  const lost = state === 'ended' || (state === 'missing' && context.now().getTime() - Date.parse(lease.takenAt) > START_GRACE_MS);
  if (lost) await failLostJob(context, holder, failure);
  return lost;
}

/** True if the connector's lease is still this round's of the job: checked by every activity that writes, before it writes. */
export async function holdsLease(context: SyncContext, connector: string, round: { job: string; round: number }): Promise<boolean> {
  return (await context.store.leases.read(connector))?.instance === `${round.job}.${round.round}`;
}

/** Throws `hostLost` if the connector's lease is another round's by now: an activity that runs late must not write into what that one does. */
export async function proveLease(context: SyncContext, connector: string, round: { job: string; round: number }): Promise<void> {
  if (await holdsLease(context, connector, round)) return;
  throw new FailureError({
    code: 'hostLost',
    message: `Job ${round.job} no longer holds connector "${connector}": another job took it over.`,
    nextStep: 'Look at the job that holds it now.',
  });
}

/** Gives back the leases of a job: all, or only those of connectors that are just read. */
export async function releaseLeases(context: SyncContext, record: JobRecord, which: 'all' | 'sourcesOnly'): Promise<void> {
  for (const connector of record.connectors) {
    if (which === 'sourcesOnly' && connector.target) continue;
    await context.store.leases.release(connector.id, record.instance);
  }
}
