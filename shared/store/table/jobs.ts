import type { JobRecord } from '../../model/job.ts';
import { type JobLog, type JobQuery, type JobStore, type LogLine, StoreConflict } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { dropPartitions } from './snapshots.ts';
import { partitionIs, quoted, type Table } from './table.ts';

const PARTITION = 'jobs';
const LATEST = 99_999_999_999_999;

/** Newest first without a scan: the row key counts down from the time in the job's id (`20261125T091500Z-7f3a2b`). */
export function jobRowKey(id: string): string {
  const digits = /^(\d{8})T(\d{6})Z-/.exec(id);
  return `${digits ? String(LATEST - Number(digits[1]! + digits[2]!)).padStart(14, '0') : 'x'}.${escapeKey(id)}`;
}

/** Row keys of the jobs whose ids begin with a time in `[from, to)`; a second too many at either end, `matches` decides. */
function between(query: JobQuery): string {
  const key = (time: string | undefined): string | null => {
    const at = time === undefined ? Number.NaN : Date.parse(time);
    return Number.isNaN(at) ? null : jobRowKey(`${idTime(new Date(at))}-`).slice(0, 14);
  };
  const [last, first] = [key(query.from), key(query.to)];
  // ":" comes right after the digits, so it ends the keys that begin with them.
  return `${first ? ` and RowKey ge '${first}'` : ''}${last ? ` and RowKey lt '${last}:'` : ''}`;
}

/** The time as job ids begin with it. */
function idTime(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
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
      const state = query.state ? ` and state eq ${quoted(query.state)}` : '';
      const filter = `${partitionIs(PARTITION)}${state}${between(query)}${afterCursor(cursor)}`;
      for await (const row of table.list(filter, undefined, pageFor(limit))) {
        const record = unpack<JobRecord>(row);
        if (!matches(record, query)) continue;
        if (items.length === limit) return { items, next: Buffer.from(jobRowKey(items.at(-1)!.job.id)).toString('base64url') };
        items.push(record);
      }
      return { items, next: null };
    },
    async purge(before) {
      const oldest = jobRowKey(`${idTime(before)}-`);
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
  const at = Date.parse(job.createdAt);
  return !(query.from && at < Date.parse(query.from)) && !(query.to && at >= Date.parse(query.to));
}

function afterCursor(cursor: string | null): string {
  return cursor ? ` and RowKey gt ${quoted(Buffer.from(cursor, 'base64url').toString('utf8'))}` : '';
}

/** One more than wanted tells whether there are more; not too few, because some filters are applied here. */
function pageFor(limit: number): number {
  return Math.min(1000, Math.max(50, limit + 1));
}

/**
 * Lines by time. A row `!<key>` names the rows that an append with this key wrote, so that a repeated one (later, so with other times and
 * row keys) takes their place.
 */
export function createJobLog(table: Table): JobLog {
  return {
    async append(job, key, lines) {
      const partitionKey = escapeKey(job);
      const name = escapeKey(key);
      const rows = lines.map(
        (line, n): Entity => ({
          partitionKey,
          rowKey: `${escapeKey(line.at)}~${name}~${String(n).padStart(6, '0')}`,
          level: line.level,
          ...pack(line),
        }),
      );
      const before = await table.get(partitionKey, `!${name}`);
      const now = new Set(rows.map((row) => row.rowKey));
      const surplus = before ? unpack<string[]>(before).filter((rowKey) => !now.has(rowKey)) : [];
      await table.write(partitionKey, [{ partitionKey, rowKey: `!${name}`, ...pack([...now, ...surplus]) }, ...rows], surplus);
    },
    async list(job, level, limit, cursor) {
      const filter = `${partitionIs(escapeKey(job))} and RowKey ge '0'${level ? ` and level eq ${quoted(level)}` : ''}${afterCursor(cursor)}`;
      const items: LogLine[] = [];
      let last = '';
      for await (const row of table.list(filter, undefined, pageFor(limit))) {
        if (items.length === limit) return { items, next: Buffer.from(last).toString('base64url') };
        items.push(unpack<LogLine>(row));
        last = row.rowKey;
      }
      return { items, next: null };
    },
    purge: (before) => dropPartitions(table, `PartitionKey lt '${idTime(before)}'`, () => true),
  };
}
