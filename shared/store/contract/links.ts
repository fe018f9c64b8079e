import { expect, it } from 'vitest';
import { shardOf } from '../shard.ts';
import type { Store } from '../store.ts';
import { all, sampleLink } from './samples.ts';

/** Ids that directories really have and that break keys (case R47). */
export const AWKWARD_IDS: readonly string[] = [
  "o'brien@a.example",
  '50%off',
  'a+b',
  'x/y#z?',
  'CN=Ü\\, Ö,DC=a',
  '𐐷1',
  'A@a.example',
  'a@a.example',
  'tab\tx',
  'é'.repeat(600),
  `${'é'.repeat(600)}2`,
  '.',
  '..',
  'ends.',
  'ends',
  ' ',
  'a~b',
  'a!7eb',
  'a\u2028b\u2029c',
  '!',
];

/** The contract of `LinkStore`. */
export function linkContract(store: () => Store, route: () => string): void {
  it('R47 ids with quotes, per cent, plus and far-away letters are written, read, listed and rewritten apart', async () => {
    const { links } = store();
    const name = route();
    for (const id of AWKWARD_IDS) await links.put(sampleLink(name, id));
    for (const id of AWKWARD_IDS) expect((await links.get(name, id))?.sourceId).toBe(id);
    await links.putMany(AWKWARD_IDS.map((id) => sampleLink(name, id, { displayName: `again ${id}` })));
    const found = await all(links.range(name, 0, 256));
    expect(found.map((link) => link.sourceId).sort()).toEqual([...AWKWARD_IDS].sort());
    expect(found.every((link) => link.displayName === `again ${link.sourceId}`)).toBe(true);
  });

  it('keeps the whole row, and null for what is not there', async () => {
    const { links } = store();
    const name = route();
    const link = sampleLink(name, 'S1', { leaving: { reason: 'gone', since: '2026-01-01T00:00:00Z' }, x500: ['/o=x', '/o=y'] });
    await links.put(link);
    expect(await links.get(name, 'S1')).toEqual(link);
    expect(await links.get(name, 's1')).toBeNull();
    expect(await links.get(`${name}x`, 'S1')).toBeNull();
  });

  it('ranges cover each shard once, and only the route asked for', async () => {
    const { links } = store();
    const name = route();
    const ids = Array.from({ length: 700 }, (_, n) => `id-${n}`);
    await links.putMany(ids.map((id) => sampleLink(name, id)));
    await links.putMany(['other'].flatMap((id) => [sampleLink(`${name}-2`, id), sampleLink(`${name}2`, id)]));
    const seen: string[] = [];
    for (const [from, to] of [
      [0, 1],
      [1, 16],
      [16, 200],
      [200, 255],
      [255, 256],
    ] as const)
      for (const link of await all(links.range(name, from, to))) {
        expect(shardOf(link.sourceId)).toBeGreaterThanOrEqual(from);
        expect(shardOf(link.sourceId)).toBeLessThan(to);
        seen.push(link.sourceId);
      }
    expect(seen.sort()).toEqual([...ids].sort());
  });

  it('the last of two links with one id counts, and nothing is nothing', async () => {
    const { links } = store();
    const name = route();
    await links.putMany([sampleLink(name, 'S', { alias: 'one' }), sampleLink(name, 'S', { alias: 'two' })]);
    await links.putMany([]);
    expect((await links.get(name, 'S'))?.alias).toBe('two');
  });
}
