import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

/** Ten people of a; the first has a contact in b that was there before. */
function worldWith(existing: string): SyncWorld {
  const world = createWorld({ a: 10 });
  world.b.entries.set('old-0', {
    ...person('a', 0),
    id: 'old-0',
    kind: 'contact',
    type: 'MailContact',
    attributes: { displayName: 'Written by hand', city: 'Oslo' },
  });
  world.configure((document) => {
    document.routes[0]!['push'] = { as: 'contact', existing };
    document.routes[0]!['leavers'] = { gone: { policy: 'delete' }, outOfScope: { policy: 'delete' } };
    document.routes[0]!['breakers'] = { sourceShrinkPercent: 100 };
  });
  return world;
}
const route = (record: JobRecord): RouteResult => record.job.routes[0]!;
const old = (world: SyncWorld): Entry | undefined => world.b.entries.get('old-0');
const forget = async (world: SyncWorld): Promise<void> => {
  const link = (await world.store.links.get('a-to-b', 'a-0'))!;
  await world.store.links.put({ ...link, state: 'ended', targetId: null, adopted: false, endedBecause: 'lost' });
};

describe('objects that are there already', () => {
  it('adopted: a leaver is released, stays as it is, and is adopted anew when he returns', async () => {
    const world = worldWith('adopt');
    expect(route(await world.run({ action: 'sync' }))).toMatchObject({ adopted: 1, created: 9 });
    expect(old(world)).toMatchObject({ stamp: 'galsync-adopted:a-to-b:a-0', attributes: { displayName: 'Person 0', city: 'Oslo' } });
    world.a.entries.delete('a-0');
    expect(route(await world.run({ action: 'sync' })).leavers).toMatchObject({ kept: 1, keptBecause: { adopted: 1 } });
    expect(old(world)).toMatchObject({ attributes: { displayName: 'Person 0', city: 'Oslo' } });
    expect(old(world)!.stamp).toBeUndefined();
    world.a.entries.set('a-0', person('a', 0));
    expect(route(await world.run({ action: 'sync' })).adopted).toBe(1);
  });

  it('taken over, also by a link that was an adopted one before: the leaver is deleted', async () => {
    const world = worldWith('adopt');
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-0');
    await world.run({ action: 'sync' });
    world.a.entries.set('a-0', person('a', 0));
    world.configure((document) => {
      document.routes[0]!['push'] = { as: 'contact', existing: 'takeOver' };
    });
    expect(route(await world.run({ action: 'sync' })).adopted).toBe(1);
    expect(old(world)!.stamp).toBe('galsync:a-to-b:a-0');
    world.a.entries.delete('a-0');
    expect(route(await world.run({ action: 'sync' })).leavers.deleted).toBe(1);
    expect(old(world)).toBeUndefined();
  });

  it('an adopted object whose link was lost stays an adopted one, by its stamp', async () => {
    const world = worldWith('adopt');
    await world.run({ action: 'sync' });
    await forget(world);
    world.a.entries.set('a-0', person('a', 0, { attributes: { displayName: 'New Name' } }));
    await world.run({ action: 'sync' });
    expect((await world.store.links.get('a-to-b', 'a-0'))!).toMatchObject({ state: 'linked', targetId: 'old-0', adopted: true });
    world.a.entries.delete('a-0');
    await world.run({ action: 'sync' });
    expect(old(world)).toMatchObject({ attributes: { displayName: 'New Name' } });
  });

  it('an adopted object that somebody deleted is made anew, and that one is ours', async () => {
    const world = worldWith('adopt');
    await world.run({ action: 'sync' });
    world.b.entries.delete('old-0');
    expect(route(await world.run({ action: 'sync' })).created).toBe(1);
    const made = [...world.b.entries.values()].find((entry) => entry.addresses[0] === 'p0@a.example')!;
    expect(made.stamp).toBe('galsync:a-to-b:a-0');
    world.a.entries.delete('a-0');
    expect(route(await world.run({ action: 'sync' })).leavers.deleted).toBe(1);
  });

  it('existingWhere: one that does not hold is a collision that names the owner', async () => {
    const world = worldWith('adopt');
    world.configure((document) => {
      const where = { attribute: 'city', operator: 'Equals', value: 'Paris' };
      document.routes[0]!['push'] = { as: 'contact', existing: 'takeOver', existingWhere: where };
    });
    const record = await world.run({ action: 'sync' });
    expect(route(record)).toMatchObject({ adopted: 0, skippedBecause: { collision: 1 } });
    expect(old(world)).toMatchObject({ attributes: { displayName: 'Written by hand' } });
  });
});
