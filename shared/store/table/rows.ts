import type { HeldPlan, RouteState } from '../../model/job.ts';
import { type ConfigurationStore, type Lease, type LeaseStore, type RouteStateStore, type Store, StoreConflict } from '../store.ts';
import { type Entity, escapeKey, gunzipJson, gzipJson, pack, packBytes, splitBytes, unpack, unpackBytes } from './codec.ts';
import { partitionIs, type Table } from './table.ts';

/** The running document under `current`; each version is kept beside it. */
export function createConfigurationStore(table: Table): ConfigurationStore {
  interface Stored {
    readonly document: unknown;
    readonly version: string;
  }
  return {
    async read() {
      const found = await table.get('configuration', 'current');
      return found ? { ...unpack<Stored>(found), etag: found.etag } : null;
    },
    async write(document, etag) {
      const before = await table.get('configuration', 'current');
      const version = `v${before ? Number(unpack<Stored>(before).version.slice(1)) + 1 : 1}`;
      const row: Entity = { partitionKey: 'configuration', rowKey: 'current', ...pack({ document, version }) };
      const written = etag === null ? await table.create(row) : etag === '*' ? await table.upsert(row) : await table.replace(row, etag);
      await table.upsert({ ...row, rowKey: version });
      return { version, etag: written };
    },
  };
}

/** One row per connector; taking and taking over go by ETag. */
export function createLeaseStore(table: Table): LeaseStore {
  const key = (connector: string): { partitionKey: string; rowKey: string } => ({
    partitionKey: 'leases',
    rowKey: escapeKey(connector.toLowerCase()),
  });
  const read = async (connector: string): Promise<Lease | null> => {
    const found = await table.get(key(connector).partitionKey, key(connector).rowKey);
    return found ? { ...unpack<Omit<Lease, 'etag'>>(found), etag: found.etag } : null;
  };
  return {
    read,
    async take(connector, job, instance, at, over) {
      const lease: Omit<Lease, 'etag'> = { connector, job, instance, fence: (over?.fence ?? 0) + 1, takenAt: at };
      try {
        const etag = over
          ? await table.replace({ ...key(connector), ...pack(lease) }, over.etag)
          : await table.create({ ...key(connector), ...pack(lease) });
        return { ...lease, etag };
      } catch (error) {
        if (error instanceof StoreConflict) return null;
        throw error;
      }
    },
    async release(connector, job) {
      const lease = await read(connector);
      if (lease?.job !== job) return;
      await table.remove(key(connector).partitionKey, key(connector).rowKey, lease.etag).catch((error: unknown) => {
        if (!(error instanceof StoreConflict)) throw error;
      });
    },
  };
}

/** `notBefore` per host and tenant; the later of two times stays. */
export function createWaits(table: Table): Store['waits'] {
  const read = async (name: string): Promise<(Entity & { etag: string }) | null> => table.get('waits', escapeKey(name));
  return {
    async read(name) {
      return Number((await read(name))?.['notBefore'] ?? 0);
    },
    async raise(name, notBefore) {
      for (;;) {
        const found = await read(name);
        if (found && Number(found['notBefore']) >= notBefore) return;
        const row: Entity = { partitionKey: 'waits', rowKey: escapeKey(name), notBefore: String(Math.ceil(notBefore)) };
        try {
          await (found ? table.replace(row, found.etag) : table.create(row));
          return;
        } catch (error) {
          if (!(error instanceof StoreConflict)) throw error;
        }
      }
    },
  };
}

const NO_STATE = {
  lastDue: null,
  lastJob: null,
  lastSuccess: null,
  ranOnce: false,
  accepted: null,
  held: null,
  approved: [],
  rejected: null,
  removals: [],
  nextRetry: null,
} as const;

/**
 * A route's memory. The keys of a held plan and of an approval may be 50,000: they lie packed in rows of their own, written before the head
 * row that names them, so a reader never finds a head without its lists.
 */
export function createRouteStateStore(table: Table): RouteStateStore {
  const read = async (route: string): Promise<{ state: RouteState; etag: string | null }> => {
    const head = await table.get(escapeKey(route), 'head');
    if (!head) return { state: { route, ...NO_STATE }, etag: null };
    const { lists, ...state } = unpack<RouteState & { lists: string }>(head);
    const keys = lists ? await readLists(table, route, lists) : { held: [], approved: [] };
    return { state: { ...state, approved: keys.approved, held: state.held ? { ...state.held, keys: keys.held } : null }, etag: head.etag };
  };
  return {
    get: async (route) => (await read(route)).state,
    async update(route, change) {
      for (;;) {
        const { state, etag } = await read(route);
        const next = change(state);
        if (next === state) return state;
        try {
          await writeState(table, next, etag);
          return next;
        } catch (error) {
          if (!(error instanceof StoreConflict)) throw error;
        }
      }
    },
  };
}

async function writeState(table: Table, state: RouteState, etag: string | null): Promise<void> {
  const partitionKey = escapeKey(state.route);
  const listed = { held: state.held?.keys ?? [], approved: state.approved };
  const name =
    listed.held.length + listed.approved.length > 0
      ? `lists.${escapeKey(state.held?.job ?? 'approved')}.${escapeKey(state.held?.decision?.what ?? 'open')}`
      : '';
  if (name) {
    const parts = splitBytes(gzipJson(listed));
    await table.write(
      partitionKey,
      parts.map(
        (bytes, n): Entity => ({ partitionKey, rowKey: `${name}.${String(n).padStart(3, '0')}`, of: parts.length, ...packBytes(bytes) }),
      ),
    );
  }
  const held: HeldPlan | null = state.held ? { ...state.held, keys: [] } : null;
  const head: Entity = { partitionKey, rowKey: 'head', ...pack({ ...state, approved: [], held, lists: name }) };
  if (etag) await table.replace(head, etag);
  else await table.create(head);
}

async function readLists(table: Table, route: string, name: string): Promise<{ held: readonly string[]; approved: readonly string[] }> {
  const parts: Uint8Array[] = [];
  for await (const row of table.list(`${partitionIs(escapeKey(route))} and RowKey ge '${name}.' and RowKey lt '${name}.~'`))
    if (parts.length < Number(row['of'])) parts.push(unpackBytes(row));
  return parts.length > 0 ? gunzipJson(Buffer.concat(parts)) : { held: [], approved: [] };
}
