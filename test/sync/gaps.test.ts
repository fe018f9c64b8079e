import { describe, expect, it } from 'vitest';
import { approveJob } from '../../shared/sync/decide.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { Died, dieAt } from './deaths.ts';
import { createWorld, type SyncWorld } from './world.ts';

/** The write of one change (design §3): intents → target → stamp → link → outcome. The process dies in each gap; the next run repairs it. */
describe('a process that dies between two steps of a change', () => {
  async function killed(world: SyncWorld, arrange: () => void): Promise<string> {
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    arrange();
    await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
    return record.job.id;
  }

  async function repaired(world: SyncWorld, job: string, people: number): Promise<void> {
    const done = await world.resume(job, 1);
    expect(done.job).toMatchObject({ state: 'completed', routes: [{ created: people, failed: 0, held: 0, pulled: people }] });
    const stamps = [...world.b.entries.values()].map((entry) => entry.stamp);
    expect([stamps.length, new Set(stamps).size]).toEqual([people, people]);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ created: 0, updated: 0, unchanged: people });
  }

  it.each([
    ['before the intents are written', 'links', 'putMany', 1, 'before'],
    ['after the intents, before the target is called', 'links', 'putMany', 1, 'after'],
    ['after the target answered, before the link row', 'links', 'put', 3, 'before'],
    ['after the link row, before the outcome', 'links', 'put', 3, 'after'],
    ['before the outcomes are joined', 'plans', 'putOutcomes', 1, 'before'],
    ['after the outcomes, before the activity answered', 'plans', 'putOutcomes', 1, 'after'],
  ] as const)('%s', async (_name, room, method, nth, when) => {
    for (const together of [false, true]) {
      const world = createWorld({ a: 8 });
      if (together) world.b.together = { calls: 0 };
      const job = await killed(world, () => dieAt(world.store, room, method as never, nth, when));
      await repaired(world, job, 8);
    }
  });

  it.each([0, 3, 8])('while changes are sent together, %i of 8 done by the target: none is made twice', async (done) => {
    const world = createWorld({ a: 8 });
    const { put } = world.store.links;
    const job = await killed(world, () => {
      let made = 0;
      const fate = (): undefined => {
        made += 1;
        if (made > done) throw new Died('in the call');
      };
      world.b.together = { calls: 0, fate };
      // Nothing is kept of what the target did.
      world.store.links.put = async () => {
        throw new Died('put');
      };
    });
    world.store.links.put = put;
    expect(world.b.entries.size).toBe(done);
    delete world.b.together!.fate;
    await repaired(world, job, 8);
  });

  it.each([
    ['before the row that names what waits', 'links', 'put', 3, 'before'],
    ['after that row, before the outcome', 'links', 'put', 3, 'after'],
    ['before the provisional outcomes are joined', 'plans', 'putOutcomes', 1, 'before'],
    ['after them, before the wave', 'plans', 'putOutcomes', 1, 'after'],
    ['in the wave, before the link row', 'links', 'put', 11, 'before'],
    ['in the wave, after the link row', 'links', 'put', 11, 'after'],
    ['in the wave, before the outcomes are joined', 'plans', 'putOutcomes', 2, 'before'],
    ['in the wave, after the outcomes', 'plans', 'putOutcomes', 2, 'after'],
  ] as const)('with parts that wait for the target: %s', async (_name, room, method, nth, when) => {
    for (const fields of [['hidden'], ['hidden', 'stamp', 'jobTitle']] as const) {
      const world = createWorld({ a: 8 });
      world.b.lag = { fields, ms: 60_000, now: () => world.clock.now };
      const job = await killed(world, () => dieAt(world.store, room, method as never, nth, when));
      await repaired(world, job, 8);
      for (const entry of world.b.entries.values()) expect([entry.hidden, entry.attributes.jobTitle]).toEqual([false, 'Engineer']);
      for (let n = 0; n < 8; n += 1) expect((await world.store.links.get('a-to-b', `a-${n}`))!.open).toBeNull();
    }
  });

  it('a change that was done is not sent again', async () => {
    const world = createWorld({ a: 4 });
    const job = await killed(world, () => dieAt(world.store, 'plans', 'putOutcomes', 1, 'before'));
    const writes = world.b.writes;
    await world.resume(job, 1);
    expect(world.b.writes).toBe(writes);
  });

  it('after the route remembers what it removed, before the job is closed: approved removals count as none', async () => {
    const world = createWorld({ a: 60 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 20; n += 1) world.a.entries.delete(`a-${n}`);
    const held = await world.run({ action: 'sync' });
    const plan = held.job.routes[0]!.plan!;
    await approveJob(world.context, world.instances, held.job.id, { route: 'a-to-b', plan }, 'me');
    // The only memory of a route that this round writes is the one of its end.
    dieAt(world.store, 'routes', 'update', 1, 'after');
    await expect(world.round(held.job.id, 2)).rejects.toThrow(Died);
    const done = await world.resume(held.job.id, 2);
    expect(done.job).toMatchObject({ state: 'completed', routes: [{ leavers: { hidden: 20 } }] });
    expect((await world.store.routes.get('a-to-b')).removals.filter(({ count }) => count > 0)).toEqual([]);
  });

  it('after a new trip of an approved round is held, before its plan is sealed: what was approved still counts as approved', async () => {
    const world = createWorld({ a: 60 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 20; n += 1) world.a.entries.delete(`a-${n}`);
    const held = await world.run({ action: 'sync' });
    const plan = held.job.routes[0]!.plan!;
    await approveJob(world.context, world.instances, held.job.id, { route: 'a-to-b', plan }, 'me');
    for (let n = 20; n < 35; n += 1) world.a.entries.delete(`a-${n}`);
    dieAt(world.store, 'plans', 'putSealed', 1, 'before');
    await expect(world.round(held.job.id, 2)).rejects.toThrow(Died);
    const { held: first } = await world.store.routes.get('a-to-b');
    const again = await world.round(held.job.id, 2);
    expect(again.job.routes[0]!.heldBecause.find((trip) => trip.breaker === 'removals')).toMatchObject({ value: 15 });
    expect((await world.store.routes.get('a-to-b')).held).toEqual(first);
    expect(again.job.routes[0]!.plan).toBe(first!.hash);
  });

  it('after the job is closed, before its connectors are free: they are freed and the end is told', async () => {
    const world = createWorld({ a: 3 });
    const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
    // The first release is the one of the source, once the plans are sealed.
    dieAt(world.store, 'leases', 'release', 2, 'before');
    await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
    expect((await world.store.jobs.get(record.job.id))!.job.state).toBe('completed');
    await world.resume(record.job.id, 1);
    for (const connector of ['a', 'b']) expect(await world.store.leases.read(connector)).toBeNull();
    expect(world.events.filter(({ event }) => event === 'job.finished')).toHaveLength(1);
  });
});
