import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../shared/model/job.ts';
import { TERMINAL } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface UserObject {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

describe('plans that are held, jobs that are stopped', () => {
  let world: World;
  const writes = async (): Promise<number> => (await world.ask<{ writes: number }>('microsoft', 'stats')).writes;
  const leavers = async (): Promise<readonly UserObject[]> =>
    (await world.ask<UserObject[]>('google', 'objects')).filter(
      (one) =>
        one.type === 'user' &&
        one.data.suspended === false &&
        one.data.includeInGlobalAddressList !== false &&
        !one.data.isGuestUser &&
        !one.data.archived,
    );
  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 20, fabrikam: 80 } });
    expect((await world.run('sync')).state).toBe('completed');
  });
  afterAll(() => world.stop());

  it('holds a plan, writes nothing meanwhile, and carries out what was approved after the source changed a little', async () => {
    const gone = (await leavers()).slice(0, 20);
    await world.control('google', { remove: gone.map((one) => one.id) });
    const held = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect(held.state).toBe('held');
    const plan = held.routes[0]!.plan!;
    const before = await writes();
    const between = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect(between).toMatchObject({ state: 'held', routes: [{ heldBy: held.id, plan }] });
    expect(await writes()).toBe(before);
    const wrong = await world.api.send('POST', `jobs/${held.id}/approve`, { route: 'fabrikam-to-contoso', plan: 'sha256:0' });
    expect(wrong.status).toBe(409);
    await world.control('google', { put: [gone[0]!] });
    const approved = await world.api.send('POST', `jobs/${held.id}/approve`, { route: 'fabrikam-to-contoso', plan });
    expect(approved.status).toBe(202);
    const done = await world.until(held.id, (job) => TERMINAL.has(job.state));
    expect(done).toMatchObject({ state: 'completed', routes: [{ decision: { what: 'approved' }, leavers: { hidden: 19 } }] });
    expect(bucketFaults(done)).toEqual([]);
    expect((await world.api.send('POST', `jobs/${held.id}/approve`, { route: 'fabrikam-to-contoso', plan })).status).toBe(409);
  });

  it('R51 shows nothing of an earlier job in a new one', async () => {
    const answer = await world.start({ action: 'sync' });
    const job = answer.body as Job;
    let polls = 0;
    for (;;) {
      const seen = await world.api.job(job.id);
      polls += 1;
      if (TERMINAL.has(seen.state)) break;
      expect(seen.routes.every((route) => route.created === 0 && route.updated === 0)).toBe(true);
    }
    expect(polls).toBeGreaterThan(1);
  });

  it.each([
    ['a pull', 2],
    ['a push', 3],
  ])('waits as told in %s, shows until when, and a cancelled job stops within seconds', async (_where, everyNth) => {
    await world.control('microsoft', { faults: { throttle: { everyNth, retryAfter: 120, match: 'Cmdlet|InvokeCommand', times: 500 } } });
    await world.control('google', {
      put: [1, 2, 3, 4, 5].map((n) => ({
        id: `77777777777777777777${n}`,
        type: 'user',
        data: {
          id: `77777777777777777777${n}`,
          primaryEmail: `new${n}@fabrikam.example`,
          name: { givenName: 'New', familyName: String(n), fullName: `New ${n}` },
        },
      })),
    });
    const started = (await world.start({ action: 'sync', routes: ['fabrikam-to-contoso'] })).body as Job;
    const waiting = await world.until(started.id, (job) => job.state === 'waiting');
    expect(Date.parse(waiting.progress.waitingUntil!) - Date.now()).toBeGreaterThan(60_000);
    expect((await world.api.send('POST', `jobs/${started.id}/cancel`, {})).status).toBe(202);
    const at = Date.now();
    const cancelled = await world.until(started.id, (job) => TERMINAL.has(job.state), 20);
    expect(cancelled.state).toBe('cancelled');
    expect(Date.now() - at).toBeLessThan(15_000);
    await world.control('microsoft', { faults: {} });
  });
});
