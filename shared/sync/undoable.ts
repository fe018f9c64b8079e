import type { Configuration, RouteSettings } from '../model/configuration.ts';
import { type JobRecord, onlyShows, type RouteResult, TERMINAL } from '../model/job.ts';
import type { PlanKey } from '../store/store.ts';
import type { Instances, SyncContext } from './context.ts';
import { closeIfLost } from './lostJobs.ts';
import { Refusal } from './refusal.ts';
import { isNamed, namesOf, pastChanges } from './undoneChanges.ts';

/** The job to be undone, if it is over and its kind writes to directories at all. */
export async function undoable(context: SyncContext, instances: Instances, id: string): Promise<JobRecord> {
  const found = await context.store.jobs.get(id);
  if (!found) throw new Refusal('not-found', 404, `There is no job "${id}".`);
  const record = await closeIfLost(context, instances, found);
  if (!TERMINAL.has(record.job.state))
    throw new Refusal('job-not-over', 409, `Job ${id} is not over yet (${record.job.state}); wait for its end or cancel it, then undo it.`);
  if (onlyShows(record) || record.job.action === 'pull' || record.job.action === 'relink')
    throw wroteNothing(`Job ${id} (${record.job.action}${record.job.dryRun ? ', dry run' : ''}) wrote nothing to any directory`);
  return record;
}

/** The routes on which an undo of a job has something to take back: those named, or all. */
export async function undoneRoutes(
  context: SyncContext,
  configuration: Configuration,
  record: JobRecord,
  input: { readonly routes?: readonly string[] | undefined; readonly objects?: readonly string[] | undefined },
): Promise<readonly RouteSettings[]> {
  const { job } = record;
  const unknown = input.routes?.find((id) => !job.routes.some((route) => route.id === id));
  if (unknown)
    throw new Refusal('not-found', 404, `Job ${job.id} has no route "${unknown}"; it has ${job.routes.map((r) => r.id).join(', ')}.`);
  const wrote = job.routes.filter((route) => (!input.routes || input.routes.includes(route.id)) && mayHaveWritten(record, route));
  if (wrote.length === 0) {
    const where = input.routes ? ` on ${input.routes.join(', ')}` : '';
    throw wroteNothing(`Job ${job.id} wrote nothing to any directory${where}`);
  }
  const routes = wrote.map((route) => settingsOf(configuration, record, route.id));
  for (const route of routes)
    if ((await context.store.plans.getSealed(keyOf(record, route.id))) === null)
      throw new Refusal(
        'changes-purged',
        422,
        `The changes of job ${job.id} on route "${route.id}" are purged (retention.changes is ${configuration.retention.changes}): they held what was there before, so it cannot be undone any more.`,
      );
  if (input.objects) await findObjects(context, record, routes, input.objects);
  return routes;
}

function keyOf(record: JobRecord, route: string): PlanKey {
  return { job: record.job.id, round: record.plannedIn[route]!, route };
}

/** By its counts: what is failed may be half done, and a job whose host was lost has none. */
function mayHaveWritten(record: JobRecord, route: RouteResult): boolean {
  if (record.plannedIn[route.id] === undefined) return false;
  if (record.job.state === 'failed' || route.state === 'failed') return true;
  const { hidden, deleted, failed, keptBecause } = route.leavers;
  const released = (keptBecause.adopted ?? 0) + (record.job.action === 'retire' ? (keptBecause.policy ?? 0) : 0);
  return route.created + route.updated + route.adopted + route.failed + hidden + deleted + failed + released > 0;
}

function settingsOf(configuration: Configuration, record: JobRecord, id: string): RouteSettings {
  const route = configuration.routes.find((candidate) => candidate.id === id);
  const others = record.job.routes.length > 1 ? ' Name the other routes in "routes" to undo those.' : '';
  if (!route)
    throw new Refusal(
      'route-gone',
      422,
      `Route "${id}" of job ${record.job.id} is not in the configuration any more: put it back first.${others}`,
    );
  if (!record.job.connectors.some((connector) => connector.id === route.to))
    throw new Refusal(
      'route-gone',
      422,
      `Route "${id}" leads to "${route.to}" now, where job ${record.job.id} did not write: its changes lie in another directory.${others}`,
    );
  return route;
}

async function findObjects(
  context: SyncContext,
  record: JobRecord,
  routes: readonly RouteSettings[],
  objects: readonly string[],
): Promise<void> {
  const open = new Map(objects.map((text) => [text, namesOf([text])]));
  for (const route of routes) {
    for await (const past of pastChanges(context, keyOf(record, route.id))) {
      for (const [text, names] of open) if (isNamed(past, names)) open.delete(text);
      if (open.size === 0) return;
    }
  }
  throw new Refusal('not-found', 404, `Job ${record.job.id} changed no such object: ${[...open.keys()].slice(0, 10).join(', ')}.`);
}

function wroteNothing(what: string): Refusal {
  return new Refusal('wrote-nothing', 422, `${what}: there is nothing to undo.`);
}
