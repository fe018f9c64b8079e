import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Azurite, startAzurite } from '../../../sandbox/azurite/azurite.ts';
import { all, sampleLink } from '../contract/samples.ts';
import { storeContract } from '../storeContract.ts';
import { createTableStore, tableStoreFromSettings } from './tableStore.ts';

describe('the store in Table Storage', () => {
  let azurite: Azurite;
  let stores = 0;
  const prefix = (): string => {
    stores += 1;
    return `S${stores}`;
  };

  beforeAll(async () => {
    azurite = await startAzurite({ directory: null });
  });
  afterAll(() => azurite?.stop());

  storeContract(() => createTableStore({ connectionString: azurite.connectionString }, prefix()));

  it('lists 5,000 links of one route', async () => {
    const store = createTableStore({ connectionString: azurite.connectionString }, prefix());
    await store.prepare();
    await store.links.putMany(Array.from({ length: 5_000 }, (_, n) => sampleLink('r', `source-${n}`)));
    const found = await all(store.links.range('r', 0, 256));
    expect(new Set(found.map((link) => link.sourceId)).size).toBe(5_000);
  });

  it('reads its account from the settings of the platform', async () => {
    const store = tableStoreFromSettings({ AzureWebJobsStorage: azurite.connectionString });
    await store.prepare();
    await store.links.put(sampleLink('r', 's'));
    const again = createTableStore({ connectionString: azurite.connectionString });
    expect((await again.links.get('r', 's'))?.sourceId).toBe('s');
    tableStoreFromSettings({ AzureWebJobsStorage: 'UseDevelopmentStorage=true' });
    tableStoreFromSettings({ AzureWebJobsStorage__accountName: 'contoso' });
    tableStoreFromSettings({
      AzureWebJobsStorage__tableServiceUri: 'https://contoso.table.core.windows.net',
      AzureWebJobsStorage__clientId: 'c',
    });
    expect(() => tableStoreFromSettings({})).toThrow(/AzureWebJobsStorage/);
  });
});
