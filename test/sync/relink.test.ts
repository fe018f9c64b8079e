import { describe, expect, it } from 'vitest';
import type { Link } from '../../shared/model/link.ts';
import { SHARDS } from '../../shared/store/store.ts';
import { relink, rows, sums } from './errands.ts';
import type { Step } from './inProcess.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

async function linksOf(world: SyncWorld): Promise<ReadonlyMap<string, Link>> {
  const links = new Map<string, Link>();
  for await (const link of world.store.links.range('a-to-b', 0, SHARDS)) links.set(link.sourceId, link);
  return links;
}

/** The table of links as a restored, older one: those of some ids are not there until they are written again. */
function lose(world: SyncWorld, which: (sourceId: string) => boolean): void {
  const { range, get, put, putMany } = world.store.links;
  const lost = new Set(Array.from({ length: 100 }, (_, n) => `a-${n}`).filter(which));
  Object.assign(world.store.links, {
    get: async (route: string, id: string) => (lost.has(id) ? null : get(route, id)),
    async *range(route: string, from: number, to: number) {
      for await (const link of range(route, from, to)) if (!lost.has(link.sourceId)) yield link;
    },
    async put(link: Link) {
      lost.delete(link.sourceId);
      await put(link);
    },
    async putMany(links: readonly Link[]) {
      for (const link of links) lost.delete(link.sourceId);
      await putMany(links);
    },
  });
}

/** 30 people synced, then the links of some are lost. */
async function withLost(which: (sourceId: string) => boolean, step?: Step): Promise<SyncWorld> {
  const world = createWorld({ a: 30, ...(step ? { step } : {}) });
  await world.run({ action: 'sync' });
  lose(world, which);
  return world;
}

describe('relink', () => {
  it('rebuilds every lost link from its stamp, so that the next sync finds nothing to do', async () => {
    const world = await withLost(() => true);
    const writes = world.b.writes;
    const record = await relink(world);
    expect(record.job).toMatchObject({ action: 'relink', state: 'completed' });
    expect(sums(record)).toMatchObject({ pulled: 30, updated: 30, unchanged: 0, leavers: { orphaned: 0 } });
    expect((await rows(world, record)).every((row) => row.result === 'done' && row.reason === 'relinked')).toBe(true);
    expect((await linksOf(world)).get('a-3')).toMatchObject({ state: 'linked', adopted: false, address: 'p3@a.example' });
    expect(Object.keys((await linksOf(world)).get('a-3')!.written)).toContain('jobTitle');
    expect(sums(await world.run({ action: 'sync' }))).toMatchObject({ unchanged: 30, updated: 0, created: 0 });
    expect(world.b.writes).toBe(writes);
  });

  it('leaves links that are right untouched', async () => {
    const world = await withLost((id) => id === 'a-3');
    const before = await linksOf(world);
    expect(sums(await relink(world))).toMatchObject({ updated: 1, unchanged: 29 });
    const after = await linksOf(world);
    for (const [id, link] of before) expect(after.get(id)).toEqual(link);
    expect(after.size).toBe(30);
    expect(sums(await relink(world))).toMatchObject({ updated: 0, unchanged: 30 });
  });

  it('shows what it would link on a dry run, and writes no link', async () => {
    const world = await withLost(() => true);
    const record = await relink(world, true);
    expect(sums(record)).toMatchObject({ updated: 30 });
    expect((await rows(world, record)).every((row) => row.result === 'planned')).toBe(true);
    expect((await linksOf(world)).size).toBe(0);
  });

  it('counts a stamped object whose source is gone as kept (unlinked) until it is linked; then leavers are handled', async () => {
    // The third one is still there: the sync itself finds its object by the stamp.
    const world = await withLost((id) => ['a-4', 'a-5', 'a-6'].includes(id));
    world.a.entries.delete('a-4');
    world.a.entries.delete('a-5');
    const kept = await world.run({ action: 'sync' });
    expect(sums(kept)).toMatchObject({ pulled: 28, leavers: { orphaned: 2, kept: 2, keptBecause: { unlinked: 2 } } });
    expect((await rows(world, kept)).map((row) => [row.change, row.object, row.address, row.reason]).sort()).toEqual([
      ['keep', 'a-4', 'p4@a.example', 'unlinked'],
      ['keep', 'a-5', 'p5@a.example', 'unlinked'],
    ]);
    const record = await relink(world);
    expect(sums(record)).toMatchObject({ pulled: 28, unchanged: 28, leavers: { kept: 2, keptBecause: { unlinked: 2 } } });
    expect((await linksOf(world)).get('a-4')).toMatchObject({ state: 'linked', leaving: { reason: 'gone' } });
    expect(sums(await world.run({ action: 'sync' })).leavers).toMatchObject({ hidden: 2, kept: 0 });
  });

  it('does not hide again what was hidden already: its days count from the relink', async () => {
    const world = createWorld({ a: 30 });
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-4');
    await world.run({ action: 'sync' });
    lose(world, (id) => id === 'a-4');
    await relink(world);
    expect(sums(await world.run({ action: 'sync' })).leavers).toMatchObject({ hidden: 0, keptBecause: { grace: 1 } });
    world.clock.now += 31 * 86_400_000;
    expect(sums(await world.run({ action: 'sync' })).leavers).toMatchObject({ deleted: 1 });
  });

  it('reports two objects with one stamp, and links neither', async () => {
    const world = await withLost((id) => id === 'a-4');
    const copy = [...world.b.entries.values()].find((entry) => entry.stamp === 'galsync:a-to-b:a-4')!;
    world.b.entries.set('copy', { ...copy, id: 'copy', addresses: ['copy@b.example'] });
    const record = await relink(world);
    expect(sums(record)).toMatchObject({ pulled: 30, unchanged: 29, skipped: 1, skippedBecause: { collision: 1 } });
    const collision = (await rows(world, record)).find((row) => row.change === 'skip')!;
    expect([collision.target, collision.owner?.id].sort()).toEqual([copy.id, 'copy'].sort());
    expect((await linksOf(world)).has('a-4')).toBe(false);
  });

  it('does not link what has become something else, nor stamps of another route', async () => {
    const world = await withLost(() => true);
    const at = (id: string) => [...world.b.entries.values()].find((entry) => entry.stamp === `galsync:a-to-b:${id}`)!;
    world.b.entries.set(at('a-4').id, { ...at('a-4'), type: 'UserMailbox' });
    world.b.entries.set(at('a-5').id, { ...at('a-5'), stamp: 'galsync:other:a-5' });
    await relink(world);
    const links = await linksOf(world);
    expect([links.size, links.has('a-4'), links.has('a-5')]).toEqual([28, false, false]);
  });

  it('run again after a death it plans and links the same', async () => {
    const step: Step = async (activity) => {
      await activity();
      return activity();
    };
    const world = await withLost((id) => id !== 'a-3', step);
    world.a.entries.delete('a-7');
    world.a.entries.set('a-40', person('a', 40));
    await world.run({ action: 'pull', connectors: ['a'] });
    expect(sums(await relink(world))).toMatchObject({ updated: 28, unchanged: 1, leavers: { kept: 1 } });
  });
});
