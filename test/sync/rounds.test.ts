import { describe, expect, it } from 'vitest';
import { commitRange } from '../../shared/sync/commitPull.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import { holdsLease } from '../../shared/sync/leases.ts';
import { pullPages, startPull } from '../../shared/sync/pull.ts';
import { retain } from '../../shared/sync/retention.ts';
import { createWorld } from './world.ts';

describe('an activity of an earlier round that wakes up late', () => {
  it('neither reads nor commits nor pushes once the next round of the same job holds the connectors', async () => {
    const world = createWorld({ a: 60 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 20; n += 1) world.a.entries.delete(`a-${n}`);
    const held = await world.run({ action: 'sync' });
    const job = held.job.id;
    await approveJob(world.context, world.instances, job, { route: 'a-to-b', plan: held.job.routes[0]!.plan! }, 'me');
    expect(await holdsLease(world.context, 'b', { job, round: 1 })).toBe(false);
    expect(await holdsLease(world.context, 'b', { job, round: 2 })).toBe(true);
    expect(await pullPages(world.context, startPull(job, 'a', 1))).toMatchObject({ ok: false, failure: { code: 'hostLost' } });
    expect(await commitRange(world.context, { job, round: 1, connector: 'a', range: { from: 0, to: 256 } })).toMatchObject({ ok: false });
    expect((await world.round(job, 2)).job.state).toBe('completed');
    expect(await holdsLease(world.context, 'b', { job, round: 2 })).toBe(false);
  });
});

describe('retention', () => {
  it('keeps the version of the configuration that the oldest kept job quotes, and the current one', async () => {
    const world = createWorld({ a: 1 });
    const { configuration } = world.store;
    const start = world.clock.now;
    const day = 86_400_000;
    for (const age of [900, 500, 100]) await configuration.write({ age }, '*', new Date(start - age * day));
    await retain(world.context);
    const kept = await Promise.all(['v1', 'v2', 'v3'].map((version) => configuration.version(version)));
    expect(kept).toEqual([null, { age: 500 }, { age: 100 }]);
    expect(world.events.at(-1)).toMatchObject({ event: 'retention.finished', versions: 1 });
  });
});
