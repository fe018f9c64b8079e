import { describe, expect, it } from 'vitest';
import { approveJob } from '../../shared/sync/decide.ts';
import { previewConfiguration } from '../../shared/sync/preview.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

/** A directory that takes so much and no more (Google: 200,000 shared contacts or 40 MB): the plan says so before its first write. */
describe('a target with a capacity', () => {
  const worldOf = (people: number, capacity: { objects?: number; bytes?: number }): SyncWorld => {
    const world = createWorld({ a: people });
    const bytesOf = (value: unknown): number =>
      typeof value === 'string'
        ? Buffer.byteLength(value)
        : Array.isArray(value)
          ? value.reduce((n: number, one) => n + bytesOf(one), 0)
          : 0;
    world.b.capacity = {
      what: 'contacts',
      types: ['MailContact'],
      objects: 1e6,
      bytes: 1e9,
      ...capacity,
      sizeOf: ({ hidden: _hidden, ...fields }) => Object.values(fields).reduce<number>((n, value) => n + bytesOf(value), 0),
    };
    return world;
  };
  const foreign = (world: SyncWorld, n: number): void =>
    void world.b.entries.set(`f${n}`, {
      ...person('foreign', n),
      id: `f${n}`,
      kind: 'contact',
      type: 'MailContact',
      attributes: { displayName: `Foreign ${n}` },
    });
  const held = (world: SyncWorld): Promise<unknown> => world.store.snapshots.state('b').then((state) => state?.held);

  it('what fits exactly is written; one more is held before any write, with numbers and what to do', async () => {
    const world = worldOf(10, { objects: 12 });
    foreign(world, 1);
    foreign(world, 2);
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ state: 'completed', created: 10 });
    const { writes } = world.b;
    world.a.entries.set('a-10', person('a', 10));
    world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Renamed' } }));
    const { job } = await world.run({ action: 'sync' });
    expect(job).toMatchObject({ state: 'held', routes: [{ created: 0, updated: 0, held: 2, unchanged: 9 }] });
    expect(world.b.writes).toBe(writes);
    expect(job.routes[0]!.heldBecause).toMatchObject([{ breaker: 'capacity', before: 12, after: 13, value: 13, limit: 12 }]);
    expect(job.routes[0]!.heldBecause[0]!.nextStep).toMatch(
      /"b" holds 12 \(0\.0 MB\) contacts; with this plan it would hold 13 .* takes 12 .*Nothing was written.*narrow the filter of "a-to-b"/,
    );
    await expect(
      approveJob(world.context, world.instances, job.id, { route: 'a-to-b', plan: job.routes[0]!.plan! }, 'me'),
    ).rejects.toThrow();
    expect(world.events.filter(({ event }) => event === 'breaker.tripped')).toMatchObject([{ breaker: 'capacity', value: 13, limit: 12 }]);
    world.a.entries.delete('a-10');
    expect((await world.run({ action: 'sync' })).job).toMatchObject({ state: 'completed', routes: [{ updated: 1 }] });
  });

  it('counts bytes of what is there and of what is planned, updates included', async () => {
    const world = worldOf(10, {});
    await world.run({ action: 'sync' });
    await world.run({ action: 'sync' });
    const { objects, bytes } = (await held(world)) as { objects: number; bytes: number };
    expect(objects).toBe(10);
    const stamps = [...world.b.entries.values()].reduce((n, { stamp }) => n + stamp!.length, 0);
    expect(bytes).toBeGreaterThan(stamps + 10 * 'Engineer'.length);
    world.b.capacity = { ...world.b.capacity!, bytes: bytes + 5 };
    world.a.entries.set(
      'a-1',
      person('a', 1, { attributes: { displayName: 'Person 1', givenName: 'P1', surname: 'a', jobTitle: 'Engineer12345' } }),
    );
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ state: 'completed', updated: 1 });
    world.a.entries.set(
      'a-2',
      person('a', 2, { attributes: { displayName: 'Person 2', givenName: 'P2', surname: 'a', jobTitle: 'Engineer1' } }),
    );
    const over = await world.run({ action: 'sync' });
    expect(over.job.routes[0]!.heldBecause).toMatchObject([{ breaker: 'capacity', before: bytes + 5, after: bytes + 6, limit: bytes + 5 }]);
  });

  it('a simulation says it, too, and holds nothing', async () => {
    const world = worldOf(10, { objects: 9 });
    const { job } = await world.run({ action: 'simulate' });
    expect(job).toMatchObject({
      state: 'completed',
      routes: [{ created: 10, held: 0, heldBecause: [{ breaker: 'capacity', value: 10, limit: 9 }] }],
    });
  });

  it('a preview of a document that would let more in says it with the numbers of the run', async () => {
    const world = worldOf(10, {});
    const bosses = { attribute: 'jobTitle', operator: 'Equals', value: 'Boss' } as const;
    world.configure((document) => Object.assign(document.routes![0]!, { filter: { where: bosses } }));
    world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Boss 3', jobTitle: 'Boss' } }));
    await world.run({ action: 'sync' });
    await world.run({ action: 'sync' });
    const { objects, bytes } = (await held(world)) as { objects: number; bytes: number };
    expect(objects).toBe(1);
    let copy = '';
    world.configure((document) => {
      const { filter: _filter, ...route } = document.routes![0]!;
      copy = JSON.stringify({ ...document, routes: [route] });
    });
    const shown = async (capacity: { objects?: number; bytes?: number }): Promise<unknown> => {
      world.b.capacity = { ...world.b.capacity!, objects: 1e6, bytes: 1e9, ...capacity };
      const { routes } = await previewConfiguration(world.context, copy, { local: true, allowedHosts: [], budgetMs: 60_000 });
      return routes[0]!.heldBecause;
    };
    expect(await shown({ objects: 10 })).toEqual([]);
    expect(await shown({ objects: 9 })).toMatchObject([{ breaker: 'capacity', before: 1, after: 10, limit: 9 }]);
    const told = (await shown({ bytes: bytes + 1 })) as { after: number }[];
    world.configure((document) => Object.assign(document.routes![0]!, { filter: {} }));
    const { job } = await world.run({ action: 'simulate' });
    expect(told).toEqual(job.routes[0]!.heldBecause);
    expect(told[0]!.after).toBeGreaterThan(bytes * 5);
  });

  it('who takes no more room than he gives back is not held, in a target that is over its capacity already', async () => {
    const world = worldOf(40, { objects: 50 });
    await world.run({ action: 'sync' });
    for (let n = 0; n < 30; n += 1) foreign(world, n);
    world.a.entries.set('a-3', person('a', 3, { attributes: { displayName: 'Renamed' } }));
    world.a.entries.delete('a-4');
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ state: 'completed', updated: 1, leavers: { orphaned: 1 } });
  });

  it('a target that was read before its capacity was counted holds nobody', async () => {
    const world = worldOf(10, { objects: 5 });
    const { state } = world.store.snapshots;
    world.store.snapshots.state = async (connector) => {
      const { held: _held, ...rest } = (await state(connector)) ?? {};
      return Object.keys(rest).length > 0 ? (rest as never) : null;
    };
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ state: 'completed', created: 10 });
  });
});
