import { afterEach, beforeEach } from 'vitest';
import type { Fields } from '../../../model/plan.ts';
import type { Connector, WriteRequest } from '../../connector.ts';
import { createMicrosoft365 } from '../connector.ts';
import { exchangeRefusal, type FakeTenant, httpOn, type Reply, settingsFor, startFakeTenant } from '../fakeTenant.ts';

export const STAMP = 'galsync:a-to-b:u1';
export const FIELDS: Fields = {
  displayName: 'Ada Byron',
  givenName: 'Ada',
  surname: 'Byron',
  addresses: ['ada@a.example', 'a.byron@a.example'],
  x500: ['/o=x/cn=ada'],
  country: 'United Kingdom',
  businessPhones: ['+44 20 5550 100'],
  hidden: 'false',
};
export const NOT_FOUND = exchangeRefusal(
  404,
  'Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException',
  "The operation couldn't be performed because object 'c1' couldn't be found on 'DB'.",
);
export const TAKEN = (address: string): Reply =>
  exchangeRefusal(
    400,
    'Microsoft.Exchange.Data.Directory.ProxyAddressExistsException',
    `The proxy address "SMTP:${address}" is already being used by the proxy addresses or LegacyExchangeDN of "Pat". Please choose another proxy address.`,
  );
export const EXISTS = exchangeRefusal(
  400,
  'Microsoft.Exchange.Data.Directory.ADObjectAlreadyExistsException',
  'The object "Ada Byron" already exists.',
);

export let tenant: FakeTenant;
export let connector: Connector;

/** An Exchange that takes every write of one contact, for each test of a file. */
export function withExchange(): void {
  beforeEach(async () => {
    tenant = await startFakeTenant();
    const clock = { time: 1e12 };
    connector = createMicrosoft365(settingsFor(tenant.base), {
      http: httpOn(clock),
      secret: async () => 's3cret',
      wanted: { attributes: ['givenName', 'surname', 'country', 'businessPhones', 'companyName'], raw: [] },
      now: () => clock.time,
      sleep: async () => undefined,
    });
    for (const name of ['Set-MailContact', 'Set-Contact', 'Remove-MailContact']) cmdlet(name, { status: 200, body: '' });
    for (const name of ['Get-MailContact', 'Get-Contact', 'Get-Recipient']) cmdlet(name, { body: { value: [] } });
    cmdlet('New-MailContact', { body: { value: [contact()] } });
  });
  afterEach(() => tenant.close());
}

export function contact(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    Guid: 'c1',
    ExternalDirectoryObjectId: 'oc1',
    RecipientTypeDetails: 'MailContact',
    DisplayName: 'Ada Byron',
    Alias: 'ada.01234567',
    EmailAddresses: ['SMTP:ada@a.example'],
    ExternalEmailAddress: 'SMTP:ada@a.example',
    ...more,
  };
}
export function cmdlet(name: string, reply: Reply | ((parameters: Record<string, unknown>, n: number) => Reply | undefined)): void {
  let n = 0;
  tenant.on((request) => (request.cmdlet === name ? (typeof reply === 'function' ? reply(request.parameters, ++n) : reply) : undefined));
}
export function request(change: WriteRequest['change'], more: Partial<WriteRequest> = {}): WriteRequest {
  const create = change === 'create';
  return {
    change,
    as: 'contact',
    kind: 'user',
    targetId: create ? null : 'c1',
    fields: create ? FIELDS : {},
    current: {},
    stamp: STAMP,
    alias: 'ada.01234567',
    ...(create ? { setStamp: STAMP } : {}),
    ...more,
  };
}
export function sent(name: string): readonly Record<string, unknown>[] {
  return tenant.seen.filter((one) => one.cmdlet === name).map((one) => one.parameters);
}
