import { createPublicKey, createVerify, generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttp } from '../../http/createHttp.ts';
import type { Http } from '../../http/http.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import type { Connector } from '../connector.ts';
import type { BatchesOff } from './batchSwitch.ts';
import { createGoogleWorkspace } from './connector.ts';
import { buildXml, type Element, parseXml } from './xml.ts';

/** One request as the server saw it; `path` without the server's prefix. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Objects are sent as JSON, texts as they are; `null` cuts the connection. */
  readonly body?: unknown;
}

type Answer = (request: Seen) => Reply | undefined;

/** What the feed keeps of a contact: the children of its entry, as they were sent. */
export interface Kept {
  readonly xml: string;
  readonly version: number;
}

/** A hand-written server for the tests of this room: the test says what is answered, the log says what was asked. */
export interface FakeWorkspace {
  readonly base: string;
  readonly seen: Seen[];
  readonly contacts: Map<string, Kept>;
  /** Answers a request, or undefined to leave it to the next one; later ones are asked first. */
  on(answer: Answer): void;
  asked(method: string, path: string): readonly Seen[];
  close(): Promise<void>;
}

const PREFIX = '/some/prefix';
const FEED = '/m8/feeds/contacts/fabrikam.example/full';
export const ROOT =
  "xmlns='http://www.w3.org/2005/Atom' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' xmlns:gd='http://schemas.google.com/g/2005' xmlns:gContact='http://schemas.google.com/contact/2008'";

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const KEY = { client_email: 'sync@project.example', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };

/** The claims of an assertion, after its signature was checked. */
export function claimsOf(body: string): Record<string, unknown> {
  const [head, claims, signature] = (new URLSearchParams(body).get('assertion') ?? '').split('.');
  const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
  const good = createVerify('RSA-SHA256')
    .update(`${head}.${claims}`)
    .verify(key, Buffer.from(signature ?? '', 'base64url'));
  if (!good) throw new Error('bad signature');
  return JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as Record<string, unknown>;
}

export async function startFakeWorkspace(): Promise<FakeWorkspace> {
  const seen: Seen[] = [];
  const contacts = new Map<string, Kept>();
  const answers: Answer[] = [
    () => ({ status: 404, body: { error: { code: 404, message: 'Not Found' } } }),
    (request) => (request.path === '/token' ? { body: { access_token: 'opaque-1', expires_in: 3600 } } : undefined),
    (request) => (request.path.startsWith(FEED) ? feed(request, contacts) : undefined),
  ];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    const path = pathname.startsWith(PREFIX) ? pathname.slice(PREFIX.length) : `outside ${pathname}`;
    const one: Seen = { method: request.method ?? '', path, query: searchParams, headers: request.headers, body };
    seen.push(one);
    const replies = answers.toReversed().map((answer) => () => answer(one));
    send(response, firstOf(replies));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}`,
    seen,
    contacts,
    on: (answer) => void answers.push(answer),
    asked: (method, path) => seen.filter((request) => request.method === method && request.path.includes(path)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function firstOf(replies: readonly (() => Reply | undefined)[]): Reply {
  for (const reply of replies) {
    const answer = reply();
    if (answer) return answer;
  }
  return { status: 500 };
}

function send(response: ServerResponse, reply: Reply): void {
  if (reply.body === null) {
    response.socket?.destroy();
    return;
  }
  response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
  response.end(typeof reply.body === 'string' ? reply.body : reply.body === undefined ? '' : JSON.stringify(reply.body));
}

/** Google's links name its public host, and the id another scheme: nobody may follow them literally. */
export function entryOf(id: string, kept: Kept, root = ROOT): string {
  const home = `https://www.google.com${FEED}/${id}`;
  return `<entry ${root} gd:etag='"v${kept.version}"'><id>http://www.google.com/m8/feeds/contacts/fabrikam.example/base/${id}</id><link rel='edit' href='${home}/${kept.version}'/>${kept.xml}</entry>`;
}

export function feedOf(inner: string): Reply {
  return { body: `<?xml version='1.0' encoding='UTF-8'?><feed ${ROOT}>${inner}</feed>` };
}

export function nextLink(start: number, size: number): string {
  return `<link rel='next' href='https://www.google.com${FEED}?start-index=${start}&amp;max-results=${size}'/>`;
}

function feed(request: Seen, contacts: Map<string, Kept>): Reply {
  const [id] = request.path.slice(FEED.length + 1).split('/');
  if (!id && request.method === 'POST') {
    const made = `c${contacts.size + 1}`;
    contacts.set(made, { xml: innerOf(request.body), version: 1 });
    return { status: 201, body: entryOf(made, contacts.get(made)!) };
  }
  if (!id) return list(request, contacts);
  if (id === 'batch') return batch(request, contacts);
  const kept = contacts.get(id);
  if (!kept) return { status: 404, body: '<HTML><TITLE>Contact not found.</TITLE></HTML>' };
  if (request.method === 'GET') return { body: entryOf(id, kept) };
  const condition = request.headers['if-match'];
  if (condition !== '*' && condition !== `"v${kept.version}"`) return { status: 412, body: 'Precondition Failed' };
  if (request.method === 'DELETE') {
    contacts.delete(id);
    return { body: '' };
  }
  contacts.set(id, { xml: innerOf(request.body), version: kept.version + 1 });
  return { body: entryOf(id, contacts.get(id)!) };
}

