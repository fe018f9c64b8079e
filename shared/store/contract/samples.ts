import { createHash } from 'node:crypto';
import type { EntryPart } from '../../model/entry.ts';
import { type Job, type JobRecord, ZERO_COUNTS } from '../../model/job.ts';
import type { Link } from '../../model/link.ts';
import type { Batch, Change, Outcome } from '../../model/plan.ts';
import type { IndexRecord, SnapshotRow, SnapshotState } from '../store.ts';

/** Believable rows for the contract suite; everything is made from its arguments. */
export function sampleLink(route: string, sourceId: string, more: Partial<Link> = {}): Link {
  return {
    route,
    sourceId,
    state: 'linked',
    kind: 'user',
    as: 'contact',
    targetId: `t-${sourceId}`,
    adopted: false,
    intent: null,
    doneChange: '20261126T010000Z-00000a.1.1',
    image: { displayName: 'Ada Lovelace', addresses: ['ada@a.example'], hidden: 'false' },
    imageHash: '00ff00ff00ff00ff',
    written: { displayName: 'h1' },
    notKept: {},
    leaving: null,
    hidden: false,
    alias: 'galsync-1',
    address: 'ada@a.example',
    displayName: 'Ada Lovelace',
    x500: ['/o=a/ou=b/cn=ada'],
    writtenAt: '2026-11-26T01:00:00.000Z',
    retry: null,
    endedBecause: null,
    ...more,
  };
}

export function samplePart(id: string, displayName = `Person ${id}`): EntryPart {
  return { id, primary: true, fields: { kind: 'user', type: 'UserMailbox', addresses: [`${id}@a.example`], attributes: { displayName } } };
}

export function sampleRow(id: string, displayName?: string): SnapshotRow {
  return { id, parts: { users: samplePart(id, displayName) } };
}

export function sampleIndexRecord(id: string, keys: readonly string[]): IndexRecord {
  return { id, hash: createHash('sha256').update(id).digest('hex').slice(0, 16), keys };
}

export function sampleState(connector: string, version: string): SnapshotState {
  return {
    connector,
    version,
    completedAt: '2026-11-26T01:00:00.000Z',
    fingerprint: 'f1',
    tokens: { users: `https://graph.example/delta?token=${'x'.repeat(9000)}` },
    readBefore: ['users'],
    domains: ['a.example'],
    losses: [],
    counts: { user: 2 },
    unstamped: { user: 2 },
    total: 2,
    mode: 'full',
    read: 2,
    calls: 1,
    unconfirmed: 0,
  };
}

export function sampleChange(id: string, sourceId: string): Change {
  return {
    id,
    route: 'a-to-b',
    change: 'create',
    kind: 'user',
    as: 'contact',
    sourceId,
    targetId: null,
    address: `${sourceId}@a.example`,
    displayName: sourceId,
    reason: 'new',
    orphan: false,
    fields: [{ name: 'displayName', before: null, after: sourceId }],
    desired: { displayName: sourceId },
    stamp: `galsync:a-to-b:${sourceId}`,
    alias: null,
    owner: null,
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    order: 0,
  };
}

export function sampleBatch(job: string, lane: number, sequence: number, more: Partial<Batch> = {}): Batch {
  const id = `${job}.1.${lane}.${sequence}`;
  return { job, round: 1, route: 'a-to-b', lane, sequence, changes: [sampleChange(id, `s${lane}-${sequence}`)], outcomes: {}, ...more };
}

export function sampleOutcome(result: Outcome['result'] = 'done'): Outcome {
  return { result, at: '2026-11-26T01:00:00.000Z', targetId: 't', failure: null, retryAt: null, owner: null, note: null };
}

/** A job whose id begins with the time, as the product makes them. `at`: ISO. */
export function sampleJob(at: string, suffix: string, more: Partial<Job> = {}): JobRecord {
  const id = `${at.replace(/[-:]|\.\d+/g, '')}-${suffix}`;
  const job: Job = {
    id,
    action: 'sync',
    state: 'completed',
    cause: null,
    trigger: 'api',
    startedBy: 'somebody',
    reason: null,
    createdAt: at,
    startedAt: at,
    finishedAt: null,
    durationMs: null,
    configurationVersion: 'v1',
    connectors: [{ id: 'a', state: 'completed', cause: null, pulled: 1, read: 1, mode: 'full', complete: true, calls: 1 }],
    routes: [sampleRoute('a-to-b')],
    progress: { phase: 'done', done: 0, total: 0, ratePerMinute: null, secondsLeft: null, waitingUntil: null },
    ...more,
  };
  return {
    job,
    connectors: [{ id: 'a', source: true, target: false }],
    fresh: false,
    only: null,
    cancelRequested: false,
    round: 1,
    roundRoutes: ['a-to-b'],
    instance: `${id}.1`,
    plannedIn: {},
    pulledIn: {},
    lanes: {},
    waits: {},
    pushStartedAt: null,
  };
}

export function sampleRoute(id: string): Job['routes'][number] {
  return {
    ...ZERO_COUNTS,
    id,
    state: 'completed',
    cause: null,
    plan: null,
    heldBecause: [],
    heldBy: null,
    newer: null,
    decision: null,
    warnings: [],
    losses: {},
  };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
