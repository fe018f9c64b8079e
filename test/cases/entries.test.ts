import { describe, expect, it } from 'vitest';
import { createWorld, person } from '../sync/world.ts';

describe('entries as they come', () => {
  it('R13 a disabled person is in one bucket, whatever the list of the deleted says', async () => {
    const world = createWorld({ a: 0 });
    world.a.entries.set('u7', person('a', 7, { id: 'u7', enabled: false }));
    world.a.entries.set('u8', person('a', 8, { id: 'u8' }));
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ pulled: 2, created: 1, skipped: 1, skippedBecause: { disabled: 1 } });
  });
  it('R21 finds the clash in a user principal name and names the attribute', async () => {
    const world = createWorld({ a: 2 });
    world.b.entries.set('t-5', person('b', 5, { id: 't-5', addresses: ['pat.lee@b.example'], userPrincipalName: 'p1@a.example' }));
    const simulated = await world.run({ action: 'simulate' });
    expect(simulated.job.routes[0]!.skippedBecause).toEqual({ collision: 1 });
    const owners = [];
    for await (const batch of world.store.plans.batches({ job: simulated.job.id, round: 1, route: 'a-to-b' }))
      for (const change of batch.changes) if (change.owner) owners.push(change.owner);
    expect(owners).toMatchObject([{ id: 't-5', attribute: 'userPrincipalName' }]);
  });
  it('R37 a leaver is kept where the policy says so', async () => {
    const world = createWorld({ a: 3 });
    world.configure((document) => {
      document.routes[0]!['leavers'] = { gone: { policy: 'keep' } };
    });
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-0');
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]!.leavers).toMatchObject({ orphaned: 1, hidden: 0, deleted: 0, kept: 1, keptBecause: { policy: 1 } });
  });
  it('the same person under a new id is re-linked: one object, no removal', async () => {
    const world = createWorld({ a: 5 });
    await world.run({ action: 'sync' });
    const before = [...world.b.entries.keys()].sort();
    const old = world.a.entries.get('a-2')!;
    world.a.entries.delete('a-2');
    world.a.entries.set('a-new', { ...old, id: 'a-new' });
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 0, updated: 1, leavers: { orphaned: 0 } });
    expect([...world.b.entries.keys()].sort()).toEqual(before);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ updated: 0, unchanged: 5, leavers: { orphaned: 0 } });
  });
  it('the same person under a new id whose stamp was emptied as well is re-linked by the link row', async () => {
    const world = createWorld({ a: 5 });
    await world.run({ action: 'sync' });
    const link = (await world.store.links.get('a-to-b', 'a-2'))!;
    const { stamp: _s, ...bare } = world.b.entries.get(link.targetId!)!;
    world.b.entries.set(link.targetId!, bare);
    const old = world.a.entries.get('a-2')!;
    world.a.entries.delete('a-2');
    world.a.entries.set('another-shard', { ...old, id: 'another-shard' });
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ created: 0, updated: 1, skipped: 0, leavers: { orphaned: 0 } });
    expect(world.b.entries.get(link.targetId!)!.stamp).toBe('galsync:a-to-b:another-shard');
    expect((await world.store.links.get('a-to-b', 'a-2'))!).toMatchObject({ state: 'ended', endedBecause: 'relinked' });
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 0, unchanged: 5, leavers: { orphaned: 0 } });
  });
});
