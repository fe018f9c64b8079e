import type { Store } from '../../shared/store/store.ts';
import type { Step } from './inProcess.ts';
import type { SyncWorld } from './world.ts';

/** An engine that runs every activity again after its effects. */
export const twice: Step = async (activity) => {
  await activity();
  return activity();
};

/** What a killed process looks like from within. */
export class Died extends Error {}

/** Makes the n-th call of a store's method die, before or after it was done. */
export function dieAt<K extends 'links' | 'plans' | 'routes' | 'leases'>(
  store: Store,
  room: K,
  method: keyof Store[K],
  nth: number,
  when: 'before' | 'after',
): void {
  const owner = store[room] as unknown as Record<PropertyKey, (...all: unknown[]) => Promise<unknown>>;
  const original = owner[method]!;
  let calls = 0;
  owner[method] = async (...all) => {
    calls += 1;
    if (calls !== nth) return original.apply(owner, all);
    if (when === 'after') await original.apply(owner, all);
    throw new Died(`${String(method)} ${when}`);
  };
}

/**
 * Makes the n-th step of writing die, before or after it was done: a write to the target or a link row. Counts the steps if `nth` is none.
 * `revive` lets everything live on.
 */
export function dieAtStep(world: SyncWorld, nth: number, when: 'before' | 'after'): { steps: number; revive(): void } {
  const entries = world.b.entries as unknown as Record<'set' | 'delete', (...all: unknown[]) => unknown>;
  const { put } = world.store.links;
  const seen = {
    steps: 0,
    revive: (): void => {
      delete world.b.onWrite;
      world.store.links.put = put;
      for (const name of ['set', 'delete'] as const) delete (entries as Partial<typeof entries>)[name];
    },
  };
  const dies = (): boolean => {
    seen.steps += 1;
    return seen.steps === nth;
  };
  world.store.links.put = async (link) => {
    const now = dies();
    if (!now || when === 'after') await put(link);
    if (now) throw new Died('links.put');
  };
  world.b.onWrite = () => {
    if (!dies()) return null;
    if (when === 'before') throw new Died('write');
    // The directory does it, and nobody hears of it.
    for (const name of ['set', 'delete'] as const) {
      const original = entries[name].bind(entries);
      entries[name] = (...all) => {
        entries[name] = original;
        original(...all);
        throw new Died('write');
      };
    }
    return null;
  };
  return seen;
}
