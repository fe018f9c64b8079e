import * as df from 'durable-functions';
import { Refusal } from '../../shared/sync/refusal.ts';
import { scheduleTick } from '../../shared/sync/schedule.ts';
import { instancesOf } from '../instances.ts';
import { syncContext } from '../wiring.ts';

/** Every minute: which routes are due in their own zones. The platform's time zone setting is not used (it does not exist on Flex). */
df.app.client.timer('schedule', {
  schedule: '0 * * * * *',
  handler: async (_timer, client) => {
    try {
      await scheduleTick(syncContext(), instancesOf(client));
    } catch (error) {
      if (!(error instanceof Refusal && error.type === 'not-configured')) throw error;
    }
  },
});
