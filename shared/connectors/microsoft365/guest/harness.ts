import { afterEach, beforeEach } from 'vitest';
import type { Fields } from '../../../model/plan.ts';
import type { Connector, WriteRequest } from '../../connector.ts';
import { createMicrosoft365 } from '../connector.ts';
import { exchangeRefusal, type FakeTenant, httpOn, type Reply, type Seen, settingsFor, startFakeTenant } from '../fakeTenant.ts';

export const STAMP = 'galsync:a-to-b:u1';
export const ID = '243b0000-0000-4000-8000-000000000001';
export const NOW = Date.parse('2026-11-26T10:00:00Z');
export const SINCE = '2026-11-26T09:59:58.000Z';
export const FIELDS: Fields = {
  displayName: 'Ada Byron',
  givenName: 'Ada',
  addresses: ['ada@a.example'],
  country: 'United Kingdom',
  businessPhones: ['+44 20 5550 100'],
  mobilePhone: '+44 7700 900100',
  hidden: 'false',
};
export const HIDDEN_FROM_GRAPH = graphRefusal(404, 'Request_ResourceNotFound', 'Resource does not exist.');
export const TAKEN = graphRefusal(
  400,
  'Request_BadRequest',
  'Another object with the same value for property proxyAddresses already exists.',
);
export const DENIED = graphRefusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
export const NOT_IN_EXCHANGE = exchangeRefusal(
  404,
  'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException',
  "The operation couldn't be performed because object couldn't be found.",
);

export let tenant: FakeTenant;
export let connector: Connector;
/** Short waits, in order. */
export let slept: number[];

/** A tenant that invites, shows the new guest at once, and takes every write, for each test of a file. */
export function withTenant(): void {
  beforeEach(async () => {
    tenant = await startFakeTenant();
    const clock = { time: NOW };
    slept = [];
    connector = createMicrosoft365(settingsFor(tenant.base), {
      http: httpOn(clock),
      secret: async () => 's3cret',
      wanted: { attributes: ['givenName', 'country', 'businessPhones', 'mobilePhone'], raw: [] },
      now: () => clock.time,
      sleep: async (ms) => void slept.push(ms),
    });
    tenant.on((request) => (request.cmdlet?.startsWith('Get-') ? { body: { value: [] } } : undefined));
    tenant.on((request) => (request.cmdlet === 'Set-MailUser' ? { body: '' } : undefined));
    graph('GET', '/users?', { body: { value: [] } });
    graph('GET', `/users/${ID}`, { body: user() });
    graph('PATCH', `/users/${ID}`, { status: 204 });
    graph('DELETE', `/users/${ID}`, { status: 204 });
    graph('POST', '/invitations', { status: 201, body: { id: 'i1', status: 'PendingAcceptance', invitedUser: { id: ID } } });
  });
  afterEach(() => tenant.close());
}

export function graph(method: string, path: string, reply: Reply | ((n: number, request: Seen) => Reply | undefined)): void {
  let n = 0;
  tenant.on((request) => {
    if (request.method !== method || !request.url.startsWith(`/graph/v1.0${path}`)) return undefined;
    n += 1;
    return typeof reply === 'function' ? reply(n, request) : reply;
  });
}

/** The guest as Graph shows it: new and without a stamp, unless told otherwise. */
export function user(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: ID,
    displayName: 'Ada Byron',
    userPrincipalName: 'ada_a.example#EXT#@b.onmicrosoft.com',
    mail: 'ada@a.example',
    proxyAddresses: ['SMTP:ada@a.example'],
    userType: 'Guest',
    createdDateTime: '2026-11-26T10:00:00Z',
    externalUserState: 'PendingAcceptance',
    onPremisesExtensionAttributes: { extensionAttribute15: null },
    ...more,
  };
}

export function stamped(more: Record<string, unknown> = {}): Record<string, unknown> {
  return user({ createdDateTime: '2025-01-01T00:00:00Z', onPremisesExtensionAttributes: { extensionAttribute15: STAMP }, ...more });
}

export function request(change: WriteRequest['change'], more: Partial<WriteRequest> = {}): WriteRequest {
  const create = change === 'create';
  return {
    change,
    as: 'guest',
    kind: 'user',
    targetId: create ? null : ID,
    fields: create ? FIELDS : {},
    current: {},
    stamp: STAMP,
    alias: 'ada.01234567',
    ...(create ? { setStamp: STAMP, since: SINCE } : {}),
    ...more,
  };
}

export function graphRefusal(status: number, code: string, message: string): Reply {
  return { status, body: { error: { code, message } } };
}

/** Writes of Graph and Exchange in order: `POST /invitations`, `PATCH profile`, `Set-MailUser` … */
export function writes(): readonly string[] {
  return tenant.seen.flatMap((one) => {
    if (one.cmdlet) return one.cmdlet.startsWith('Get-') ? [] : [one.cmdlet];
    if (one.method === 'GET' || one.url.includes('/oauth2/')) return [];
    return [`${one.method} ${one.url.replace('/graph/v1.0', '').replace(ID, '{id}')}`];
  });
}

/** Bodies of the calls to a path. */
export function sent(method: string, path: string): readonly Record<string, unknown>[] {
  return tenant.seen
    .filter((one) => one.method === method && one.url.includes(path))
    .map((one) => JSON.parse(one.body) as Record<string, unknown>);
}
