import { createHash } from 'node:crypto';
import type { EntryPart } from '../../model/entry.ts';
import { ThrottledError } from '../../model/failure.ts';
import { BATCH_SIZE, type GraphBatch } from './batch.ts';
import type { GraphObject } from './graphParts.ts';
import type { SetPage } from './graphSets.ts';
import { isLinksOnly } from './managers.ts';
import { PERMISSIONS } from './permissions.ts';

/** Who a round of delta has shown and who it has said to be gone: marks of ids, one after the other. Travels in the cursor. */
export interface Told {
  readonly here: string;
  readonly gone: string;
}

const MARK = 8;
/** So many are remembered (the cursor is small): about as many as change between two pulls. */
const HERE = 600 * MARK;
const GONE = 300 * MARK;
/** Without a word from the service. */
const WAIT_MS = 10_000;

function markOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, MARK);
}

/** A row that tells somebody's manager alone does not say that they are here. */
function isShown(part: EntryPart): boolean {
  return part.manager !== 'only';
}

/** What is remembered after a page; the oldest are forgotten first. */
export function remember(told: Told, { parts, removed }: Pick<SetPage, 'parts' | 'removed'>): Told {
  const marks = (ids: readonly string[]): string => ids.map(markOf).join('');
  return {
    here: (told.here + marks(parts.filter(isShown).map((part) => part.id))).slice(-HERE),
    gone: (told.gone + marks(removed)).slice(-GONE),
  };
}

/**
 * A page that shows somebody and says that they are gone does not tell which of it is the news: what it shows is kept, and they are named
 * (`unsettled`).
 */
export function withoutContradictions(rows: readonly GraphObject[]): {
  readonly rows: readonly GraphObject[];
  readonly unsettled: readonly string[];
} {
  const gone = new Set(rows.flatMap((row) => (row['@removed'] ? [row.id] : [])));
  const both = new Set(rows.flatMap((row) => (!row['@removed'] && gone.has(row.id) && !isLinksOnly(row) ? [row.id] : [])));
  if (both.size === 0) return { rows, unsettled: [] };
  const last = (id: unknown): number => rows.findLastIndex((row) => row.id === id && row['@removed']);
  // With the tombstone goes who was told to be the manager before it.
  const kept = rows.filter((row, at) => !both.has(row.id) || !(row['@removed'] || (isLinksOnly(row) && at < last(row.id))));
  return { rows: kept, unsettled: [...both].map(String) };
}

/**
 * Delta promises no order (learn.microsoft.com/graph/delta-query-overview): of somebody who was deleted and restored, the tombstone may come
 * after the row. Where a round says both, the directory is asked for that one id; where it does not tell, who is shown stays within a page, and
 * the later page counts.
 * Throws `ThrottledError`.
 */
export async function inOrder(
  batch: GraphBatch,
  page: SetPage,
  before: Told,
  where: { host: string; now: () => number },
): Promise<SetPage> {
  const told = page.restarted ? { here: '', gone: '' } : before;
  // What was forgotten may have been shown: then every tombstone is looked at.
  const forgot = told.here.length >= HERE;
  const doubted = [
    ...(page.unsettled ?? []),
    ...page.removed.filter((id) => forgot || told.here.includes(markOf(id))),
    ...page.parts.flatMap((part) => (isShown(part) && told.gone.includes(markOf(part.id)) ? [part.id] : [])),
  ];
  if (doubted.length === 0) return page;
  const there = await whoIsThere(batch, [...new Set(doubted)], where);
  const isGone = (id: string): boolean => there.get(id) === false;
  return {
    ...page,
    parts: page.parts.filter(({ id }) => !isGone(id)),
    removed: [...page.removed.filter((id) => there.get(id) !== true), ...page.parts.flatMap(({ id }) => (isGone(id) ? [id] : []))],
  };
}

async function whoIsThere(
  batch: GraphBatch,
  ids: readonly string[],
  { host, now }: { host: string; now: () => number },
): Promise<ReadonlyMap<string, boolean>> {
  const there = new Map<string, boolean>();
  for (let n = 0; n < ids.length; n += BATCH_SIZE) {
    const some = ids.slice(n, n + BATCH_SIZE);
    const requests = some.map((id) => ({ method: 'GET' as const, url: `/users/${encodeURIComponent(id)}?$select=id` }));
    for (const [at, { status, headers }] of (await batch(requests, PERMISSIONS.users.permission)).entries()) {
      if (status === 429 || status === 503) throw new ThrottledError(host, now() + (Number(headers['retry-after']) * 1000 || WAIT_MS));
      if (status === 200 || status === 404) there.set(some[at]!, status === 200);
    }
  }
  return there;
}
