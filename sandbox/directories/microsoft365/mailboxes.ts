import { randomBytes } from 'node:crypto';
import type { Faults } from '../faults.ts';
import type { Objects } from '../objects.ts';
import { type Call, json, type Reply } from '../server.ts';
import { checkContact, contactView, mergeContact, unknownProperty } from './mailboxContacts.ts';
import type { TenantObject } from './model.ts';

/** A contact folder or a contact of a mailbox. */
export interface MailboxItem {
  readonly id: string;
  readonly type: 'folder' | 'contact';
  /** Id of the account. */
  readonly mailbox: string;
  /** Folder of a contact; for folders `contacts` or `deleteditems`. */
  readonly parent: string;
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly extended: Readonly<Record<string, string>>;
  readonly changeKey: string;
  readonly createdAt: string;
  readonly modifiedAt: string;
}

export interface MailboxOptions {
  readonly objects: Objects<TenantObject>;
  readonly mailboxes: Objects<MailboxItem>;
  readonly base: () => string;
}

/** The default folder of every mailbox: exists, and is not among the contact folders. */
export const DEFAULT_FOLDER = 'contacts';

const fault = (status: number, code: string, message: string): Reply => json(status, { error: { code, message } });
const NO_ITEM = fault(404, 'ErrorItemNotFound', 'The specified object was not found in the store.');
const DELETED: Reply = { status: 204, body: '', wrote: true };

interface Asked {
  readonly options: MailboxOptions;
  readonly call: Call;
  readonly mailbox: string;
  readonly full: boolean;
}

