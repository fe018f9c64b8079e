import type { Configuration, ConnectorSettings, RouteSettings } from '../model/configuration.ts';
import { causeText, failureOf } from '../model/failure.ts';
import type { DifferenceKind } from '../rules/planDifference.ts';
import type { SyncContext } from './context.ts';
import { openSide, type Sample, type Side } from './previewRoute.ts';
import { type Unread, unreadOf, withJudgeable } from './previewUnread.ts';
import { type Range, rangesFor } from './ranges.ts';

/** A route that is planned twice, and how far that is. */
export interface RouteWork {
  readonly route: RouteSettings;
  readonly now: Side | null;
  readonly after: Side | null;
  readonly ranges: readonly Range[];
  readonly unread: Unread;
  readonly samples: Map<DifferenceKind, Sample[]>;
  /** Why it cannot be planned with the new document. */
  readonly cause: string | null;
  done: number;
}

const NOTHING_UNREAD: Unread = { fields: new Set(), attributes: [], conditions: [], texts: [] };

/**
 * Opens every enabled route into a target of which a route is affected: claims are settled over all of them. Routes that the new document
 * changes in no way that matters to planning are left out.
 */
export async function openWork(context: SyncContext, now: Configuration | null, next: Configuration): Promise<readonly RouteWork[]> {
  const enabled = next.routes.filter((route) => route.enabled);
  const gone = (now?.routes ?? []).filter((route) => route.enabled && !enabled.some((one) => one.id === route.id && one.to === route.to));
  const affected = enabled.filter((route) => isAffected(now, next, route));
  const targets = new Set([...affected, ...gone].map((route) => route.to));
  const works: RouteWork[] = [];
  for (const route of enabled) if (targets.has(route.to)) works.push(await openOne(context, now, next, route));
  return works;
}

async function openOne(context: SyncContext, now: Configuration | null, next: Configuration, route: RouteSettings): Promise<RouteWork> {
  const moved = otherDirectory(now, next, route);
  const base = {
    route,
    now: null,
    after: null,
    ranges: [],
    unread: NOTHING_UNREAD,
    samples: new Map<DifferenceKind, Sample[]>(),
    done: 0,
  };
  if (moved) return { ...base, cause: moved };
  try {
    const unread = unreadOf(now, next, route);
    const after = await openSide(context, withJudgeable(now, next, route, unread), route.id);
    const before = now?.routes.find((one) => one.id === route.id && one.enabled && one.from === route.from && one.to === route.to);
    // A route that cannot be planned now plans nothing: everything of it is new.
    const side = before && now ? await openSide(context, now, route.id).catch(() => null) : null;
    return { ...base, now: side, after, ranges: rangesFor(after.planning.sourceState.total), unread, cause: null };
  } catch (error) {
    const failure = failureOf(error);
    return { ...base, cause: `${causeText(failure)} ${failure.nextStep}` };
  }
}

/** Another tenant under the same id: the snapshot is of the one before. */
function otherDirectory(now: Configuration | null, next: Configuration, route: RouteSettings): string | null {
  for (const id of [route.from, route.to]) {
    const before = now?.connectors.find((one) => one.id === id);
    const after = next.connectors.find((one) => one.id === id);
    if (before && after && placeOf(before) !== placeOf(after))
      return `Connector "${id}" would be another directory: its snapshot is of the one before, so nothing can be said until it is cleared and pulled.`;
  }
  return null;
}

function placeOf(connector: ConnectorSettings): string {
  if (connector.kind === 'microsoft365') return JSON.stringify([connector.kind, connector.tenant.toLowerCase(), connector.cloud]);
  if (connector.kind === 'googleWorkspace') return JSON.stringify([connector.kind, connector.domain.toLowerCase(), connector.customer]);
  return JSON.stringify([connector.kind, connector.directory.url, connector.directory.base]);
}

/** True if anything differs on which the planning of a route rests: itself, what its directories give and hold, whose the domains are. */
export function isAffected(now: Configuration | null, next: Configuration, route: RouteSettings): boolean {
  return now === null || basisOf(now, route.id) !== basisOf(next, route.id);
}

function basisOf(configuration: Configuration, id: string): string {
  const route = configuration.routes.find((one) => one.id === id);
  if (!route) return '';
  const { name: _name, ...rest } = route;
  const source = configuration.connectors.find((one) => one.id === route.from);
  const target = configuration.connectors.find((one) => one.id === route.to);
  return JSON.stringify({
    rest,
    pull: source?.pull,
    places: [source && placeOf(source), target && placeOf(target)],
    stamp: target && 'stamp' in target ? target.stamp : null,
    owns: configuration.connectors.map((one) => [one.id, one.owns]),
    rivals: configuration.routes.filter((one) => one.to === route.to).map((one) => [one.id, one.enabled]),
  });
}
