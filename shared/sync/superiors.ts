import { type Entry, primaryAddress } from '../model/entry.ts';
import type { Store } from '../store/store.ts';
import type { Planning } from './planning.ts';
import { readEntries } from './readTargets.ts';
import { referencedId } from './references.ts';

/** Who is somebody's manager in one directory, as its last complete read shows them. */
export interface Superiors {
  /** The manager that a reference names, or null: the directory does not hold it. */
  named(reference: string): Entry | null;
  /** Somebody's manager by its id. */
  byId(id: string): Entry | null;
}

const READ = new WeakMap<Store, Map<string, { readonly version: string; readonly superiors: Promise<Superiors> }>>();

/**
 * The managers of a directory. Reading a snapshot for them once is cheap, once for each range of a plan is not: they are kept for each process
 * and version of the snapshot, as the index is. 5,000 of them: about 5 MB.
 */
export function superiorsOf(store: Store, connector: string, version: string, sets: readonly string[]): Promise<Superiors> {
  const byConnector = READ.get(store) ?? new Map<string, { readonly version: string; readonly superiors: Promise<Superiors> }>();
  READ.set(store, byConnector);
  const known = byConnector.get(connector);
  if (known?.version === version) return known.superiors;
  const superiors = readSuperiors(store, connector, version, sets);
  byConnector.set(connector, { version, superiors });
  superiors.catch(() => byConnector.delete(connector));
  return superiors;
}

async function readSuperiors(store: Store, connector: string, version: string, sets: readonly string[]): Promise<Superiors> {
  const index = await store.snapshots.index(connector, version);
  const ids = new Map<string, string>();
  for (const reference of index.managers) {
    const id = referencedId(index, reference);
    if (id !== null) ids.set(reference, id);
  }
  const entries = await readEntries(store, connector, sets, ids.values());
  const byId = (id: string): Entry | null => entries.get(id) ?? null;
  return { byId, named: (reference) => byId(ids.get(reference) ?? '') };
}

/** The managers of a route's source. */
export function sourceSuperiors({ context, route, sourceState, sourceSets }: Planning): Promise<Superiors> {
  return superiorsOf(context.store, route.from, sourceState.version, sourceSets);
}

/** An entry of a source with its manager's primary address, as it is now. */
export function withManager(entry: Entry, superiors: Superiors): Entry {
  const manager = entry.managerRef === undefined ? null : superiors.named(entry.managerRef);
  const address = manager ? primaryAddress(manager) : '';
  return address === '' ? entry : { ...entry, attributes: { ...entry.attributes, manager: address } };
}

/** The same for single entries. */
export async function withManagerOf(planning: Planning, entry: Entry): Promise<Entry> {
  return entry.managerRef === undefined ? entry : withManager(entry, await sourceSuperiors(planning));
}
