import { randomBytes } from 'node:crypto';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import type { Call, Reply } from '../server.ts';
import { batchAnswer } from './contactBatch.ts';
import type { ContactObject, WorkspaceObject } from './model.ts';

type Node = Record<string, unknown>;
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  trimValues: false,
  parseTagValue: false,
});
const builder = new XMLBuilder({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', suppressEmptyNode: true });

const ROOT = `xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'`;
const KIND = 'http://schemas.google.com/g/2005#kind';
const CONTACT = 'http://schemas.google.com/contact/2008#contact';
/** What the service understands; anything else vanishes without a word. */
const KNOWN = new Set([
  'category',
  'content',
  'gd:name',
  'gd:email',
  'gd:phoneNumber',
  'gd:im',
  'gd:structuredPostalAddress',
  'gd:organization',
  'gd:extendedProperty',
  'gContact:language',
  'gContact:birthday',
  'gContact:relation',
  'gContact:externalId',
  'gContact:website',
  'gContact:userDefinedField',
  'gd:where',
]);
const REL_OR_LABEL = new Set(['gd:email', 'gd:phoneNumber', 'gd:im', 'gd:structuredPostalAddress', 'gd:organization']);

export interface ContactsOptions {
  readonly objects: Objects<WorkspaceObject>;
  readonly domain: string;
  readonly base: () => string;
}

/** The domain shared contacts feed, GData 3.0. */
export function contactsAnswer(options: ContactsOptions, call: Call, faults: Faults): Reply {
  const match = /^\/m8\/feeds\/contacts\/([^/]+)\/full(?:\/([^/]+))?(?:\/\d+)?$/.exec(call.path);
  if (!match) return html(400, 'Contacts API is being deprecated. Migrate to People API.');
  if (faults.forbidden?.includes('contacts')) return html(403, 'You are not authorized to access this API');
  if (match[1] !== options.domain) return html(403, `Cannot request contacts belonging to another domain (${match[1]}).`);
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

function kept(body: string, faults: Faults): { children: Node[] } | { refused: string } {
  let roots: Node[];
  try {
    roots = parser.parse(body, true) as Node[];
  } catch (error) {
    return { refused: `Invalid XML: ${String(error).slice(0, 100)}` };
  }
  const children =
    (roots.find((node) => 'entry' in node)?.['entry'] as Node[] | undefined)?.filter((node) => KNOWN.has(Object.keys(node)[0]!)) ?? [];
  for (const node of children) {
    const name = Object.keys(node).find((key) => key !== ':@')!;
    const attributes = (node[':@'] ?? {}) as Record<string, string>;
    if (name === 'category' && attributes['scheme'] === KIND && attributes['term'] !== CONTACT) return { refused: 'Invalid category' };
    if (REL_OR_LABEL.has(name) && (attributes['rel'] === undefined) === (attributes['label'] === undefined))
      return { refused: `${name}: exactly one of rel and label must be given` };
  }
  const data = children.map((node) => (builder.build([node]) as string).replace(/<[^>]*>/g, '')).join('').length;
  if (data > 2048) return { refused: 'Contact data is too large' };
  if (children.filter((node) => 'gd:extendedProperty' in node).length > 10) return { refused: 'Too many extended properties' };
  return { children: children.filter((node) => !faults.dropElement || !(faults.dropElement in node)) };
}

function create(options: ContactsOptions, call: Call, faults: Faults): Reply {
  const result = kept(call.body, faults);
  if ('refused' in result) return html(400, result.refused);
  const contact: ContactObject = {
    id: randomBytes(8).toString('hex'),
    type: 'contact',
    xml: builder.build(result.children) as string,
    etag: newEtag(),
    updated: new Date().toISOString(),
    version: 1,
  };
  options.objects.put(contact);
  return xml(201, entryXml(options, contact, true), true);
}

function update(options: ContactsOptions, found: ContactObject, call: Call, faults: Faults): Reply {
  const result = kept(call.body, faults);
  if ('refused' in result) return html(400, result.refused);
  const contact: ContactObject = {
    ...found,
    xml: builder.build(result.children) as string,
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
  const size = Math.min(Number(query.get('max-results') ?? 25), faults.pageSize ?? 10_000);
  const start = Number(query.get('start-index') ?? 1);
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
  const some = contacts.slice(start - 1, start - 1 + size);
  const more = start - 1 + size < contacts.length;
  const next = new URL(call.url);
  next.searchParams.set('start-index', String(start + size));
  const link = more
    ? `<link rel='next' type='application/atom+xml' href='${escaped(`${options.base()}/m8/feeds/contacts/${options.domain}/full${next.search}`)}'/>`
    : '';
  const shown = faults.lie === 'emptyPage' || (faults.shrinkContactsTo !== undefined && !faults.replays) ? contacts.length : total;
  const body = `<feed ${ROOT}><id>https://www.google.com/m8/feeds/contacts/${options.domain}/base</id><updated>${new Date().toISOString()}</updated>${link}<openSearch:totalResults>${shown}</openSearch:totalResults><openSearch:startIndex>${start}</openSearch:startIndex><openSearch:itemsPerPage>${size}</openSearch:itemsPerPage>${some.map((contact) => entryXml(options, contact, false)).join('')}</feed>`;
  return xml(200, faults.lie === 'truncatedJson' ? body.slice(0, body.length / 2) : body);
}