/** One operation of a batch, as it came. */
export interface Asked {
  readonly id: string;
  readonly type: string;
  readonly contact: string;
  readonly etag: string | undefined;
}

/** Answers a batch out of order. `say`: what one operation is told instead of being done; `null`: it has no answer. */
export function batch(
  request: Seen,
  contacts: Map<string, Kept>,
  say: (asked: Asked) => { readonly status: number; readonly reason: string } | null | undefined = () => undefined,
): Reply {
  const entries = parseXml(request.body)!.children.map((entry): string => {
    const part = (name: string): Element | undefined => entry.children.find((child) => child.name === name);
    const [id, type] = [part('batch:id')!.text, part('batch:operation')!.attributes['type']!];
    const contact = part('id')?.text.split('/').at(-1) ?? '';
    const etag = entry.attributes['gd:etag'];
    const told = say({ id, type, contact, etag });
    if (told === null) return '';
    const inner = buildXml({ ...entry, children: entry.children.filter((child) => !child.name.startsWith('batch:')) });
    const alone = { method: METHODS[type]!, path: `${FEED}${type === 'insert' ? '' : `/${contact}`}`, body: inner };
    const reply = told
      ? { status: told.status, body: `<TITLE>${told.reason}</TITLE>` }
      : feed({ ...request, ...alone, headers: { 'if-match': etag } }, contacts);
    const status = reply.status ?? 200;
    const whole = status < 300 ? parseXml(String(reply.body)) : null;
    const content =
      whole?.children.map((child) => buildXml(child).replace(/^<[?][^>]*>/, '')).join('') ?? `<content>${String(reply.body)}</content>`;
    const mark = whole?.attributes['gd:etag'] ? `gd:etag='${whole.attributes['gd:etag']}'` : '';
    return `<entry ${mark}><batch:id>${id}</batch:id><batch:status code='${status}' reason='${told?.reason ?? status}'/><batch:operation type='${type}'/>${content}</entry>`;
  });
  const names = `${ROOT} xmlns:batch='http://schemas.google.com/gdata/batch'`;
  return { body: `<?xml version='1.0' encoding='UTF-8'?><feed ${names}>${entries.toReversed().join('')}</feed>` };
}

const METHODS: Readonly<Record<string, string>> = { insert: 'POST', update: 'PUT', delete: 'DELETE', query: 'GET' };

function list(request: Seen, contacts: Map<string, Kept>): Reply {
  const size = Number(request.query.get('max-results') ?? 25);
  const start = Number(request.query.get('start-index') ?? 1);
  const some = [...contacts].slice(start - 1, start - 1 + size).map(([id, kept]) => entryOf(id, kept, ''));
  const next = start - 1 + size < contacts.size ? nextLink(start + size, size) : '';
  return feedOf(`${next}<openSearch:totalResults>${contacts.size}</openSearch:totalResults>${some.join('')}`);
}

/** What was sent, without what the service makes itself. */
function innerOf(body: string): string {
  return body
    .replace(/^<\?xml[^>]*\?>/, '')
    .replace(/^<entry[^>]*>|<\/entry>$/g, '')
    .replace(/<id>[^<]*<\/id>|<link [^>]*\/>/g, '');
}

export function settingsFor(base: string): GoogleWorkspaceSettings {
  return {
    id: 'fabrikam',
    name: 'Fabrikam',
    kind: 'googleWorkspace',
    domain: 'fabrikam.example',
    customer: 'my_customer',
    endpoints: { token: `${base}/token`, admin: base, groupsSettings: base, contacts: base },
    credential: { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: 'admin@fabrikam.example' },
    owns: null,
    pull: { internalOnlyGroups: true },
    limits: { lanes: null, requestsPerMinute: null },
  } as unknown as GoogleWorkspaceSettings;
}

/** A clock that only moves when somebody sleeps. */
export interface Clock {
  time: number;
}

/** The real `Http` on that clock. */
export function httpOn(clock: Clock): Http {
  return createHttp({
    connector: 'fabrikam',
    tenant: 'fabrikam.example',
    waits: { read: async () => 0, raise: async () => undefined, take: async (_key, from) => from },
    paces: new Map(),
    fetch: globalThis.fetch,
    now: () => clock.time,
    sleep: async (ms) => {
      clock.time += ms;
    },
    random: () => 0,
  });
}

export function connectorOn(
  fake: FakeWorkspace,
  attributes: readonly string[] = [],
  raw: readonly string[] = [],
  more: Partial<GoogleWorkspaceSettings> = {},
  told: { readonly clock?: Clock; readonly tell?: (event: BatchesOff) => void } = {},
): Connector {
  const clock = told.clock ?? { time: 1.7e12 };
  return createGoogleWorkspace(
    { ...settingsFor(fake.base), ...more },
    {
      http: httpOn(clock),
      secret: async () => JSON.stringify(KEY),
      wanted: { attributes, raw },
      now: () => clock.time,
      ...(told.tell ? { tell: told.tell } : {}),
    },
  );
}
