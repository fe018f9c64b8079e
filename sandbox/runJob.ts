import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, TERMINAL } from '../shared/model/job.ts';
import type { Api } from './client.ts';
import type { ProgressView } from './progress.ts';

/** Starts a job over all enabled routes and follows it to its end. */
export async function runJob(api: Api, action: string, view: ProgressView): Promise<Job> {
  const answer = await api.send('POST', 'jobs', { action }, { 'x-galsync-trigger': 'startup' });
  if (answer.status !== 202) throw new Error(`The job could not be started: ${JSON.stringify(answer.body)}`);
  return follow(api, (answer.body as Job).id, view);
}

/** Follows a job to its end. */
export async function follow(api: Api, id: string, view: ProgressView): Promise<Job> {
  for (;;) {
    const job = await api.job(id);
    view.show(job);
    if (TERMINAL.has(job.state)) {
      view.end();
      return job;
    }
    await sleep(250);
  }
}

/** Jobs of the kept state that were under way when it was left: oldest first. */
export async function unfinished(api: Api): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const state of ['queued', 'running', 'waiting']) {
    const { items } = await api.get<{ items: readonly Job[] }>(`jobs?state=${state}`);
    ids.push(...items.map((job) => job.id));
  }
  return ids.sort();
}

const EXIT: Readonly<Record<string, number>> = { completed: 0, completedWithErrors: 3, held: 4, failed: 1, cancelled: 1 };

/** The command's exit code for the last job's state (contract, The command line). */
export function exitCode(job: Job | undefined): number {
  return job ? (EXIT[job.state] ?? 1) : 1;
}
