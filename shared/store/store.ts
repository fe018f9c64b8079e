import type { EntryPart, Kind } from '../model/entry.ts';
import type { HeldPlan, JobRecord, JobState, RouteState } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import type { MailboxCopy } from '../model/mailboxCopy.ts';
import type { Batch, Change, Outcome } from '../model/plan.ts';
import type { MembershipStore } from './membershipStore.ts';

/**
 * What galsync remembers, as ports. `table/` keeps it in Azure Table Storage, `memory/` in a Map (tests, rules bench).
 * Shards: snapshots and links lie in 256 fixed partitions by `shardOf(id)`; a range `[from, to)` of shards is what one activity works on.
 */
export interface Store {
  readonly configuration: ConfigurationStore;
  readonly snapshots: SnapshotStore;
  readonly memberships: MembershipStore;
  readonly links: LinkStore;
  readonly plans: PlanStore;
  readonly jobs: JobStore;
  readonly log: JobLog;
  readonly leases: LeaseStore;
  readonly routes: RouteStateStore;
  readonly copies: CopyStore;
  readonly waits: {
    read(key: string): Promise<number>;
    /** The later of two times stays. */
    raise(key: string, notBefore: number): Promise<void>;
    /** Takes `ms` from `from` on, or from where the last taken time ends; answers where they begin. No two callers get the same time. */
    take(key: string, from: number, ms: number): Promise<number>;
  };
  /** Creates missing tables; safe to call at every start. */
  prepare(): Promise<void>;
}

export const SHARDS = 256;

/** A write lost against another: read again. */
export class StoreConflict extends Error {
  constructor(what: string) {
    super(`${what} was changed by somebody else in the meantime; read it again and repeat`);
    this.name = 'StoreConflict';
  }
}

export interface ConfigurationStore {
  /** The document as written (text kept verbatim), or null if none was ever saved. `etag` is the API's ETag. */
  read(): Promise<{ readonly document: unknown; readonly version: string; readonly etag: string } | null>;
  /** `etag` null: only if none is there yet; `'*'`: whatever is there. Throws `StoreConflict`. Answers the new version and etag. */
  write(document: unknown, etag: string | '*' | null, at: Date): Promise<{ readonly version: string; readonly etag: string }>;
  /** A version as it was written, or null if it never was or is purged. */
  version(version: string): Promise<unknown>;
  /** Removes the versions that were not in force any more at that time; answers how many. */
  purge(before: Date): Promise<number>;
}

/** One object of a snapshot: the parts that its directory's sets contributed. */
export interface SnapshotRow {
  readonly id: string;
  readonly parts: Readonly<Record<string, EntryPart>>;
  /** Set → pull that missed the object first, whose word does not count yet (changed rights or property list). */
  readonly unconfirmed?: Readonly<Record<string, string>>;
  /** Set → names of values that `withhold` took out of its part. */
  readonly withheld?: Readonly<Record<string, readonly string[]>>;
}

/** Objects of a directory that count against its capacity, and the bytes that they take up. */
export interface Held {
  readonly objects: number;
  readonly bytes: number;
}

export interface SnapshotState {
  readonly connector: string;
  /** Id of the pull that made it. */
  readonly version: string;
  readonly completedAt: string;
  readonly fingerprint: string;
  readonly tokens: Readonly<Record<string, string>>;
  readonly readBefore: readonly string[];
  /** Digest of the `withhold` rules that it was read with; absent: none. */
  readonly withhold?: string;
  readonly domains: readonly string[];
  readonly losses: readonly string[];
  readonly counts: Readonly<Partial<Record<Kind, number>>>;
  /** Entries without any galsync stamp, per kind. */
  readonly unstamped: Readonly<Partial<Record<Kind, number>>>;
  readonly total: number;
  /** What counts against the directory's capacity, if it has one. */
  readonly held?: Held;
  /** Mode of the users' set, objects received and calls made by the pull that made this version. */
  readonly mode: 'full' | 'delta';
  readonly read: number;
  readonly calls: number;
  /** Objects whose absence waits for confirmation. */
  readonly unconfirmed: number;
}

