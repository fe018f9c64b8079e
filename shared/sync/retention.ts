import type { SyncContext } from './context.ts';

const DAY_MS = 86_400_000;
/** The engine's history is of use only while something may still be asked about a run. */
const HISTORY_DAYS = 14;

/** Purges what is older than the configuration's retention. Answers before when the engine's own history may go. */
export async function retain(context: SyncContext): Promise<{ historyBefore: Date }> {
  const { configuration } = await context.configuration();
  const now = context.now().getTime();
  const before = (text: string): Date => new Date(now - Number.parseInt(text, 10) * DAY_MS);
  const plans = await context.store.plans.purge(before(configuration.retention.changes));
  const lines = await context.store.log.purge(before(configuration.retention.logs));
  const jobs = await context.store.jobs.purge(before(configuration.retention.jobs));
  // A job quotes the version that was in force when it was created: those replaced before the oldest job that is kept are quoted by none.
  const versions = await context.store.configuration.purge(before(configuration.retention.jobs));
  context.log({ event: 'retention.finished', plans, lines, jobs, versions });
  return { historyBefore: new Date(now - HISTORY_DAYS * DAY_MS) };
}
