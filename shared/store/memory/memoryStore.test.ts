import { describe, expect, it } from 'vitest';
import { sampleLink } from '../contract/samples.ts';
import { storeContract } from '../storeContract.ts';
import { createMemoryStore } from './memoryStore.ts';
import { createMemoryTable } from './memoryTable.ts';

describe('the store in memory', () => {
  storeContract(createMemoryStore);

  it('counts table calls', async () => {
    const store = createMemoryStore();
    await store.links.put(sampleLink('r', 's'));
    await store.links.get('r', 's');
    expect(store.operations()).toMatchObject({ Links: 2, Plans: 0 });
  });

  it('refuses a filter that it does not know instead of ignoring it', async () => {
    await expect(createMemoryTable().list("PartitionKey ne 'a'")[Symbol.asyncIterator]().next()).rejects.toThrow(/does not know/);
  });
});
