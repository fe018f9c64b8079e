import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TableClient, type TransactionAction } from '@azure/data-tables';
import type { HistoryEvent } from './replay.ts';

export type RuntimeStatus = 'Pending' | 'Running' | 'Completed' | 'Failed' | 'Terminated' | 'ContinuedAsNew';

/** What the hub keeps of one orchestration instance. */
export interface Instance {
  readonly instanceId: string;
  readonly name: string;
  readonly executionId: string;
  /** JSON text of the input. */
  readonly input: string | null;
  readonly status: RuntimeStatus;
  readonly customStatus: unknown;
  readonly output: unknown;
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  /** Generation: goes up with each continueAsNew. */
  readonly generation: number;
  /** Committed episodes of this generation. */
  readonly episodes: number;
  readonly parent: { readonly instanceId: string; readonly taskId: number; readonly executionId: string } | null;
}

/** A message that waits durably for its instance: an external event, a child's end or a termination. */
export interface Message {
  readonly key: string;
  readonly event: HistoryEvent;
}

export interface HubStore {
  prepare(): Promise<void>;
  /** Instances that are not ended. */
  active(): Promise<readonly Instance[]>;
  get(instanceId: string): Promise<Instance | null>;
  list(): AsyncIterable<Instance>;
  history(instance: Instance): Promise<HistoryEvent[]>;
  messages(instanceId: string): Promise<readonly Message[]>;
  putMessage(instanceId: string, message: Message): Promise<void>;
  create(instance: Instance): Promise<void>;
  /** One episode: new history, the instance's row and the messages it took (at most 98), in one transaction. */
  commit(instance: Instance, events: readonly HistoryEvent[], taken: readonly string[]): Promise<void>;
  /** Drops the history of the instance's earlier generations. */
  dropEarlier(instance: Instance): Promise<void>;
  purge(instanceId: string): Promise<void>;
  timer(name: string): Promise<string | null>;
  putTimer(name: string, last: string): Promise<void>;
}

const PROPERTY = 60_000;

function pack(value: unknown): Record<string, Uint8Array> {
  const bytes = gzipSync(JSON.stringify(value));
  const properties: Record<string, Uint8Array> = {};
  for (let n = 0; n === 0 || n * PROPERTY < bytes.byteLength; n += 1)
    properties[`p${n}`] = new Uint8Array(bytes.subarray(n * PROPERTY, (n + 1) * PROPERTY));
  return properties;
}

function unpack<T>(entity: Record<string, unknown>): T {
  const parts: Uint8Array[] = [];
  for (let n = 0; entity[`p${n}`] !== undefined; n += 1) parts.push(entity[`p${n}`] as Uint8Array);
  return JSON.parse(gunzipSync(Buffer.concat(parts)).toString('utf8')) as T;
}

/** The hub in two tables: `<hub>State` with everything of an instance in one partition, `<hub>Instances` as a small mirror for queries. */
export function createHubStore(connectionString: string, hub: string): HubStore {
  const client = (table: string): TableClient =>
    TableClient.fromConnectionString(connectionString, table, { allowInsecureConnection: true });
  const tables: Tables = { state: client(`${hub}State`), mirror: client(`${hub}Instances`) };
  return {
    async prepare() {
      await Promise.all([tables.state.createTable(), tables.mirror.createTable()]);
    },
    ...instancesRead(tables),
    ...instancesWritten(tables),
    ...waitingMessages(tables.state),
    ...timers(tables.mirror),
  };
}

interface Tables {
  readonly state: TableClient;
  readonly mirror: TableClient;
}

type Row = Record<string, unknown> & { readonly rowKey: string };

function instancesRead({ state, mirror }: Tables): Pick<HubStore, 'get' | 'active' | 'list' | 'history'> {
  const get = async (instanceId: string): Promise<Instance | null> => {
    const found = await state.getEntity(instanceId, 'instance').catch(absent);
    return found ? unpack<Instance>(found) : null;
  };
  return {
    get,
    async active() {
      const found: Instance[] = [];
      for await (const entity of mirror.listEntities({ queryOptions: { filter: "status eq 'Pending' or status eq 'Running'" } })) {
        const instance = await get(String(entity.rowKey));
        if (instance && (instance.status === 'Pending' || instance.status === 'Running')) found.push(instance);
      }
      return found;
    },
    async *list() {
      for await (const entity of mirror.listEntities({ queryOptions: { filter: "PartitionKey ne 'timers'" } })) {
        const instance = await get(String(entity.rowKey));
        if (instance) yield instance;
      }
    },
    async history(instance) {
      const events: HistoryEvent[] = [];
      // Rows past the committed count belong to an episode that was cut off.
      for await (const entity of between(state, instance.instanceId, historyKey(instance, 0), historyKey(instance, instance.episodes)))
        events.push(...unpack<HistoryEvent[]>(entity));
      return events;
    },
  };
}

