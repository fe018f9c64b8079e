import type { Store } from '../store/store.ts';

/**
 * How many objects of each set a read in full has seen: ids that are there by the last word about them, what was left out among them.
 * Pages repeat objects, and name some that are gone or never were here: rows are no measure against the directory's own count (promise 4).
 * @param read its pages: what is staged beyond them is from an attempt that was cut off
 */
export async function livingIds(
  store: Store,
  read: { readonly connector: string; readonly pull: string; readonly pages: number },
  sets: readonly string[],
): Promise<Readonly<Record<string, number>>> {
  const living = new Map(sets.map((set) => [set, new Set<string>()]));
  if (sets.length === 0) return {};
  let pages = 0;
  for await (const page of store.snapshots.staged(read.connector, read.pull)) {
    pages += 1;
    if (pages > read.pages) break;
    const ids = living.get(page.set);
    if (!ids) continue;
    if (page.restarted) ids.clear();
    // What only tells somebody's manager is no object of its own.
    for (const part of page.parts) if (part.manager !== 'only') ids.add(part.id);
    for (const id of page.leftOut ?? []) ids.add(id);
    for (const id of page.removed) ids.delete(id);
  }
  return Object.fromEntries([...living].map(([set, ids]) => [set, ids.size]));
}
