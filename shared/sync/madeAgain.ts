import { addressKey } from '../connectors/connector.ts';
import type { PushType } from '../model/configuration.ts';
import { textsOf } from '../model/plan.ts';
import type { PlanKey, Store } from '../store/store.ts';

/** The objects that an undo makes: of those who were deleted, and in the place of others. */
export interface MadeAgain {
  /** Source ids by the keys of the addresses that new objects get. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
  /** What the objects of source ids become. */
  readonly types: ReadonlyMap<string, PushType>;
}

const LATEST = new WeakMap<Store, { readonly key: string; readonly made: Promise<MadeAgain> }>();

/**
 * Whose objects an undo makes: the source may not know their addresses any more, nor the route their push types. Read once for each process,
 * not for each activity of a lane.
 */
export function madeAgainBy(store: Store, plan: PlanKey): Promise<MadeAgain> {
  const key = `${plan.job} ${plan.round} ${plan.route}`;
  const known = LATEST.get(store);
  if (known?.key === key) return known.made;
  const made = readMadeAgain(store, plan);
  LATEST.set(store, { key, made });
  made.catch(() => LATEST.delete(store));
  return made;
}

async function readMadeAgain(store: Store, plan: PlanKey): Promise<MadeAgain> {
  const sources = new Map<string, string[]>();
  const types = new Map<string, PushType>();
  for await (const { changes } of store.plans.batches(plan))
    for (const { change, converts, sourceId, as, address, desired } of changes) {
      if (change !== 'create' && converts === undefined) continue;
      types.set(sourceId, as);
      for (const key of new Set([address, ...textsOf(desired?.addresses)].map(addressKey))) {
        const ids = sources.get(key) ?? [];
        ids.push(sourceId);
        sources.set(key, ids);
      }
    }
  return { sources, types };
}
