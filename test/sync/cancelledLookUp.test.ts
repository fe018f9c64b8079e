import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../../shared/model/failure.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { Died, dieAt } from './deaths.ts';
import { createWorld, type SyncWorld } from './world.ts';

/** A process that dies with the answer of a create, which never came to pass; the target shows new objects late. Answers the job. */
async function lostCreate(world: SyncWorld): Promise<string> {
  world.b.traits = { knownLag: true };
  const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
  dieAt(world.store, 'links', 'put', 2, 'before');
  await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
  for (const { id, stamp } of [...world.b.entries.values()]) {
    const link = await world.store.links.get('a-to-b', stamp!.split(':')[2]!);
    if (link?.targetId !== id) world.b.entries.delete(id);
  }
  return record.job.id;
}

const cancel = (world: SyncWorld, job: string): Promise<unknown> =>
  world.store.jobs.update(job, (current) => ({ ...current, cancelRequested: true }));

describe('a create that nobody knows the answer of, in a job that is cancelled', () => {
  it.each([
    ['before it is looked up', async (world: SyncWorld, job: string): Promise<unknown> => cancel(world, job)],
    [
      'while the target may show it late',
      async (world: SyncWorld, job: string): Promise<void> => {
        const { sleep } = world.context;
        Object.assign(world.context, {
          sleep: async (ms: number) => {
            await cancel(world, job);
            return sleep(ms);
          },
        });
      },
    ],
    [
      'while the target asks to wait',
      async (world: SyncWorld, job: string): Promise<void> => {
        const { open } = world.context;
        const find = async (): Promise<never> => {
          await cancel(world, job);
          Object.assign(world.context, { open });
          throw new ThrottledError('b.example', world.clock.now + 60_000);
        };
        Object.assign(world.context, {
          open: (...args: Parameters<typeof open>) => {
            const opened = open(...args);
            return { ...opened, connector: { ...opened.connector, find } };
          },
        });
      },
    ],
  ])('%s: it is failed with a time, not held; the next job asks for it', async (_name, interrupt) => {
    const world = createWorld({ a: 4 });
    const job = await lostCreate(world);
    await interrupt(world, job);
    const ended = await world.resume(job, 1);
    expect(ended.job.state).toBe('cancelled');
    const [route] = ended.job.routes;
    expect([route!.failed, route!.created + route!.held]).toEqual([1, 3]);
    expect((await world.store.routes.get('a-to-b')).nextRetry).not.toBeNull();
    const next = await world.run({ action: 'sync' });
    expect(next.job.routes[0]).toMatchObject({ failed: 0, held: 0 });
    expect(world.b.entries.size).toBe(4);
  });
});
