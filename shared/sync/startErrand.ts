import type { Configuration, RouteSettings } from '../model/configuration.ts';
import type { Errand, JobRecord, Trigger } from '../model/job.ts';
import type { Instances, SyncContext } from './context.ts';
import { Refusal } from './refusal.ts';
import { startRecord } from './startJob.ts';
import { undoable, undoneRoutes } from './undoable.ts';

/** Who asks, and whether only the plan is wanted. */
export interface Asked {
  readonly trigger: Trigger;
  readonly by: string;
  readonly reason?: string | undefined;
  readonly dryRun: boolean;
}

/**
 * Starts a job that takes back what an earlier one did, whole or for some routes or objects (source ids, target ids, addresses). It holds
 * and reads the targets only. Throws `Refusal`: 404 unknown job, route or object · 409 not over yet, busy · 422 wrote nothing, changes
 * purged, route gone.
 */
export async function startUndo(
  context: SyncContext,
  instances: Instances,
  id: string,
  input: { readonly routes?: readonly string[] | undefined; readonly objects?: readonly string[] | undefined },
  asked: Asked,
): Promise<JobRecord> {
  const { configuration } = await context.configuration();
  const record = await undoable(context, instances, id);
  const routes = await undoneRoutes(context, configuration, record, input);
  const rounds = Object.fromEntries(routes.map((route) => [route.id, record.plannedIn[route.id]!]));
  const errand: Errand = { what: 'undo', job: id, rounds, objects: input.objects ?? null, dryRun: asked.dryRun };
  return start(context, instances, asked, { routes, errand, shown: { undoes: id } });
}

/** Starts a job that lets a route leave cleanly, disabled or not: only the stamp goes (`keep`), or our objects go and adopted ones are released. */
export async function startRetire(
  context: SyncContext,
  instances: Instances,
  id: string,
  input: { readonly objects: 'keep' | 'delete' },
  asked: Asked,
): Promise<JobRecord> {
  const { configuration } = await context.configuration();
  const errand: Errand = { what: 'retire', objects: input.objects, dryRun: asked.dryRun };
  return start(context, instances, asked, { routes: [routeOf(configuration, id)], errand, shown: { objects: input.objects } });
}

/** Starts a job that rebuilds lost links of a route from the stamps in its target. It writes to no directory. */
export async function startRelink(context: SyncContext, instances: Instances, id: string, asked: Asked): Promise<JobRecord> {
  const { configuration } = await context.configuration();
  const errand: Errand = { what: 'relink', dryRun: asked.dryRun };
  return start(context, instances, asked, { routes: [routeOf(configuration, id)], errand, shown: {} });
}

function routeOf(configuration: Configuration, id: string): RouteSettings {
  const route = configuration.routes.find((candidate) => candidate.id === id);
  if (!route) throw new Refusal('not-found', 404, `There is no route "${id}" in the configuration.`);
  return route;
}

/** Contacts in mailboxes have no object in the target that a stamp or a before-image could be looked for at: galsync's links are the objects. */
function noErrandForCopies(route: string, errand: Errand): Refusal | null {
  if (errand.what === 'retire' && errand.objects === 'delete') return null;
  const ways = {
    undo: 'Correct the source, the filter or the configuration and sync: that puts all mailboxes right.',
    retire: 'Its contacts cannot be left behind in the mailboxes; "objects": "delete" takes them out.',
    relink: 'Sync it: the folders are filled from the links, whatever they hold.',
  };
  const what = errand.what === 'retire' ? 'retire that keeps them' : errand.what;
  return new Refusal(
    'not-available',
    422,
    `Route "${route}" keeps contacts in mailboxes, for which there is no ${what}. ${ways[errand.what]}`,
  );
}

async function start(
  context: SyncContext,
  instances: Instances,
  asked: Asked,
  wanted: { readonly routes: readonly RouteSettings[]; readonly errand: Errand; readonly shown: Partial<JobRecord['job']> },
): Promise<JobRecord> {
  const { version } = await context.configuration();
  const { routes, errand, shown } = wanted;
  const copied = routes.find((route) => route.push.as === 'mailboxContact');
  const refusal = copied && noErrandForCopies(copied.id, errand);
  if (refusal) throw refusal;
  return startRecord(context, instances, {
    action: errand.what,
    trigger: asked.trigger,
    startedBy: asked.by,
    reason: asked.reason ?? null,
    version,
    routes: routes.map((route) => route.id),
    connectors: held(routes, errand),
    more: { errand },
    shown: { ...shown, ...(errand.dryRun ? { dryRun: true } : {}) },
  });
}

/** An undo or a retire asks nothing of the sources, so it does not hold them; a relink looks at who is still there. */
function held(routes: readonly RouteSettings[], errand: Errand): JobRecord['connectors'] {
  const roles = new Map<string, { source: boolean; target: boolean }>();
  for (const route of routes) {
    roles.set(route.to, { source: roles.get(route.to)?.source ?? false, target: true });
    if (errand.what === 'relink') roles.set(route.from, { source: true, target: roles.get(route.from)?.target ?? false });
  }
  return [...roles].map(([id, flags]) => ({ id, ...flags })).sort((a, b) => (a.id < b.id ? -1 : 1));
}
