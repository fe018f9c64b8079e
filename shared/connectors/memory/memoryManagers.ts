import type { WriteAnswer, WriteRequest } from '../connector.ts';
import type { MemoryDirectory } from './memoryConnector.ts';

/** A manager must be an object of the directory, where it keeps managers as references. null: nothing to say against it. */
export function refusedManager(directory: MemoryDirectory, { fields, manager }: WriteRequest): WriteAnswer | null {
  if (!directory.managers || typeof fields.manager !== 'string' || directory.entries.has(manager?.id ?? '')) return null;
  const failure = { code: 'notFound', message: `There is no manager ${manager?.id}.`, nextStep: 'Look at that object.' } as const;
  return { ok: false, failure, retry: 'never', targetId: null, owner: null };
}

/** Who is gone manages nobody. */
export function forgetManager(directory: MemoryDirectory, id: string): void {
  if (!directory.managers) return;
  for (const { managerRef, ...entry } of [...directory.entries.values()]) if (managerRef === id) directory.entries.set(entry.id, entry);
}
