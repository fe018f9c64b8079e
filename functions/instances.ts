import type { DurableClient } from 'durable-functions';
import type { Instances } from '../shared/sync/context.ts';

const ENDED = new Set(['Completed', 'Failed', 'Terminated', 'Canceled']);

/** The durable client as the sync steps know it. Every start has an input, every event a value (the engine refuses empty ones). */
export function instancesOf(client: DurableClient): Instances {
  return {
    async start(orchestration, instance, input) {
      await client.startNew(orchestration, { instanceId: instance, input });
    },
    async state(instance) {
      try {
        const status = await client.getStatus(instance);
        const ended = ENDED.has(String(status.runtimeStatus));
        const failure =
          String(status.runtimeStatus) === 'Failed'
            ? String(status.output ?? '')
                .split('\n')[0]!
                .slice(0, 300)
            : null;
        return { state: ended ? 'ended' : 'running', failure };
      } catch (error) {
        // An unknown id throws: the library knows no other answer to a 404.
        if (error instanceof Error && error.message.includes('404')) return { state: 'missing', failure: null };
        throw error;
      }
    },
    async raise(instance, event, data) {
      try {
        await client.raiseEvent(instance, event, data);
      } catch {
        // It ended in the meantime: the job row says the rest.
      }
    },
  };
}
