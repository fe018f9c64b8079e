import { type ConfigurationStore, type Lease, type LeaseStore, type Store, StoreConflict } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { partitionIs, type Table } from './table.ts';

/** The running document under `current`; each version is kept beside it. */
export function createConfigurationStore(table: Table): ConfigurationStore {
  interface Stored {
    readonly document: unknown;
    readonly version: string;
    /** When it was written (ISO). */
    readonly at?: string;
  }
  const current = (): Promise<(Entity & { etag: string }) | null> => table.get('configuration', 'current');
  return {
    async read() {
      const found = await current();
      if (!found) return null;
      const { document, version } = unpack<Stored>(found);
      return { document, version, etag: found.etag };
    },
    async write(document, etag, at) {
      const before = await current();
      const version = `v${before ? Number(unpack<Stored>(before).version.slice(1)) + 1 : 1}`;
      const row: Entity = { partitionKey: 'configuration', rowKey: 'current', ...pack({ document, version, at: at.toISOString() }) };
      const written = etag === null ? await table.create(row) : etag === '*' ? await table.upsert(row) : await table.replace(row, etag);
      await table.upsert({ ...row, rowKey: version });
      return { version, etag: written };
    },
    async version(version) {
      const found = await table.get('configuration', version);
      return found ? unpack<Stored>(found).document : null;
    },
    async purge(before) {
      const versions: { version: number; at: string }[] = [];
      for await (const row of table.list(partitionIs('configuration'))) {
        const { version, at } = unpack<Stored>(row);
        if (row.rowKey !== 'current') versions.push({ version: Number(version.slice(1)), at: at ?? '' });
      }
      const limit = before.toISOString();
      const inForce = Math.max(0, ...versions.filter(({ at }) => at !== '' && at <= limit).map(({ version }) => version));
      const old = versions.filter(({ version }) => version < inForce).map(({ version }) => `v${version}`);
      await table.write('configuration', [], old);
      return old.length;
    },
  };
}

/**
 * One row per connector; taking and taking over go by ETag. A lease that was given back keeps its row (`job` empty), so that an ETag from
 * before never fits again.
 */
export function createLeaseStore(table: Table): LeaseStore {
  const key = (connector: string): { partitionKey: string; rowKey: string } => ({
    partitionKey: 'leases',
    rowKey: escapeKey(connector.toLowerCase()),
  });
  const readRow = async (connector: string): Promise<Lease | null> => {
    const found = await table.get(key(connector).partitionKey, key(connector).rowKey);
    return found ? { ...unpack<Omit<Lease, 'etag'>>(found), etag: found.etag } : null;
  };
  /** Null: somebody was faster. */
  const write = async (lease: Omit<Lease, 'etag'>, over: Lease | null): Promise<Lease | null> => {
    const row: Entity = { ...key(lease.connector), ...pack(lease) };
    try {
      return { ...lease, etag: over ? await table.replace(row, over.etag) : await table.create(row) };
    } catch (error) {
      if (error instanceof StoreConflict) return null;
      throw error;
    }
  };
  return {
    async read(connector) {
      const lease = await readRow(connector);
      return lease?.job ? lease : null;
    },
    async take(connector, job, instance, at, over) {
      const standing = over ?? (await readRow(connector));
      if (!over && standing?.job) return null;
      return write({ connector, job, instance, takenAt: at }, standing);
    },
    async release(connector, instance) {
      const standing = await readRow(connector);
      if (!standing?.job || standing.instance !== instance) return;
      const { etag: _etag, ...lease } = standing;
      await write({ ...lease, job: '', instance: '' }, standing);
    },
  };
}

/** `notBefore` per host and tenant, or per ceiling of a connector. */
export function createWaits(table: Table): Store['waits'] {
  /** Writes what `next` makes of the time that stands (0: none), until nobody was faster; null leaves it. Answers the time that stood. */
  const move = async (name: string, next: (stands: number) => number | null): Promise<number> => {
    for (;;) {
      const found = await table.get('waits', escapeKey(name));
      const stands = Number(found?.['notBefore'] ?? 0);
      const notBefore = next(stands);
      if (notBefore === null) return stands;
      const row: Entity = { partitionKey: 'waits', rowKey: escapeKey(name), notBefore: String(Math.ceil(notBefore)) };
      try {
        await (found ? table.replace(row, found.etag) : table.create(row));
        return stands;
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
      }
    }
  };
  return {
    read: (name) => move(name, () => null),
    async raise(name, notBefore) {
      await move(name, (stands) => (stands >= notBefore ? null : notBefore));
    },
    async take(name, from, ms) {
      return Math.max(from, await move(name, (stands) => Math.max(from, stands) + ms));
    },
  };
}
