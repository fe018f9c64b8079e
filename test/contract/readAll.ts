import type { Connector, PullMemory, PullPage } from '../../shared/connectors/connector.ts';
import { type Entry, type EntryPart, laterPart, mergeParts, settledPart } from '../../shared/model/entry.ts';

export const NOTHING: PullMemory = { tokens: {}, readBefore: [] };

export interface Read {
  readonly pages: readonly PullPage[];
  readonly entries: ReadonlyMap<string, Entry>;
  readonly memory: PullMemory;
  readonly rows: Rows;
}

/** The entry that a directory's own reference names, as its managers are told. */
export function led(entries: Iterable<Entry>, reference: string | undefined): string | null {
  const fits = ({ id, memberId, name }: Entry): boolean => [id, memberId, name].includes(reference);
  const found = reference === undefined ? [] : [...entries].filter(fits);
  return found.length === 1 ? found[0]!.id : null;
}

/** Id → set → part: what the snapshot keeps. */
type Rows = ReadonlyMap<string, ReadonlyMap<string, EntryPart>>;

/** Reads a directory to its end as a pull does: each page by a connector of its own, joined with what the last read left behind. */
export async function readAll(connect: () => Connector, before: Read | null = null): Promise<Read> {
  const pages: PullPage[] = [];
  let cursor: string | null = null;
  do {
    const page: PullPage = await connect().readPage(cursor, before?.memory ?? NOTHING);
    pages.push(page);
    cursor = page.cursor;
    if (pages.length > 200) throw new Error('The read does not end.');
  } while (cursor !== null);
  const rows = applied(before?.rows ?? new Map(), pages);
  const { sets } = connect();
  const entries = new Map<string, Entry>();
  for (const [id, parts] of rows) {
    const entry = mergeParts(sets.flatMap((set) => parts.get(set) ?? []));
    if (entry) entries.set(id, entry);
  }
  const finished = pages.filter((page) => page.finished);
  const tokens = Object.fromEntries(finished.flatMap((page) => (page.finished?.token ? [[page.set, page.finished.token]] : [])));
  return { pages, entries, rows, memory: { tokens, readBefore: finished.map((page) => page.set) } };
}

function applied(before: Rows, pages: readonly PullPage[]): Rows {
  const rows = new Map([...before].map(([id, parts]) => [id, new Map(parts)]));
  for (const set of new Set(pages.map((page) => page.set))) {
    const ofSet = pages.filter((page) => page.set === set);
    const start = ofSet.findLastIndex((page) => page.restarted);
    const counted = start < 0 ? ofSet : ofSet.slice(start);
    if (counted.at(-1)?.mode === 'full') for (const parts of rows.values()) parts.delete(set);
    for (const page of counted) {
      for (const part of page.parts) {
        const parts = rows.get(part.id) ?? new Map<string, EntryPart>();
        const joined = laterPart(parts.get(set), part);
        if (joined) rows.set(part.id, parts.set(set, joined));
      }
      for (const id of page.removed) rows.get(id)?.delete(set);
    }
    // What is kept carries no mark of how much a page had told.
    for (const parts of rows.values()) {
      const part = parts.get(set);
      const settled = part && settledPart(undefined, part);
      if (settled) parts.set(set, settled);
      else parts.delete(set);
    }
  }
  return rows;
}
