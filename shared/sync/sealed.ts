import type { Failure } from '../model/failure.ts';
import type { Trip } from '../model/job.ts';
import type { KeptReason, SkipReason } from '../model/plan.ts';
import type { BatchShards } from './batchShards.ts';

/** What one range of shards planned, as sums: never incremented, always added up anew. */
export interface RangeSummary {
  readonly pulled: number;
  readonly unchanged: number;
  readonly skippedBecause: Readonly<Partial<Record<SkipReason, number>>>;
  /** Managed objects whose source is gone or out of scope and that are kept without a row. */
  readonly keptBecause: Readonly<Partial<Record<KeptReason, number>>>;
  readonly linked: number;
  /** Groups that leave although they are known to refuse mail from outside (contract, `internalOnlyGroups`). */
  readonly internalOnly: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

/** A route's plan after claims and breakers: what push carries out, or what is held. */
export interface SealedRoute {
  readonly route: string;
  readonly target: string;
  /** `run`: carried out · `held`: breakers, pause or rejection · `failed`: could not be planned */
  readonly verdict: 'run' | 'held' | 'failed';
  readonly failure: Failure | null;
  readonly summary: RangeSummary;
  readonly hash: string;
  readonly trips: readonly Trip[];
  /** Lane → number of batches. Rows for people (`skip`, `keep`) are in lane `NOTES_LANE`. */
  readonly batches: Readonly<Record<string, number>>;
  /** Absent: sealed before it was kept. */
  readonly shards?: BatchShards;
  /** Of the first batches of `ORDERED_LANE`: their places among the ordered batches of all routes into the target. */
  readonly orderedRanks: readonly number[];
  /** Changes to carry out. */
  readonly changes: number;
}

/** Lane of rows that are never carried out. */
export const NOTES_LANE = 99;
/** Lane whose changes keep their order: releases before takes. */
export const ORDERED_LANE = 0;
export const BATCH_SIZE = 20;
