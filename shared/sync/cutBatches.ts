import { addressKey } from '../connectors/connector.ts';
import type { Batch, Change } from '../model/plan.ts';
import type { PlanKey } from '../store/store.ts';
import { byShard } from './batchShards.ts';
import { BATCH_SIZE, NOTES_LANE, ORDERED_LANE } from './sealed.ts';

export function isCarriedOut(change: Pick<Change, 'change'>): boolean {
  return change.change !== 'skip' && change.change !== 'keep';
}

/** Changes of one route that run one after the other, and their place among those of all routes into the target. */
export interface OrderedChunk {
  readonly route: string;
  readonly rank: number;
  readonly changes: readonly Change[];
}

/** Cuts the ordered changes of all routes of a target into batches of one route each, so that releases come before takes over all of them. */
export function orderedChunks(plans: readonly (readonly Change[])[]): readonly OrderedChunk[] {
  const chunks: { route: string; rank: number; changes: Change[] }[] = [];
  const ordered = plans.flat().filter((change) => isCarriedOut(change) && change.order > 0);
  for (const change of ordered.sort((a, b) => a.order - b.order)) {
    const last = chunks.at(-1);
    if (last?.route === change.route && last.changes.length < BATCH_SIZE) last.changes.push(change);
    else chunks.push({ route: change.route, rank: chunks.length, changes: [change] });
  }
  return chunks;
}

/** Whom others name as their manager is made before them, so that few have to be written twice. */
function managersFirst(changes: readonly Change[]): readonly Change[] {
  const makes = (change: Change): boolean => change.change === 'create' || change.converts !== undefined;
  const named = new Set<string>();
  for (const { desired, fields } of changes)
    for (const address of [desired?.manager, fields.find((field) => field.name === 'manager')?.after])
      if (typeof address === 'string') named.add(addressKey(address));
  if (named.size === 0) return changes;
  const first = (change: Change): boolean => makes(change) && named.has(addressKey(change.address));
  return [...changes.filter(first), ...changes.filter((change) => !first(change))];
}

/** A route's batches: the ordered ones in one lane; the rest dealt out over the lanes; rows for people kept aside. */
export function cutBatches(
  key: PlanKey,
  changes: readonly Change[],
  ordered: readonly OrderedChunk[],
  laneCount: number,
): readonly Batch[] {
  const lanes = new Map<number, (readonly Change[])[]>();
  const put = (lane: number, some: readonly Change[]): void => void lanes.set(lane, [...(lanes.get(lane) ?? []), some]);
  const chunks = (all: readonly Change[]): Change[][] =>
    Array.from({ length: Math.ceil(all.length / BATCH_SIZE) }, (_, n) => all.slice(n * BATCH_SIZE, (n + 1) * BATCH_SIZE));
  for (const chunk of ordered) put(ORDERED_LANE, chunk.changes);
  const free = managersFirst(byShard(changes.filter((change) => isCarriedOut(change) && change.order === 0)));
  for (const [n, chunk] of chunks(free).entries()) put(n % laneCount, chunk);
  for (const chunk of chunks(changes.filter((change) => !isCarriedOut(change)))) put(NOTES_LANE, chunk);
  return [...lanes].flatMap(([lane, all]) => all.map((some, sequence): Batch => ({ ...key, lane, sequence, changes: some, outcomes: {} })));
}
