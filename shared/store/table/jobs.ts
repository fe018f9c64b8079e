import type { JobRecord } from '../../model/job.ts';
import { type JobLog, type JobQuery, type JobStore, type LogLine, StoreConflict } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { dropPartitions } from './snapshots.ts';
import { partitionIs, type Table } from './table.ts';

const PARTITION = 'jobs';
const LATEST = 99_999_999_999_999;

/** Newest first without a scan: the row key counts down from the time in the job's id (`20261125T091500Z-7f3a2b`). */
export function jobRowKey(id: string): string {
  const digits = /^(\d{8})T(\d{6})Z-/.exec(id);
  return `${digits ? String(LATEST - Number(digits[1]! + digits[2]!)).padStart(14, '0') : 'x'}.${escapeKey(id)}`;
}

export function createJobStore(table: Table): JobStore {
  const entity = (record: JobRecord): Entity => ({
    partitionKey: PARTITION,
    rowKey: jobRowKey(record.job.id),
    state: record.job.state,
    ...pack(record),
  });
  const read = (id: string): Promise<(Entity & { etag: string }) | null> => table.get(PARTITION, jobRowKey(id));
  return {
    async create(record) {
      await table.create(entity(record));
    },
    async get(id) {
      const found = await read(id);
      return found ? unpack<JobRecord>(found) : null;
    },
    async update(id, change) {
      for (;;) {
        const found = await read(id);
        if (!found) throw new Error(`There is no job "${id}" to update.`);
        const before = unpack<JobRecord>(found);
        const after = change(before);
        if (after === before) return before;
        try {
          await table.replace(entity(after), found.etag);
          return after;
        } catch (error) {
          if (!(error instanceof StoreConflict)) throw error;
        }
      }
    },
    async remove(id) {
      await table.remove(PARTITION, jobRowKey(id));
    },
    async list(query, limit, cursor) {
      const items: JobRecord[] = [];
      const state = query.state ? ` and state eq '${query.state}'` : '';
      const after = cursor ? ` and RowKey gt '${Buffer.from(cursor, 'base64url').toString('utf8').replaceAll("'", "''")}'` : '';
      for await (const row of table.list(`${partitionIs(PARTITION)}${state}${after}`)) {
        const record = unpack<JobRecord>(row);
        if (!matches(record, query)) continue;
        if (items.length === limit) return { items, next: Buffer.from(jobRowKey(items.at(-1)!.job.id)).toString('base64url') };
        items.push(record);
      }
      return { items, next: null };
    },
    async purge(before) {
      const oldest = jobRowKey(`${before.toISOString().replace(/[-:]|\.\d+/g, '')}-`);
      const gone: string[] = [];
      for await (const row of table.list(`${partitionIs(PARTITION)} and RowKey gt '${oldest}'`, ['partitionKey', 'rowKey']))
        gone.push(row.rowKey);
      await table.write(PARTITION, [], gone);
      return gone.length;
    },
  };
}

function matches(record: JobRecord, query: JobQuery): boolean {
  const { job } = record;
  if (query.route && !job.routes.some((route) => route.id === query.route)) return false;
  if (query.connector && !job.connectors.some((connector) => connector.id === query.connector)) return false;
  if (query.action && job.action !== query.action) return false;
  return (!query.from || job.createdAt >= query.from) && (!query.to || job.createdAt < query.to);
}

export function createJobLog(table: Table): JobLog {
  return {
    async append(job, key, lines) {
      const partitionKey = escapeKey(job);
      await table.write(
        partitionKey,
        lines.map((line, n) => ({
          partitionKey,
          rowKey: `${line.at}~${escapeKey(key)}~${String(n).padStart(4, '0')}`.replaceAll(':', '-'),
          level: line.level,
          ...pack(line),
        })),
      );
    },
    async list(job, level, limit, cursor) {
      const filter = `${partitionIs(escapeKey(job))}${level ? ` and level eq '${level}'` : ''}`;
      const after = cursor ? ` and RowKey gt '${Buffer.from(cursor, 'base64url').toString('utf8').replaceAll("'", "''")}'` : '';
      const items: LogLine[] = [];
      let last = '';
      for await (const row of table.list(filter + after)) {
        if (items.length === limit) return { items, next: Buffer.from(last).toString('base64url') };
        items.push(unpack<LogLine>(row));
        last = row.rowKey;
      }
      return { items, next: null };
    },
    purge: (before) => dropPartitions(table, `PartitionKey lt '${before.toISOString().replace(/[-:]|\.\d+/g, '')}'`, () => true),
  };
}
