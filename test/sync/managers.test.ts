import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { Link } from '../../shared/model/link.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { Died, dieAt } from './deaths.ts';
import { held, rows, undo } from './errands.ts';
import { countSnapshotReads } from './snapshotReads.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

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

/** The directory tells the manager as an address, as Google does. */
function tellByAddress(world: SyncWorld, n: number): void {
  const { managerRef, ...entry } = world.a.entries.get(`a-${n}`)!;
  world.a.entries.set(`a-${n}`, { ...entry, attributes: { ...entry.attributes, manager: managerRef! } });
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

  it('follow people: a renamed manager is no write, another one under the old address is', async () => {
    const world = worldOf(4, { 1: 0, 2: 0 });
    await world.run({ action: 'sync' });
    setBoss(world, 0, null, { addresses: ['new@a.example', 'p0@a.example'] });
    const renamed = await world.run({ action: 'sync' });
    expect(renamed.job.routes[0]).toMatchObject({ updated: 1, unchanged: 3 });
    expect((await linkOf(world, 1)).image.manager).toBe('new@a.example');
    // The address goes to somebody else, who becomes the manager of 1.
    setBoss(world, 0, null, { addresses: ['p0@a.example'] });
    setBoss(world, 3, null, { addresses: ['new@a.example'] });
    setBoss(world, 1, 3);
    await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['a-3', 'a-0']);
    const { writes } = world.b;
    await world.run({ action: 'sync' });
    expect(world.b.writes).toBe(writes);
  });

  it('who are not synchronised are a loss that is told, and cost nothing on a quiet night; let in, they are written', async () => {
    const world = worldOf(12, Object.fromEntries(Array.from({ length: 11 }, (_, n) => [n + 1, 0])));
    setBoss(world, 0, null, { attributes: { displayName: 'Boss', department: 'Board' } });
    const where = { attribute: 'department', operator: 'DoesNotEqual', value: 'Board' } as const;
    world.configure((document) => Object.assign(document.routes![0]!, { filter: { where } }));
    const first = await world.run({ action: 'sync' });
    expect(first.job.routes[0]).toMatchObject({ created: 11, failed: 0, skipped: 1 });
    expect(first.job.routes[0]!.losses).toMatchObject({ 'manager: not in the target': 11 });
    await world.run({ action: 'sync' });
    const reads = countSnapshotReads(world);
    const quiet = await world.run({ action: 'sync' });
    expect(quiet.job.routes[0]).toMatchObject({ unchanged: 11, losses: { 'manager: not in the target': 11 } });
    expect(reads.of('b')).toEqual([]);
    reads.restore();
    world.configure((document) => Object.assign(document.routes![0]!, { filter: {} }));
    const all = await world.run({ action: 'sync' });
    expect(all.job.routes[0]).toMatchObject({ created: 1, updated: 11, losses: {} });
    expect(await bossOf(world, 5)).toBe('a-0');
  });

  it('may be people of the target itself, but no group, and nobody whom our route made for somebody else', async () => {
    const world = worldOf(4, { 1: 'boss@a.example', 2: 'team@a.example' });
    world.b.entries.set('their-boss', person('b', 90, { id: 'their-boss', addresses: ['boss@a.example'] }));
    world.b.entries.set('their-team', person('b', 91, { id: 'their-team', kind: 'group', addresses: ['team@a.example'] }));
    for (const n of [1, 2]) tellByAddress(world, n);
    const { job } = await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['their-boss', undefined]);
    expect(job.routes[0]!.losses).toEqual({ 'manager: not in the target': 1 });
  });

  it('who stand at the target are read together, each part of it once; those of people who stay at home are not looked for', async () => {
    const world = worldOf(120, Object.fromEntries(Array.from({ length: 120 }, (_, n) => [n, `boss${n}@b.example`])));
    for (let n = 0; n < 120; n += 1) {
      tellByAddress(world, n);
      world.b.entries.set(`boss-${n}`, person('b', 500 + n, { id: `boss-${n}`, addresses: [`boss${n}@b.example`] }));
    }
    const reads = countSnapshotReads(world);
    const { job } = await world.run({ action: 'simulate' });
    expect(job.routes[0]).toMatchObject({ created: 120, losses: {} });
    expect(reads.of('b').length).toBeGreaterThan(30);
    expect(reads.twice()).toEqual([]);
    reads.restore();
    const where = { attribute: 'displayName', operator: 'Equals', value: 'nobody' } as const;
    world.configure((document) => Object.assign(document.routes![0]!, { filter: { where } }));
    const again = countSnapshotReads(world);
    expect((await world.run({ action: 'simulate' })).job.routes[0]).toMatchObject({ created: 0, skipped: 120 });
    expect(again.of('b')).toEqual([]);
  });

  it('told as addresses by a directory that keeps no references are objects at the target', async () => {
    const world = worldOf(3, { 1: 'p0@a.example', 2: 'P1@A.example' });
    world.a.managers = false;
    for (const n of [1, 2]) tellByAddress(world, n);
    await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['a-0', 'a-1']);
    const { writes } = world.b;
    await world.run({ action: 'sync' });
    expect(world.b.writes).toBe(writes);
  });

  it('who cannot be made lose the others nothing; made later, they are written', async () => {
    const world = worldOf(4, { 1: 0, 2: 0 });
    world.b.onWrite = (request) =>
      request.change === 'create' && request.stamp.endsWith('a-0')
        ? { ok: false, targetId: null, retry: 'never', owner: null, failure: { code: 'conflict', message: 'No.', nextStep: '' } }
        : null;
    const first = await world.run({ action: 'sync' });
    expect(first.job.routes[0]).toMatchObject({ created: 3, failed: 1 });
    expect(await bossOf(world, 1)).toBeUndefined();
    const again = await world.run({ action: 'sync' });
    expect(again.job.routes[0]).toMatchObject({ updated: 0, failed: 1 });
    delete world.b.onWrite;
    await world.run({ action: 'sync' });
    await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['a-0', 'a-0']);
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ unchanged: 4, losses: {} });
  });

  it('whose object was deleted there get a new one, and stand again', async () => {
    const world = worldOf(4, { 1: 0, 2: 0 });
    await world.run({ action: 'sync' });
    const { targetId } = await linkOf(world, 0);
    world.b.entries.delete(targetId!);
    for (const [id, { managerRef, ...entry }] of [...world.b.entries]) if (managerRef === targetId) world.b.entries.set(id, entry);
    await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['a-0', 'a-0']);
    expect((await linkOf(world, 0)).targetId).not.toBe(targetId);
    const { writes } = world.b;
    await world.run({ action: 'sync' });
    expect(world.b.writes).toBe(writes);
  });

  it('changed in the target are set back, or left where drift is to be left', async () => {
    const world = worldOf(4, { 1: 0, 2: 0 });
    await world.run({ action: 'sync' });
    const other = (await linkOf(world, 3)).targetId!;
    const edit = async (n: number): Promise<void> => {
      const entry = await object(world, n);
      world.b.entries.set(entry.id, { ...entry, managerRef: other });
    };
    await edit(1);
    await world.run({ action: 'sync' });
    expect(await bossOf(world, 1)).toBe('a-0');
    world.configure((document) => Object.assign(document.routes![0]!.push!, { drift: { default: 'leave' } }));
    await edit(2);
    await world.run({ action: 'sync' });
    expect(await bossOf(world, 2)).toBe('a-3');
  });

  it('changes are undone', async () => {
    const world = worldOf(4, { 1: 0, 2: 0 });
    await world.run({ action: 'sync' });
    const before = held(world);
    setBoss(world, 1, 3);
    setBoss(world, 2, null);
    const { job } = await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual(['a-3', undefined]);
    await undo(world, job.id);
    expect(held(world)).toEqual(before);
  });

  it('of one person alone: who is not meant and not there is left for the next run', async () => {
    const world = worldOf(4, { 1: 0, 2: 3 });
    await world.run({ action: 'sync', only: ['a-1', 'a-2', 'a-3'] } as never);
    expect([await bossOf(world, 1), await bossOf(world, 2)]).toEqual([undefined, 'a-3']);
    await world.run({ action: 'sync' });
    expect(await bossOf(world, 1)).toBe('a-0');
  });

  it('of changes that are sent together are looked for one by one', async () => {
    const world = worldOf(8, { 1: 0, 2: 0, 3: 7 });
    world.b.together = { calls: 0 };
    await world.run({ action: 'sync' });
    expect([await bossOf(world, 1), await bossOf(world, 2), await bossOf(world, 3)]).toEqual(['a-0', 'a-0', 'a-7']);
    expect(world.b.together.calls).toBeGreaterThan(0);
  });

  it('a process that dies anywhere leaves everybody their manager', async () => {
    const deaths = [
      ['links', 'putMany', 1],
      ['links', 'put', 2],
      ['links', 'put', 7],
      ['links', 'put', 9],
      ['plans', 'putOutcomes', 1],
      ['plans', 'putOutcomes', 2],
    ] as const;
    for (const [room, method, nth] of deaths)
      for (const when of ['before', 'after'] as const) {
        const world = worldOf(8, Object.fromEntries(Array.from({ length: 8 }, (_, n) => [n, (n + 1) % 8])));
        const record = await startJob(world.context, world.instances, { action: 'sync' }, 'api', 'test');
        dieAt(world.store, room, method as never, nth, when);
        await expect(world.round(record.job.id, 1)).rejects.toThrow(Died);
        const done = await world.resume(record.job.id, 1);
        expect(done.job.routes[0], `${method} ${nth} ${when}`).toMatchObject({ created: 8, failed: 0, held: 0 });
        for (let n = 0; n < 8; n += 1) expect(await bossOf(world, n), `${method} ${nth} ${when} ${n}`).toBe(`a-${(n + 1) % 8}`);
        expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ unchanged: 8, updated: 0 });
      }
  });
});
