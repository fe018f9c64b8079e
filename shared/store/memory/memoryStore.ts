import type { Store } from '../store.ts';
import { storeOver } from '../table/tableStore.ts';
import { createMemoryTable } from './memoryTable.ts';

/** The same store as in Azure, over tables in memory. `operations` counts table calls by table. */
export function createMemoryStore(): Store & { readonly operations: () => Readonly<Record<string, number>> } {
  const tables = new Map<string, ReturnType<typeof createMemoryTable>>();
  const store = storeOver((name) => {
    const table = createMemoryTable();
    tables.set(name, table);
    return table;
  });
  return { ...store, operations: () => Object.fromEntries([...tables].map(([name, table]) => [name, table.operations()])) };
}
