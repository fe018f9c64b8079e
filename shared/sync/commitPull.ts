import type { Kind } from '../model/entry.ts';
import { type Failure, FailureError, failureOf } from '../model/failure.ts';
import { compileWithholding } from '../rules/withhold.ts';
import type { PendingCommit, SnapshotState } from '../store/store.ts';
import { commitShards, type RangeTotals } from './commitShards.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { proveLease } from './leases.ts';
import { livingIds } from './livingIds.ts';
import { type PullPosition, roundOf } from './pull.ts';
import { type Range, rangesFor } from './ranges.ts';

/** A read may fall short of the directory's own count by this much before it is a fault (promise 4). */
const COUNT_SLACK_PERCENT = 1;
const COUNT_SLACK = 5;

export type CommitStart = { readonly ok: true; readonly ranges: readonly Range[] } | { readonly ok: false; readonly failure: Failure };

/** Judges whether a read is proven complete, and announces its commit: from here on whoever finds it finishes it. */
export async function beginCommit(context: SyncContext, position: PullPosition): Promise<CommitStart> {
  try {
    await proveLease(context, position.connector, roundOf(position));
    const { configuration } = await context.configuration();
    const { connector } = context.open(connectorSettings(configuration, position.connector), configuration);
    const before = await context.store.snapshots.state(position.connector);
    const asked = position.asked ?? { fingerprint: connector.fingerprint, withhold: '' };
    await proveComplete(context, position, before, connector.sets);
    const changedRights =
      before !== null && (before.fingerprint !== asked.fingerprint || !sameSets(before.readBefore, Object.keys(position.sets)));
    const tokens: Record<string, string> = {};
    for (const [set, read] of Object.entries(position.sets)) if (read.token) tokens[set] = read.token;
    const pending: PendingCommit = {
      pull: position.pull,
      pages: position.sequence,
      fullSets: Object.entries(position.sets)
        .filter(([, read]) => read.mode === 'full')
        .map(([set]) => set),
      waitForConfirmation: changedRights,
      next: {
        connector: position.connector,
        version: position.pull,
        completedAt: context.now().toISOString(),
        ...asked,
        tokens,
        readBefore: Object.keys(position.sets),
        domains: position.domains ?? before?.domains ?? [],
        losses: position.losses,
        mode: position.sets['users']?.mode ?? 'full',
        read: position.read,
        calls: position.calls,
      },
    };
    await context.store.snapshots.putPending(position.connector, pending);
    return { ok: true, ranges: rangesFor((before?.total ?? 0) + position.read) };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

function sameSets(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((set) => b.includes(set));
}

async function proveComplete(
  context: SyncContext,
  position: PullPosition,
  before: SnapshotState | null,
  sets: readonly string[],
): Promise<void> {
  for (const [set, read] of Object.entries(position.sets)) {
    if (!read.finished) throw incomplete(position.connector, set, 'ended before its last page');
  }
  const refused = before?.readBefore.find((set) => sets.includes(set) && !(set in position.sets));
  if (refused) throw incomplete(position.connector, refused, 'was read before and is missing now');
  const counts = new Map(
    Object.entries(position.sets).flatMap(([set, read]) => (read.mode === 'full' && read.count !== null ? [[set, read.count]] : [])),
  );
  const { connector, pull, sequence: pages } = position;
  const living = await livingIds(context.store, { connector, pull, pages }, [...counts.keys()]);
  for (const [set, count] of counts) {
    const missing = count - living[set]!;
    if (missing > COUNT_SLACK && missing > (count * COUNT_SLACK_PERCENT) / 100)
      throw incomplete(connector, set, `gave ${living[set]} objects although the directory counts ${count}`);
  }
}

function incomplete(connector: string, set: string, how: string): FailureError {
  return new FailureError({
    code: 'incompleteRead',
    message: `Reading "${set}" of connector "${connector}" ${how}.`,
    nextStep: 'Nothing was changed or removed because of it. The next job reads again; check the rights of the connector if it stays.',
  });
}

export type CommitStep = { readonly ok: true; readonly totals: RangeTotals } | { readonly ok: false; readonly failure: Failure };

/** Moves one range of shards from the staged pages into the snapshot and writes that range's piece of the index. */
export async function commitRange(
  context: SyncContext,
  input: { job: string; round: number; connector: string; range: Range },
): Promise<CommitStep> {
  try {
    const pending = await context.store.snapshots.pending(input.connector);
    if (!pending)
      throw new FailureError({
        code: 'lost',
        message: `The commit of connector "${input.connector}" is gone.`,
        nextStep: 'Start the job again.',
      });
    await proveLease(context, input.connector, input);
    const { configuration } = await context.configuration();
    const settings = connectorSettings(configuration, input.connector);
    const { connector } = context.open(settings, configuration);
    const withholding = compileWithholding(settings.pull.withhold, new Date(pending.next.completedAt));
    return { ok: true, totals: await commitShards(context.store, withholding, pending, input.range, connector) };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}

/** Writes the snapshot's state last: only now the read counts. */
export async function finishCommit(
  context: SyncContext,
  input: { job: string; round: number; connector: string; totals: readonly RangeTotals[] },
): Promise<{ ok: true } | { ok: false; failure: Failure }> {
  try {
    await proveLease(context, input.connector, input);
    const { snapshots } = context.store;
    const pending = await snapshots.pending(input.connector);
    if (pending) {
      const sum = (pick: (totals: RangeTotals) => Readonly<Partial<Record<Kind, number>>>): Partial<Record<Kind, number>> => {
        const all: Partial<Record<Kind, number>> = {};
        for (const totals of input.totals)
          for (const [kind, n] of Object.entries(pick(totals)) as [Kind, number][]) all[kind] = (all[kind] ?? 0) + n;
        return all;
      };
      const restore = new Set(input.totals.flatMap((totals) => totals.restore));
      const counts = sum((totals) => totals.counts);
      const state: SnapshotState = {
        ...pending.next,
        tokens: Object.fromEntries(Object.entries(pending.next.tokens).filter(([set]) => !restore.has(set))),
        counts,
        unstamped: sum((totals) => totals.unstamped),
        total: Object.values(counts).reduce((a, b) => a + b, 0),
        unconfirmed: input.totals.reduce((n, totals) => n + totals.unconfirmed, 0),
        held: {
          objects: input.totals.reduce((n, totals) => n + totals.held.objects, 0),
          bytes: input.totals.reduce((n, totals) => n + totals.held.bytes, 0),
        },
      };
      await snapshots.putState(state);
      await snapshots.putPending(input.connector, null);
      await snapshots.dropIndex(input.connector, state.version);
      await context.store.memberships.drop(input.connector, [state.version]);
    }
    await snapshots.dropStaged(input.connector, null);
    return { ok: true };
  } catch (error) {
    return { ok: false, failure: failureOf(error) };
  }
}
