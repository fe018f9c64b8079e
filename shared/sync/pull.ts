import { createHash } from 'node:crypto';
import type { PullMemory, PullPage } from '../connectors/connector.ts';
import { type Failure, FailureError, failureOf, ThrottledError } from '../model/failure.ts';
import { compileWithholding } from '../rules/withhold.ts';
import type { SnapshotState } from '../store/store.ts';
import { isCancelled } from './cancel.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { proveLease } from './leases.ts';
import { readMembers } from './pullMembers.ts';
import { showWait } from './waits.ts';

const PAGES_PER_ACTIVITY = 25;
const TIME_PER_ACTIVITY_MS = 60_000;

/** Where a pull is: travels between activities, so it holds ids, counts and the connector's opaque cursor only. */
export interface PullPosition {
  readonly job: string;
  readonly connector: string;
  /** Names this pull: staged pages and the snapshot's version. */
  readonly pull: string;
  readonly cursor: string | null;
  readonly sequence: number;
  readonly read: number;
  readonly calls: number;
  /** Set → how it was read; `token` and `count` once it is finished. */
  readonly sets: Readonly<
    Record<
      string,
      {
        readonly mode: 'full' | 'delta';
        readonly token: string | null;
        readonly count: number | null;
        readonly finished: boolean;
      }
    >
  >;
  readonly domains: readonly string[] | null;
  readonly losses: readonly string[];
  /** What its first page was read with: the configuration may change before the commit. */
  readonly asked: { readonly fingerprint: string; readonly withhold: string } | null;
  /** Hashes of cursors seen: paging that comes back to one does not advance (case R05). */
  readonly lastCursors: readonly string[];
}

export type PullStep =
  | {
      readonly ok: true;
      readonly done: boolean;
      readonly waitUntil: number | null;
      readonly ours?: boolean;
      readonly position: PullPosition;
    }
  | { readonly ok: false; readonly failure: Failure; readonly calls: number };

/** A pull's first position. */
export function startPull(job: string, connector: string, round: number): PullPosition {
  return {
    job,
    connector,
    pull: `${job}.${round}`,
    cursor: null,
    sequence: 0,
    read: 0,
    calls: 0,
    sets: {},
    domains: null,
    losses: [],
    asked: null,
    lastCursors: [],
  };
}

/** The orchestration that waits for this pull: where a cancel is raised. */
export function pullInstance(position: Pick<PullPosition, 'pull' | 'connector'>): string {
  return `${position.pull}.pull.${position.connector}`;
}

/** The round whose pull it is: its number ends the pull's name. */
export function roundOf({ job, pull }: PullPosition): { job: string; round: number } {
  return { job, round: Number(pull.slice(job.length + 1)) };
}

/** Reads pages until the pull is complete, a wait is due, or 25 pages or 60 s are over (design §3, step 1). */
export async function pullPages(context: SyncContext, start: PullPosition): Promise<PullStep> {
  let position = start;
  const { configuration } = await context.configuration();
  const settings = connectorSettings(configuration, start.connector);
  const { connector, calls, ready } = context.open(settings, configuration);
  const withCalls = (): PullPosition => ({ ...position, calls: start.calls + calls() });
  const until = context.now().getTime() + TIME_PER_ACTIVITY_MS;
  try {
    await proveLease(context, start.connector, roundOf(start));
    await showWait(context, start.job, pullInstance(start), null);
    const state = await context.store.snapshots.state(start.connector);
    const withholding = compileWithholding(settings.pull.withhold, context.now());
    const memory = memoryOf(state, connector.fingerprint, withholding.digest);
    if (start.sequence === 0) {
      await dropLeftovers(context, start, state);
      position = { ...position, asked: { fingerprint: connector.fingerprint, withhold: withholding.digest } };
    }
    let pages = 0;
    const more = async (): Promise<boolean> => {
      if (pages >= PAGES_PER_ACTIVITY || context.now().getTime() >= until) return false;
      if (await isCancelled(context, start.job)) throw new FailureError(CANCELLED);
      await ready();
      pages += 1;
      return true;
    };
    while (!isRead(position)) {
      if (!(await more())) return { ok: true, done: false, waitUntil: null, position: withCalls() };
      const page = await connector.readPage(position.cursor, memory);
      const parts = page.parts.map(withholding.part);
      await context.store.snapshots.stage(start.connector, start.pull, position.sequence, { ...page, parts });
      position = advance(position, page, start.connector);
    }
    const { pull } = start;
    const done = await readMembers({ context, configuration, connector, pull, standing: state?.version ?? null, more });
    return { ok: true, done, waitUntil: null, position: withCalls() };
  } catch (error) {
    if (error instanceof ThrottledError) {
      await showWait(context, start.job, pullInstance(start), error.notBefore);
      return { ok: true, done: false, waitUntil: error.notBefore, ours: error.ours, position: withCalls() };
    }
    return { ok: false, failure: failureOf(error), calls: start.calls + calls() };
  }
}

/** All sets are read; what may be left are the members of groups. */
function isRead(position: PullPosition): boolean {
  return position.sequence > 0 && position.cursor === null;
}

/** What other pulls, and an attempt of this one that was cut off, left behind. */
async function dropLeftovers(context: SyncContext, start: PullPosition, state: SnapshotState | null): Promise<void> {
  await context.store.snapshots.dropStaged(start.connector, start.pull);
  await context.store.memberships.drop(start.connector, state ? [state.version] : []);
}

/**
 * Delta tokens count only while the same things are asked for: a changed property list begins a full read, and so do changed rules about
 * what is withheld, because what one of them took out of the snapshot comes only with its object.
 */
function memoryOf(state: SnapshotState | null, fingerprint: string, withhold: string): PullMemory {
  if (!state) return { tokens: {}, readBefore: [] };
  const same = state.fingerprint === fingerprint && (state.withhold ?? '') === withhold;
  const domainsRead = state.domains.length > 0 && !state.losses.includes('domains');
  return { tokens: same ? state.tokens : {}, readBefore: state.readBefore, domainsRead };
}

function advance(position: PullPosition, page: PullPage, connector: string): PullPosition {
  const set = {
    mode: page.mode,
    token: page.finished?.token ?? null,
    count: page.finished?.count ?? null,
    finished: page.finished !== null,
  };
  const mark = page.cursor === null ? '' : createHash('sha256').update(page.cursor).digest('hex').slice(0, 16);
  if (page.cursor !== null && position.lastCursors.includes(mark)) {
    throw new FailureError({
      code: 'pagingStuck',
      message: `Reading "${page.set}" of connector "${connector}" does not advance: the directory gave the same page link again.`,
      nextStep: 'Nothing was changed. If it happens again, clear the cache of the connector and pull once more.',
    });
  }
  return {
    ...position,
    cursor: page.cursor,
    sequence: position.sequence + 1,
    read: position.read + page.read,
    sets: { ...position.sets, [page.set]: set },
    domains: page.domains ?? position.domains,
    losses: [...new Set([...position.losses, ...(page.losses ?? [])])],
    lastCursors: [mark, ...position.lastCursors].slice(0, 3),
  };
}

const CANCELLED: Failure = {
  code: 'cancelled',
  message: 'The job was cancelled while reading.',
  nextStep: 'Start it again when it is wanted.',
};
