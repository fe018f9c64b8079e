import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { SHARDS, type Store, type TargetIndex } from '../store/store.ts';
import type { Planning } from './planning.ts';

type Sources = ReadonlyMap<string, string>;
type Asking = Pick<Planning, 'context' | 'route' | 'capabilities' | 'targetState' | 'run'>;

const READ = new WeakMap<Store, Map<string, { readonly key: string; readonly sources: Promise<Sources> }>>();

/**
 * The links that name hits whose stamp was emptied. Links lie by source id, so whose target id it is, is looked up in all of the route's: once
 * for each job and process, however many ranges there are. What is found is read again: the row counts, not what was remembered.
 * @param known links of the range
 */
export async function linksOfUnstamped(
  planning: Asking,
  index: TargetIndex,
  hits: ReadonlyMap<string, readonly Entry[]>,
  known: readonly Link[],
): Promise<ReadonlyMap<string, Link>> {
  const open = new Set<string>();
  for (const entry of [...hits.values()].flat()) if (couldBeOurs(planning, entry)) open.add(entry.id);
  const found = new Map<string, Link>();
  const take = (link: Link | null): void => {
    if (link?.state === 'linked' && link.targetId && open.delete(link.targetId)) found.set(link.targetId, link);
  };
  for (const link of known) take(link);
  if (open.size === 0) return found;
  const sources = await sourcesOf(planning, index);
  const { links } = planning.context.store;
  for (const id of [...open]) {
    const sourceId = sources.get(id);
    if (sourceId !== undefined) take(await links.get(planning.route.id, sourceId));
  }
  return found;
}

function couldBeOurs(planning: Asking, { stamp, stampPlace, readOnly, type }: Entry): boolean {
  if (stamp !== undefined || stampPlace !== undefined || readOnly) return false;
  return planning.capabilities.some(({ types }) => types.includes(type));
}

/** Target id → source id of the linked objects that the index shows without our stamp. A plan makes no link to another object, so a job's ranges share it. */
function sourcesOf(planning: Asking, index: TargetIndex): Promise<Sources> {
  const { context, route, run, targetState } = planning;
  if (run === null) return readSources(planning, index);
  const byRoute = READ.get(context.store) ?? new Map<string, { readonly key: string; readonly sources: Promise<Sources> }>();
  READ.set(context.store, byRoute);
  const key = `${run} ${route.to} ${targetState.version}`;
  const known = byRoute.get(route.id);
  if (known?.key === key) return known.sources;
  const sources = readSources(planning, index);
  byRoute.set(route.id, { key, sources });
  sources.catch(() => {
    if (byRoute.get(route.id)?.sources === sources) byRoute.delete(route.id);
  });
  return sources;
}

async function readSources({ context, route }: Asking, index: TargetIndex): Promise<Sources> {
  const stamped = new Set(index.stamped(route.id).map(({ id }) => id));
  const sources = new Map<string, string>();
  for await (const { state, targetId, sourceId } of context.store.links.range(route.id, 0, SHARDS))
    if (state === 'linked' && targetId && !stamped.has(targetId) && !sources.has(targetId)) sources.set(targetId, sourceId);
  return sources;
}
