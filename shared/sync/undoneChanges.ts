import { addressKey } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import { type Change, type Outcome, textsOf } from '../model/plan.ts';
import { shardOf } from '../store/shard.ts';
import type { PlanKey } from '../store/store.ts';
import { batchesWith } from './batchShards.ts';
import type { SyncContext } from './context.ts';
import { isCarriedOut } from './cutBatches.ts';
import type { Range } from './ranges.ts';

/** A change of an earlier job with what became of it. */
export interface PastChange {
  readonly change: Change;
  readonly outcome: Outcome | undefined;
}

/**
 * The changes of one route of an earlier job that were to be carried out, in the order of its plan.
 * @param range only those of these shards
 */
export async function* pastChanges(context: SyncContext, key: PlanKey, range?: Range): AsyncGenerator<PastChange> {
  for await (const batch of range ? batchesWith(context, key, range) : context.store.plans.batches(key))
    for (const change of batch.changes)
      if (isCarriedOut(change) && (!range || isIn(range, change))) yield { change, outcome: batch.outcomes[change.id] };
}

function isIn(range: Range, change: Change): boolean {
  const shard = shardOf(change.sourceId);
  return shard >= range.from && shard < range.to;
}

/**
 * True if a change was made, or may have been: what failed half way, or whose host died before its outcome was noted, is compared field by
 * field with what is there. A create counts only if its object is known.
 */
export function wasMade({ change, outcome }: PastChange, link: Link | null): boolean {
  const named = link?.doneChange === change.id || link?.intent?.change === change.id;
  if (outcome?.result === 'done') return true;
  if (change.change === 'delete') return link?.doneChange === change.id;
  if (outcome?.result === 'failed') return change.change !== 'create' || outcome.targetId !== null || named;
  return outcome === undefined && named;
}

/** True if somebody named this object: by source id, target id or one of its addresses. */
export function isNamed({ change, outcome }: PastChange, names: ReadonlySet<string>): boolean {
  if (names.has(change.sourceId) || names.has(change.targetId ?? '') || names.has(outcome?.targetId ?? '')) return true;
  const held = [change.desired?.addresses, ...change.fields.flatMap((one) => (one.name === 'addresses' ? [one.before, one.after] : []))];
  return [change.address, ...held.flatMap(textsOf)].some((address) => names.has(addressKey(address)));
}

/** What callers name: addresses as comparable keys, ids as they are. */
export function namesOf(objects: readonly string[]): ReadonlySet<string> {
  return new Set(objects.map((text) => (text.includes('@') ? addressKey(text) : text)));
}
