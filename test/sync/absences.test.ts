import { describe, expect, it } from 'vitest';
import type { Absence } from '../../shared/connectors/connector.ts';
import type { RouteResult } from '../../shared/model/job.ts';
import { createWorld, person, type SyncWorld } from './world.ts';

/** Who vanishes from a complete read is asked for where the directory has a way to be asked (`Connector.confirmGone`): a glitch is no delete. */
describe('who is missing from a complete read', () => {
  const worldOf = async (answers: (id: string) => Absence | undefined): Promise<SyncWorld> => {
    const world = createWorld({ a: 40 });
    world.a.confirm = { asked: [], answers };
    await world.run({ action: 'sync' });
    return world;
  };
  const sync = async (world: SyncWorld): Promise<RouteResult> => (await world.run({ action: 'sync' })).job.routes[0]!;
  const visible = (world: SyncWorld): number => [...world.b.entries.values()].filter((entry) => !entry.hidden).length;

  it('nobody is asked for while nobody is missing', async () => {
    const world = await worldOf(() => 'there');
    await sync(world);
    expect(world.a.confirm!.asked).toEqual([]);
  });

  it('gone: removed in the same job', async () => {
    const world = await worldOf(() => 'gone');
    world.a.entries.delete('a-1');
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 1, hidden: 1 });
    expect(world.a.confirm!.asked).toEqual(['a-1']);
    await sync(world);
    expect(world.a.confirm!.asked).toEqual(['a-1']);
  });

  it('the questions are among the calls that the job counts', async () => {
    const world = await worldOf(() => 'there');
    const calls = async (): Promise<number> => (await world.run({ action: 'sync' })).job.connectors.find(({ id }) => id === 'a')!.calls;
    const before = await calls();
    for (const n of [1, 2, 3]) world.a.entries.delete(`a-${n}`);
    expect(await calls()).toBe(before + 3);
  });

  it('there: kept for as long as the directory says so, and a warning says how many', async () => {
    const world = await worldOf(() => 'there');
    const gone = world.a.entries.get('a-1')!;
    world.a.entries.delete('a-1');
    for (let n = 0; n < 4; n += 1) {
      const route = await sync(world);
      expect(route).toMatchObject({ pulled: 40, unchanged: 40, leavers: { orphaned: 0 } });
      expect(route.warnings).toEqual([
        expect.stringMatching(/^1 object\(s\) were missing from the last read of "a" and are not proven gone/),
      ]);
    }
    expect(visible(world)).toBe(40);
    world.a.entries.set('a-1', gone);
    expect((await sync(world)).warnings).toEqual([]);
    world.a.entries.delete('a-1');
    world.a.confirm!.answers = () => 'gone';
    expect((await sync(world)).leavers).toMatchObject({ hidden: 1 });
  });

  it('no answer: the next read decides', async () => {
    const world = await worldOf(() => undefined);
    world.a.entries.delete('a-1');
    expect(await sync(world)).toMatchObject({ unchanged: 40, leavers: { orphaned: 0 } });
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 1, hidden: 1 });
  });

  it('there, then no answer: one more read, never a removal on the first silence', async () => {
    const world = await worldOf(() => 'there');
    world.a.entries.delete('a-1');
    await sync(world);
    world.a.confirm!.answers = () => undefined;
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 0 });
    expect((await sync(world)).leavers).toMatchObject({ hidden: 1 });
  });

  it('a new right makes everybody wait, whatever is answered, but for those who are there', async () => {
    const world = await worldOf((id) => (id === 'a-1' ? 'gone' : 'there'));
    world.a.fingerprint = 'more rights';
    world.a.entries.delete('a-1');
    world.a.entries.delete('a-2');
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 0 });
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 1, hidden: 1 });
  });

  it('an activity that runs again comes to the same', async () => {
    const world = createWorld({
      a: 40,
      step: async (activity) => {
        await activity();
        return activity();
      },
    });
    world.a.confirm = { asked: [], answers: (id) => (id === 'a-1' ? 'there' : id === 'a-2' ? 'gone' : undefined) };
    await world.run({ action: 'sync' });
    for (const n of [1, 2, 3]) world.a.entries.delete(`a-${n}`);
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 1, hidden: 1 });
    expect((await sync(world)).leavers).toMatchObject({ orphaned: 2 });
    expect(visible(world)).toBe(38);
    world.a.entries.set('a-9', person('a', 9, { attributes: { displayName: 'Still at work' } }));
    expect(await sync(world)).toMatchObject({ updated: 1 });
  });
});
