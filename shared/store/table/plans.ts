import type { Batch, Change, Outcome } from '../../model/plan.ts';
import { type BatchKey, type PlanKey, type PlanStore, StoreConflict } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { dropPartitions } from './snapshots.ts';
import { partitionIs, partitionsBetween, type Table } from './table.ts';

const CHANGES_PER_DRAFT_ROW = 400;

/** Drafts, sealed summaries and batches of 20 changes with their outcomes: one row per batch, partitioned by plan and lane. */
export function createPlanStore(table: Table): PlanStore {
  const planKey = (key: PlanKey): string => `${escapeKey(key.job)}~${key.round}~${escapeKey(key.route)}`;
  const laneKey = (key: PlanKey, lane: number): string => `${planKey(key)}~${String(lane).padStart(4, '0')}`;
  const draftKey = (key: PlanKey): string => `${planKey(key)}~draft`;
  const at = (sequence: number): string => String(sequence).padStart(6, '0');
  return {
    async putDraft(key, from, changes, summary) {
      const partitionKey = draftKey(key);
      const rows: Entity[] = [{ partitionKey, rowKey: `${at(from)}.summary`, ...pack(summary) }];
      for (let n = 0; n * CHANGES_PER_DRAFT_ROW < changes.length; n += 1)
        rows.push({
          partitionKey,
          rowKey: `${at(from)}.x${at(n)}`,
          ...pack(changes.slice(n * CHANGES_PER_DRAFT_ROW, (n + 1) * CHANGES_PER_DRAFT_ROW)),
        });
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
      for await (const row of table.list(partitionIs(draftKey(key))))
        if (row.rowKey.endsWith('.summary')) found.push({ from: Number(row.rowKey.slice(0, 6)), summary: unpack(row) });
      return found;
    },
    async *draftChanges(key, from) {
      for await (const row of table.list(`${partitionIs(draftKey(key))} and RowKey ge '${at(from)}.x' and RowKey lt '${at(from)}.y'`))
        yield unpack<Change[]>(row);
    },
    async dropDrafts(key) {
      await dropPartitions(table, partitionIs(draftKey(key)), () => true);
    },
    async putBatches(batches) {
      const partitions = new Map<string, Entity[]>();
      for (const batch of batches) {
        const partitionKey = laneKey(batch, batch.lane);
        partitions.set(partitionKey, [
          ...(partitions.get(partitionKey) ?? []),
          { partitionKey, rowKey: at(batch.sequence), ...pack(batch) },
        ]);
      }
      for (const [partitionKey, rows] of partitions) await table.write(partitionKey, rows);
    },
    async getBatch(key) {
      const found = await table.get(laneKey(key, key.lane), at(key.sequence));
      return found ? unpack<Batch>(found) : null;
    },
    async *batches(key, after) {
      const start = after ? laneKey(key, after.lane) : `${planKey(key)}~0000`;
      for await (const row of table.list(partitionsBetween(start, `${planKey(key)}~:`))) {
        const batch = unpack<Batch>(row);
        if (!after || batch.lane > after.lane || batch.sequence > after.sequence) yield batch;
      }
    },
    putOutcomes: (key, outcomes) => putOutcomes(table, laneKey(key, key.lane), at(key.sequence), outcomes, key),
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
