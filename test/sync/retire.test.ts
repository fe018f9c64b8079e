import { describe, expect, it } from 'vitest';
import { droppedRoutes } from '../../shared/config/droppedRoutes.ts';
import type { Configuration } from '../../shared/model/configuration.ts';
import { SHARDS } from '../../shared/store/store.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import { held, retire, rows, sums, undo } from './errands.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

async function states(world: SyncWorld): Promise<Record<string, number>> {
  const count: Record<string, number> = {};
  for await (const link of world.store.links.range('a-to-b', 0, SHARDS)) {
    const key = link.state === 'ended' ? `ended ${link.endedBecause}` : link.state;
    count[key] = (count[key] ?? 0) + 1;
  }
  return count;
}

/** 12 people synced, the first one adopted; the route disabled. */
async function managed(): Promise<SyncWorld> {
  const adjust = (one: Configuration): Configuration => ({
    ...one,
    routes: one.routes.map((route) => ({ ...route, push: { ...route.push, existing: 'adopt' as const } })),
  });
  const world = createWorld({ a: 12, adjust });
  const theirs = { ...person('b', 1), id: 's-1', type: 'MailContact', kind: 'contact' as const, addresses: ['p0@a.example'] };
  world.b.entries.set('s-1', { ...theirs, attributes: { displayName: 'Theirs', department: 'Sales' } });
  world.b.entries.set('s-2', { ...person('b', 2), id: 's-2' });
  expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ created: 11, adopted: 1 });
  world.configure((document) => {
    document.routes[0]!['enabled'] = false;
  });
  return world;
}

describe('a route that is retired', () => {
  it('keep: only the stamp goes from every object, and nothing stands in the way of dropping the route', async () => {
    const world = await managed();
    const before = held(world);
    const record = await retire(world, 'keep');
    expect(record.job).toMatchObject({ action: 'retire', objects: 'keep', state: 'completed', connectors: [{ id: 'b' }] });
    expect(sums(record)).toMatchObject({
      pulled: 0,
      warnings: [],
      leavers: { orphaned: 12, kept: 12, keptBecause: { policy: 11, adopted: 1 } },
    });
    expect([...world.b.entries.values()].every((entry) => entry.stamp === undefined)).toBe(true);
    const bare = (all: ReturnType<typeof held>) =>
      Object.values(all)
        .map(({ stamp: _stamp, ...entry }) => JSON.stringify(entry))
        .sort();
    expect(bare(held(world))).toEqual(bare(before));
    expect(await states(world)).toEqual({ 'ended retired': 12 });
    const { configuration } = await world.context.configuration();
    const linked = (await states(world))['linked'] ?? 0;
    expect(droppedRoutes(configuration, { ...configuration, routes: [] }, { 'a-to-b': 12 })).toHaveLength(1);
    expect(droppedRoutes(configuration, { ...configuration, routes: [] }, { 'a-to-b': linked })).toEqual([]);
  });

  it('delete: our objects go once an approver says so, what was adopted is only released', async () => {
    const world = await managed();
    const record = await retire(world, 'delete');
    expect(record.job).toMatchObject({ state: 'held', routes: [{ heldBecause: [{ breaker: 'removals', value: 11 }] }] });
    expect(sums(record).leavers).toMatchObject({ held: 12 });
    await approveJob(world.context, world.instances, record.job.id, { route: 'a-to-b', plan: record.job.routes[0]!.plan! }, 'me');
    const done = await world.round(record.job.id, 2);
    expect(done.job.state).toBe('completed');
    expect(sums(done).leavers).toMatchObject({ deleted: 11, kept: 1, keptBecause: { adopted: 1 } });
    expect([...world.b.entries.keys()].sort()).toEqual(['s-1', 's-2']);
    expect(world.b.entries.get('s-1')!.stamp).toBeUndefined();
    expect(await states(world)).toEqual({ 'ended retired': 12 });
  });

  it('shows its plan and changes nothing on a dry run', async () => {
    const world = await managed();
    const [before, links] = [held(world), await states(world)];
    const record = await retire(world, 'delete', true);
    expect(record.job).toMatchObject({ state: 'completed', dryRun: true, routes: [{ heldBecause: [{ breaker: 'removals' }] }] });
    expect(sums(record).leavers).toMatchObject({ deleted: 11, held: 0 });
    expect((await rows(world, record)).map((row) => row.result)).toEqual(Array(12).fill('planned'));
    expect([held(world), await states(world)]).toEqual([before, links]);
    expect((await world.store.routes.get('a-to-b')).held).toBeNull();
  });

  it('gives up what is gone, was taken over or lost its stamp, without writing to what is not ours', async () => {
    const world = await managed();
    const at = async (n: number): Promise<string> => (await world.store.links.get('a-to-b', `a-${n}`))!.targetId!;
    const change = (id: string, more: object): unknown => world.b.entries.set(id, { ...world.b.entries.get(id)!, ...more });
    world.b.entries.delete(await at(1));
    const [mailbox, foreign, emptied] = [await at(2), await at(3), await at(4)];
    change(mailbox, { type: 'UserMailbox' });
    change(foreign, { stamp: 'galsync:elsewhere:x' });
    const { stamp: _stamp, ...bare } = world.b.entries.get(emptied)!;
    world.b.entries.set(emptied, bare);
    const record = await retire(world, 'keep');
    expect(sums(record).leavers).toMatchObject({ kept: 9, failed: 0 });
    expect(await states(world)).toEqual({ 'ended retired': 9, 'ended takenOver': 2, 'ended alreadyGone': 1 });
    expect(world.b.entries.get(foreign)!.stamp).toBe('galsync:elsewhere:x');
    expect(world.b.entries.get(mailbox)!.stamp).toBeUndefined();
  });

  it('removes stamps whose links are lost when it keeps, and asks for a relink before it deletes', async () => {
    const world = await managed();
    const lost = (await world.store.links.get('a-to-b', 'a-5'))!;
    await world.store.links.put({ ...lost, state: 'ended', targetId: null, endedBecause: null });
    const record = await retire(world, 'delete', true);
    expect(sums(record).leavers).toMatchObject({ deleted: 10, keptBecause: { adopted: 1, unlinked: 1 } });
    expect(record.job.routes[0]!.warnings.join()).toContain('relink the route');
    await retire(world, 'keep');
    expect([...world.b.entries.values()].filter((entry) => entry.stamp)).toEqual([]);
  });

  it('can be undone: the objects are managed again as they were', async () => {
    const world = await managed();
    const before = held(world);
    const record = await retire(world, 'keep');
    expect(sums(await undo(world, record.job.id))).toMatchObject({ updated: 12 });
    expect(held(world)).toEqual(before);
    expect(await states(world)).toEqual({ linked: 12 });
    world.configure((document) => {
      document.routes[0]!['enabled'] = true;
    });
    expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ unchanged: 12, updated: 0, created: 0, adopted: 0 });
  });

  it('warns while the route is enabled', async () => {
    const world = createWorld({ a: 2 });
    await world.run({ action: 'sync' });
    expect((await retire(world, 'keep')).job.routes[0]!.warnings.join()).toContain('still enabled');
  });
});

