import { type Entity, gunzipJson, gzipJson, packBytes, splitBytes, unpackBytes } from './codec.ts';

/** A value that was cut into rows is not all there: what wrote it was interrupted, or it is being removed. */
export class PartsMissing extends Error {
  constructor(prefix: string) {
    super(`The rows ${prefix}.* are not all there: repeat what wrote them.`);
    this.name = 'PartsMissing';
  }
}

/** A value of any size as the rows `<prefix>.000`, `<prefix>.001` … of one partition; each says how many there are. */
export function partRows(partitionKey: string, prefix: string, value: unknown): readonly Entity[] {
  const parts = splitBytes(gzipJson(value));
  return parts.map((bytes, n) => ({
    partitionKey,
    rowKey: `${prefix}.${String(n).padStart(3, '0')}`,
    of: parts.length,
    ...packBytes(bytes),
  }));
}

/**
 * The values that `partRows` cut, from rows in key order. Rows beyond what a value's first row says are left over from a longer value that
 * was written there before (a repeated call): they are passed over. Throws if a value is not all there.
 */
export async function* joinParts<T>(rows: AsyncIterable<Entity>): AsyncGenerator<T> {
  let open: { readonly prefix: string; readonly of: number; readonly bytes: Uint8Array[] } | null = null;
  let whole = '';
  for await (const row of rows) {
    const prefix = row.rowKey.slice(0, -4);
    if (prefix === whole) continue;
    if (row.rowKey.endsWith('.000')) {
      if (open) throw new PartsMissing(open.prefix);
      open = { prefix, of: Number(row['of']), bytes: [] };
    }
    if (open?.prefix !== prefix || !row.rowKey.endsWith(`.${String(open.bytes.length).padStart(3, '0')}`))
      throw new PartsMissing(open?.prefix ?? prefix);
    open.bytes.push(unpackBytes(row));
    if (open.bytes.length < open.of) continue;
    yield gunzipJson<T>(Buffer.concat(open.bytes));
    open = null;
    whole = prefix;
  }
  if (open) throw new PartsMissing(open.prefix);
}
