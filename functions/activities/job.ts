import { z } from 'zod';
import { closeJob as close } from '../../shared/sync/closeJob.ts';
import { openJob as open } from '../../shared/sync/openJob.ts';
import { releaseSources as release } from '../../shared/sync/releaseSources.ts';
import { activity } from '../durable.ts';
import { syncContext } from '../wiring.ts';

const Round = z.object({ job: z.string(), round: z.number().int() });

export const openJob = activity('openJob', Round, (input) => open(syncContext(), input));
export const releaseSources = activity('releaseSources', Round, (input) => release(syncContext(), input));
export const closeJob = activity('closeJob', Round.extend({ failure: z.string().nullable() }), (input) => close(syncContext(), input));
