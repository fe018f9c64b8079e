import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { all } from '../contract/samples.ts';
import type { Entity } from './codec.ts';
import { joinParts, PartsMissing, partRows } from './parts.ts';

async function* rowsOf(...values: readonly (readonly Entity[])[]): AsyncGenerator<Entity> {
  for (const rows of values) yield* rows;
}

const long = randomBytes(1_000_000).toString('hex');
const read = (...values: readonly (readonly Entity[])[]): Promise<unknown[]> => all(joinParts(rowsOf(...values)));

describe('values cut into rows', () => {
  it('come back in order, whatever their length', async () => {
    const rows = partRows('p', '1', long);
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.map((row) => row.rowKey).slice(0, 2)).toEqual(['1.000', '1.001']);
    expect(await read(partRows('p', '0', null), rows, partRows('p', '2', { a: 1 }))).toEqual([null, long, { a: 1 }]);
    expect(await read([])).toEqual([]);
  });

  it('what is left of a longer value is passed over', async () => {
    expect(await read(partRows('p', '1', 'short'), partRows('p', '1', long).slice(1), partRows('p', '2', 'next'))).toEqual([
      'short',
      'next',
    ]);
  });

  it.each([
    ['first', (rows: readonly Entity[]) => rows.slice(1)],
    ['last', (rows: readonly Entity[]) => rows.slice(0, -1)],
  ])('a missing %s row is an error, not a missing value', async (_, without) => {
    const rows = partRows('p', '1', long);
    await expect(read(partRows('p', '0', 'before'), without(rows))).rejects.toThrow(PartsMissing);
    await expect(read(without(rows), partRows('p', '2', 'after'))).rejects.toThrow(PartsMissing);
  });

  it('a missing row in the middle is an error', async () => {
    const rows = partRows('p', '1', randomBytes(2_000_000).toString('hex'));
    expect(rows.length).toBeGreaterThan(2);
    await expect(read(rows.filter((_, n) => n !== 1))).rejects.toThrow(PartsMissing);
  });
});