/** A pull that was read to its end and is being moved into the snapshot: finished by whoever finds it. */
export interface PendingCommit {
  readonly pull: string;
  /** Staged pages of the read: what lies beyond them is from an attempt that was cut off. */
  readonly pages: number;
  readonly next: Omit<SnapshotState, 'counts' | 'unstamped' | 'total' | 'unconfirmed' | 'held'>;
  /** Sets read in full (absence counts), and those whose absences must wait. */
  readonly fullSets: readonly string[];
  readonly waitForConfirmation: boolean;
}

export interface StagedPage {
  readonly set: string;
  readonly parts: readonly EntryPart[];
  readonly removed: readonly string[];
  /** Ids that belong to the directory's own count, but are no entries. */
  readonly leftOut?: readonly string[];
  /** What was staged of this set before is void. */
  readonly restarted: boolean;
}

export interface IndexRecord {
  readonly id: string;
  /** 16 hex digits: hash of the mapped content. */
  readonly hash: string;
  /** Address keys (`addressKey`), UPN and other attributes that the target keeps unique; stamps as `stamp:<text>`; aliases as `alias:<text>`, X500 addresses as `x500:<lower case>`; what references name it by as `member:` and `name:`. */
  readonly keys: readonly string[];
  /** The galsync stamp that it carries, verbatim. */
  readonly stamp?: string;
  /** Whom it names as its manager (`Entry.managerRef`, else an address). */
  readonly manager?: string;
}

/** An object that carries a stamp of a route. */
export interface StampedObject {
  readonly id: string;
  readonly sourceId: string;
  readonly adopted: boolean;
}

/** Looks up a target directory without reading its rows. */
export interface TargetIndex {
  readonly version: string;
  has(id: string): boolean;
  /** Content hash of the object at its last read, or null. */
  hash(id: string): string | null;
  /** Ids of the objects that hold this key. */
  find(key: string): readonly string[];
  /** Everybody who is named as a manager, as the directory names them. */
  readonly managers: readonly string[];
  /** Objects that carry a stamp of this route, linked or not, in a stable order. */
  stamped(route: string): readonly StampedObject[];
}

export interface SnapshotStore {
  state(connector: string): Promise<SnapshotState | null>;
  putState(state: SnapshotState): Promise<void>;
  pending(connector: string): Promise<PendingCommit | null>;
  putPending(connector: string, pending: PendingCommit | null): Promise<void>;
  /** Keeps one page packed; `sequence` orders pages and makes a repeated call overwrite itself. */
  stage(connector: string, pull: string, sequence: number, page: StagedPage): Promise<void>;
  /** Staged pages in order. */
  staged(connector: string, pull: string): AsyncIterable<StagedPage>;
  /** Drops everything staged of a connector except `keepPull`. */
  dropStaged(connector: string, keepPull: string | null): Promise<void>;
  readShard(connector: string, shard: number): Promise<readonly SnapshotRow[]>;
  /** The rows of shards `[from, to)`, shard by shard, in one range scan. */
  readShards(connector: string, from: number, to: number): Promise<readonly (readonly SnapshotRow[])[]>;
  /** Replaces a shard, as one transaction. */
  writeShard(connector: string, shard: number, rows: readonly SnapshotRow[]): Promise<void>;
  get(connector: string, id: string): Promise<SnapshotRow | null>;
  /** Index piece of one range of shards. */
  putIndexPiece(connector: string, version: string, from: number, records: readonly IndexRecord[]): Promise<void>;
  /** The index of a version; kept in memory per process and version. Older versions' pieces are dropped by `dropIndex`. */
  index(connector: string, version: string): Promise<TargetIndex>;
  dropIndex(connector: string, keepVersion: string): Promise<void>;
  /** Clear cache: the next pull is a full one. Keeps nothing of the connector's snapshot. */
  clear(connector: string): Promise<void>;
}

export interface LinkStore {
  get(route: string, sourceId: string): Promise<Link | null>;
  range(route: string, from: number, to: number): AsyncIterable<Link>;
  put(link: Link): Promise<void>;
  /** One transaction for each partition (≤ 100 rows each). */
  putMany(links: readonly Link[]): Promise<void>;
}

/** What sealing made of one route's plan. */
export interface PlanKey {
  readonly job: string;
  readonly round: number;
  readonly route: string;
}

export interface BatchKey extends PlanKey {
  readonly lane: number;
  readonly sequence: number;
}

