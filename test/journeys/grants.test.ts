import { afterEach, describe, expect, it } from 'vitest';
import { startWorld, type World } from './harness.ts';

describe('rights that were never granted', () => {
  let world: World | null = null;
  afterEach(async () => {
    await world?.stop();
    world = null;
  });

  it('a target that cannot be read is not written to; the other direction goes on with a listed loss', async () => {
    world = await startWorld({ people: { contoso: 20, fabrikam: 20 } });
    await world.control('google', { faults: { forbidden: ['contacts'] } });
    const job = await world.run('sync');
    expect(job.state).toBe('completedWithErrors');
    expect(job.routes.find((route) => route.id === 'contoso-to-fabrikam')).toMatchObject({ state: 'failed' });
    expect(job.routes.find((route) => route.id === 'contoso-to-fabrikam')!.cause).toMatch(/^permission: .*contacts/);
    expect(job.routes.find((route) => route.id === 'fabrikam-to-contoso')).toMatchObject({ state: 'completed' });
    const google = await world.ask<{ writes: number }>('google', 'stats');
    expect(google.writes).toBe(0);
  });
});
