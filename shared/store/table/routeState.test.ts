import { describe, expect, it } from 'vitest';
import { all } from '../contract/samples.ts';
import { createMemoryTable } from '../memory/memoryTable.ts';
import { createRouteStateStore } from './routeState.ts';
import type { Table } from './table.ts';

/** A table that does something just before a call reaches it. */
function meddled(table: Table, what: (call: keyof Table, argument: unknown) => Promise<void>): Table {
  return {
    ...table,
    replace: async (entity, etag) => {
      await what('replace', entity.rowKey);
      return table.replace(entity, etag);
    },
    list(filter, select, pageSize) {
      const rows = table.list(filter, select, pageSize);
      return (async function* () {
        await what('list', filter);
        yield* rows;
      })();
    },
  };
}

const listsOf = async (table: Table): Promise<number> => (await all(table.list("PartitionKey eq 'r' and RowKey ge 'lists.'"))).length;

describe("a route's memory", () => {
  it('a crash before the head is written leaves the old head with its old lists', async () => {
    const table = createMemoryTable();
    await createRouteStateStore(table).update('r', (s) => ({ ...s, approved: ['a', 'b'] }));
    const crashing = createRouteStateStore(
      meddled(table, async (call) => {
        if (call === 'replace') throw new Error('the host is gone');
      }),
    );
    await expect(crashing.update('r', (s) => ({ ...s, approved: ['c'] }))).rejects.toThrow('the host is gone');
    expect((await createRouteStateStore(table).get('r')).approved).toEqual(['a', 'b']);
    await createRouteStateStore(table).update('r', (s) => ({ ...s, approved: [...s.approved, 'd'] }));
    expect((await createRouteStateStore(table).get('r')).approved).toEqual(['a', 'b', 'd']);
    expect(await listsOf(table)).toBe(2);
    await createRouteStateStore(table).update('r', (s) => ({ ...s, approved: [] }));
    expect(await listsOf(table)).toBe(0);
  });

  it('lists that are replaced between head and lists are read anew', async () => {
    const table = createMemoryTable();
    const other = createRouteStateStore(table);
    await other.update('r', (s) => ({ ...s, approved: ['old'] }));
    let changed = false;
    const reader = createRouteStateStore(
      meddled(table, async (call) => {
        if (call !== 'list' || changed) return;
        changed = true;
        await other.update('r', (s) => ({ ...s, approved: ['new'] }));
      }),
    );
    expect((await reader.get('r')).approved).toEqual(['new']);
    expect(changed).toBe(true);
  });

  it('lists that are gone are an error, not an empty approval', async () => {
    const table = createMemoryTable();
    await createRouteStateStore(table).update('r', (s) => ({ ...s, approved: ['a'] }));
    for (const row of await all(table.list("PartitionKey eq 'r' and RowKey ge 'lists.'"))) await table.remove('r', row.rowKey);
    await expect(createRouteStateStore(table).get('r')).rejects.toThrow(/lists of the route "r"/);
  });

  it('what does not touch the lists does not write them', async () => {
    const table = createMemoryTable();
    const routes = createRouteStateStore(table);
    await routes.update('r', (s) => ({ ...s, approved: ['a'] }));
    const [rows] = await Promise.all([all(table.list("PartitionKey eq 'r' and RowKey ge 'lists.'"))]);
    await routes.update('r', (s) => ({ ...s, lastDue: 'now' }));
    expect(await all(table.list("PartitionKey eq 'r' and RowKey ge 'lists.'"))).toEqual(rows);
    expect(await routes.get('r')).toMatchObject({ approved: ['a'], lastDue: 'now' });
  });
});