export interface PlanStore {
  /** Replaces what this range planned. `summary` is any JSON (≤ 512 KiB). */
  putDraft(key: PlanKey, from: number, changes: readonly Change[], summary: unknown): Promise<void>;
  draftSummaries(key: PlanKey): Promise<readonly { readonly from: number; readonly summary: unknown }[]>;
  draftChanges(key: PlanKey, from: number): AsyncIterable<readonly Change[]>;
  dropDrafts(key: PlanKey): Promise<void>;
  putBatches(batches: readonly Batch[]): Promise<void>;
  getBatch(key: BatchKey): Promise<Batch | null>;
  /** In order of lane and sequence. `after` (exclusive) resumes. */
  batches(key: PlanKey, after?: { readonly lane: number; readonly sequence: number }): AsyncIterable<Batch>;
  /** Batches `[from, to)` of one lane, in order. */
  batchesBetween(key: PlanKey & { readonly lane: number }, from: number, to: number): AsyncIterable<Batch>;
  /** Joins outcomes into the batch's row. */
  putOutcomes(key: BatchKey, outcomes: Readonly<Record<string, Outcome>>): Promise<void>;
  /** A sealed plan's summary (any JSON ≤ 512 KiB). */
  putSealed(key: PlanKey, sealed: unknown): Promise<void>;
  getSealed(key: PlanKey): Promise<unknown>;
  /** Removes plans of jobs created before the time. */
  purge(before: Date): Promise<number>;
}

export interface JobQuery {
  readonly route?: string;
  readonly connector?: string;
  readonly action?: string;
  readonly state?: JobState;
  /** ISO times, inclusive from, exclusive to. */
  readonly from?: string;
  readonly to?: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; null at the end. */
  readonly next: string | null;
}

export interface JobStore {
  /** Throws `StoreConflict` if the id exists. */
  create(record: JobRecord): Promise<void>;
  get(id: string): Promise<JobRecord | null>;
  /** Reads, changes, writes by ETag; repeats on conflict. Throws if the job does not exist. Returning the same object writes nothing. */
  update(id: string, change: (record: JobRecord) => JobRecord): Promise<JobRecord>;
  remove(id: string): Promise<void>;
  /** Newest first, without a scan (reverse ticks in the row key). Stable while paged. */
  list(query: JobQuery, limit: number, cursor: string | null): Promise<Page<JobRecord>>;
  purge(before: Date): Promise<number>;
}

export interface LogLine {
  readonly at: string;
  readonly level: 'info' | 'warning' | 'error';
  /** Constant text; what varies is in `data`. */
  readonly message: string;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

export interface JobLog {
  /** `key` makes a repeated append overwrite itself (activities run at least once). */
  append(job: string, key: string, lines: readonly LogLine[]): Promise<void>;
  /** Oldest first. */
  list(job: string, level: LogLine['level'] | null, limit: number, cursor: string | null): Promise<Page<LogLine>>;
  purge(before: Date): Promise<number>;
}

export interface Lease {
  readonly connector: string;
  readonly job: string;
  /** Job and round: each taking has its own, so an older holder is told from the one who holds it now. */
  readonly instance: string;
  readonly takenAt: string;
  readonly etag: string;
}

export interface LeaseStore {
  /** The lease as it stands, or null if it is free. */
  read(connector: string): Promise<Lease | null>;
  /** Takes it; `over` is the lease that was found to be free although held (taken over by its ETag). Null: somebody was faster. */
  take(connector: string, job: string, instance: string, at: string, over: Lease | null): Promise<Lease | null>;
  /** Gives it back if it is still that instance's. */
  release(connector: string, instance: string): Promise<void>;
}

export interface RouteStateStore {
  get(route: string): Promise<RouteState>;
  /** Reads, changes, writes by ETag; repeats on conflict. */
  update(route: string, change: (state: RouteState) => RouteState): Promise<RouteState>;
}

/** The mailboxes that each route serves. */
export interface CopyStore {
  /** In order of the mailbox's key. */
  list(route: string): AsyncIterable<MailboxCopy>;
  get(route: string, mailbox: string): Promise<MailboxCopy | null>;
  put(row: MailboxCopy): Promise<void>;
  putMany(rows: readonly MailboxCopy[]): Promise<void>;
  /** Gone already is fine. */
  remove(route: string, mailbox: string): Promise<void>;
}

export type { HeldPlan };
