import { describe, expect, it } from 'vitest';
import { openPlanning } from '../../shared/sync/planning.ts';
import type { PlannedRange } from '../../shared/sync/planRange.ts';
import { planRange } from '../../shared/sync/planRange.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

const RANGES = Array.from({ length: 16 }, (_, n) => ({ from: n * 16, to: (n + 1) * 16 }));

/** 60 people are managed; 60 newcomers hold addresses of contacts that somebody made by hand; a-0 came back as a-new, the stamp of his object emptied. */
async function worldOfUnstamped(): Promise<SyncWorld> {
  const world = createWorld({ a: 60 });
  await world.run({ action: 'sync' });
  for (let n = 100; n < 160; n += 1) {
    world.a.entries.set(`a-${n}`, person('a', n));
    world.b.entries.set(`old-${n}`, { ...person('a', n), id: `old-${n}`, kind: 'contact', type: 'MailContact' });
  }
  const { stamp: _stamp, ...bare } = world.b.entries.get((await linkOf(world, 'a-0')).targetId!)!;
  world.b.entries.set(bare.id, bare);
  world.a.entries.delete('a-0');
  world.a.entries.set('a-new', person('a', 0, { id: 'a-new' }));
  await world.run({ action: 'pull', connectors: ['a', 'b'] });
  return world;
}

const linkOf = async (world: SyncWorld, id: string) => (await world.store.links.get('a-to-b', id))!;

/** Scans over all links of the route, from now on. */
function scans(world: SyncWorld): { count: number; fail: boolean } {
  const seen = { count: 0, fail: false };
  const { links } = world.store;
  const range = links.range.bind(links);
  Object.assign(links, {
    range(route: string, from: number, to: number) {
      if (to - from === 256) {
        seen.count += 1;
        if (seen.fail) throw new Error('The connection was reset.');
      }
      return range(route, from, to);
    },
  });
  return seen;
}

async function plan(world: SyncWorld, run: string | undefined, ranges = RANGES): Promise<PlannedRange['changes']> {
  const { configuration } = await world.context.configuration();
  const made: PlannedRange['changes'][number][] = [];
  for (const range of ranges)
    made.push(
      ...(
        await planRange(await openPlanning(world.context, { configuration, route: 'a-to-b', only: null, ...(run ? { run } : {}) }), range)
      ).changes,
    );
  return made;
}

describe('objects without a stamp that could be ours', () => {
  it('the links of a route are looked through once for each job and process, not once for each range', async () => {
    const world = await worldOfUnstamped();
    const seen = scans(world);
    const changes = await plan(world, 'job.1');
    expect(changes.filter((change) => change.reason === 'collision')).toHaveLength(60);
    expect(changes.find((change) => change.sourceId === 'a-new')).toMatchObject({ change: 'update', relinkFrom: 'a-0' });
    expect(seen.count).toBe(1);
    // The next job, and a round after an approval, look again.
    expect(await plan(world, 'job.2')).toEqual(changes);
    expect(seen.count).toBe(2);
  });

  it('a scan that failed is made again', async () => {
    const world = await worldOfUnstamped();
    const seen = scans(world);
    seen.fail = true;
    await expect(plan(world, 'job.1')).rejects.toThrow('reset');
    seen.fail = false;
    expect((await plan(world, 'job.1')).some((change) => change.relinkFrom === 'a-0')).toBe(true);
  });

  it('what another process did to a link since counts', async () => {
    const world = await worldOfUnstamped();
    await plan(world, 'job.1');
    const link = await linkOf(world, 'a-0');
    await world.store.links.put({ ...link, state: 'ended', endedBecause: 'takenOver' });
    const changes = await plan(world, 'job.1');
    expect(changes.find((change) => change.sourceId === 'a-new')).toMatchObject({ reason: 'collision', relinkFrom: null });
  });
});
