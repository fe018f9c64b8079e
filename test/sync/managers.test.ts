import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { Link } from '../../shared/model/link.ts';
import { rows } from './errands.ts';
import { createWorld, type SyncWorld } from './world.ts';

/** People of a directory that tells managers by reference, into one that keeps them so: `bosses` says whose manager is whom. */
function worldOf(people: number, bosses: Readonly<Record<number, number | string>>): SyncWorld {
  const world = createWorld({ a: people });
  world.a.managers = true;
  world.b.managers = true;
  for (const [n, boss] of Object.entries(bosses)) setBoss(world, Number(n), boss);
  return world;
}

function setBoss(world: SyncWorld, n: number, boss: number | string | null, more: Partial<Entry> = {}): void {
  const { managerRef: _old, ...entry } = world.a.entries.get(`a-${n}`)!;
  const ref = boss === null ? {} : { managerRef: typeof boss === 'number' ? `a-${boss}` : boss };
  world.a.entries.set(`a-${n}`, { ...entry, ...ref, ...more });
}

const linkOf = async (world: SyncWorld, n: number): Promise<Link> => (await world.store.links.get('a-to-b', `a-${n}`))!;
const object = async (world: SyncWorld, n: number): Promise<Entry> => world.b.entries.get((await linkOf(world, n)).targetId!)!;
/** Who stands as the manager of the object of person n: the number of the person whose object it is. */
async function bossOf(world: SyncWorld, n: number): Promise<string | undefined> {
  const ref = (await object(world, n)).managerRef;
  return ref === undefined ? undefined : (world.b.entries.get(ref)?.stamp?.split(':')[2] ?? ref);
}

describe('managers, where the target keeps them as references', () => {
  it('are set in one job although they are made in it, also in a circle and one’s own; the second run writes nothing', async () => {
    // 60 people, ten to a manager; 0 and 1 manage each other, 2 is their own.
    const bosses = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [n, n < 2 ? 1 - n : n === 2 ? 2 : n % 6]));
    const world = worldOf(60, bosses);
    const first = await world.run({ action: 'sync' });
    expect(first.job).toMatchObject({ state: 'completed', routes: [{ created: 60, failed: 0, warnings: [] }] });
    for (const n of [0, 1, 2, 3, 59]) expect(await bossOf(world, n)).toBe(`a-${bosses[n]}`);
    // Managers are made first: only they themselves are written twice.
    expect(world.b.writes).toBeLessThanOrEqual(66);
    const { writes } = world.b;
    const second = await world.run({ action: 'sync' });
    expect(second.job.routes[0]).toMatchObject({ unchanged: 60, updated: 0 });
    expect(world.b.writes).toBe(writes);
  });

  it('a new manager alone writes the manager alone, and no manager any more clears it', async () => {
    const world = worldOf(4, { 1: 0, 2: 0 });
    await world.run({ action: 'sync' });
    setBoss(world, 1, 3);
    setBoss(world, 2, null);
    const job = await world.run({ action: 'sync' });
    const fields = (await rows(world, job)).map((change) => change.fields);
    expect(fields).toHaveLength(2);
    expect(fields).toEqual(
      expect.arrayContaining([
        [expect.objectContaining({ name: 'manager', before: 'p0@a.example', after: 'p3@a.example' })],
        [expect.objectContaining({ name: 'manager', before: 'p0@a.example', after: null })],
      ]),
    );
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['a-3', undefined]);
  });
});
