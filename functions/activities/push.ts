import { LanePosition, pushBatch as push } from '../../shared/sync/pushBatch.ts';
import { activity } from '../durable.ts';
import { syncContext } from '../wiring.ts';

export const pushBatch = activity('pushBatch', LanePosition, (input) => push(syncContext(), input));
