import { causeText, type Failure } from '../model/failure.ts';
import type { ConnectorProgress } from '../model/job.ts';
import type { SyncContext } from './context.ts';
import { holdsLease } from './leases.ts';
import { type Range, rangesFor } from './ranges.ts';

/** Ranges of a commit that a dead job left unfinished; they are finished before anything new is read. */
export async function resumeCommit(context: SyncContext, input: { job: string; connector: string }): Promise<readonly Range[]> {
  const pending = await context.store.snapshots.pending(input.connector);
  if (!pending) return [];
  const before = await context.store.snapshots.state(input.connector);
  // The same split as when it began: it depends on the version that still stands.
  return rangesFor((before?.total ?? 0) + pending.next.read);
}

/** Pages of a pull that failed may hold values that only a commit would have withheld: they go with it, unless a commit needs them. */
async function dropUnused(context: SyncContext, input: { job: string; connector: string }): Promise<void> {
  const round = (await context.store.jobs.get(input.job))?.round ?? 0;
  if (!(await holdsLease(context, input.connector, { job: input.job, round }))) return;
  if ((await context.store.snapshots.pending(input.connector)) === null) await context.store.snapshots.dropStaged(input.connector, null);
}

/** Writes into the job what a connector's pull came to. */
export async function finishPull(
  context: SyncContext,
  input: { job: string; connector: string; calls: number; failure: Failure | Readonly<Record<keyof Failure, string>> | null },
): Promise<{ ok: boolean }> {
  const state = await context.store.snapshots.state(input.connector);
  const failure = input.failure as Failure | null;
  let startedAt = context.now().toISOString();
  await context.store.jobs.update(input.job, (record) => {
    startedAt = record.job.startedAt ?? startedAt;
    const connectors = record.job.connectors.map((known): ConnectorProgress => {
      if (known.id !== input.connector) return known;
      const calls = known.calls + (record.pulledIn[known.id] === record.round ? 0 : input.calls);
      const base = { ...known, calls, mode: state?.mode ?? 'full', pulled: state?.total ?? 0 };
      if (failure) return { ...base, state: 'failed', cause: causeText(failure), complete: false };
      return { ...base, state: 'completed', cause: null, read: state?.read ?? 0, complete: true };
    });
    // A pull that is over waits for nothing, whatever it came to.
    const waits = Object.fromEntries(Object.entries(record.waits).filter(([instance]) => !instance.endsWith(`.pull.${input.connector}`)));
    const pulledIn = { ...record.pulledIn, [input.connector]: record.round };
    return { ...record, waits, pulledIn, job: { ...record.job, connectors } };
  });
  context.log({
    event: 'connector.pulled',
    job: input.job,
    connector: input.connector,
    pulled: state?.total ?? 0,
    read: state?.read ?? 0,
    mode: state?.mode ?? 'full',
    complete: failure === null,
    calls: input.calls,
    durationMs: context.now().getTime() - Date.parse(startedAt),
    cause: failure ? causeText(failure) : null,
  });
  if (failure) await dropUnused(context, input);
  const level = failure ? ('error' as const) : ('info' as const);
  const data = failure
    ? { connector: input.connector, cause: causeText(failure), nextStep: failure.nextStep }
    : { connector: input.connector, pulled: state?.total ?? 0, read: state?.read ?? 0, mode: state?.mode ?? 'full', calls: input.calls };
  await context.store.log.append(input.job, `pull.${input.connector}`, [
    { at: context.now().toISOString(), level, message: failure ? 'The directory could not be read' : 'The directory was read', data },
  ]);
  return { ok: failure === null };
}
