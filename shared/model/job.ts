import type { Kind } from './entry.ts';
import type { KeptReason, SkipReason } from './plan.ts';

export const ACTIONS = ['pull', 'simulate', 'push', 'sync', 'undo', 'retire', 'relink'] as const;
export type Action = (typeof ACTIONS)[number];
export type Trigger = 'schedule' | 'api' | 'console' | 'startup' | 'retry';
export const JOB_STATES = ['queued', 'running', 'waiting', 'completed', 'completedWithErrors', 'held', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];
export type RouteJobState = 'queued' | 'running' | 'waiting' | 'completed' | 'completedWithErrors' | 'held' | 'failed';
export const TERMINAL: ReadonlySet<JobState> = new Set<JobState>(['completed', 'completedWithErrors', 'held', 'failed', 'cancelled']);

export const BREAKERS = [
  'removals',
  'creations',
  'clearedPercent',
  'addressChangesPercent',
  'sourceShrinkPercent',
  'firstRun',
  'capacity',
  'paused',
  'cancelled',
  'rejected',
] as const;
export type BreakerName = (typeof BREAKERS)[number];

/** One reason why a plan is held (contract, "heldBecause"). */
export interface Trip {
  readonly breaker: BreakerName;
  readonly kind: Kind | null;
  readonly before: number | null;
  readonly after: number | null;
  readonly value: number;
  readonly limit: number;
  readonly nextStep: string;
}

export interface ConnectorProgress {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'waiting' | 'completed' | 'failed';
  readonly cause: string | null;
  readonly pulled: number;
  readonly read: number;
  readonly mode: 'full' | 'delta';
  readonly complete: boolean;
  readonly calls: number;
}

export interface LeaverCounts {
  readonly orphaned: number;
  readonly hidden: number;
  readonly deleted: number;
  readonly kept: number;
  readonly failed: number;
  readonly held: number;
  readonly keptBecause: Readonly<Partial<Record<KeptReason, number>>>;
}

export interface Counts {
  readonly pulled: number;
  readonly created: number;
  readonly updated: number;
  readonly adopted: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
  readonly held: number;
  readonly skippedBecause: Readonly<Partial<Record<SkipReason, number>>>;
  readonly leavers: LeaverCounts;
}

export interface Decision {
  readonly what: 'approved' | 'rejected' | 'resolved' | 'expired';
  readonly by: string;
  readonly at: string;
  readonly reason?: string | undefined;
}

/** A mailbox, or a group of mailboxes, that could not be served. */
export interface CopyProblem {
  readonly mailbox: string;
  readonly address: string;
  /** `<code>: <sentence>`. */
  readonly cause: string;
  readonly nextStep: string;
}

/**
 * Copies of a route's entries in mailboxes; entries themselves are counted once, above. In a simulation `written` says how many copies a
 * push would write.
 */
export interface CopyCounts {
  /** Mailboxes that the route serves. */
  readonly mailboxes: number;
  /** Contacts made, changed and removed in them by this job. */
  readonly written: number;
  /** Mailboxes (and groups that could not be resolved) that failed; tried again by the next job. */
  readonly failed: number;
  /** Mailboxes that came new, and those that lost our contacts, with this job. */
  readonly joined: number;
  readonly left: number;
  /** The first of those that failed; all of them are in the job's log. */
  readonly problems: readonly CopyProblem[];
}

export interface RouteResult extends Counts {
  readonly id: string;
  readonly state: RouteJobState;
  readonly cause: string | null;
  readonly plan: string | null;
  readonly heldBecause: readonly Trip[];
  readonly heldBy: string | null;
  readonly newer: Readonly<Record<string, unknown>> | null;
  readonly decision: Decision | null;
  readonly warnings: readonly string[];
  readonly losses: Readonly<Record<string, number>>;
  /** Only on routes whose objects are copied into mailboxes. */
  readonly copies?: CopyCounts;
}

export interface Progress {
  readonly phase: 'pull' | 'plan' | 'push' | 'done';
  readonly done: number;
  readonly total: number;
  readonly ratePerMinute: number | null;
  readonly secondsLeft: number | null;
  readonly waitingUntil: string | null;
}

/** The job document of the API, and the row we keep. */
export interface Job {
  readonly id: string;
  readonly action: Action;
  readonly state: JobState;
  readonly cause: string | null;
  readonly trigger: Trigger;
  readonly startedBy: string;
  readonly reason: string | null;
  /** undo: the job whose changes it takes back. */
  readonly undoes?: string;
  /** retire: what becomes of the objects. */
  readonly objects?: 'keep' | 'delete';
  /** undo, retire, relink: it only shows its plan. */
  readonly dryRun?: boolean;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly configurationVersion: string;
  readonly connectors: readonly ConnectorProgress[];
  readonly routes: readonly RouteResult[];
  readonly progress: Progress;
}

