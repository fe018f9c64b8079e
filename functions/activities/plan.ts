import { z } from 'zod';
import { makePlan as plan } from '../../shared/sync/makePlan.ts';
import { routesToPlan as choose } from '../../shared/sync/routesToPlan.ts';
import { sealPlan as seal } from '../../shared/sync/sealPlan.ts';
import { activity } from '../durable.ts';
import { syncContext } from '../wiring.ts';

const Round = z.object({ job: z.string(), round: z.number().int() });
const Range = z.object({ from: z.number().int(), to: z.number().int() });

export const routesToPlan = activity('routesToPlan', Round, (input) => choose(syncContext(), input));
export const makePlan = activity('makePlan', Round.extend({ route: z.string(), range: Range }), (input) => plan(syncContext(), input));
export const sealPlan = activity(
  'sealPlan',
  Round.extend({ target: z.string(), routes: z.array(z.string()), failed: z.record(z.string(), z.string()) }),
  (input) => seal(syncContext(), input),
);
