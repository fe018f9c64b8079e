import { shardOf } from '../../shared/store/shard.ts';
import { SHARDS } from '../../shared/store/store.ts';
import type { SyncWorld } from './world.ts';

/** Every shard of a snapshot that is read from now on, in whichever way, as `connector shard`. */
export interface SnapshotReads {
  readonly of: (connector: string) => readonly string[];
  /** Those that were read before. */
  readonly twice: () => readonly string[];
  readonly restore: () => void;
}

/** Counts reads for planning: all shards at once are a commit's, or a source's before anything is asked about it. */
export function countSnapshotReads({ store: { snapshots } }: SyncWorld): SnapshotReads {
  const reads: string[] = [];
  const { get, readShard, readShards } = snapshots;
  const counting: Pick<typeof snapshots, 'get' | 'readShard' | 'readShards'> = {
    get(connector, id) {
      reads.push(`${connector} ${shardOf(id)}`);
      return get.call(snapshots, connector, id);
    },
    readShard(connector, shard) {
      reads.push(`${connector} ${shard}`);
      return readShard.call(snapshots, connector, shard);
    },
    readShards(connector, from, to) {
      if (to - from < SHARDS) for (let shard = from; shard < to; shard += 1) reads.push(`${connector} ${shard}`);
      return readShards.call(snapshots, connector, from, to);
    },
  };
  Object.assign(snapshots, counting);
  return {
    of: (connector) => reads.filter((read) => read.startsWith(`${connector} `)),
    twice: () => reads.filter((read, n) => reads.indexOf(read) !== n),
    restore: () => void Object.assign(snapshots, { get, readShard, readShards }),
  };
}
