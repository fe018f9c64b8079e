import * as df from 'durable-functions';
import { Refusal } from '../../shared/sync/refusal.ts';
import { retain } from '../../shared/sync/retention.ts';
import { syncContext } from '../wiring.ts';

/** Nightly: old plans, logs and jobs, and the engine's own history, which Azure Storage never purges by itself. */
df.app.client.timer('retention', {
  schedule: '0 17 3 * * *',
  handler: async (_timer, client) => {
    try {
      const { historyBefore } = await retain(syncContext());
      await client.purgeInstanceHistoryBy({
        createdTimeFrom: new Date(0),
        createdTimeTo: historyBefore,
        runtimeStatus: [
          df.OrchestrationRuntimeStatus.Completed,
          df.OrchestrationRuntimeStatus.Failed,
          df.OrchestrationRuntimeStatus.Terminated,
        ],
      });
    } catch (error) {
      if (!(error instanceof Refusal && error.type === 'not-configured')) throw error;
    }
  },
});
