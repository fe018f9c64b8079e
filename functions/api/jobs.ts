import { z } from 'zod';
import type { JobState } from '../../shared/model/job.ts';
import type { LogLine } from '../../shared/store/store.ts';
import { cancelJob } from '../../shared/sync/cancel.ts';
import { approveJob, rejectJob } from '../../shared/sync/decide.ts';
import { closeIfLost } from '../../shared/sync/lostJobs.ts';
import { Refusal } from '../../shared/sync/refusal.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { syncContext } from '../wiring.ts';
import { bodyOf } from './body.ts';
import { type Call, door, json, limitOf, listOf, rowCursor } from './door.ts';

export const Id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'an id has letters, digits, ".", "_" and "-", at most 63 of them');
export const Start = z.strictObject({
  action: z.enum(['pull', 'simulate', 'push', 'sync']),
  routes: z.array(Id).min(1).max(1000).optional(),
  connectors: z.array(Id).min(1).max(1000).optional(),
  fresh: z.boolean().optional(),
  only: z.array(z.string().min(1).max(1024)).min(1).max(100).optional(),
  reason: z.string().max(1024).optional(),
});
export const Approve = z.strictObject({ route: Id, plan: z.string().max(200), reason: z.string().max(1024).optional() });
export const Reject = z.strictObject({ route: Id, reason: z.string().max(1024).optional() });

door('startJob', ['POST'], 'jobs', 'Operator', async (call) => {
  const request = await bodyOf(call, Start);
  const record = await startJob(syncContext(), call.instances, request, triggerOf(call), call.caller.name);
  return json(record.job, 202, { location: `/api/jobs/${record.job.id}` });
});

door('listJobs', ['GET'], 'jobs', 'Reader', async (call) => {
  const text = (name: string): Record<string, string> => (call.query.get(name) ? { [name]: call.query.get(name)! } : {});
  const query = {
    ...text('route'),
    ...text('connector'),
    ...text('action'),
    ...text('from'),
    ...text('to'),
    ...(text('state') as { state?: JobState }),
  };
  const page = await syncContext().store.jobs.list(query, limitOf(call.query), rowCursor(call.query));
  const records = await Promise.all(page.items.map((record) => closeIfLost(syncContext(), call.instances, record)));
  return listOf(
    call,
    records.map((record) => record.job),
    page.next,
  );
});

door('getJob', ['GET'], 'jobs/{id}', 'Reader', async (call) => json((await jobOf(call)).job));

door('getJobLog', ['GET'], 'jobs/{id}/log', 'Reader', async (call) => {
  const record = await jobOf(call);
  const level = (call.query.get('level') || null) as LogLine['level'] | null;
  const page = await syncContext().store.log.list(record.job.id, level, limitOf(call.query), rowCursor(call.query));
  return listOf(call, page.items, page.next);
});

door('cancelJob', ['POST'], 'jobs/{id}/cancel', 'Operator', async (call) => {
  const record = await cancelJob(syncContext(), call.instances, call.params['id'] ?? '');
  return json(record.job, 202);
});

door('approveJob', ['POST'], 'jobs/{id}/approve', 'Approver', async (call) => {
  const decision = await bodyOf(call, Approve);
  const record = await approveJob(syncContext(), call.instances, call.params['id'] ?? '', decision, call.caller.name);
  return json(record.job, 202, { location: `/api/jobs/${record.job.id}` });
});

door('rejectJob', ['POST'], 'jobs/{id}/reject', 'Approver', async (call) => {
  const decision = await bodyOf(call, Reject);
  return json((await rejectJob(syncContext(), call.params['id'] ?? '', decision, call.caller.name)).job);
});

/** The console and a local start say so; anybody else is the API. */
export function triggerOf(call: Call): 'api' | 'console' | 'startup' {
  const said = call.request.headers.get('x-galsync-trigger');
  return said === 'console' || said === 'startup' ? said : 'api';
}

/** The job named in the path, closed if its orchestration was lost. */
export async function jobOf(call: Call): Promise<import('../../shared/model/job.ts').JobRecord> {
  const id = call.params['id'] ?? '';
  const record = await syncContext().store.jobs.get(id);
  if (!record) throw new Refusal('not-found', 404, `There is no job "${id}".`);
  return closeIfLost(syncContext(), call.instances, record);
}
