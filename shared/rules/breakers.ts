import { createHash } from 'node:crypto';
import type { Breakers } from '../model/configuration.ts';
import type { Kind } from '../model/entry.ts';
import type { Trip } from '../model/job.ts';

/** The sums that breakers judge; approved changes and removals counted before are left out by the caller. */
export interface PlanTotals {
  /** Hides and deletes of this plan. */
  readonly removals: number;
  /** Hides and deletes of jobs created in the 23 h before. */
  readonly removalsBefore: number;
  readonly creations: number;
  /** Those among the creations (and removals) that replace an object by one of another push type. Absent: none. */
  readonly conversions?: number;
  /** Objects of the target that would be adopted or taken over. */
  readonly adoptions: number;
  /** Updates that empty a field; updates whose primary or delivery address changes. */
  readonly clearing: number;
  readonly addressChanges: number;
  /** The route's linked entries before the plan. */
  readonly linked: number;
  /** Unstamped entries of the source, per kind: now, and at this route's last accepted read (null: none yet). */
  readonly source: Readonly<Partial<Record<Kind, number>>>;
  readonly accepted: Readonly<Partial<Record<Kind, number>>> | null;
  readonly firstRun: boolean;
}

/** Which breakers hold this plan (promise 7; numbers: contract, breakers). `limit` is the largest value that would have passed. */
export function judgeBreakers(settings: Breakers, totals: PlanTotals): readonly Trip[] {
  const trips: Trip[] = [];
  const removals = totals.removals + totals.removalsBefore;
  if (totals.removals > 0 && removalsTrip(settings, removals, totals.linked)) {
    trips.push(
      trip(
        'removals',
        removals,
        removalsLimit(settings, totals.linked),
        totals.linked,
        totals.linked - totals.removals,
        `${conversionWords(totals)}Check who would be hidden or deleted (changes of this job); approve the plan if that is meant, else repair the source.`,
      ),
    );
  }
  trips.push(...creationTrips(settings, totals));
  const clearedLimit = Math.max(10, Math.floor((totals.linked * settings.clearedPercent) / 100));
  if (totals.clearing > 10 && totals.clearing > (totals.linked * settings.clearedPercent) / 100) {
    trips.push(
      trip(
        'clearedPercent',
        percent(totals.clearing, totals.linked),
        percent(clearedLimit, totals.linked),
        null,
        null,
        'Many updates empty a field: check that the source still gives it; approve if that is meant.',
      ),
    );
  }
  const changedLimit = Math.max(10, Math.floor((totals.linked * settings.addressChangesPercent) / 100));
  if (totals.addressChanges > 10 && totals.addressChanges > (totals.linked * settings.addressChangesPercent) / 100) {
    trips.push(
      trip(
        'addressChangesPercent',
        percent(totals.addressChanges, totals.linked),
        percent(changedLimit, totals.linked),
        null,
        null,
        'Many primary or delivery addresses change: check the source for a domain change; approve if that is meant.',
      ),
    );
  }
  return [...trips, ...shrinkTrips(settings, totals)];
}

function removalsTrip(settings: Breakers, value: number, linked: number): boolean {
  const { count, percent: share, max } = settings.removals;
  return (value > count && value > (linked * share) / 100) || value > max || (value >= 3 && value * 2 >= linked);
}

/** The largest number of removals that passes, found by the rule itself: 60 linked, default numbers: 10. */
function removalsLimit(settings: Breakers, linked: number): number {
  let limit = 0;
  const top = Math.max(settings.removals.max, settings.removals.count, Math.floor((linked * settings.removals.percent) / 100)) + 1;
  for (let value = 1; value <= top; value += 1) if (!removalsTrip(settings, value, linked)) limit = value;
  return limit;
}

function creationTrips(settings: Breakers, totals: PlanTotals): readonly Trip[] {
  if (totals.firstRun) return firstRunTrips(settings, totals);
  const nextStep = `${conversionWords(totals)}Look at whom the plan would create (changes of this job); approve it if that is meant, else narrow the filter.`;
  return totals.creations > settings.creations ? [trip('creations', totals.creations, settings.creations, null, null, nextStep)] : [];
}

/** `hold`: whatever a first plan makes, adopts or takes over; `auto`: more creations than the other breaker allows. */
function firstRunTrips(settings: Breakers, totals: PlanTotals): readonly Trip[] {
  const { creations, adoptions } = totals;
  const hold = settings.firstRun === 'hold';
  const value = hold ? creations + adoptions : creations;
  const limit = hold ? 0 : settings.creations;
  if (settings.firstRun === 'run' || value <= limit) return [];
  const what = adoptions > 0 ? `create (${creations}) and adopt or take over (${adoptions})` : 'create';
  const nextStep = `This is the route's first run. ${conversionWords(totals)}Look at whom the plan would ${what} (changes of this job); approve it if that is meant, else narrow the filter.`;
  return [trip('firstRun', value, limit, null, null, nextStep)];
}

/** A push type that was changed by mistake must not look like leavers and newcomers. */
function conversionWords({ conversions = 0 }: PlanTotals): string {
  if (conversions === 0) return '';
  return `${conversions} of them would be replaced by an object of another push type (reason "converted"): addresses stay, but ids, group memberships and rights of the old object go. If the route's "push.as" was not changed on purpose, change it back. `;
}

function shrinkTrips(settings: Breakers, totals: PlanTotals): readonly Trip[] {
  if (!totals.accepted) return [];
  const trips: Trip[] = [];
  for (const [kind, before] of Object.entries(totals.accepted) as [Kind, number][]) {
    const after = totals.source[kind] ?? 0;
    const fewer = before - after;
    if (fewer < 3 || fewer <= (before * settings.sourceShrinkPercent) / 100) continue;
    const nextStep = `The source gave ${after} of ${before} entries of kind ${kind}: check its rights and filters; approve if they really left.`;
    const limit = percent(Math.max(2, Math.floor((before * settings.sourceShrinkPercent) / 100)), before);
    trips.push({ ...trip('sourceShrinkPercent', percent(fewer, before), limit, before, after, nextStep), kind });
  }
  return trips;
}

function trip(breaker: Trip['breaker'], value: number, limit: number, before: number | null, after: number | null, nextStep: string): Trip {
  return { breaker, kind: null, before, after, value, limit, nextStep };
}

/** Per cent with one decimal. */
function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.round((part / whole) * 1000) / 10;
}

/** What identifies a change for approval: what is done, from whom, to whom. */
export function changeKey(change: { readonly change: string; readonly sourceId: string; readonly targetId: string | null }): string {
  return JSON.stringify([change.change, change.sourceId, change.targetId ?? '']);
}

/** `sha256:` and 64 hex digits over the route and its sorted change keys. */
export function planHash(route: string, keys: readonly string[]): string {
  const hash = createHash('sha256').update(route);
  for (const key of [...keys].sort()) hash.update('\n').update(key);
  return `sha256:${hash.digest('hex')}`;
}
