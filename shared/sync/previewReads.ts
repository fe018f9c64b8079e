import type { Link } from '../model/link.ts';
import { SHARDS, type SnapshotRow, type Store } from '../store/store.ts';

/** A store that reads each range once for several plans over it. `clear` lets go of what was read. */
export interface SharedReads {
  readonly store: Store;
  clear(): void;
}

const NEIGHBOURS = 16;

/** Two plans over the same range (with the running configuration and with another one) read the same rows: they are read once. */
export function sharedReads(store: Store): SharedReads {
  const shards = new Map<string, Promise<readonly (readonly SnapshotRow[])[]>>();
  const links = new Map<string, Promise<readonly Link[]>>();
  const once = <T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> => {
    const found = known.get(key) ?? read();
    known.set(key, found);
    return found;
  };
  const readShards = (connector: string, from: number, to: number): Promise<readonly (readonly SnapshotRow[])[]> =>
    once(shards, `${connector} ${from} ${to}`, () => store.snapshots.readShards(connector, from, to));
  return {
    clear() {
      shards.clear();
      links.clear();
    },
    store: {
      ...store,
      snapshots: {
        ...store.snapshots,
        readShards,
        // A plan looks objects of the target up all over its shards: neighbours come with one scan.
        async readShard(connector, shard) {
          const from = shard - (shard % NEIGHBOURS);
          return (await readShards(connector, from, from + NEIGHBOURS))[shard - from] ?? [];
        },
      },
      links: {
        ...store.links,
        async *range(route, from, to) {
          // All links of a route are too many to be kept.
          if (to - from === SHARDS) yield* store.links.range(route, from, to);
          else yield* await once(links, `${route} ${from} ${to}`, () => all(store.links.range(route, from, to)));
        },
      },
    },
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
