import { randomBytes } from 'node:crypto';
import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import type { Call, Reply } from '../server.ts';
import { batchAnswer } from './contactBatch.ts';
import { keptOf, xmlOf } from './contactEntry.ts';
import type { ContactObject, WorkspaceObject } from './model.ts';

const ROOT = `xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'`;
/** A list is cut off at so many bytes, and goes on behind its next link. */
const MOST_BYTES = 10_000_000;
const MOST_ENTRIES = 10_000;
/** Full-text queries and look-ups of addresses are not supported. */
const FEED_PARAMETERS = new Set(['max-results', 'start-index', 'updated-min', 'orderby', 'sortorder', 'showdeleted', 'v', 'alt']);

export interface ContactsOptions {
  readonly objects: Objects<WorkspaceObject>;
  readonly domain: string;
  readonly base: () => string;
}

/** The domain shared contacts feed, GData 3.0. */
export function contactsAnswer(options: ContactsOptions, call: Call, faults: Faults): Reply {
  const match = /^\/m8\/feeds\/contacts\/([^/]+)\/full(?:\/([^/]+))?(?:\/\d+)?$/.exec(call.path);
  if (!match) return html(400, 'Contacts API is being deprecated. Migrate to People API.');
  if (!isVersion3(call)) return html(400, 'GData-Version 3.0 is needed: version 1 has no entity tags and no structured addresses.');
  if (faults.forbidden?.includes('contacts')) return html(403, 'You are not authorized to access this API');
  if (match[1] !== options.domain) return html(403, `Cannot request contacts belonging to another domain (${match[1]}).`);
  if (/^(POST|PUT)$/.test(call.method) && !/^application\/atom\+xml\b/.test(String(call.headers['content-type'] ?? '')))
    return html(415, 'Unsupported Media Type');
  if (!match[2]) return call.method === 'POST' ? create(options, call, faults) : feed(options, call, faults);
  if (match[2] === 'batch')
    return batchAnswer(call, faults, `/m8/feeds/contacts/${options.domain}/full`, (inner) => contactsAnswer(options, inner, faults));
  const found = options.objects.get(decodeURIComponent(match[2]));
  if (found?.type !== 'contact') return html(404, 'Contact not found.');
  if (call.method === 'GET') return xml(200, entryXml(options, found, true));
  const condition = String(call.headers['if-match'] ?? '');
  if (condition !== '*' && condition !== found.etag) return html(412, 'Precondition Failed');
  if (call.method === 'DELETE') {
    options.objects.remove(found.id);
    return { status: 200, body: '', wrote: true };
  }
  return call.method === 'PUT' ? update(options, found, call, faults) : html(405, 'Method not allowed');
}

/** By header or parameter; GAM sends 3.1. */
function isVersion3(call: Call): boolean {
  return /^3(\.\d+)?$/.test(String(call.headers['gdata-version'] ?? call.url.searchParams.get('v') ?? ''));
}

function html(status: number, text: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<HTML><HEAD><TITLE>${text}</TITLE></HEAD><BODY><H1>${text}</H1></BODY></HTML>`,
  };
}

function xml(status: number, body: string, wrote = false): Reply {
  return {
    status,
    headers: { 'content-type': 'application/atom+xml; charset=utf-8' },
    body: `<?xml version='1.0' encoding='UTF-8'?>${body}`,
    wrote,
  };
}

function kept(body: string, faults: Faults, id: string | null): { readonly xml: string } | { readonly refused: string } {
  const result = keptOf(body, id);
  if ('refused' in result) return result;
  return { xml: xmlOf(result.children.filter((node) => !faults.dropElement || !(faults.dropElement in node))) };
}

function create(options: ContactsOptions, call: Call, faults: Faults): Reply {
  const result = kept(call.body, faults, null);
  if ('refused' in result) return html(400, result.refused);
  const contact: ContactObject = {
    id: randomBytes(8).toString('hex'),
    type: 'contact',
    xml: result.xml,
    etag: newEtag(),
    updated: new Date().toISOString(),
    version: 1,
  };
  options.objects.put(contact);
  return xml(201, entryXml(options, contact, true), true);
}

function update(options: ContactsOptions, found: ContactObject, call: Call, faults: Faults): Reply {
  const result = kept(call.body, faults, found.id);
  if ('refused' in result) return html(400, result.refused);
  const contact: ContactObject = {
    ...found,
    xml: result.xml,
    etag: newEtag(),
    updated: new Date().toISOString(),
    version: found.version + 1,
  };
  options.objects.put(contact);
  return faults.conflictAfterWrite
    ? { ...html(409, 'Entity already exists'), wrote: true }
    : xml(200, entryXml(options, contact, true), true);
}

function newEtag(): string {
  return `"${randomBytes(9).toString('base64url')}."`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;').replaceAll('"', '&quot;');
}

function entryXml(options: ContactsOptions, contact: ContactObject, root: boolean): string {
  const home = `${options.base()}/m8/feeds/contacts/${options.domain}/full/${contact.id}`;
  const title = /<gd:fullName>([^<]*)<\/gd:fullName>/.exec(contact.xml)?.[1] ?? '';
  return `<entry ${root ? ROOT : ''} gd:etag='${escaped(contact.etag)}'><id>http://www.google.com/m8/feeds/contacts/${options.domain}/base/${contact.id}</id><updated>${contact.updated}</updated><title type='text'>${title}</title><link rel='self' href='${home}'/><link rel='edit' href='${home}/${contact.version}'/>${contact.xml}</entry>`;
}

