import { addressKey, type Capacity } from '../connectors/connector.ts';
import type { PushType } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import { textsOf } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { SHARDS, type Store, type TargetIndex } from '../store/store.ts';
import type { Planning } from './planning.ts';

/** One object as we left it, as far as planning others needs it: there may be 50,000 of them. */
export interface OwnWrite {
  readonly targetId: string;
  readonly as: PushType;
  readonly at: string;
  /** The last thing we did to it. */
  readonly deleted: boolean;
  readonly addresses: readonly string[];
  readonly delivery: string | null;
  readonly hidden: boolean;
  /** null: released. */
  readonly stamp: string | null;
  /** Bytes by the target's own count, where it has a capacity. */
  readonly size: number;
}

/** What we wrote into a target since its last read: the links know it. */
export interface OwnWrites {
  of(targetId: string): OwnWrite | null;
  /** Ids of written objects that hold a key now. */
  find(key: string): readonly string[];
  all(): Iterable<OwnWrite>;
}

const NOTHING: OwnWrites = { of: () => null, find: () => [], all: () => [] };
const READ = new WeakMap<Store, Map<string, { readonly key: string; readonly writes: Promise<OwnWrites> }>>();

/**
 * Own writes count as there until the target is read again (design §3). Looked up where a plan is made on an earlier read: all links of the
 * routes into the target, once for each job and process.
 */
export function ownWritesSince(planning: Planning): Promise<OwnWrites> {
  if (planning.earlierTarget === null) return Promise.resolve(NOTHING);
  const { store } = planning.context;
  const byTarget = READ.get(store) ?? new Map<string, { readonly key: string; readonly writes: Promise<OwnWrites> }>();
  READ.set(store, byTarget);
  const key = `${planning.earlierTarget} ${planning.targetState.version}`;
  const known = byTarget.get(planning.route.to);
  if (known?.key === key) return known.writes;
  const writes = readWrites(planning);
  byTarget.set(planning.route.to, { key, writes });
  writes.catch(() => byTarget.delete(planning.route.to));
  return writes;
}

async function readWrites({ context, configuration, route, target, targetState }: Planning): Promise<OwnWrites> {
  const writes = new Map<string, OwnWrite>();
  for (const into of configuration.routes.filter((one) => one.to === route.to))
    for await (const link of context.store.links.range(into.id, 0, SHARDS)) {
      if (!link.targetId || (link.writtenAt ?? '') <= targetState.completedAt) continue;
      if ((writes.get(link.targetId)?.at ?? '') < link.writtenAt!)
        writes.set(link.targetId, ownWrite(link, link.targetId, target.capacity));
    }
  const byKey = new Map<string, string[]>();
  for (const [id, write] of writes) for (const key of keysOf(write)) byKey.set(key, [...(byKey.get(key) ?? []), id]);
  return { of: (id) => writes.get(id) ?? null, find: (key) => byKey.get(key) ?? [], all: () => writes.values() };
}

function ownWrite(link: Link, targetId: string, capacity: Capacity | undefined): OwnWrite {
  const stamp = formatStamp(link);
  return {
    targetId,
    as: link.as,
    at: link.writtenAt!,
    deleted: link.state === 'ended' && link.intent?.what === 'delete' && link.intent.change === link.doneChange,
    addresses: textsOf(link.image.addresses),
    delivery: textsOf(link.image.deliveryAddress)[0] ?? null,
    hidden: link.image.hidden === 'true',
    stamp: link.state === 'linked' ? stamp : null,
    size: capacity?.sizeOf({ ...link.image, stamp }) ?? 0,
  };
}

function keysOf({ deleted, addresses, delivery, stamp }: OwnWrite): readonly string[] {
  if (deleted) return [];
  const held = [...addresses, ...(delivery ? [delivery] : [])].map(addressKey);
  return [...new Set(stamp ? [...held, `stamp:${stamp}`] : held)];
}

/** The index with own writes since: what they changed is looked up in them. */
export function withOwnWrites(index: TargetIndex, writes: OwnWrites): TargetIndex {
  return {
    version: index.version,
    has(id) {
      const write = writes.of(id);
      return write ? !write.deleted : index.has(id);
    },
    hash: (id) => (writes.of(id) ? null : index.hash(id)),
    managers: index.managers,
    stamped: (route) => index.stamped(route),
    find: (key) => [...new Set([...index.find(key), ...writes.find(key)])],
  };
}

/** An object as we left it: what the last read showed (null: it was not there yet) with our values; null if we deleted it. */
export function asWritten(write: OwnWrite, read: Entry | null, type: string): Entry | null {
  if (write.deleted) return null;
  const { targetId: id, addresses, hidden, delivery, stamp } = write;
  const blank: Entry = { id, kind: 'contact', type, addresses, enabled: true, external: false, hidden, attributes: {} };
  const { deliveryAddress: _d, stamp: _s, ...base } = read ?? blank;
  return { ...base, addresses, hidden, ...(delivery ? { deliveryAddress: delivery } : {}), ...(stamp ? { stamp } : {}) };
}

/** True if an object holds a key of the index. */
export function holdsKey(entry: Entry, key: string): boolean {
  if (key.startsWith('stamp:')) return `stamp:${entry.stamp ?? ''}` === key;
  return [...entry.addresses, entry.deliveryAddress ?? '', entry.userPrincipalName ?? ''].some(
    (one) => one !== '' && addressKey(one) === key,
  );
}
