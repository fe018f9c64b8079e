import { afterEach, beforeEach, expect } from 'vitest';
import { DIRECTORY_SET } from '../../model/attributes.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { type Entry, type EntryPart, mergeParts } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { Connector, PullMemory, PullPage } from '../connector.ts';
import { createMicrosoft365 } from './connector.ts';
import { type FakeTenant, httpOn, type Reply, settingsFor, startFakeTenant } from './fakeTenant.ts';

export const NOTHING: PullMemory = { tokens: {}, readBefore: [] };
export let tenant: FakeTenant;

/** A tenant with two people for each test of a file. */
export function withTenant(): void {
  beforeEach(async () => {
    tenant = await startFakeTenant();
    answerDefaults();
  });
  afterEach(() => tenant.close());
}

export const ADA = {
  id: 'u1',
  displayName: 'Ada Byron',
  userPrincipalName: 'ada@a.example',
  mail: 'ada@a.example',
  proxyAddresses: ['smtp:a.byron@a.example', 'SMTP:ada@a.example', 'X500:/o=x/cn=ada', 'SIP:ada@a.example'],
  userType: 'Member',
  accountEnabled: true,
  jobTitle: 'Countess',
  country: 'UK',
  businessPhones: ['+44 20 5550 100'],
  createdDateTime: '2026-01-02T03:04:05Z',
};
export const ROOM = {
  id: 'u2',
  displayName: 'Room 1',
  userPrincipalName: 'room1@a.example',
  mail: 'room1@a.example',
  accountEnabled: false,
};

export function graph(path: string, reply: Reply | (() => Reply)): void {
  tenant.on((request) =>
    request.method === 'GET' && request.url.startsWith(`/graph/v1.0${path}`) ? (typeof reply === 'function' ? reply() : reply) : undefined,
  );
}
export function cmdlet(name: string, reply: Reply): void {
  tenant.on((request) => (request.cmdlet === name ? reply : undefined));
}
export function link(path: string): string {
  return `${tenant.base}/graph/v1.0${path}`;
}

function answerDefaults(): void {
  graph('/organization', { body: { value: [{ id: 'o', verifiedDomains: [{ name: 'A.example' }, { name: 'a.onmicrosoft.com' }] }] } });
  graph('/users/$count', { status: 400, body: { error: { code: 'Request_BadRequest', message: 'no' } } });
  graph('/groups', { body: { value: [] } });
  graph('/users/delta', { body: { value: [ADA, ROOM], '@odata.deltaLink': link('/users/delta?$deltatoken=D1') } });
  cmdlet('Get-Recipient', { body: { value: [] } });
  cmdlet('Get-Contact', { body: { value: [] } });
}

export function connector(
  attributes: readonly string[] = DIRECTORY_SET,
  raw: readonly string[] = [],
  more: Partial<Microsoft365Settings> = {},
  x500: { readonly x500?: boolean; readonly groupX500?: boolean } = {},
): Connector {
  return createMicrosoft365(
    { ...settingsFor(tenant.base), ...more },
    {
      http: httpOn({ time: 1e12 }),
      secret: async () => 's3cret',
      wanted: { attributes, raw, ...x500 },
      now: () => 1e12,
    },
  );
}

export async function pull(from: Connector, memory = NOTHING): Promise<readonly PullPage[]> {
  const pages: PullPage[] = [];
  let cursor: string | null = null;
  do {
    const page = await from.readPage(cursor, memory);
    pages.push(page);
    cursor = page.cursor;
    expect(pages.length).toBeLessThan(30);
  } while (cursor !== null);
  return pages;
}

/** Entries as the snapshot would hold them after a full pull. */
export function entries(from: Connector, pages: readonly PullPage[]): readonly Entry[] {
  const rows = new Map<string, Record<string, EntryPart>>();
  for (const page of pages) {
    for (const part of page.parts) rows.set(part.id, { ...rows.get(part.id), [page.set]: part });
    for (const id of page.removed) delete rows.get(id)?.[page.set];
  }
  return [...rows.values()].flatMap((row) => mergeParts(from.sets.flatMap((set) => row[set] ?? [])) ?? []);
}

export async function failureOf(work: Promise<unknown>): Promise<FailureError['failure']> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

/** Answers single users inside a batch by their status; what was asked for comes in the list. */
export function lookedUp(statuses: Readonly<Record<string, number>>): string[] {
  const asked: string[] = [];
  tenant.on((request) => {
    if (!request.url.endsWith('/$batch')) return undefined;
    const { requests } = JSON.parse(request.body) as { requests: readonly { id: string; url: string }[] };
    asked.push(...requests.map((one) => one.url));
    const status = (url: string): number => statuses[/users\/(\w+)/.exec(url)![1]!] ?? 404;
    return { body: { responses: requests.map(({ id, url }) => ({ id, status: status(url), headers: { 'Retry-After': '7' }, body: {} })) } };
  });
  return asked;
}