function feed(options: ContactsOptions, call: Call, faults: Faults): Reply {
  if (faults.lie === 'html') return { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>Sign in</body></html>' };
  const query = call.url.searchParams;
  const wrong = [...query.keys()].find((name) => !FEED_PARAMETERS.has(name));
  if (wrong !== undefined) return html(400, `Query parameter not supported: ${wrong}`);
  const asked = Number(query.get('max-results') ?? 25);
  const start = Number(query.get('start-index') ?? 1);
  if (!Number.isInteger(asked) || asked < 0 || !Number.isInteger(start) || start < 1)
    return html(400, 'Invalid value for max-results or start-index');
  const since = query.get('updated-min');
  const visible = Date.now() - (faults.lagMs ?? 0);
  let contacts = options.objects
    .all()
    .filter(
      (one): one is ContactObject =>
        one.type === 'contact' && Date.parse(one.updated) <= visible && (!since || Date.parse(one.updated) >= Date.parse(since)),
    );
  const total = contacts.length;
  if (faults.shrinkContactsTo !== undefined) contacts = contacts.slice(0, faults.shrinkContactsTo);
  if (faults.lie === 'emptyPage' && (!faults.lieAbout || /contacts/.test(faults.lieAbout))) contacts = [];
  if (faults.replays && !since) contacts = [...contacts, ...contacts.slice(0, faults.replays)];
  const some = pageOf(options, contacts, start - 1, Math.min(asked, faults.pageSize ?? MOST_ENTRIES));
  const more = start - 1 + some.length < contacts.length;
  const next = new URL(call.url);
  next.searchParams.set('start-index', String(start + some.length));
  const link = more
    ? `<link rel='next' type='application/atom+xml' href='${escaped(`${options.base()}/m8/feeds/contacts/${options.domain}/full${next.search}`)}'/>`
    : '';
  const shown = faults.lie === 'emptyPage' || (faults.shrinkContactsTo !== undefined && !faults.replays) ? contacts.length : total;
  const body = `<feed ${ROOT}><id>https://www.google.com/m8/feeds/contacts/${options.domain}/base</id><updated>${new Date().toISOString()}</updated>${link}<openSearch:totalResults>${shown}</openSearch:totalResults><openSearch:startIndex>${start}</openSearch:startIndex><openSearch:itemsPerPage>${asked}</openSearch:itemsPerPage>${some.join('')}</feed>`;
  return xml(200, faults.lie === 'truncatedJson' ? body.slice(0, body.length / 2) : body);
}

/** Entries of one answer: as many as were asked for, and no more than the service sends at once. */
function pageOf(options: ContactsOptions, contacts: readonly ContactObject[], from: number, size: number): readonly string[] {
  const some: string[] = [];
  let bytes = 0;
  for (const contact of contacts.slice(from, from + size)) {
    const entry = entryXml(options, contact, false);
    bytes += Buffer.byteLength(entry);
    if (bytes > MOST_BYTES && some.length > 0) break;
    some.push(entry);
  }
  return some;
}
