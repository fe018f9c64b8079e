import { z } from 'zod';
import { type ChangeFilter, type ChangePlace, type ChangeView, changesOf, placedChanges } from '../../shared/sync/changes.ts';
import { syncContext } from '../wiring.ts';
import { cursorOf, cursorText, door, limitOf, listOf } from './door.ts';
import { jobOf } from './jobs.ts';

const count = z.number().int().min(0);
const Place = z.strictObject({ route: z.string(), round: count, lane: count, sequence: count, at: count });
const FILTERS = ['route', 'change', 'kind', 'result', 'reason', 'address', 'object'] as const;
const CSV = [
  'id',
  'route',
  'change',
  'kind',
  'object',
  'target',
  'address',
  'displayName',
  'reason',
  'result',
  'cause',
  'nextStep',
  'retryAt',
] as const;

door('getJobChanges', ['GET'], 'jobs/{id}/changes', 'Reader', async (call) => {
  const record = await jobOf(call);
  const filter: ChangeFilter = Object.fromEntries(FILTERS.flatMap((name) => (call.query.get(name) ? [[name, call.query.get(name)!]] : [])));
  const onlyNew = call.query.get('new') === 'true';
  const accept = call.request.headers.get('accept') ?? '';
  if (accept.includes('text/csv')) return streamed('text/csv; charset=utf-8', csv(changesOf(syncContext(), record, filter, onlyNew)));
  if (accept.includes('application/x-ndjson'))
    return streamed('application/x-ndjson', lines(changesOf(syncContext(), record, filter, onlyNew)));
  const limit = limitOf(call.query);
  const items: ChangeView[] = [];
  let last: ChangePlace | null = null;
  for await (const { view, place } of placedChanges(syncContext(), record, { filter, onlyNew, after: cursorOf(call.query, Place) })) {
    if (items.length === limit) return listOf(call, items, cursorText(last));
    items.push(view);
    last = place;
  }
  return listOf(call, items, null);
});

function streamed(type: string, parts: AsyncGenerator<string>): { status: number; headers: Record<string, string>; body: ReadableStream } {
  const encoder = new TextEncoder();
  const body = new ReadableStream({
    async pull(controller) {
      const next = await parts.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
  });
  return { status: 200, headers: { 'content-type': type }, body };
}

async function* lines(changes: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const change of changes) yield `${JSON.stringify(change)}\n`;
}

/** Spreadsheet programs run cells that begin with = + - @: such values are prefixed (case R57's kind). */
async function* csv(changes: AsyncIterable<object>): AsyncGenerator<string> {
  yield `${CSV.join(',')}\r\n`;
  for await (const change of changes) {
    const row = change as Record<string, unknown>;
    yield `${CSV.map((name) => cell(row[name])).join(',')}\r\n`;
  }
}

function cell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
