import type { Configuration } from '../model/configuration.ts';
import type { Counts, Trip } from '../model/job.ts';
import { count, listed } from '../rules/explainWords.ts';
import { type Differences, differenceText } from '../rules/planDifference.ts';
import type { SyncContext } from './context.ts';
import { countsOf, differencesOf, planOf, type Samples, type Side, tripsIn, tripsOfCapacity } from './previewRoute.ts';
import type { RouteWork } from './previewWork.ts';
import { managedObjects } from './putConfiguration.ts';
import { type SettledRoute, settleRoutes } from './settleRoutes.ts';

export interface RoutePreview {
  readonly id: string;
  readonly state: 'added' | 'dropped' | 'disabled' | 'changed' | 'unaffected';
  /** The difference in words. */
  readonly effect: string;
  /** Why nothing can be shown. */
  readonly cause: string | null;
  readonly ranges: { readonly done: number; readonly of: number };
  /** What a job would do with the running configuration, and with the new one; null where the route is not planned. */
  readonly now: Counts | null;
  readonly after: Counts | null;
  readonly difference: Differences | null;
  /** Breakers that a job with the new document would trip. */
  readonly heldBecause: readonly Trip[];
  readonly samples: Samples;
  readonly notReadYet: {
    readonly attributes: readonly string[];
    readonly fields: readonly string[];
    readonly conditions: readonly string[];
  };
  /** Objects that a route which is dropped or disabled still manages. */
  readonly managed: number | null;
  readonly warnings: readonly string[];
  readonly losses: Readonly<Record<string, number>>;
}

const NOTHING = {
  cause: null,
  ranges: { done: 0, of: 0 },
  now: null,
  after: null,
  difference: null,
  heldBecause: [],
  samples: {},
  notReadYet: { attributes: [], fields: [], conditions: [] },
  managed: null,
  warnings: [],
  losses: {},
};

/** One report for each route of either document: claims settled over all routes of a target, as sealing does. */
export async function routePreviews(
  context: SyncContext,
  now: Configuration | null,
  next: Configuration,
  works: readonly RouteWork[],
): Promise<readonly RoutePreview[]> {
  const before = await settled(works, (work) => work.now);
  const after = await settled(works, (work) => work.after);
  const tooMuch = await capacityOf(works, after);
  const reports: RoutePreview[] = [];
  for (const route of next.routes) {
    const known = now?.routes.find((one) => one.id === route.id);
    const work = works.find((one) => one.route.id === route.id);
    if (!route.enabled) reports.push(await disabled(context, route.id, known?.enabled ?? false));
    else if (!work) reports.push({ ...NOTHING, id: route.id, state: 'unaffected', effect: 'Not affected.' });
    else
      reports.push(
        await planned(context, work, known ? 'changed' : 'added', before.get(route.id), after.get(route.id), tooMuch.get(route.id) ?? []),
      );
  }
  for (const route of now?.routes ?? [])
    if (!next.routes.some((one) => one.id === route.id)) reports.push(await dropped(context, route.id));
  return reports;
}

async function settled(works: readonly RouteWork[], side: (work: RouteWork) => Side | null): Promise<ReadonlyMap<string, SettledRoute>> {
  const routes = new Map<string, SettledRoute>();
  const sides = works.flatMap((work) => side(work) ?? []);
  for (const some of Map.groupBy(sides, (one) => one.planning.route.to).values())
    for (const route of await settleRoutes(some.map(planOf))) routes.set(route.key.route, route);
  return routes;
}

/** What does not fit into a target, counted over all its routes. */
async function capacityOf(
  works: readonly RouteWork[],
  after: ReadonlyMap<string, SettledRoute>,
): Promise<ReadonlyMap<string, readonly Trip[]>> {
  const sides = works.flatMap((work) => work.after ?? []);
  const byTarget = Map.groupBy(sides, (one) => one.planning.route.to);
  const full = new Map<string, readonly Trip[]>();
  for (const some of byTarget.values()) for (const [route, trips] of await tripsOfCapacity(some, after)) full.set(route, trips);
  return full;
}

async function planned(
  context: SyncContext,
  work: RouteWork,
  state: 'changed' | 'added',
  now: SettledRoute | undefined,
  after: SettledRoute | undefined,
  tooMuch: readonly Trip[],
): Promise<RoutePreview> {
  const { unread, cause } = work;
  const notReadYet = { attributes: unread.attributes, fields: [...unread.fields], conditions: unread.conditions };
  const ranges = { done: work.done, of: work.ranges.length };
  if (!after) return { ...NOTHING, id: work.route.id, state, cause, ranges, notReadYet, effect: `Cannot be planned: ${cause}` };
  const { differences, samples } = differencesOf(now?.changes ?? [], after.changes, work.samples);
  const heldBecause = [...(await tripsIn(context, after, context.now())), ...tooMuch];
  const held =
    heldBecause.length > 0
      ? `It would be held: ${listed(heldBecause.map((trip) => `${trip.breaker} ${trip.value} of at most ${trip.limit}`))}.`
      : '';
  return {
    ...NOTHING,
    id: work.route.id,
    state,
    effect: [differenceText(differences), held, ...unread.texts].filter(Boolean).join(' '),
    ranges,
    now: now ? await countsOf(now) : null,
    after: await countsOf(after),
    difference: differences,
    heldBecause,
    samples,
    notReadYet,
    warnings: after.summary.warnings,
    losses: after.summary.losses,
  };
}

async function disabled(context: SyncContext, id: string, was: boolean): Promise<RoutePreview> {
  const managed = await managedObjects(context, id);
  const effect = `${was ? 'It is switched off' : 'It stays switched off'}: no job runs it, its ${count(managed, 'object')} in the target ${managed === 1 ? 'stays as it is' : 'stay as they are'}.`;
  return { ...NOTHING, id, state: was ? 'disabled' : 'unaffected', effect, managed };
}

async function dropped(context: SyncContext, id: string): Promise<RoutePreview> {
  const managed = await managedObjects(context, id);
  const effect =
    managed > 0
      ? `It is dropped while it manages ${count(managed, 'object')} (stillManages): retire it first.`
      : 'It is dropped; it manages nothing.';
  return { ...NOTHING, id, state: 'dropped', effect, managed };
}

/** How many times more there would be. */
export function countText({ done, of }: { readonly done: number; readonly of: number }): string {
  return done === 0 ? 'unknown times' : `${Math.round((of / done) * 10) / 10} times`;
}
