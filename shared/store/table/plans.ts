import type { Batch, Change, Outcome } from '../../model/plan.ts';
import { type BatchKey, type PlanKey, type PlanStore, StoreConflict } from '../store.ts';
import { ENTITY_BYTES, type Entity, escapeKey, pack, packBytes, packList, unpack } from './codec.ts';
import { inParallel } from './inParallel.ts';
import { dropPartitions } from './snapshots.ts';
import { partitionIs, partitionsBetween, type Table } from './table.ts';

const CHANGES_PER_DRAFT_ROW = 400;

/** Drafts, sealed summaries and batches of 20 changes with their outcomes: one row per batch, partitioned by plan and lane. */
export function createPlanStore(table: Table): PlanStore {
  return {
    ...drafts(table),
    ...batches(table),
    async putSealed(key, sealed) {
      await table.upsert({ partitionKey: `${planKey(key)}~sealed`, rowKey: 'sealed', ...pack(sealed) });
    },
    async getSealed(key) {
      const found = await table.get(`${planKey(key)}~sealed`, 'sealed');
      return found ? unpack(found) : null;
    },
    // Job ids begin with their time, so what is older than a time is everything before it in key order.
    purge: (before) => dropPartitions(table, `PartitionKey lt '${before.toISOString().replace(/[-:]|\.\d+/g, '')}'`, () => true),
  };
}

function planKey(key: PlanKey): string {
  return `${escapeKey(key.job)}~${key.round}~${escapeKey(key.route)}`;
}

function laneKey(key: PlanKey, lane: number): string {
  return `${planKey(key)}~${String(lane).padStart(4, '0')}`;
}

function draftKey(key: PlanKey): string {
  return `${planKey(key)}~draft`;
}

/** A place in a list, as a row key that sorts like it. */
function at(sequence: number): string {
  return String(sequence).padStart(6, '0');
}

/** What each range planned, before the plan is sealed. */
function drafts(table: Table): Pick<PlanStore, 'putDraft' | 'draftSummaries' | 'draftChanges' | 'dropDrafts'> {
  return {
    async putDraft(key, from, changes, summary) {
      const partitionKey = draftKey(key);
      const some: Buffer[] = [];
      for (let n = 0; n < changes.length; n += CHANGES_PER_DRAFT_ROW)
        some.push(...packList(changes.slice(n, n + CHANGES_PER_DRAFT_ROW), ENTITY_BYTES));
      const rows: Entity[] = [
        { partitionKey, rowKey: `${at(from)}.summary`, summary: true, ...pack(summary) },
        ...some.map((bytes, n) => ({ partitionKey, rowKey: `${at(from)}.x${at(n)}`, ...packBytes(bytes) })),
      ];
      const surplus: string[] = [];
      for await (const old of table.list(
        `${partitionIs(partitionKey)} and RowKey ge '${at(from)}.x${at(rows.length - 1)}' and RowKey lt '${at(from)}.y'`,
        ['partitionKey', 'rowKey'],
      ))
        surplus.push(old.rowKey);
      await table.write(partitionKey, rows, surplus);
    },
    async draftSummaries(key) {
      const found: { from: number; summary: unknown }[] = [];
      for await (const row of table.list(`${partitionIs(draftKey(key))} and summary eq true`))
        found.push({ from: Number(row.rowKey.slice(0, 6)), summary: unpack(row) });
      return found;
    },
    async *draftChanges(key, from) {
      for await (const row of table.list(`${partitionIs(draftKey(key))} and RowKey ge '${at(from)}.x' and RowKey lt '${at(from)}.y'`))
        yield unpack<Change[]>(row);
    },
    async dropDrafts(key) {
      await dropPartitions(table, partitionIs(draftKey(key)), () => true);
    },
  };
}

function batches(table: Table): Pick<PlanStore, 'putBatches' | 'getBatch' | 'batches' | 'batchesBetween' | 'putOutcomes'> {
  return {
    async putBatches(all) {
      const partitions = Map.groupBy(
        all.map((batch): Entity => ({ partitionKey: laneKey(batch, batch.lane), rowKey: at(batch.sequence), ...pack(batch) })),
        (row) => row.partitionKey,
      );
      await inParallel(partitions, ([partitionKey, rows]) => table.write(partitionKey, rows));
    },
    async getBatch(key) {
      const found = await table.get(laneKey(key, key.lane), at(key.sequence));
      return found ? unpack<Batch>(found) : null;
    },
    async *batches(key, after) {
      const rest = after ? `${partitionIs(laneKey(key, after.lane))} and RowKey gt '${at(after.sequence)}'` : null;
      if (rest) for await (const row of table.list(rest)) yield unpack<Batch>(row);
      const start = laneKey(key, after ? after.lane + 1 : 0);
      for await (const row of table.list(partitionsBetween(start, `${planKey(key)}~:`))) yield unpack<Batch>(row);
    },
    async *batchesBetween(key, from, to) {
      const filter = `${partitionIs(laneKey(key, key.lane))} and RowKey ge '${at(from)}' and RowKey lt '${at(to)}'`;
      for await (const row of table.list(filter)) yield unpack<Batch>(row);
    },
    putOutcomes: (key, outcomes) => putOutcomes(table, laneKey(key, key.lane), at(key.sequence), outcomes, key),
  };
}

async function putOutcomes(
  table: Table,
  partitionKey: string,
  rowKey: string,
  outcomes: Readonly<Record<string, Outcome>>,
  key: BatchKey,
): Promise<void> {
  for (;;) {
    const found = await table.get(partitionKey, rowKey);
    if (!found) throw new Error(`Batch ${key.job}/${key.route}/${key.lane}/${key.sequence} is gone: its plan was purged while it ran.`);
    const batch = unpack<Batch>(found);
    const joined: Batch = { ...batch, outcomes: { ...batch.outcomes, ...outcomes } };
    try {
      await table.replace({ partitionKey, rowKey, ...pack(joined) }, found.etag);
      return;
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
    }
  }
}
