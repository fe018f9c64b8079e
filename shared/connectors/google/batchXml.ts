import { BATCH } from './batchAnswers.ts';
import { type Element, element } from './xml.ts';

/** One operation of a batch; `id` names its answer. */
export interface Operation {
  readonly id: string;
  readonly type: 'insert' | 'update' | 'delete' | 'query';
  readonly entry: Element;
}

const NAMES = { xmlns: 'http://www.w3.org/2005/Atom', 'xmlns:gd': 'http://schemas.google.com/g/2005', 'xmlns:batch': BATCH };

/**
 * The feed to send. The sample of Google's page (perform-batch-operations) has mismatched tags and a category that contacts do not have: entries
 * are what the single calls send. Each carries its own ETag, so there is no `If-Match: *` around them, which would switch those off.
 */
export function operationsFeed(operations: readonly Operation[]): Element {
  const entries = operations.map(({ id, type, entry }) => ({
    ...entry,
    children: [element('batch:id', {}, [], id), element('batch:operation', { type }), ...entry.children],
  }));
  return element('feed', NAMES, entries);
}