describe('promise 6: what has become something else', () => {
  it.each(['is still in the source', 'left the source'])(
    'loses its stamp where that can be written, and is counted once (%s)',
    async (how) => {
      const world = createWorld({ a: 20 });
      await world.run({ action: 'sync' });
      const link = (await world.store.links.get('a-to-b', 'a-1'))!;
      const entry = world.b.entries.get(link.targetId!)!;
      world.b.entries.set(entry.id, { ...entry, type: 'UserMailbox', kind: 'user' });
      if (how === 'left the source') world.a.entries.delete('a-1');
      const record = await world.run({ action: 'sync' });
      const { stamp: _stamp, ...bare } = entry;
      expect(world.b.entries.get(entry.id)).toEqual({ ...bare, type: 'UserMailbox', kind: 'user' });
      if (how === 'left the source') expect(sums(record)).toMatchObject({ pulled: 19, leavers: { orphaned: 0 } });
      else expect(sums(record)).toMatchObject({ pulled: 20, skippedBecause: { takenOver: 1 }, updated: 0, leavers: { orphaned: 0 } });
      expect(await world.store.links.get('a-to-b', 'a-1')).toMatchObject({ state: 'ended', endedBecause: 'takenOver' });
      const writes = world.b.writes;
      await world.run({ action: 'sync' });
      expect(world.b.writes).toBe(writes);
    },
  );

  it('keeps a stamp that is not ours to remove', async () => {
    const world = createWorld({ a: 20 });
    await world.run({ action: 'sync' });
    const entry = world.b.entries.get((await world.store.links.get('a-to-b', 'a-1'))!.targetId!)!;
    world.b.entries.set(entry.id, { ...entry, readOnly: true });
    const writes = world.b.writes;
    expect(sums(await world.run({ action: 'sync' })).skippedBecause).toEqual({ takenOver: 1 });
    expect([world.b.writes, world.b.entries.get(entry.id)!.stamp]).toEqual([writes, 'galsync:a-to-b:a-1']);
  });
});
