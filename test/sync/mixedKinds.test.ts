import { describe, expect, it } from 'vitest';
import { createWorld, person, type SyncWorld } from './world.ts';

/** Users become guests, groups and rooms contacts, on one route. */
function guestWorld(): SyncWorld {
  const world = createWorld({ a: 3 });
  world.a.entries.set('a-g', person('a', 7, { id: 'a-g', kind: 'group', type: 'group', groupType: 'distribution' }));
  world.a.entries.set('a-r', person('a', 8, { id: 'a-r', kind: 'room', type: 'RoomMailbox' }));
  world.configure((document) => Object.assign(document.routes[0]!, { push: { as: 'guest' } }));
  return world;
}

const types = (world: SyncWorld): Record<string, string> =>
  Object.fromEntries([...world.b.entries.values()].map((entry) => [entry.stamp!.replace('galsync:a-to-b:', ''), entry.type]));

describe('a guest route with groups and rooms', () => {
  it('makes each what it can be, and writes nothing on a second run', async () => {
    const world = guestWorld();
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ created: 5, failed: 0 });
    expect(types(world)).toEqual({
      'a-0': 'GuestMailUser',
      'a-1': 'GuestMailUser',
      'a-2': 'GuestMailUser',
      'a-g': 'MailContact',
      'a-r': 'MailContact',
    });
    expect((await world.store.links.get('a-to-b', 'a-g'))!.as).toBe('contact');
    const writes = world.b.writes;
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ updated: 0, unchanged: 5 });
    expect(world.b.writes).toBe(writes);
  });

  it('keeps, hides and removes each as what it is', async () => {
    const world = guestWorld();
    await world.run({ action: 'sync' });
    world.a.entries.delete('a-g');
    world.a.entries.delete('a-1');
    world.a.entries.set('a-r', { ...world.a.entries.get('a-r')!, attributes: { displayName: 'Room 8' } });
    const asked: unknown[] = [];
    world.b.onWrite = (request) => {
      asked.push([request.change, request.as, request.kind]);
      return null;
    };
    const { job } = await world.run({ action: 'sync' });
    expect(job.routes[0]).toMatchObject({ updated: 1, leavers: { hidden: 2 }, skippedBecause: {} });
    expect(asked.map(String).sort()).toEqual(['hide,contact,group', 'hide,guest,user', 'update,contact,room']);
  });

  it('releases a guest that has become a mailbox, and never touches it again', async () => {
    const world = guestWorld();
    await world.run({ action: 'sync' });
    const [id, guest] = [...world.b.entries].find(([, entry]) => entry.stamp === 'galsync:a-to-b:a-0')!;
    world.b.entries.set(id, { ...guest, type: 'UserMailbox' });
    world.a.entries.delete('a-0');
    world.clock.now += 40 * 86_400_000;
    await world.run({ action: 'sync' });
    expect((await world.store.links.get('a-to-b', 'a-0'))!).toMatchObject({ state: 'ended', endedBecause: 'takenOver' });
    expect(world.b.entries.get(id)).toMatchObject({ type: 'UserMailbox', hidden: false });
  });
});
