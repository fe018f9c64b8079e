import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The objects of a simulated directory, kept in a journal: what was answered survives a SIGKILL. */
export interface Objects<T extends { id: string }> {
  all(): readonly T[];
  get(id: string): T | undefined;
  put(object: T): void;
  /** @param reason `changed`: can be restored; `deleted`: gone for good. */
  remove(id: string, reason?: Reason): void;
  /** Goes up with each change; the object's own last change. */
  sequence(): number;
  changedAt(id: string): number;
  /** Removed objects with the sequence of their removal. */
  removed(): readonly { id: string; at: number; object: T; reason: Reason; when: number }[];
}

export type Reason = 'changed' | 'deleted';

/** @param file null: in memory only. `initial` is used when there is no file yet. */
export function openObjects<T extends { id: string }>(file: string | null, initial: () => readonly T[]): Objects<T> {
  const objects = new Map<string, T>();
  const changes = new Map<string, number>();
  const gone: { id: string; at: number; object: T; reason: Reason; when: number }[] = [];
  let sequence = 0;
  const put = (object: T): void => {
    sequence += 1;
    objects.set(object.id, object);
    changes.set(object.id, sequence);
  };
  const remove = (id: string, reason: Reason, when: number): void => {
    const object = objects.get(id);
    if (!object) return;
    sequence += 1;
    objects.delete(id);
    gone.push({ id, at: sequence, object, reason, when });
  };
  if (file && existsSync(file)) {
    const text = readFileSync(file, 'utf8');
    // The last line may be cut: it was not answered. It is ended, so that the next one does not grow onto it.
    if (!text.endsWith('\n')) appendFileSync(file, '\n');
    for (const line of text.split('\n')) {
      try {
        const entry = JSON.parse(line) as { put?: T; remove?: string; reason?: Reason; when?: number };
        if (entry.put) put(entry.put);
        else if (entry.remove) remove(entry.remove, entry.reason ?? 'changed', entry.when ?? 0);
      } catch {
        // Cut, or empty.
      }
    }
  } else {
    for (const object of initial()) put(object);
    if (file) {
      writeFileSync(`${file}.new`, [...objects.values()].map((object) => `${JSON.stringify({ put: object })}\n`).join(''));
      renameSync(`${file}.new`, file);
    }
  }
  const keep = (entry: object): void => {
    if (file) appendFileSync(file, `${JSON.stringify(entry)}\n`);
  };
  return {
    all: () => [...objects.values()],
    get: (id) => objects.get(id),
    put(object) {
      put(object);
      keep({ put: object });
    },
    remove(id, reason = 'changed') {
      const when = Date.now();
      remove(id, reason, when);
      keep({ remove: id, reason, when });
    },
    sequence: () => sequence,
    changedAt: (id) => changes.get(id) ?? 0,
    removed: () => gone,
  };
}
