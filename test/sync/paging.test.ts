import { describe, expect, it } from 'vitest';
import type { Batch } from '../../shared/model/plan.ts';
import { type ChangePlace, placedChanges } from '../../shared/sync/changes.ts';
import { entriesOf } from '../../shared/sync/views.ts';
import { createWorld, person } from './world.ts';

describe('lists while they are paged', () => {
  it('entries: another pull between two pages repeats nobody and misses nobody who stayed', async () => {
    const world = createWorld({ a: 60 });
    await world.run({ action: 'pull' });
    const none = { search: null, kind: null };
    const seen: string[] = [];
    let after: string | null = null;
    for (let pages = 0; ; pages += 1) {
      const page: string[] = [];
      for await (const entry of entriesOf(world.context, 'a', none, after)) if (page.push(entry.id) === 7) break;
      seen.push(...page);
      if (page.length < 7) break;
      after = page.at(-1)!;
      // People come and go, the last one shown among them.
      world.a.entries.delete(after);
      for (let n = 0; n < 5; n += 1)
        world.a.entries.set(`a-new-${pages}-${n}`, person('a', 100 + pages * 5 + n, { id: `a-new-${pages}-${n}` }));
      await world.run({ action: 'pull' });
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(Array.from({ length: 60 }, (_, n) => `a-${n}`).filter((id) => !seen.includes(id))).toEqual([]);
  });

  it.each([
    ['whatever their results', {}],
    ['of one result, while results change', { result: 'planned' }],
  ])('changes %s: pages repeat nothing and miss nothing', async (_what, filter) => {
    const world = createWorld({ a: 55 });
    const record = await world.run({ action: 'simulate' });
    const all: string[] = [];
    for await (const { view } of placedChanges(world.context, record, { filter: {}, onlyNew: false, after: null })) all.push(view.id);
    expect(all).toHaveLength(55);
    const seen: string[] = [];
    let after: ChangePlace | null = null;
    for (;;) {
      const page: { id: string; place: ChangePlace }[] = [];
      for await (const { view, place } of placedChanges(world.context, record, { filter, onlyNew: false, after }))
        if (page.push({ id: view.id, place }) === 6) break;
      seen.push(...page.map((one) => one.id));
      if (page.length < 6) break;
      after = page.at(-1)!.place;
      // The job goes on: what was shown is done by now.
      for (const { id, place } of page)
        await world.store.plans.putOutcomes({ job: record.job.id, ...place }, { [id]: { result: 'done' } as Batch['outcomes'][string] });
    }
    expect(seen).toEqual(all);
  });

  it('changes: a plan that was made again meanwhile is said, not mixed', async () => {
    const world = createWorld({ a: 30 });
    const record = await world.run({ action: 'simulate' });
    const after = { route: 'a-to-b', round: 7, lane: 0, sequence: 0, at: 3 };
    await expect(placedChanges(world.context, record, { filter: {}, onlyNew: false, after }).next()).rejects.toThrow(/begin again/);
  });
});
