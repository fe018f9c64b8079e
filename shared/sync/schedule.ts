import type { RouteSettings } from '../model/configuration.ts';
import { dueSince } from '../rules/schedule.ts';
import type { Instances, SyncContext } from './context.ts';
import { closeIfLost } from './lostJobs.ts';
import { Refusal } from './refusal.ts';
import { startJob } from './startJob.ts';

/**
 * The tick: closes jobs whose orchestration is gone, then starts one job for each group of due routes that share a connector.
 * A route that was missed is caught up once; one that finds its connector busy stays due (design §3).
 */
export async function scheduleTick(context: SyncContext, instances: Instances): Promise<{ started: number }> {
  await closeLostJobs(context, instances);
  const { configuration } = await context.configuration();
  const now = context.now();
  const due: { route: RouteSettings; at: Date }[] = [];
  for (const route of configuration.routes) {
    if (!route.enabled || !route.schedule?.automatic) continue;
    const state = await context.store.routes.get(route.id);
    if (state.lastDue === null) {
      // A new route counts from now: what was due before it existed is not caught up.
      await context.store.routes.update(route.id, (current) =>
        current.lastDue === null ? { ...current, lastDue: now.toISOString() } : current,
      );
      continue;
    }
    const at = dueSince(route.schedule, new Date(state.lastDue), now);
    if (at) due.push({ route, at });
  }
  let started = await startRetries(context, instances, configuration.routes, now);
  for (const group of groups(due.map((one) => one.route))) started += await startGroup(context, instances, group, due);
  return { started };
}

/** What waits to be tried again is pushed by itself on automatic routes; a route with a held plan gets no retry job. */
async function startRetries(context: SyncContext, instances: Instances, routes: readonly RouteSettings[], now: Date): Promise<number> {
  const ready: RouteSettings[] = [];
  for (const route of routes) {
    if (!route.enabled || !route.schedule?.automatic) continue;
    const state = await context.store.routes.get(route.id);
    if (state.nextRetry && Date.parse(state.nextRetry) <= now.getTime() && !state.held) ready.push(route);
  }
  let started = 0;
  for (const group of groups(ready)) {
    try {
      await startJob(context, instances, { action: 'push', routes: group.map((route) => route.id) }, 'retry', 'retry');
      started += 1;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  return started;
}

async function startGroup(
  context: SyncContext,
  instances: Instances,
  group: readonly RouteSettings[],
  due: readonly { route: RouteSettings; at: Date }[],
): Promise<number> {
  try {
    const keepTargets = await targetsToKeep(context, group);
    await startJob(context, instances, { action: 'sync', routes: group.map((route) => route.id), keepTargets }, 'schedule', 'schedule');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    context.log({
      event: 'schedule.notStarted',
      routes: group.map((route) => route.id).join(' '),
      reason: error.type,
      detail: error.message,
    });
    if (error.type === 'busy') return 0;
  }
  for (const route of group) {
    const at = due.find((one) => one.route.id === route.id)!.at.toISOString();
    await context.store.routes.update(route.id, (current) => ({ ...current, lastDue: at, passes: current.passes + 1 }));
  }
  return 1;
}

/** Targets of a group that none of its routes wants read at this pass: between every n-th their last snapshot counts (pullTargetEvery). */
async function targetsToKeep(context: SyncContext, group: readonly RouteSettings[]): Promise<readonly string[]> {
  const read = new Set(group.map((route) => route.from));
  for (const route of group) {
    const { passes } = await context.store.routes.get(route.id);
    if (passes % (route.schedule?.pullTargetEvery ?? 1) === 0) read.add(route.to);
  }
  return [...new Set(group.map((route) => route.to))].filter((target) => !read.has(target));
}

/** Routes that share a connector, directly or through another route, go into one job. */
export function groups(routes: readonly RouteSettings[]): readonly (readonly RouteSettings[])[] {
  const all: { connectors: Set<string>; routes: RouteSettings[] }[] = [];
  for (const route of routes) {
    const touching = all.filter((group) => group.connectors.has(route.from) || group.connectors.has(route.to));
    const joined = {
      connectors: new Set([route.from, route.to, ...touching.flatMap((group) => [...group.connectors])]),
      routes: [...touching.flatMap((group) => group.routes), route],
    };
    for (const group of touching) all.splice(all.indexOf(group), 1);
    all.push(joined);
  }
  return all.map((group) => group.routes);
}

async function closeLostJobs(context: SyncContext, instances: Instances): Promise<void> {
  for (const state of ['queued', 'running', 'waiting'] as const) {
    const page = await context.store.jobs.list({ state }, 50, null);
    for (const record of page.items) await closeIfLost(context, instances, record);
  }
}
