import { generateKeyPairSync } from 'node:crypto';
import { beforeEach } from 'vitest';
import type { Connector, WriteRequest } from '../../connector.ts';
import { createMicrosoft365 } from '../connector.ts';
import { cmdlet, request, tenant, withExchange } from '../contact/harness.ts';
import { httpOn, type Reply, settingsFor } from '../fakeTenant.ts';

export const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const passwordKey = (() => {
  const { n, e } = keys.publicKey.export({ format: 'jwk' });
  return { modulus: Buffer.from(n!, 'base64url').toString('base64'), exponent: Buffer.from(e!, 'base64url').toString('base64') };
})();
const DOMAINS = [
  { name: 'contoso.example', isInitial: false },
  { name: 'contoso.onmicrosoft.example', isInitial: true },
];

export let connector: Connector;

/** An Exchange and a Graph that take every write of one mail user, for each test of a file. */
export function withMailUsers(): void {
  withExchange();
  beforeEach(() => {
    const clock = { time: 1e12 };
    connector = createMicrosoft365(settingsFor(tenant.base), {
      http: httpOn(clock),
      secret: async () => 's3cret',
      wanted: { attributes: ['givenName', 'surname', 'country', 'businessPhones'], raw: [] },
      now: () => clock.time,
      sleep: async () => undefined,
      passwordKey,
    });
    for (const name of ['Set-MailUser', 'Set-User', 'Remove-MailUser', 'Set-Mailbox']) cmdlet(name, { status: 200, body: '' });
    for (const name of ['Get-MailUser', 'Get-Recipient']) cmdlet(name, { body: { value: [] } });
    cmdlet('New-MailUser', { body: { value: [mailUser()] } });
    graph('GET', '/organization', { body: { value: [{ verifiedDomains: DOMAINS }] } });
    graph('PATCH', '/users/', { status: 204, body: '' });
    graph('GET', '/directory/deletedItems', { body: { value: [] } });
  });
}

export function graph(method: string, path: string, reply: Reply): void {
  tenant.on((one) => (one.method === method && one.url.startsWith(`/graph/v1.0${path}`) ? reply : undefined));
}

export function mailUser(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    Guid: 'g1',
    ExternalDirectoryObjectId: 'u1',
    RecipientTypeDetails: 'MailUser',
    DisplayName: 'Ada Byron',
    Alias: 'ada.01234567',
    EmailAddresses: ['SMTP:ada@a.example'],
    ExternalEmailAddress: 'SMTP:ada@a.example',
    ...more,
  };
}

export const NAME = 'ada.01234567@<initial domain>';

export function asMailUser(change: WriteRequest['change'], more: Partial<WriteRequest> = {}): WriteRequest {
  const plain = request(change, { as: 'mailUser', ...(change === 'create' ? {} : { targetId: 'u1' }), ...more });
  return change === 'create' ? { ...plain, fields: { ...plain.fields, userPrincipalName: NAME, signIn: 'blocked' } } : plain;
}

/** What was asked of the tenant, but for tokens: cmdlets by name, calls of Graph by method and path. */
export function calls(): readonly string[] {
  return tenant.seen.flatMap(
    (one) => one.cmdlet ?? (one.url.includes('token') ? [] : `${one.method} ${one.url.split('?')[0]!.replace('/graph/v1.0', '')}`),
  );
}
