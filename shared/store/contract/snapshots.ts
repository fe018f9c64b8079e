import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { shardOf } from '../shard.ts';
import type { PendingCommit, Store } from '../store.ts';
import { all, sampleIndexRecord, samplePart, sampleRow, sampleState } from './samples.ts';

/** The contract of `SnapshotStore`. `connector` answers a name that no other test uses. */
export function snapshotContract(store: () => Store, connector: () => string): void {
  const page = (name: string, bytes = 0) => ({
    set: 'users',
    parts: [samplePart(name, name + randomBytes(bytes).toString('hex'))],
    removed: ['gone'],
    restarted: false,
  });

  it('keeps a state and a pending commit, and forgets the pending one', async () => {
    const { snapshots } = store();
    const name = connector();
    expect(await snapshots.state(name)).toBeNull();
    expect(await snapshots.pending(name)).toBeNull();
    const state = sampleState(name, 'v1');
    const { counts, unstamped, total, unconfirmed, ...next } = state;
    const pending: PendingCommit = { pull: 'p1', pages: 3, next, fullSets: ['users'], waitForConfirmation: false };
    await snapshots.putState(state);
    await snapshots.putPending(name, pending);
    expect(await snapshots.state(name)).toEqual(state);
    expect(await snapshots.pending(name)).toEqual(pending);
    await snapshots.putPending(name, null);
    await snapshots.putPending(name, null);
    expect(await snapshots.pending(name)).toBeNull();
    expect({ counts, unstamped, total, unconfirmed }).toEqual({ counts: { user: 2 }, unstamped: { user: 2 }, total: 2, unconfirmed: 0 });
  });

  it('replaces a shard as a whole, also by fewer rows and by none', async () => {
    const { snapshots } = store();
    const name = connector();
    const many = Array.from({ length: 300 }, (_, n) => sampleRow(`id-${n}`, randomBytes(4000).toString('hex')));
    await snapshots.writeShard(name, 7, many);
    expect(await snapshots.readShard(name, 7)).toEqual(many);
    await snapshots.writeShard(name, 7, many.slice(0, 2));
    expect(await snapshots.readShard(name, 7)).toEqual(many.slice(0, 2));
    await snapshots.writeShard(name, 7, []);
    await snapshots.writeShard(name, 7, []);
    expect(await snapshots.readShard(name, 7)).toEqual([]);
  });

  it('refuses a shard that no transaction holds, and leaves the old one', async () => {
    const { snapshots } = store();
    const name = connector();
    await snapshots.writeShard(name, 1, [sampleRow('old')]);
    const huge = Array.from({ length: 12 }, (_, n) => sampleRow(`id-${n}`, randomBytes(450_000).toString('latin1')));
    await expect(snapshots.writeShard(name, 1, huge)).rejects.toThrow(RangeError);
    expect((await snapshots.readShard(name, 1)).map((row) => row.id)).toEqual(['old']);
  });

  it('reads a range of shards shard by shard, and single objects', async () => {
    const { snapshots } = store();
    const name = connector();
    for (const shard of [0, 1, 15, 16, 254, 255]) await snapshots.writeShard(name, shard, [sampleRow(`in-${shard}`)]);
    await snapshots.putState(sampleState(name, 'v'));
    await snapshots.putIndexPiece(name, 'v', 0, []);
    const ids = async (from: number, to: number): Promise<string[][]> =>
      (await snapshots.readShards(name, from, to)).map((rows) => rows.map((row) => row.id));
    expect(await ids(0, 2)).toEqual([['in-0'], ['in-1']]);
    expect(await ids(15, 17)).toEqual([['in-15'], ['in-16']]);
    expect(await ids(253, 256)).toEqual([[], ['in-254'], ['in-255']]);
    expect((await ids(0, 256)).flat()).toHaveLength(6);
    const ada = sampleRow('Ada');
    await snapshots.writeShard(name, shardOf('Ada'), [ada]);
    expect(await snapshots.get(name, 'Ada')).toEqual(ada);
    expect(await snapshots.get(name, 'ada')).toBeNull();
  });

  it('stages pages in order, over themselves when repeated, and drops other pulls', async () => {
    const { snapshots } = store();
    const name = connector();
    const pages = [page('0'), page('1', 700_000), { ...page('2'), leftOut: ['no entry'] }];
    for (const n of [2, 0, 1]) await snapshots.stage(name, 'p', n, pages[n]!);
    await snapshots.stage(name, 'old', 0, page('x'));
    expect(await all(snapshots.staged(name, 'p'))).toEqual(pages);
    await snapshots.stage(name, 'p', 0, { ...page('0'), restarted: true });
    expect((await all(snapshots.staged(name, 'p'))).map((p) => p.restarted)).toEqual([true, false, false]);
    await snapshots.dropStaged(name, 'p');
    expect(await all(snapshots.staged(name, 'old'))).toEqual([]);
    expect(await all(snapshots.staged(name, 'p'))).toHaveLength(3);
    await snapshots.dropStaged(name, null);
    expect(await all(snapshots.staged(name, 'p'))).toEqual([]);
  });

  it('a page staged again that takes fewer rows leaves nothing of the longer one', async () => {
    const { snapshots } = store();
    const name = connector();
    await snapshots.stage(name, 'p', 0, page('long', 1_400_000));
    await snapshots.stage(name, 'p', 1, page('next'));
    await snapshots.stage(name, 'p', 0, page('short'));
    expect((await all(snapshots.staged(name, 'p'))).map((p) => p.parts[0]!.id)).toEqual(['short', 'next']);
  });

  indexContract(store, connector);
}

