import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { type ChangeView, changesOf } from '../../shared/sync/changes.ts';
import { startRelink, startRetire, startUndo } from '../../shared/sync/startErrand.ts';
import type { SyncWorld } from './world.ts';

interface Wanted {
  readonly routes?: readonly string[];
  readonly objects?: readonly string[];
  readonly dryRun?: boolean;
}

const asked = (dryRun = false) => ({ trigger: 'api' as const, by: 'test', dryRun });

export async function undo(world: SyncWorld, job: string, { dryRun, ...input }: Wanted = {}): Promise<JobRecord> {
  world.clock.now += 60_000;
  const record = await startUndo(world.context, world.instances, job, input, asked(dryRun));
  return world.round(record.job.id, 1);
}

export async function retire(world: SyncWorld, objects: 'keep' | 'delete', dryRun = false): Promise<JobRecord> {
  world.clock.now += 60_000;
  const record = await startRetire(world.context, world.instances, 'a-to-b', { objects }, asked(dryRun));
  return world.round(record.job.id, 1);
}

export async function relink(world: SyncWorld, dryRun = false): Promise<JobRecord> {
  world.clock.now += 60_000;
  const record = await startRelink(world.context, world.instances, 'a-to-b', asked(dryRun));
  return world.round(record.job.id, 1);
}

/** What the target holds, by stamp or address: ids and creation times of objects that were made again are their own. */
export function held(world: SyncWorld): Record<string, Omit<Entry, 'id' | 'createdAt'>> {
  return Object.fromEntries(
    [...world.b.entries.values()].map(({ id: _id, createdAt: _at, managerRef, ...entry }) => {
      const boss = world.b.entries.get(managerRef ?? '');
      return [entry.stamp ?? entry.addresses[0] ?? '', boss ? { ...entry, managerRef: boss.stamp ?? boss.id } : entry];
    }),
  );
}

export async function rows(world: SyncWorld, record: JobRecord): Promise<readonly ChangeView[]> {
  const all: ChangeView[] = [];
  for await (const row of changesOf(world.context, (await world.store.jobs.get(record.job.id))!, {}, false)) all.push(row);
  return all;
}

/** The route's numbers, after both sums were checked. */
export function sums(record: JobRecord): RouteResult {
  const route = record.job.routes[0]!;
  const { leavers: l } = route;
  const above = route.created + route.updated + route.adopted + route.unchanged + route.skipped + route.failed + route.held;
  const below = l.hidden + l.deleted + l.kept + l.failed + l.held;
  if (above !== route.pulled || below !== l.orphaned) throw new Error(`buckets do not add up: ${JSON.stringify(route)}`);
  return route;
}
