import { z } from 'zod';
import { type Asked, startRelink, startRetire, startUndo } from '../../shared/sync/startErrand.ts';
import { syncContext } from '../wiring.ts';
import { bodyOf } from './body.ts';
import { type Call, door, json } from './door.ts';
import { Id, triggerOf } from './jobs.ts';

const Reason = z.string().max(1024).optional();
export const Undo = z.strictObject({
  routes: z.array(Id).min(1).max(1000).optional(),
  objects: z.array(z.string().min(1).max(1024)).min(1).max(100).optional(),
  reason: Reason,
});
export const Retire = z.strictObject({ objects: z.enum(['keep', 'delete']), reason: Reason });
export const Relink = z.strictObject({ reason: Reason });

door('undoJob', ['POST'], 'jobs/{id}/undo', 'Operator', async (call) => {
  const body = await bodyOf(call, Undo);
  return accepted(await startUndo(syncContext(), call.instances, call.params['id'] ?? '', body, asked(call, body.reason)));
});

door('retireRoute', ['POST'], 'routes/{id}/retire', 'Operator', async (call) => {
  const body = await bodyOf(call, Retire);
  return accepted(await startRetire(syncContext(), call.instances, call.params['id'] ?? '', body, asked(call, body.reason)));
});

door('relinkRoute', ['POST'], 'routes/{id}/relink', 'Operator', async (call) => {
  const body = await bodyOf(call, Relink);
  return accepted(await startRelink(syncContext(), call.instances, call.params['id'] ?? '', asked(call, body.reason)));
});

function asked(call: Call, reason: string | undefined): Asked {
  return { trigger: triggerOf(call), by: call.caller.name, reason, dryRun: call.query.get('dryRun') === 'true' };
}

function accepted(record: { readonly job: { readonly id: string } }): ReturnType<typeof json> {
  return json(record.job, 202, { location: `/api/jobs/${record.job.id}` });
}
