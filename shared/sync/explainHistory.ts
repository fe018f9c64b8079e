import { onlyShows, type RouteState, TERMINAL } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import type { ExplainStep } from '../rules/explain.ts';
import { type ChangeView, changeView } from './changes.ts';
import type { SyncContext } from './context.ts';
import type { SealedRoute } from './sealed.ts';

const SEARCH_MS = 5_000;

interface Past {
  readonly job: string;
  readonly at: string;
  readonly action: string;
  readonly state: string;
  readonly change: ChangeView | null;
  /** False: the job's plan is long, and was not searched to its end. */
  readonly searched: boolean;
}

/** The last things that jobs did about an object: the route's last job, and those that its link names. */
export async function historyStep(context: SyncContext, state: RouteState, source: string, link: Link | null): Promise<ExplainStep> {
  const jobs = [state.lastJob, jobOf(link?.doneChange), jobOf(link?.intent?.change)];
  const past: Past[] = [];
  for (const job of new Set(jobs.filter((one): one is string => one !== null))) {
    const found = await lookThrough(context, job, state.route, source);
    if (found) past.push(found);
  }
  past.sort((a, b) => (a.at < b.at ? 1 : -1));
  const text =
    past.length > 0
      ? past.map(pastText).join(' ')
      : 'No job of this route has planned anything yet, or its changes are past their retention.';
  const troubled = past[0]?.change?.result === 'failed';
  return { step: 'history', verdict: troubled ? 'note' : 'ok', text, data: { jobs: past } };
}

/** Change ids are `<job>.<round>.<route>.<n>`; job ids hold no dot. */
function jobOf(change: string | null | undefined): string | null {
  return change?.split('.')[0] ?? null;
}

async function lookThrough(context: SyncContext, job: string, route: string, source: string): Promise<Past | null> {
  const record = await context.store.jobs.get(job);
  const round = record?.plannedIn[route];
  if (!record || round === undefined) return null;
  const key = { job, round, route };
  const sealed = (await context.store.plans.getSealed(key)) as SealedRoute | null;
  const past = { job, at: record.job.finishedAt ?? record.job.createdAt, action: record.job.action, state: record.job.state };
  if (!sealed) return { ...past, change: null, searched: false };
  const until = context.now().getTime() + SEARCH_MS;
  for await (const batch of context.store.plans.batches(key)) {
    const change = batch.changes.find((one) => one.sourceId === source && !one.firstPart);
    if (change)
      return {
        ...past,
        change: changeView(change, batch, sealed, { simulation: onlyShows(record), over: TERMINAL.has(record.job.state) }),
        searched: true,
      };
    if (context.now().getTime() > until) return { ...past, change: null, searched: false };
  }
  return { ...past, change: null, searched: true };
}

function pastText({ job, at, action, change, searched }: Past): string {
  const when = `Job ${job} (${action}, ${at})`;
  if (!change) return searched ? `${when} had nothing to do about it.` : `${when} was not searched to its end for it; look at its changes.`;
  const why = change.cause ? `: ${change.cause} ${change.nextStep ?? ''}`.trimEnd() : '';
  const retry = change.retryAt ? ` Tried again after ${change.retryAt}.` : '';
  return `${when}: ${change.change} (${change.reason}), ${change.result}${why}.${retry}`.replace('..', '.');
}
