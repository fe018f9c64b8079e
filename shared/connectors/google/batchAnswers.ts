import type { HttpAnswer } from '../../http/http.ts';
import { isQuota } from './answers.ts';
import { childrenOf, type Element, local, parseXml } from './xml.ts';

/** The namespace of GData batches (Domain Shared Contacts, perform-batch-operations). */
export const BATCH = 'http://schemas.google.com/gdata/batch';

/** What became of one operation of a batch, as the single call would have answered it. */
export interface OperationAnswer extends HttpAnswer {
  /** The contact as it is now; null if the answer shows none. */
  readonly element: Element | null;
}

/**
 * The answers of a batch by `batch:id`: their order is not promised, and a service that stops half way leaves some out (`batch:interrupted`).
 * An id that is there twice counts as not answered. Null: the whole is no batch answer.
 */
export function operationAnswers(answer: HttpAnswer): ReadonlyMap<string, OperationAnswer> | null {
  const feed = answer.status === 200 ? parseXml(answer.text) : null;
  if (!feed || local(feed.name) !== 'feed') return null;
  // What is written back stands alone: it takes the names that the whole declares with it.
  const names = Object.fromEntries(Object.entries(feed.attributes).filter(([name]) => name.startsWith('xmlns')));
  const found = new Map<string, OperationAnswer | null>();
  for (const entry of childrenOf(feed, 'entry')) {
    const ours = prefixesOf(feed, entry);
    const id = partOf(entry, ours, 'id')?.text.trim();
    const one = operationAnswer(entry, ours, names);
    if (id && one) found.set(id, found.has(id) ? null : one);
  }
  return new Map([...found].flatMap(([id, one]) => (one ? [[id, one] as const] : [])));
}

function operationAnswer(entry: Element, ours: ReadonlySet<string>, names: Element['attributes']): OperationAnswer | null {
  const status = partOf(entry, ours, 'status');
  const code = Number(status?.attributes['code'] ?? Number.NaN);
  if (!status || !Number.isInteger(code)) return null;
  const element = {
    ...entry,
    attributes: { ...names, ...entry.attributes },
    children: entry.children.filter((child) => !isBatch(child, ours)),
  };
  return {
    status: code,
    headers: {},
    text: [status.attributes['reason'] ?? '', ...textsOf(status), ...childrenOf(entry, 'content').map(({ text }) => text)].join(' ').trim(),
    element: code < 300 && childrenOf(element, 'id').length > 0 ? element : null,
  };
}

/** What a fault says: texts, and the reasons of its `errors`. */
function textsOf(element: Element): readonly string[] {
  const own = [element.text.trim(), ...element.children.map((child) => child.attributes['reason'] ?? '')];
  return [...own.filter((text) => text !== ''), ...element.children.flatMap(textsOf)];
}

/** Prefixes differ between answers, and Atom has an `id` too: only the declarations tell which is which. */
function prefixesOf(feed: Element, entry: Element): ReadonlySet<string> {
  const declared = Object.entries({ ...feed.attributes, ...entry.attributes })
    .filter(([name, value]) => name.startsWith('xmlns:') && value === BATCH)
    .map(([name]) => name.slice('xmlns:'.length));
  return new Set(declared);
}

function isBatch(child: Element, prefixes: ReadonlySet<string>): boolean {
  const colon = child.name.indexOf(':');
  return (colon > 0 && prefixes.has(child.name.slice(0, colon))) || child.attributes['xmlns'] === BATCH;
}

function partOf(entry: Element, prefixes: ReadonlySet<string>, name: string): Element | null {
  return entry.children.find((child) => isBatch(child, prefixes) && local(child.name) === name) ?? null;
}

export function isTooFast(answer: HttpAnswer): boolean {
  return answer.status === 429 || isQuota(answer);
}

/** Nothing of the batch was done, so that it may be sent again as it is. What has no answer may have been done. */
export function isWhollyThrottled(answer: HttpAnswer, sent: number): boolean {
  const all = [...(throttledIn(answer)?.values() ?? [])];
  return all.length === sent && all.every(isTooFast);
}

export function partlyThrottled(answer: HttpAnswer): boolean {
  return [...(throttledIn(answer)?.values() ?? [])].some(isTooFast);
}

/** Most batches hold no such answer: only one that may is parsed for it. */
function throttledIn(answer: HttpAnswer): ReadonlyMap<string, OperationAnswer> | null {
  return /code=["'](429|403|503)["']/.test(answer.text) ? operationAnswers(answer) : null;
}
