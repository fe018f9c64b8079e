import { createHash } from 'node:crypto';
import type { HeldPlan, RouteState } from '../../model/job.ts';
import { type RouteStateStore, StoreConflict } from '../store.ts';
import { type Entity, escapeKey, pack, unpack } from './codec.ts';
import { joinParts, PartsMissing, partRows } from './parts.ts';
import { partitionIs, quoted, type Table } from './table.ts';

const NO_STATE = {
  lastDue: null,
  passes: 0,
  lastJob: null,
  lastSuccess: null,
  ranOnce: false,
  accepted: null,
  held: null,
  approved: [],
  rejected: null,
  removals: [],
  nextRetry: null,
} as const;

interface Lists {
  readonly held: readonly string[];
  readonly approved: readonly string[];
}

interface Head {
  readonly state: RouteState;
  /** Counts the writes that changed the lists. */
  readonly generation: number;
  /** Row key prefix of the lists; `''` if both are empty. */
  readonly lists: string;
}

interface Read extends Head {
  readonly etag: string | null;
}

const NOTHING: Lists = { held: [], approved: [] };

/**
 * A route's memory. The keys of a held plan and of an approval may be 50,000: they lie packed in rows of their own that the head row names.
 * Those rows are never written over (generation and content are in their name): whoever loses the race for the head has spoilt nothing, and a
 * crash before the head leaves the old head with its old lists. What a newer head no longer names is removed after it.
 */
export function createRouteStateStore(table: Table): RouteStateStore {
  return {
    get: async (route) => (await read(table, route)).state,
    async update(route, change) {
      for (;;) {
        const before = await read(table, route);
        const next = change(before.state);
        if (next === before.state) return before.state;
        try {
          await write(table, before, next);
          return next;
        } catch (error) {
          if (!(error instanceof StoreConflict)) throw error;
        }
      }
    },
  };
}

async function read(table: Table, route: string): Promise<Read> {
  for (;;) {
    const row = await table.get(escapeKey(route), 'head');
    if (!row) return { state: { route, ...NO_STATE }, generation: 0, lists: '', etag: null };
    const head = unpack<Head>(row);
    const lists = head.lists ? await readLists(table, route, head.lists) : NOTHING;
    if (lists) {
      const held = head.state.held ? { ...head.state.held, keys: lists.held } : null;
      return { ...head, state: { ...NO_STATE, ...head.state, held, approved: lists.approved }, etag: row.etag };
    }
    // Removed between the two reads: then there is a newer head. The same head again would never get its lists.
    if ((await table.get(escapeKey(route), 'head'))?.etag === row.etag)
      throw new Error(
        `The lists of the route "${route}" (${head.lists}) are gone: restore the table RouteState, or reject the held plan anew.`,
      );
  }
}

async function readLists(table: Table, route: string, name: string): Promise<Lists | null> {
  const rows = table.list(`${partitionIs(escapeKey(route))} and RowKey ge ${quoted(`${name}.`)} and RowKey lt ${quoted(`${name}.:`)}`);
  try {
    for await (const lists of joinParts<Lists>(rows)) return lists;
  } catch (error) {
    if (!(error instanceof PartsMissing)) throw error;
  }
  return null;
}

async function write(table: Table, before: Read, state: RouteState): Promise<void> {
  const partitionKey = escapeKey(state.route);
  const lists: Lists = { held: state.held?.keys ?? [], approved: state.approved };
  const unchanged = isSame(lists.approved, before.state.approved) && isSame(lists.held, before.state.held?.keys ?? []);
  const generation = unchanged ? before.generation : before.generation + 1;
  const name = unchanged ? before.lists : listsName(generation, lists);
  if (!unchanged && name) await table.write(partitionKey, partRows(partitionKey, name, lists));
  const held: HeldPlan | null = state.held ? { ...state.held, keys: [] } : null;
  const head: Head = { state: { ...state, approved: [], held }, generation, lists: name };
  const row: Entity = { partitionKey, rowKey: 'head', ...pack(head) };
  if (before.etag) await table.replace(row, before.etag);
  else await table.create(row);
  if (!unchanged) await dropLists(table, partitionKey, generation);
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === 0 && b.length === 0);
}

function listsName(generation: number, lists: Lists): string {
  if (lists.held.length + lists.approved.length === 0) return '';
  const content = createHash('sha256').update(JSON.stringify(lists)).digest('hex').slice(0, 16);
  return `${generationName(generation)}.${content}`;
}

function generationName(generation: number): string {
  return `lists.${String(generation).padStart(10, '0')}`;
}

/** Lists of earlier generations: no head names them any more. */
async function dropLists(table: Table, partitionKey: string, generation: number): Promise<void> {
  const old: string[] = [];
  const filter = `${partitionIs(partitionKey)} and RowKey ge 'lists.' and RowKey lt '${generationName(generation)}'`;
  for await (const row of table.list(filter, ['partitionKey', 'rowKey'])) old.push(row.rowKey);
  await table.write(partitionKey, [], old);
}
