import type { ConnectorSettings, RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import { nextRuns } from '../rules/schedule.ts';
import { compileWithhold } from '../rules/withhold.ts';
import { shardOf } from '../store/shard.ts';
import { SHARDS, type SnapshotRow } from '../store/store.ts';
import { entryOf } from './commitShards.ts';
import { connectorSettings, type SyncContext } from './context.ts';
import { Refusal } from './refusal.ts';

/** A connector's state as the API shows it. */
export async function connectorView(context: SyncContext, settings: ConnectorSettings): Promise<object> {
  const state = await context.store.snapshots.state(settings.id);
  const lease = await context.store.leases.read(settings.id);
  return {
    id: settings.id,
    name: settings.name,
    kind: settings.kind,
    lastPull: state?.completedAt ?? null,
    ageSeconds: state ? Math.round((context.now().getTime() - Date.parse(state.completedAt)) / 1000) : null,
    entries: state?.total ?? 0,
    counts: state?.counts ?? {},
    domains: state?.domains ?? [],
    losses: state?.losses ?? [],
    mode: state?.mode ?? null,
    unconfirmed: state?.unconfirmed ?? 0,
    runningJob: lease?.job ?? null,
  };
}

/** A route's state as the API shows it: last job, freshness, next five runs in its zone and in UTC, what is held. */
export async function routeView(context: SyncContext, route: RouteSettings): Promise<object> {
  const state = await context.store.routes.get(route.id);
  const now = context.now();
  const runs = route.enabled && route.schedule?.automatic ? nextRuns(route.schedule, now, 5) : [];
  const held = state.held && {
    job: state.held.job,
    plan: state.held.hash,
    at: state.held.at,
    expiresAt: state.held.expiresAt,
    heldBecause: state.held.trips,
    decision: state.held.decision,
  };
  return {
    id: route.id,
    name: route.name,
    from: route.from,
    to: route.to,
    as: route.push.as,
    enabled: route.enabled,
    lastJob: state.lastJob,
    lastSuccess: state.lastSuccess,
    freshnessSeconds: state.lastSuccess ? Math.round((now.getTime() - Date.parse(state.lastSuccess)) / 1000) : null,
    timeZone: route.schedule?.timeZone ?? null,
    nextRuns: runs.map((at) => ({ utc: at.toISOString(), local: inZone(at, route.schedule!.timeZone) })),
    nextRetry: state.nextRetry,
    held,
  };
}

/** An instant as a zone shows it: `2026-11-26 02:00:00`. */
export function inZone(at: Date, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' }).format(at);
}

/**
 * Entries of the last complete pull that match a search, by shard, then id. `after`: those behind this id, be it there still or not, so that
 * pages miss and repeat nobody when another pull comes between.
 */
export async function* entriesOf(
  context: SyncContext,
  connector: string,
  filter: { readonly search: string | null; readonly kind: string | null },
  after: string | null,
): AsyncGenerator<Entry> {
  const { configuration } = await context.configuration();
  const settings = connectorSettings(configuration, connector);
  const { connector: opened } = context.open(settings, configuration);
  const withhold = compileWithhold(settings.pull.withhold, context.now());
  const wanted = filter.search?.normalize('NFC').toLowerCase() ?? '';
  const step = 16;
  const first = after === null ? 0 : shardOf(after);
  for (let from = first; from < SHARDS; from += step) {
    const shards = await context.store.snapshots.readShards(connector, from, Math.min(from + step, SHARDS));
    for (const row of shards.flatMap((rows, n) => behind(rows, from + n === first ? after : null))) {
      const read = entryOf(row, opened.sets);
      // A rule that is newer than the last pull counts at once.
      const entry = read && withhold(read);
      if (entry && (!filter.kind || entry.kind === filter.kind) && (!wanted || textOf(entry).includes(wanted))) yield entry;
    }
  }
}

function behind(rows: readonly SnapshotRow[], after: string | null): readonly SnapshotRow[] {
  const sorted = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  return after === null ? sorted : sorted.filter((row) => row.id > after);
}

function textOf(entry: Entry): string {
  return [entry.id, entry.userPrincipalName ?? '', ...entry.addresses, ...Object.values(entry.attributes).flat()]
    .join('\n')
    .normalize('NFC')
    .toLowerCase();
}

/** Clear cache: the next pull is a full one; links and history stay. Throws `Refusal` 409 while a job holds the connector. */
export async function clearCache(context: SyncContext, connector: string): Promise<void> {
  const lease = await context.store.leases.read(connector);
  if (lease)
    throw new Refusal('busy', 409, `Job ${lease.job} uses connector "${connector}"; wait for its end or cancel it.`, { job: lease.job });
  await context.store.snapshots.clear(connector);
  await context.store.memberships.drop(connector, []);
  context.log({ event: 'connector.cacheCleared', connector });
}
