import { causeText } from '../model/failure.ts';
import { type CopyCounts, type CopyProblem, type JobRecord, onlyShows, type RouteResult, TERMINAL } from '../model/job.ts';
import type { MailboxCopy } from '../model/mailboxCopy.ts';
import type { SyncContext } from './context.ts';

const PROBLEMS_SHOWN = 20;
/** Lines of one append to the log. */
const PROBLEMS_LOGGED = 1_000;

/** What the rows say about one round of a job: sums, so that a repeated activity counts nothing twice. */
async function sumCopies(context: SyncContext, record: JobRecord, route: string, before: CopyCounts): Promise<CopyCounts> {
  // Names that could not be resolved belong to no mailbox: they stand in the job from the beginning of the copies.
  const problems: CopyProblem[] = before.problems.filter((problem) => problem.mailbox === '');
  const sums = { mailboxes: 0, written: 0, joined: 0, left: 0 };
  for await (const row of context.store.copies.list(route)) {
    if (row.state === 'served' && row.absent === null) sums.mailboxes += 1;
    if (!isOf(row, record)) continue;
    sums.written += row.last!.written;
    if (row.last!.result === 'left') sums.left += 1;
    if (row.last!.joined && row.last!.result === 'done') sums.joined += 1;
    if (row.last!.failure) problems.push(problemOf(row));
  }
  return { ...sums, failed: problems.length, problems };
}

function isOf(row: MailboxCopy, record: JobRecord): boolean {
  return row.last?.job === record.job.id && row.last.round === record.round;
}

function problemOf(row: MailboxCopy): CopyProblem {
  const failure = row.last!.failure!;
  return { mailbox: row.mailbox, address: row.address, cause: causeText(failure), nextStep: failure.nextStep };
}

function shown(counts: CopyCounts): CopyCounts {
  return { ...counts, problems: counts.problems.slice(0, PROBLEMS_SHOWN) };
}

/** The copies of a route at the end of its round, or null if it has none (or was held). A simulation keeps its estimate. */
export async function finishedCopies(context: SyncContext, record: JobRecord, route: RouteResult): Promise<CopyCounts | null> {
  if (!route.copies) return null;
  if (onlyShows(record)) return route.copies;
  return shown(await sumCopies(context, record, route.id, route.copies));
}

/** Shows how far the copies of a route are, and whether one of its lanes waits. */
export async function showCopies(
  context: SyncContext,
  at: { readonly job: string; readonly round: number; readonly route: string },
): Promise<void> {
  const record = await context.store.jobs.get(at.job);
  const known = record?.job.routes.find((route) => route.id === at.route);
  if (!record || !known?.copies) return;
  const counts = shown(await sumCopies(context, record, at.route, known.copies));
  await setCopies(context, at, counts);
}

/** Puts the copies of a route into the job's row. */
export async function setCopies(
  context: SyncContext,
  at: { readonly job: string; readonly round: number; readonly route: string },
  copies: CopyCounts,
): Promise<void> {
  await context.store.jobs.update(at.job, (record) => {
    if (record.round !== at.round || TERMINAL.has(record.job.state)) return record;
    const routes = record.job.routes.map((route) => (route.id === at.route ? { ...route, copies } : route));
    return { ...record, job: { ...record.job, routes } };
  });
}

/** The event of a route's copies, and every mailbox that failed in the job's log. */
export async function reportCopies(context: SyncContext, record: JobRecord, route: string, copies: CopyCounts): Promise<void> {
  const { mailboxes, written, failed, joined, left } = copies;
  context.log({ event: 'copies.finished', job: record.job.id, route, mailboxes, written, failed, joined, left });
  if (failed === 0 || onlyShows(record)) return;
  const { problems } = await sumCopies(context, record, route, copies);
  const at = context.now().toISOString();
  const lines = problems.slice(0, PROBLEMS_LOGGED).map((problem) => ({
    at,
    level: 'warning' as const,
    message: 'A mailbox could not be served',
    data: { route, ...problem },
  }));
  await context.store.log.append(record.job.id, `copies.${record.round}.${route}`, lines);
}
