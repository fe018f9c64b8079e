import { describe, expect, it } from 'vitest';
import { startJob } from '../../shared/sync/startJob.ts';
import { createWorld, person } from '../sync/world.ts';

describe('addresses that move from one person to another', () => {
  it('R19 the giver is written first; the taker waits for the target and is tried again by itself', async () => {
    const world = createWorld({ a: 0 });
    world.a.entries.set('A', person('a', 1, { id: 'A', addresses: ['desk@a.example'] }));
    world.a.entries.set('B', person('a', 2, { id: 'B', addresses: ['bo@a.example'] }));
    await world.run({ action: 'sync' });
    const before = await Promise.all(['A', 'B'].map((id) => world.store.links.get('a-to-b', id)));
    world.a.entries.set('A', person('a', 1, { id: 'A', addresses: ['al@a.example'] }));
    world.a.entries.set('B', person('a', 2, { id: 'B', addresses: ['bo@a.example', 'desk@a.example'] }));
    const order: string[] = [];
    const freedAt = world.clock.now + 10 * 60_000;
    world.b.onWrite = (request) => {
      order.push(String(request.fields.addresses));
      const takes = String(request.fields.addresses).includes('desk@a.example');
      if (!takes || world.clock.now > freedAt) return null;
      return {
        ok: false,
        failure: { code: 'addressInUse', message: 'desk@a.example is not freed yet.', nextStep: 'Wait.' },
        retry: 'later',
        targetId: null,
        owner: null,
      };
    };
    const first = await world.run({ action: 'sync' });
    expect(order[0]).toBe('al@a.example');
    expect(first.job.routes[0]).toMatchObject({ updated: 1, failed: 1, created: 0, state: 'completedWithErrors' });
    const { nextRetry } = await world.store.routes.get('a-to-b');
    expect(Date.parse(nextRetry!) - world.clock.now).toBeGreaterThan(14 * 60_000);
    world.clock.now = Date.parse(nextRetry!) + 1;
    const retried = await startJob(world.context, world.instances, { action: 'push', routes: ['a-to-b'] }, 'retry', 'retry');
    const done = await world.round(retried.job.id, 1);
    expect(done.job.routes[0]).toMatchObject({ updated: 1, failed: 0, created: 0, leavers: { orphaned: 0 } });
    const contacts = Object.fromEntries([...world.b.entries.values()].map((entry) => [entry.stamp, entry.addresses]));
    expect(contacts).toEqual({ 'galsync:a-to-b:A': ['al@a.example'], 'galsync:a-to-b:B': ['bo@a.example', 'desk@a.example'] });
    const after = await Promise.all(['A', 'B'].map((id) => world.store.links.get('a-to-b', id)));
    expect(after.map((link) => link!.targetId)).toEqual(before.map((link) => link!.targetId));
  });

  it("two people who swap addresses end with each other's, without a third object", async () => {
    const world = createWorld({ a: 0 });
    world.a.entries.set('A', person('a', 1, { id: 'A', addresses: ['x@a.example'] }));
    world.a.entries.set('B', person('a', 2, { id: 'B', addresses: ['y@a.example'] }));
    await world.run({ action: 'sync' });
    world.a.entries.set('A', person('a', 1, { id: 'A', addresses: ['y@a.example'] }));
    world.a.entries.set('B', person('a', 2, { id: 'B', addresses: ['x@a.example'] }));
    const swapped = await world.run({ action: 'sync' });
    expect(swapped.job.routes[0]).toMatchObject({ updated: 2, failed: 0, created: 0, pulled: 2 });
    const contacts = Object.fromEntries([...world.b.entries.values()].map((entry) => [entry.stamp, entry.addresses]));
    expect(contacts).toEqual({ 'galsync:a-to-b:A': ['y@a.example'], 'galsync:a-to-b:B': ['x@a.example'] });
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 0, unchanged: 2 });
  });
});