/** No entries, no changes. */
export const ZERO_COUNTS: Counts = {
  pulled: 0,
  created: 0,
  updated: 0,
  adopted: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
  held: 0,
  skippedBecause: {},
  leavers: { orphaned: 0, hidden: 0, deleted: 0, kept: 0, failed: 0, held: 0, keptBecause: {} },
};

/** What an undo, a retire or a relink is about: their plans are made by planners of their own, from what the target holds now. */
export type Errand =
  | {
      readonly what: 'undo';
      readonly job: string;
      /** Round of that job in which each route was planned last: where its changes are. */
      readonly rounds: Readonly<Record<string, number>>;
      /** Source ids, target ids or addresses: only these. null: everything. */
      readonly objects: readonly string[] | null;
      readonly dryRun: boolean;
    }
  | { readonly what: 'retire'; readonly objects: 'keep' | 'delete'; readonly dryRun: boolean }
  | { readonly what: 'relink'; readonly dryRun: boolean };

/** True for a job that shows its plan and changes neither a directory nor a link. */
export function onlyShows(record: JobRecord): boolean {
  return record.job.action === 'simulate' || record.errand?.dryRun === true;
}

/** What a job covers and how far it is: our own row, of which `job` is what the API shows. */
export interface JobRecord {
  readonly job: Job;
  /** Connectors that are involved, ascending id, with what the job does with each. */
  readonly connectors: readonly { readonly id: string; readonly source: boolean; readonly target: boolean }[];
  readonly fresh: boolean;
  /** Addresses or ids: plan just these. */
  readonly only: readonly string[] | null;
  /** Targets whose last snapshot counts in this job's first round (schedule, pullTargetEvery). */
  readonly keepTargets?: readonly string[];
  /** Present in jobs of action undo, retire and relink. */
  readonly errand?: Errand | undefined;
  readonly cancelRequested: boolean;
  /** Goes up with each approval; part of every orchestration instance id and of plan keys. */
  readonly round: number;
  /** Routes of this round (an approval goes on with one route). */
  readonly roundRoutes: readonly string[];
  /** Instance id of the round's orchestration. */
  readonly instance: string;
  /** Round in which each route was planned last: where its changes are. */
  readonly plannedIn: Readonly<Record<string, number>>;
  /** Round in which each connector was read last: a repeated activity adds its calls once. */
  readonly pulledIn: Readonly<Record<string, number>>;
  /** Changes worked off so far by `<connector>.<lane>` of this round: absolute numbers, so a repeated activity counts nothing twice. */
  readonly lanes: Readonly<Record<string, number>>;
  /** Waits that are going on, by the instance id of the orchestration that waits: until when (ISO). */
  readonly waits: Readonly<Record<string, string>>;
  /** When pushing began in this round: ISO. */
  readonly pushStartedAt: string | null;
}

/** What a route remembers between jobs. */
export interface RouteState {
  readonly route: string;
  /** When the schedule last started (or decided about) this route: ISO. */
  readonly lastDue: string | null;
  /** Scheduled passes so far: at every n-th the target is read (pullTargetEvery). */
  readonly passes: number;
  readonly lastJob: string | null;
  /** Last job that carried a plan of the route to its end: ISO. */
  readonly lastSuccess: string | null;
  /** True once one plan of the route has run to its end: `firstRun` no longer applies. */
  readonly ranOnce: boolean;
  /** Unstamped entries of the source per kind at the last accepted read: the baseline of `sourceShrinkPercent`. */
  readonly accepted: Readonly<Partial<Record<Kind, number>>> | null;
  readonly held: HeldPlan | null;
  /** Ids of changes (kind, source, target) approved and not yet carried out, with the hash they were approved under. */
  readonly approved: readonly string[];
  /** Fingerprint of a rejected plan: not held up again until it differs. */
  readonly rejected: string | null;
  /** Removals of the last days for the 23 h sum, by job and round: job creation time and count. */
  readonly removals: readonly { readonly job: string; readonly round: number; readonly at: string; readonly count: number }[];
  /** Earliest time at which something of the route waits to be tried again: the tick starts a `push` then. */
  readonly nextRetry: string | null;
}

export interface HeldPlan {
  readonly job: string;
  readonly round: number;
  readonly hash: string;
  readonly at: string;
  readonly expiresAt: string;
  readonly trips: readonly Trip[];
  /** Keys (change, source id, target id) of the changes of the kinds that tripped: what an approval covers. Stored beside when large. */
  readonly keys: readonly string[];
  readonly decision: Decision | null;
  /** The plan of an undo or a retire: a sync, which plans something else, does not resolve it. */
  readonly errand?: boolean;
}
