import type { Http, HttpAnswer, HttpRequest } from '../../http/http.ts';
import { badAnswer, isQuota, refusalOf } from './answers.ts';
import { isWhollyThrottled, partlyThrottled } from './batchAnswers.ts';
import { contactId } from './contactXml.ts';
import { SCOPES } from './token.ts';
import { buildXml, childrenOf, type Element, local, parseXml, textAt } from './xml.ts';

export interface FeedPage {
  readonly entries: readonly Element[];
  /** Link of the next page, as the service gave it. */
  readonly next: string | null;
  /** The service's own count of contacts, null if it gives none. */
  readonly total: number | null;
}

/** Domain Shared Contacts (GData 3.0, Atom): alive, old, and the only way into Google's directory. */
export interface Feed {
  page(link: string | null, size: number, extra?: string): Promise<FeedPage>;
  /** `element`: null if the answer holds no entry, or another contact's. */
  entry(id: string): Promise<HttpAnswer & { readonly element: Element | null }>;
  create(entry: Element): Promise<HttpAnswer & { readonly element: Element | null }>;
  update(link: string, etag: string | null, entry: Element): Promise<HttpAnswer & { readonly element: Element | null }>;
  remove(link: string): Promise<HttpAnswer>;
  /** Sends operations together. `repeatable`: none of them writes, so it may be sent again when the answer is lost. */
  batch(operations: Element, repeatable: boolean): Promise<HttpAnswer>;
  /** The id of a contact as the feed's own entries write it. */
  idOf(contact: string): string;
}

export function createFeed(
  base: string,
  domain: string,
  http: Http,
  token: () => (fresh: boolean) => Promise<string>,
  connector: string,
): Feed {
  const home = `${base}/m8/feeds/contacts/${domain}/full`;
  const send = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    url: string,
    body?: string,
    etag?: string,
    more: Partial<HttpRequest> = {},
  ): Promise<HttpAnswer> =>
    http({
      method,
      url,
      token: token(),
      isThrottle: isQuota,
      idempotent: method !== 'POST',
      headers: {
        'gdata-version': '3.0',
        accept: 'application/atom+xml',
        ...(body ? { 'content-type': 'application/atom+xml; charset=utf-8' } : {}),
        ...(etag ? { 'if-match': etag } : {}),
      },
      ...(body ? { body } : {}),
      ...more,
    });
  const parsed = (answer: HttpAnswer): HttpAnswer & { element: Element | null } => ({
    ...answer,
    element: answer.status < 300 && answer.text !== '' ? entryIn(answer.text) : null,
  });
  return {
    async page(link, size, extra = '') {
      const answer = await send('GET', link ? atMost(sameHost(link, home), size) : `${home}?max-results=${size}${extra}`);
      if (answer.status !== 200) throw refusalOf(connector, 'the shared contacts feed', SCOPES.contacts, answer);
      const feed = parseXml(answer.text);
      if (!feed || local(feed.name) !== 'feed')
        throw badAnswer(connector, 'the shared contacts feed', `something that is no complete feed (${answer.text.length} characters)`);
      const total = Number(textAt(feed, 'totalResults') ?? Number.NaN);
      const next = childrenOf(feed, 'link').find((one) => one.attributes['rel'] === 'next')?.attributes['href'] ?? null;
      const entries = childrenOf(feed, 'entry');
      if (entries.some((entry) => contactId(entry) === ''))
        throw badAnswer(connector, 'the shared contacts feed', 'a contact that has no id');
      return { entries, next, total: Number.isFinite(total) ? total : null };
    },
    async entry(id) {
      const answer = parsed(await send('GET', `${home}/${encodeURIComponent(id)}`));
      return answer.element && contactId(answer.element) !== id ? { ...answer, element: null } : answer;
    },
    create: async (entry) => parsed(await send('POST', home, buildXml(entry))),
    update: async (link, etag, entry) => parsed(await send('PUT', sameHost(link, home), buildXml(entry), etag ?? '*')),
    remove: (link) => send('DELETE', sameHost(link, home), undefined, '*'),
    batch: (operations, repeatable) =>
      send('POST', `${home}/batch`, buildXml(operations), undefined, {
        idempotent: repeatable,
        isThrottle: (answer) => isQuota(answer) || isWhollyThrottled(answer, operations.children.length),
        partlyThrottled,
      }),
    // With the scheme and the projection that Google's own ids have, whatever host is asked.
    idOf: (contact) => `http://www.google.com/m8/feeds/contacts/${domain}/base/${contact}`,
  };
}

/** A page link with a smaller page: the service times out on large ones. */
function atMost(link: string, size: number): string {
  const url = new URL(link);
  if (Number(url.searchParams.get('max-results') ?? 0) > size) url.searchParams.set('max-results', String(size));
  return url.href;
}

/** A sign-in page may be well-formed: it is no entry all the same. */
function entryIn(text: string): Element | null {
  const root = parseXml(text);
  return root && local(root.name) === 'entry' ? root : null;
}

/** Links name Google's public host (and sometimes plain http): only path and query are followed, on the host that we were told. */
function sameHost(link: string, home: string): string {
  const base = new URL(home);
  // Without an edit link it is the bare id, below the feed.
  const there = new URL(link, `${home}/`);
  const at = there.pathname.indexOf('/m8/feeds/');
  const prefix = base.pathname.slice(0, base.pathname.indexOf('/m8/feeds/'));
  return `${base.origin}${prefix}${at >= 0 ? there.pathname.slice(at) : there.pathname}${there.search}`;
}

/** Strong ETags only: a weak one must not go into If-Match. */
export function strongEtag(entry: Element): string | null {
  const etag = entry.attributes['gd:etag'] ?? entry.attributes['etag'] ?? null;
  return etag && !etag.startsWith('W/') ? etag : null;
}

export function editLink(entry: Element, id: string): string {
  return childrenOf(entry, 'link').find((one) => one.attributes['rel'] === 'edit')?.attributes['href'] ?? id;
}
