import { addressKey } from '../connectors/connector.ts';
import type { Configuration, RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { parseStamp } from '../model/stamp.ts';
import type { SnapshotRow } from '../store/store.ts';
import type { SyncContext } from './context.ts';
import { type DirectoryLookup, heldAs, linkHolds, lookInto, searchLinks, sourceAddresses } from './directoryLookup.ts';

export interface ExplainQuery {
  readonly route: string;
  readonly address?: string | undefined;
  readonly object?: string | undefined;
}

/** Who is meant by an address or id on a route. */
export type Subject =
  | {
      readonly kind: 'entry';
      readonly entry: Entry;
      readonly row: SnapshotRow;
      readonly link: Link | null;
      /** How what was asked for is held, where it is no address or id of its own. */
      readonly heldAs: string | null;
      readonly others: readonly Entry[];
    }
  /** The source object is gone; its link is left. */
  | { readonly kind: 'link'; readonly link: Link; readonly others: readonly Link[] }
  /** An object of the target that is not this route's. */
  | { readonly kind: 'targetObject'; readonly entry: Entry }
  | { readonly kind: 'nothing'; readonly complete: boolean };

const SEARCH_MS = 20_000;

/** Looks where an address or id is known: the source, the target by stamp, links (ended ones too). */
export async function findSubject(
  context: SyncContext,
  configuration: Configuration,
  route: RouteSettings,
  query: ExplainQuery,
): Promise<Subject> {
  const source = await lookInto(context, configuration, route.from);
  const target = await lookInto(context, configuration, route.to);
  const around: Around = { context, route, source, target };
  const found = query.object === undefined ? await byAddress(around, query.address ?? '') : await byId(around, query.object);
  if (found) return found;
  const asked = query.object;
  const address = query.address ?? '';
  const { links, complete } = await searchLinks(context, route.id, context.now().getTime() + SEARCH_MS, (link) =>
    asked === undefined ? linkHolds(link, address) : link.targetId === asked,
  );
  const ranked = [...links].sort((a, b) => Number(a.state === 'ended') - Number(b.state === 'ended'));
  return ranked[0] ? ofLink(around, ranked[0], ranked.slice(1)) : { kind: 'nothing', complete };
}

interface Around {
  readonly context: SyncContext;
  readonly route: RouteSettings;
  readonly source: DirectoryLookup | null;
  readonly target: DirectoryLookup | null;
}

async function byId(around: Around, id: string): Promise<Subject | null> {
  const found = await ofSource(around, id, null, []);
  if (found) return found;
  const link = await around.context.store.links.get(around.route.id, id);
  if (link) return { kind: 'link', link, others: [] };
  const there = await around.target?.get(id);
  return there ? ofTarget(around, there.entry) : null;
}

async function byAddress(around: Around, address: string): Promise<Subject | null> {
  const { route, source, target } = around;
  for (const candidate of sourceAddresses(route, address)) {
    const hits = (await source?.find(addressKey(candidate))) ?? [];
    const holders = hits.map((entry) => ({ entry, as: heldAs(entry, candidate) })).filter((one) => one.as !== null);
    const own = holders.filter((one) => one.as === 'address');
    const chosen = own.length > 0 ? own : holders;
    // Whose primary address it is comes first.
    const ordered = [...chosen].sort((a, b) => Number(isPrimary(b.entry, candidate)) - Number(isPrimary(a.entry, candidate)));
    const first = ordered[0];
    if (first) {
      const how = first.as === 'address' ? null : first.as;
      return ofSource(
        around,
        first.entry.id,
        how,
        ordered.slice(1).map((one) => one.entry),
      );
    }
  }
  const there = (await target?.find(addressKey(address))) ?? [];
  const stamped = there.find((entry) => parseStamp(entry.stamp)?.route === route.id) ?? there[0];
  return stamped ? ofTarget(around, stamped) : null;
}

function isPrimary(entry: Entry, address: string): boolean {
  return entry.addresses[0] !== undefined && addressKey(entry.addresses[0]) === addressKey(address);
}

async function ofSource(around: Around, id: string, how: string | null, others: readonly Entry[]): Promise<Subject | null> {
  const found = await around.source?.get(id);
  if (!found) return null;
  return { kind: 'entry', ...found, link: await around.context.store.links.get(around.route.id, id), heldAs: how, others };
}

/** An object of the target: whose it is, its stamp says. */
async function ofTarget(around: Around, entry: Entry): Promise<Subject> {
  const stamp = parseStamp(entry.stamp);
  if (stamp?.route !== around.route.id) return { kind: 'targetObject', entry };
  const source = await ofSource(around, stamp.sourceId, 'object in the target', []);
  if (source) return source;
  const link = await around.context.store.links.get(around.route.id, stamp.sourceId);
  return link ? { kind: 'link', link, others: [] } : { kind: 'targetObject', entry };
}

async function ofLink(around: Around, link: Link, others: readonly Link[]): Promise<Subject> {
  return (await ofSource(around, link.sourceId, null, [])) ?? { kind: 'link', link, others };
}
