import { z } from 'zod';
import { beginCopies as begin } from '../../shared/sync/beginCopies.ts';
import { CopyPosition, copyBatch as copy } from '../../shared/sync/copyBatch.ts';
import { activity } from '../durable.ts';
import { syncContext } from '../wiring.ts';

export const CopiesInput = z.object({
  job: z.string(),
  round: z.number().int(),
  route: z.string(),
  instance: z.string(),
  late: z.boolean(),
});
export const beginCopies = activity('beginCopies', CopiesInput, (input) => begin(syncContext(), input));
export const copyBatch = activity('copyBatch', CopyPosition, (input) => copy(syncContext(), input));
