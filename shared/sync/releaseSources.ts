import type { SyncContext } from './context.ts';
import { releaseLeases } from './leases.ts';

/** Connectors that are only read are free once the plans are sealed: other jobs may use them while this one pushes. */
export async function releaseSources(context: SyncContext, input: { job: string; round: number }): Promise<{ ok: true }> {
  const record = await context.store.jobs.get(input.job);
  if (record && record.round === input.round) await releaseLeases(context, record, 'sourcesOnly');
  return { ok: true };
}