function indexContract(store: () => Store, connector: () => string): void {
  it('finds ids by key over all pieces, with their hashes', async () => {
    const { snapshots } = store();
    const name = connector();
    await snapshots.putIndexPiece(name, 'v1', 0, [sampleIndexRecord('A', ['a@x', 'shared@x']), sampleIndexRecord('a', ['b@x'])]);
    await snapshots.putIndexPiece(name, 'v1', 128, [sampleIndexRecord('C', ['shared@x', 'stamp:galsync:r:1'])]);
    const index = await snapshots.index(name, 'v1');
    expect([index.find('a@x'), index.find('b@x'), index.find('nobody@x')]).toEqual([['A'], ['a'], []]);
    expect([...index.find('shared@x')].sort()).toEqual(['A', 'C']);
    expect([index.has('A'), index.has('B')]).toEqual([true, false]);
    expect([index.hash('C'), index.hash('B')]).toEqual([sampleIndexRecord('C', []).hash, null]);
  });

  it('an object that holds a key twice is found once', async () => {
    const { snapshots } = store();
    const name = connector();
    await snapshots.putIndexPiece(name, 'v1', 0, [sampleIndexRecord('A', ['a@x', 'a@x'])]);
    expect((await snapshots.index(name, 'v1')).find('a@x')).toEqual(['A']);
  });

  it('keeps to versions; an empty directory has an index, a dropped index is an error', async () => {
    const { snapshots } = store();
    const name = connector();
    await snapshots.putIndexPiece(name, 'v1', 0, [sampleIndexRecord('A', [])]);
    await snapshots.putIndexPiece(name, 'v2', 0, []);
    expect((await snapshots.index(name, 'v1')).has('A')).toBe(true);
    expect((await snapshots.index(name, 'v2')).has('A')).toBe(false);
    await snapshots.dropIndex(name, 'v2');
    await expect(snapshots.index(name, 'v1')).rejects.toThrow(/index v1 .* is gone/);
    expect((await snapshots.index(name, 'v2')).version).toBe('v2');
  });

  it('clears one connector and no other whose name begins alike', async () => {
    const { snapshots } = store();
    const name = connector();
    const others = [`${name}-2`, `${name}.2`, `${name}2`];
    for (const each of [name, ...others]) {
      await snapshots.putState(sampleState(each, 'v1'));
      await snapshots.writeShard(each, 0, [sampleRow(each)]);
      await snapshots.stage(each, 'p', 0, page0);
      await snapshots.putIndexPiece(each, 'v1', 0, [sampleIndexRecord(each, [])]);
    }
    await snapshots.clear(name);
    expect(await snapshots.state(name)).toBeNull();
    expect(await snapshots.readShard(name, 0)).toEqual([]);
    expect(await all(snapshots.staged(name, 'p'))).toEqual([]);
    for (const each of others) {
      expect((await snapshots.state(each))?.version).toBe('v1');
      expect(await snapshots.readShard(each, 0)).toHaveLength(1);
      expect(await all(snapshots.staged(each, 'p'))).toHaveLength(1);
      expect((await snapshots.index(each, 'v1')).has(each)).toBe(true);
    }
  });
}

const page0 = { set: 'users', parts: [samplePart('x')], removed: [], restarted: false };