function instancesWritten({ state, mirror }: Tables): Pick<HubStore, 'create' | 'commit' | 'dropEarlier' | 'purge'> {
  const mirrored = (instance: Instance): Promise<unknown> =>
    mirror.upsertEntity({ partitionKey: shard(instance.instanceId), rowKey: instance.instanceId, status: instance.status }, 'Replace');
  return {
    async create(instance) {
      await mirrored(instance);
      await state.upsertEntity(rowOf(instance), 'Replace');
    },
    async commit(instance, events, taken) {
      const actions: TransactionAction[] = [
        ['upsert', rowOf(instance), 'Replace'],
        ...taken.map((rowKey): TransactionAction => ['delete', { partitionKey: instance.instanceId, rowKey }]),
      ];
      if (events.length > 0)
        actions.push([
          'upsert',
          { partitionKey: instance.instanceId, rowKey: historyKey(instance, instance.episodes - 1), ...pack(events) },
          'Replace',
        ]);
      await state.submitTransaction(actions);
      if (instance.status !== 'Running') await mirrored(instance);
    },
    async dropEarlier(instance) {
      await drop(state, instance.instanceId, `RowKey ge 'h' and RowKey lt '${historyKey(instance, 0)}'`);
    },
    async purge(instanceId) {
      await drop(state, instanceId, "RowKey ge ''");
      await mirror.deleteEntity(shard(instanceId), instanceId).catch(absent);
    },
  };
}

/** What waits for an instance, in its own partition. */
function waitingMessages(state: TableClient): Pick<HubStore, 'messages' | 'putMessage'> {
  return {
    async messages(instanceId) {
      const found: Message[] = [];
      for await (const entity of between(state, instanceId, 'm', 'n'))
        found.push({ key: entity.rowKey, event: unpack<HistoryEvent>(entity) });
      return found;
    },
    async putMessage(instanceId, message) {
      await state.upsertEntity({ partitionKey: instanceId, rowKey: message.key, ...pack(message.event) }, 'Replace');
    },
  };
}

function timers(mirror: TableClient): Pick<HubStore, 'timer' | 'putTimer'> {
  return {
    async timer(name) {
      const found = await mirror.getEntity('timers', name).catch(absent);
      return found ? String(found['last']) : null;
    },
    async putTimer(name, last) {
      await mirror.upsertEntity({ partitionKey: 'timers', rowKey: name, last, status: 'timer' }, 'Replace');
    },
  };
}

function absent(error: { statusCode?: number }): null {
  if (error.statusCode === 404) return null;
  throw error;
}

function shard(instanceId: string): string {
  return createHash('sha256').update(instanceId).digest('hex').slice(0, 2);
}

function rowOf(instance: Instance): { partitionKey: string; rowKey: string } {
  return { partitionKey: instance.instanceId, rowKey: 'instance', ...pack(instance) };
}

function historyKey(instance: Instance, episode: number): string {
  return `h${String(instance.generation).padStart(6, '0')}.${String(episode).padStart(6, '0')}`;
}

async function* between(state: TableClient, instanceId: string, from: string, to: string): AsyncGenerator<Row> {
  const filter = `PartitionKey eq '${instanceId}' and RowKey ge '${from}' and RowKey lt '${to}'`;
  for await (const entity of state.listEntities({ queryOptions: { filter } })) yield entity as Row;
}

async function drop(state: TableClient, instanceId: string, rows: string): Promise<void> {
  const keys: string[] = [];
  const filter = `PartitionKey eq '${instanceId}' and ${rows}`;
  for await (const entity of state.listEntities({ queryOptions: { filter, select: ['rowKey'] } })) keys.push(String(entity.rowKey));
  for (let n = 0; n < keys.length; n += 100)
    await state.submitTransaction(
      keys.slice(n, n + 100).map((rowKey): TransactionAction => ['delete', { partitionKey: instanceId, rowKey }]),
    );
}
