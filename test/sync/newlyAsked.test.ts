import { expect, it } from 'vitest';
import { explainRoute } from '../../shared/sync/explain.ts';
import { createWorld } from './world.ts';

it('a snapshot that was read for other attributes is no ground for a plan: the source is read first, also by a simulation or a push', async () => {
  const world = createWorld({ a: 4 });
  await world.run({ action: 'sync' });
  const { reads } = world.a;
  await world.run({ action: 'simulate' });
  expect(world.a.reads).toBe(reads);
  // A filter names an attribute that nobody had asked for: who has which value is not known yet.
  world.a.fingerprint = 'with another attribute';
  for (const [id, entry] of world.a.entries) world.a.entries.set(id, { ...entry, attributes: { ...entry.attributes, city: 'Oslo' } });
  const where = { attribute: 'city', operator: 'DoesNotEqual', value: 'Oslo' };
  world.configure((document) => Object.assign(document.routes![0]!, { filter: { where } }));
  const { job } = await world.run({ action: 'simulate' });
  expect(world.a.reads).toBeGreaterThan(reads);
  expect(job.routes[0]).toMatchObject({ skippedBecause: { where: 4 }, leavers: { orphaned: 4 } });
  const again = world.a.reads;
  await world.run({ action: 'push' });
  expect(world.a.reads).toBe(again);
});

it('nor is one that lacks a part which is asked for now; a part that was refused is a listed loss, and no reason to read', async () => {
  const world = createWorld({ a: 4 });
  await world.run({ action: 'sync' });
  const { snapshots } = world.store;
  const { state } = snapshots;
  /** The last read of a, as if it had been of these parts. */
  const readOf = (readBefore: readonly string[], losses: readonly string[]): void => {
    snapshots.state = async (connector) => {
      const known = await state.call(snapshots, connector);
      return known && connector === 'a' ? { ...known, readBefore, losses } : known;
    };
  };
  const readsOf = async (): Promise<number> => {
    const { reads } = world.a;
    await world.run({ action: 'simulate' });
    return world.a.reads - reads;
  };
  readOf(['all', 'one that is asked for no more'], []);
  expect(await readsOf()).toBe(0);
  readOf([], ['all']);
  expect(await readsOf()).toBe(0);
  readOf(['another'], []);
  expect(await readsOf()).toBe(1);
});

it('an explanation on such a snapshot says so before anything else: the next run reads first, and may decide otherwise', async () => {
  const world = createWorld({ a: 4 });
  await world.run({ action: 'sync' });
  const [object] = world.a.entries.keys();
  const explained = () => explainRoute(world.context, { route: 'a-to-b', object: object! });
  const before = await explained();
  expect(before.answer).not.toContain('asks');
  expect(before.steps[0]).toMatchObject({ step: 'pull', verdict: 'ok', data: { asAsked: true } });
  world.a.fingerprint = 'with another attribute';
  const after = await explained();
  expect(after.answer).toMatch(/^Of an outdated read: the configuration asks "a" for more than its last read brought/);
  expect(after.answer).toContain(before.answer);
  expect(after.next).toMatch(/^The next run reads "a" first, and may decide otherwise\./);
  expect(after.steps[0]).toMatchObject({ step: 'pull', verdict: 'note', data: { asAsked: false } });
  await world.run({ action: 'simulate' });
  expect((await explained()).answer).toBe(before.answer);
});