/** Contact folders and contacts of mailboxes, or null if the path is about something else. */
export function mailboxAnswer(options: MailboxOptions, call: Call, path: string, faults: Faults): Reply | null {
  const [, key, rest] = /^\/users\/([^/]+)\/(contactFolders|contacts)(?:\/|$)/.exec(path) ?? [];
  if (!key || !rest) return null;
  const user = options.objects
    .all()
    .find(
      (one) =>
        one.type === 'user' &&
        (one.id === key || [one.userPrincipalName, one.mail].some((name) => name?.toLowerCase() === key.toLowerCase())),
    );
  if (!user) return fault(404, 'ErrorInvalidUser', `The requested user '${key}' is invalid.`);
  const state = Object.entries(faults.mailboxes ?? {}).find(([name]) => name === user.id || name === user.mail)?.[1];
  if (faults.forbidden?.includes('mailboxes') || state === 'denied')
    return fault(
      403,
      'ErrorAccessDenied',
      'Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.',
    );
  if (state === 'notEnabled' || !user.recipientType?.endsWith('Mailbox'))
    return fault(404, 'MailboxNotEnabledForRESTAPI', 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.');
  const asked = { options, call, mailbox: user.id, full: state === 'full' };
  const parts = path.split('/').slice(3);
  if (rest === 'contacts') return contacts(asked, DEFAULT_FOLDER, parts.slice(1));
  if (parts.length === 1) return folders(asked);
  const folder = item(asked, parts[1]!, 'folder');
  if (!folder) return NO_ITEM;
  return parts[2] === 'contacts' ? contacts(asked, folder.id, parts.slice(3)) : oneFolder(asked, folder);
}

function item({ options, mailbox }: Asked, id: string, type: MailboxItem['type']): MailboxItem | null {
  const found = options.mailboxes.get(id.replace(/^REST-/, ''));
  return found?.mailbox === mailbox && found.type === type ? found : null;
}

/** Ids are the lasting ones only where they are asked for. */
function shownId({ call }: Asked, id: string): string {
  return /IdType="ImmutableId"/i.test(String(call.headers.prefer ?? '')) ? id : `REST-${id}`;
}

function folderView(asked: Asked, folder: MailboxItem): object {
  return { id: shownId(asked, folder.id), displayName: folder.name, parentFolderId: folder.parent, ...marks(asked, folder) };
}

function marks({ call }: Asked, of: MailboxItem): object {
  const wanted = [...(call.url.searchParams.get('$expand') ?? '').matchAll(/id eq '([^']+)'/g)].map((match) => match[1]!.toLowerCase());
  const found = Object.entries(of.extended).filter(([id]) => wanted.includes(id.toLowerCase()));
  return found.length > 0 ? { singleValueExtendedProperties: found.map(([id, value]) => ({ id, value })) } : {};
}

function folders(asked: Asked): Reply {
  const { options, call, mailbox, full } = asked;
  const all = options.mailboxes.all().filter((one) => one.mailbox === mailbox && one.type === 'folder' && one.parent === DEFAULT_FOLDER);
  if (call.method === 'GET') return page(asked, all, (one) => folderView(asked, one), 10);
  if (call.method !== 'POST') return fault(405, 'MethodNotAllowed', 'Not here.');
  if (full) return fault(507, 'ErrorQuotaExceeded', 'The mailbox is full.');
  const body = JSON.parse(call.body) as { displayName?: string };
  if (!body.displayName) return fault(400, 'ErrorInvalidRequest', 'A folder needs a displayName.');
  if (isTaken(all, body.displayName)) return fault(409, 'ErrorFolderExists', 'A folder with the specified name already exists.');
  const made = newItem(mailbox, 'folder', DEFAULT_FOLDER, body.displayName, body);
  options.mailboxes.put(made);
  return json(201, folderView(asked, made), { wrote: true });
}

function isTaken(all: readonly MailboxItem[], name: string): boolean {
  return all.some((one) => one.name.toLowerCase() === name.toLowerCase());
}

function oneFolder(asked: Asked, folder: MailboxItem): Reply {
  const { call, options } = asked;
  if (call.method === 'GET') return json(200, folderView(asked, folder));
  if (call.method === 'DELETE') {
    // Deleted folders go to the deleted items, with what is in them.
    options.mailboxes.put({ ...folder, parent: 'deleteditems' });
    return DELETED;
  }
  const { displayName } = JSON.parse(call.body) as { displayName?: string };
  const others = options.mailboxes.all().filter((one) => one.mailbox === folder.mailbox && one.type === 'folder' && one.id !== folder.id);
  if (displayName && isTaken(others, displayName))
    return fault(409, 'ErrorFolderExists', 'A folder with the specified name already exists.');
  const renamed = { ...folder, name: displayName ?? folder.name };
  options.mailboxes.put(renamed);
  return json(200, folderView(asked, renamed), { wrote: true });
}

function contacts(asked: Asked, folder: string, parts: readonly string[]): Reply {
  const { call, options } = asked;
  const all = options.mailboxes.all().filter((one) => one.mailbox === asked.mailbox && one.type === 'contact' && one.parent === folder);
  const view = (one: MailboxItem): object => ({
    id: shownId(asked, one.id),
    ...contactView(one, call.url.searchParams.get('$select')),
    ...marks(asked, one),
  });
  const unknown = unknownProperty(call.url.searchParams.get('$select'));
  if (unknown !== null)
    return fault(400, 'RequestBroker--ParseUri', `Could not find a property named '${unknown}' on type 'microsoft.graph.contact'.`);
  if (parts[0] === 'delta') return delta(asked, folder, all);
  if (parts.length === 1) return oneContact(asked, parts[0]!, folder, view);
  if (call.method === 'GET') return page(asked, filtered(all, call), view, 10);
  if (asked.full) return fault(507, 'ErrorQuotaExceeded', 'The mailbox is full.');
  const body = JSON.parse(call.body) as Record<string, unknown>;
  const wrong = checkContact(body);
  if (wrong) return fault(400, 'RequestBodyRead', wrong);
  const made = newItem(asked.mailbox, 'contact', folder, '', body);
  options.mailboxes.put({ ...made, properties: mergeContact({}, body) });
  return json(201, view(options.mailboxes.get(made.id)!), { wrote: true });
}

function oneContact(asked: Asked, id: string, folder: string, view: (one: MailboxItem) => object): Reply {
  const { call, options } = asked;
  const found = item(asked, id, 'contact');
  if (!found || found.parent !== folder) return NO_ITEM;
  if (call.method === 'GET') return json(200, view(found));
  if (call.method === 'DELETE') {
    options.mailboxes.remove(found.id, 'deleted');
    return DELETED;
  }
  const body = JSON.parse(call.body) as Record<string, unknown>;
  const wrong = checkContact(body);
  if (wrong) return fault(400, 'RequestBodyRead', wrong);
  const extended = { ...found.extended, ...extendedIn(body) };
  options.mailboxes.put({ ...found, ...stampOfChange(), properties: mergeContact(found.properties, body), extended });
  return json(200, view(options.mailboxes.get(found.id)!), { wrote: true });
}

/** `singleValueExtendedProperties/any(ep: ep/id eq '…' and ep/value eq '…')`: the name regards case, the value does not. */
function filtered(all: readonly MailboxItem[], call: Call): readonly MailboxItem[] {
  const [, id, value] = /ep\/id eq '([^']+)' and ep\/value eq '([^']*)'/.exec(call.url.searchParams.get('$filter') ?? '') ?? [];
  return id === undefined ? all : all.filter((one) => one.extended[id]?.toLowerCase() === value!.toLowerCase());
}

/** A contact or folder as a request makes it. */
export function newItem(mailbox: string, type: MailboxItem['type'], parent: string, name: string, body: object): MailboxItem {
  const at = new Date().toISOString();
  const id = `AAkALgAA${randomBytes(12).toString('base64url')}`;
  return { id, type, mailbox, parent, name, properties: {}, extended: extendedIn(body), createdAt: at, ...stampOfChange() };
}

function stampOfChange(): { changeKey: string; modifiedAt: string } {
  return { changeKey: randomBytes(9).toString('base64url'), modifiedAt: new Date().toISOString() };
}

function extendedIn(body: object): Record<string, string> {
  const { singleValueExtendedProperties } = body as { singleValueExtendedProperties?: readonly { id: string; value: string }[] };
  return Object.fromEntries((singleValueExtendedProperties ?? []).map(({ id, value }) => [id, value]));
}

/** What somebody does in Outlook: an own contact, an edit, a removal. */
export function editMailbox(options: MailboxOptions, command: { mailbox: string; put?: Partial<MailboxItem>[]; remove?: string[] }): void {
  for (const change of command.put ?? []) {
    const known = change.id ? options.mailboxes.get(change.id) : undefined;
    const made = newItem(command.mailbox, change.type ?? 'contact', change.parent ?? DEFAULT_FOLDER, change.name ?? '', {});
    const base = known ?? { ...made, id: change.id ?? made.id };
    const properties = { ...base.properties, ...change.properties };
    options.mailboxes.put({ ...base, ...change, ...stampOfChange(), id: base.id, mailbox: base.mailbox, properties });
  }
  for (const id of command.remove ?? []) options.mailboxes.remove(id, 'deleted');
}

function page<T extends MailboxItem>(asked: Asked, all: readonly T[], view: (one: T) => object, usual: number): Reply {
  const { call, options } = asked;
  const size = Math.min(1000, Number(call.url.searchParams.get('$top') ?? usual));
  const start = Number(call.url.searchParams.get('$skip') ?? 0);
  const next = new URL(call.url);
  next.searchParams.set('$skip', String(start + size));
  const more = start + size < all.length ? { '@odata.nextLink': `${options.base()}${call.path}${next.search}` } : {};
  return json(200, { value: all.slice(start, start + size).map(view), ...more });
}

interface Token {
  readonly folder: string;
  readonly since: number;
  readonly upTo: number;
  readonly start: number;
}

/** Changes of one folder since a token: contacts, and ids of removed ones; pages as large as `Prefer: odata.maxpagesize` says. */
function delta(asked: Asked, folder: string, all: readonly MailboxItem[]): Reply {
  const { call, options } = asked;
  const text = call.url.searchParams.get('$skiptoken') ?? call.url.searchParams.get('$deltatoken');
  const token = text ? (JSON.parse(Buffer.from(text, 'base64url').toString()) as Token) : { folder, since: 0, upTo: 0, start: 0 };
  if (token.folder !== folder) return fault(400, 'ErrorInvalidSyncStateData', 'The sync state is of another folder.');
  const upTo = token.upTo || options.mailboxes.sequence();
  const { since } = token;
  const at = (id: string): number => options.mailboxes.changedAt(id);
  const changed = all.filter((one) => at(one.id) > since && at(one.id) <= upTo);
  const gone = options.mailboxes.removed().filter((one) => one.object.parent === folder && one.at > since && one.at <= upTo);
  const rows = [
    ...changed.map((one) => ({ id: shownId(asked, one.id), changeKey: one.changeKey })),
    ...(since === 0 ? [] : gone.map((one) => ({ id: shownId(asked, one.id), '@removed': { reason: 'deleted' } }))),
  ];
  const size = Number(/odata\.maxpagesize=(\d+)/.exec(String(call.headers.prefer ?? ''))?.[1] ?? 10);
  const end = token.start + size;
  const link = (name: string, next: Token): string =>
    `${options.base()}${call.path}?${name}=${Buffer.from(JSON.stringify(next)).toString('base64url')}`;
  const last = end >= rows.length;
  const more = last
    ? { '@odata.deltaLink': link('$deltatoken', { folder, since: upTo, upTo: 0, start: 0 }) }
    : { '@odata.nextLink': link('$skiptoken', { folder, since, upTo, start: end }) };
  return json(200, { value: rows.slice(token.start, end), ...more });
}
