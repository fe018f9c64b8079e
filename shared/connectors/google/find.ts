import type { Entry } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { FindQuery } from '../connector.ts';
import { contactId, readContact, stampOf } from './contactXml.ts';
import type { Feed, FeedPage } from './feed.ts';
import { childrenOf } from './xml.ts';

/** More pages than 200,000 contacts need, even where the service gives only 50 at a time. */
const MOST_PAGES = 5_000;
/** A clock that differs from Google's, and the time that a request is under way. */
const MARGIN_MS = 60_000;

/**
 * The contact with our stamp: first among what changed since the intent, then in the whole feed (stamps cannot be searched for).
 * Null only after a complete read: what is not proven absent would be made twice, so anything less throws `FailureError`.
 */
export async function findByStamp(feed: Feed, connector: string, query: FindQuery): Promise<Entry | null> {
  const since = encodeURIComponent(new Date(Date.parse(query.since) - MARGIN_MS).toISOString());
  const changed = await feed.page(null, 1000, `&updated-min=${since}&showdeleted=false&orderby=lastmodified`).catch((error: unknown) => {
    // A short cut only: a service that refuses these parameters is read whole.
    if ((error as { status?: number }).status === 400) return null;
    throw error;
  });
  return (changed && stamped(changed, query.stamp)) ?? (await scan(feed, connector, query.stamp));
}

async function scan(feed: Feed, connector: string, stamp: string): Promise<Entry | null> {
  const seen = new Set<string>();
  const ids = new Set<string>();
  let link: string | null = null;
  let total: number | null = null;
  while (seen.size < MOST_PAGES) {
    const page: FeedPage = await feed.page(link, 1000);
    const ours = stamped(page, stamp);
    if (ours) return ours;
    total ??= page.total;
    for (const entry of page.entries) ids.add(contactId(entry));
    const missing = (total ?? 0) - ids.size;
    const over = page.next === null || (page.entries.length === 0 && total !== null && missing <= 0);
    // As far as a complete read may differ from the directory's own count (promise 4).
    if (over && (missing <= 5 || missing <= (total ?? 0) / 100)) return null;
    if (over || page.next === null || seen.has(page.next)) break;
    seen.add(page.next);
    link = page.next;
  }
  throw new FailureError({
    code: 'incompleteRead',
    message: `Connector "${connector}": looking for ${stamp.slice(0, 150)}, the shared contacts feed gave ${ids.size} of ${total ?? 'an unknown number of'} contacts.`,
    nextStep: 'The contact is not made again before it is known whether it exists. It is tried again by itself.',
  });
}

function stamped(page: FeedPage, stamp: string): Entry | null {
  const entry = page.entries.find((one) => stampOf(one) === stamp && childrenOf(one, 'deleted').length === 0);
  return entry ? ({ id: contactId(entry), ...readContact(entry) } as Entry) : null;
}
