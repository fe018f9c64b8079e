import { TableClient } from '@azure/data-tables';
import { DefaultAzureCredential, ManagedIdentityCredential, type TokenCredential } from '@azure/identity';
import type { Store } from '../store.ts';
import { createCopyStore } from './copies.ts';
import { createJobLog, createJobStore } from './jobs.ts';
import { createLinkStore } from './links.ts';
import { createMembershipStore } from './memberships.ts';
import { createPlanStore } from './plans.ts';
import { createRouteStateStore } from './routeState.ts';
import { createConfigurationStore, createLeaseStore, createWaits } from './rows.ts';
import { createSnapshotStore } from './snapshots.ts';
import { createTable, type Table } from './table.ts';

export type TableAccount =
  | { readonly connectionString: string }
  | { readonly tableServiceUri: string; readonly credential: TokenCredential };

const TABLES = [
  'Configuration',
  'Snapshots',
  'Staging',
  'Memberships',
  'Links',
  'Plans',
  'RouteState',
  'Jobs',
  'JobLog',
  'Leases',
  'Waits',
  'Copies',
] as const;

/** The store in Table Storage. `prefix` (letters and digits) keeps several installations or tests apart in one account. */
export function createTableStore(account: TableAccount, prefix = 'Galsync'): Store {
  return storeOver((name) => createTable(clientFor(account, prefix + name)));
}

/** The stores over tables of any kind. */
export function storeOver(open: (name: (typeof TABLES)[number]) => Table): Store {
  const tables = Object.fromEntries(TABLES.map((name) => [name, open(name)])) as Record<(typeof TABLES)[number], Table>;
  return {
    configuration: createConfigurationStore(tables.Configuration),
    snapshots: createSnapshotStore(tables.Snapshots, tables.Staging),
    memberships: createMembershipStore(tables.Memberships),
    links: createLinkStore(tables.Links),
    plans: createPlanStore(tables.Plans),
    jobs: createJobStore(tables.Jobs),
    log: createJobLog(tables.JobLog),
    leases: createLeaseStore(tables.Leases),
    routes: createRouteStateStore(tables.RouteState),
    waits: createWaits(tables.Waits),
    copies: createCopyStore(tables.Copies),
    async prepare() {
      await Promise.all(Object.values(tables).map((table) => table.prepare()));
    },
  };
}

function clientFor(account: TableAccount, table: string): TableClient {
  if ('connectionString' in account)
    return TableClient.fromConnectionString(account.connectionString, table, {
      allowInsecureConnection: /http:\/\//i.test(account.connectionString),
    });
  return new TableClient(account.tableServiceUri, table, account.credential);
}

/**
 * The store that the platform's own settings name: `AzureWebJobsStorage` as a connection string, or by identity
 * (`AzureWebJobsStorage__tableServiceUri` or `__accountName`, `__clientId` for a user-assigned identity). Throws if neither is there.
 */
export function tableStoreFromSettings(env: Readonly<Record<string, string | undefined>>): Store {
  const connectionString = env['AzureWebJobsStorage'];
  if (connectionString) return createTableStore({ connectionString });
  const account = env['AzureWebJobsStorage__accountName'];
  const tableServiceUri = env['AzureWebJobsStorage__tableServiceUri'] ?? (account ? `https://${account}.table.core.windows.net` : null);
  if (!tableServiceUri)
    throw new Error(
      'No storage is configured: set AzureWebJobsStorage, or AzureWebJobsStorage__tableServiceUri (or __accountName) for access by identity.',
    );
  const clientId = env['AzureWebJobsStorage__clientId'];
  const credential = clientId ? new ManagedIdentityCredential({ clientId }) : new DefaultAzureCredential();
  return createTableStore({ tableServiceUri, credential });
}
