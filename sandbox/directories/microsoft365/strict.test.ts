import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CONTOSO, createContoso } from '../../organisations/contoso.ts';
import type { DirectoryServer } from '../server.ts';
import { startMicrosoft365 } from './microsoft365.ts';
import type { TenantObject } from './model.ts';

/** The simulated tenant refuses and leaves out what the real services do: what works here by luck would fail there. */
let server: DirectoryServer;
const tokens = new Map<string, string>();

interface Answer {
  readonly status: number;
  readonly body: { value?: Record<string, unknown>[]; error?: { code: string; message: string } } & Record<string, unknown>;
}

beforeAll(async () => {
  server = await startMicrosoft365(createContoso(23), {});
  for (const host of ['graph.microsoft.com', 'outlook.office365.com']) {
    const form = { client_id: CONTOSO.clientId, client_secret: CONTOSO.clientSecret, grant_type: 'client_credentials' };
    const answer = await fetch(`${server.url}/login/${CONTOSO.tenant}/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, scope: `https://${host}/.default` }),
    });
    tokens.set(host, ((await answer.json()) as { access_token: string }).access_token);
  }
});
afterAll(() => server.stop());
afterEach(() => control({ faults: {} }));

async function control(command: object): Promise<void> {
  await fetch(`http://127.0.0.1:${server.port}/control`, { method: 'POST', body: JSON.stringify(command) });
}

async function objects(): Promise<readonly TenantObject[]> {
  return (await fetch(`http://127.0.0.1:${server.port}/control/objects`)).json() as Promise<readonly TenantObject[]>;
}

async function graph(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const url = path.startsWith('http') ? path : `${server.url}/graph/v1.0${path}`;
  const answer = await fetch(url, { headers: { ...headers, authorization: `Bearer ${tokens.get('graph.microsoft.com')}` } });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith('{') ? (JSON.parse(text) as Answer['body']) : { text } };
}

async function cmdlet(name: string, parameters: object, query = ''): Promise<Answer> {
  const answer = await fetch(`${server.url}/exchange/adminapi/beta/${CONTOSO.tenant}/InvokeCommand${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get('outlook.office365.com')}` },
    body: JSON.stringify({ CmdletInput: { CmdletName: name, Parameters: parameters } }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

const EVENTUAL = { ConsistencyLevel: 'eventual' };
const DEFAULTS =
  'businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage surname userPrincipalName'.split(' ');

describe('Graph', () => {
  it('gives what $select names and the id, in lists, alone, among the deleted, in members and in batches', async () => {
    const user = (await objects()).find((one) => one.type === 'user')!;
    await control({ put: [{ ...user, id: 'gone-1', guid: 'gone-1' }], remove: ['gone-1'] });
    const group = (await objects()).find((one) => one.displayName === 'Board')!;
    const select = '?$select=mail,onPremisesExtensionAttributes';
    for (const path of ['/users', `/users/${user.id}`, '/groups', `/groups/${group.id}`]) {
      const { body } = await graph(path + select);
      for (const one of body.value ?? [body])
        expect(Object.keys(one).sort(), path).toEqual(['id', 'mail', 'onPremisesExtensionAttributes']);
    }
    for (const path of [`/groups/${group.id}/members`, `/groups/${group.id}/transitiveMembers`]) {
      const rows = (await graph(`${path}?$select=mail`)).body.value!;
      expect(rows.length).toBeGreaterThan(0);
      for (const one of rows) expect(Object.keys(one).sort(), path).toEqual(['@odata.type', 'id', 'mail']);
    }
    const deleted = await graph('/directory/deletedItems/microsoft.graph.user?$select=id,displayName&$count=true', EVENTUAL);
    expect(deleted.body.value!.map((one) => Object.keys(one).sort())).toEqual([['@odata.type', 'displayName', 'id']]);
    const batch = await fetch(`${server.url}/graph/v1.0/$batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.get('graph.microsoft.com')}`, ...EVENTUAL },
      body: JSON.stringify({
        requests: [
          { id: '1', method: 'GET', url: `/users/${user.id}?$select=mail` },
          { id: '2', method: 'GET', url: '/users?$select=nonsense' },
          { id: '3', method: 'GET', url: '/users/$count' },
        ],
      }),
    });
    const { responses } = (await batch.json()) as { responses: { id: string; status: number; body: object }[] };
    // The header of the call around them counts for none of the requests in it.
    expect(Object.fromEntries(responses.map((one) => [one.id, one.status]))).toEqual({ 1: 200, 2: 400, 3: 400 });
    expect(Object.keys(responses.find((one) => one.id === '1')!.body).sort()).toEqual(['id', 'mail']);
  });

  it('without $select gives the documented few: no proxy addresses, no user type, no extension attributes', async () => {
    const user = (await objects()).find((one) => one.type === 'user')!;
    for (const path of ['/users', `/users/${user.id}`])
      for (const one of (await graph(path)).body.value ?? [(await graph(path)).body]) expect(Object.keys(one).sort()).toEqual(DEFAULTS);
    for (const one of (await graph('/users/delta')).body.value!) for (const name of Object.keys(one)) expect(DEFAULTS).toContain(name);
  });

  it('refuses properties that do not exist, and those that lie in the profile where many are asked for', async () => {
    for (const path of ['/users', '/users/delta', '/users/x']) {
      const { status, body } = await graph(`${path}?$select=id,nonsense`);
      expect([status, body.error?.message]).toEqual([
        400,
        "Parsing OData Select and Expand failed: Could not find a property named 'nonsense' on type 'microsoft.graph.user'.",
      ]);
    }
    expect((await graph('/groups?$select=givenName')).status).toBe(400);
    expect((await graph('/users?$select=birthday')).status).toBe(501);
    const user = (await objects()).find((one) => one.type === 'user')!;
    expect((await graph(`/users/${user.id}?$select=birthday`)).status).toBe(200);
  });

  it.each([
    ['/users?$top=1000', 400],
    ['/users?$top=0', 400],
    ['/users?$top=999', 200],
    ['/users/delta?$top=999', 400],
    ["/users/delta?$filter=userType eq 'Guest'", 400],
    ["/users/delta?$filter=id eq 'x' or id eq 'y'", 200],
    ['/users/$count', 400],
    ["/users?$filter=onPremisesExtensionAttributes/extensionAttribute15 eq 'x'", 400],
    ["/users?$filter=companyName eq 'x'", 400],
    ["/users?$filter=userType ne 'Guest'", 400],
    ["/users?$filter=proxyAddresses eq 'smtp:x'", 400],
    ["/users?$filter=nonsense eq 'x'", 400],
    ['/users?$filter=mail', 400],
    [`/users?$filter=${Array.from({ length: 16 }, (_, n) => `mail eq '${n}'`).join(' or ')}`, 400],
    ["/directory/deletedItems/microsoft.graph.user?$filter=mail eq 'x'", 400],
  ] as const)('%s answers %i', async (path, status) => {
    expect((await graph(path)).status).toBe(status);
  });

  it('answers advanced queries with the header and $count=true', async () => {
    for (const filter of [
      "onPremisesExtensionAttributes/extensionAttribute15 eq 'x'",
      "companyName eq 'Contoso Ltd'",
      "userType ne 'Guest'",
    ])
      expect((await graph(`/users?$filter=${filter}&$count=true`, EVENTUAL)).status, filter).toBe(200);
    expect((await graph('/users/$count', EVENTUAL)).status).toBe(200);
  });

  it('finds an address by what stands before it too: `smtp:` does not find the primary one', async () => {
    const user = (await objects()).find((one) => one.type === 'user' && one.proxyAddresses.some((proxy) => proxy.startsWith('SMTP:')))!;
    const found = async (proxy: string): Promise<number> =>
      (await graph(`/users?$filter=proxyAddresses/any(p:p eq '${proxy}')`)).body.value!.length;
    expect(await found(user.proxyAddresses[0]!.toUpperCase())).toBe(1);
    expect(await found(user.proxyAddresses[0]!.replace('SMTP:', 'smtp:'))).toBe(0);
  });

  it('a delta leaves out what was never set; a list says null', async () => {
    const user = (await objects()).find((one) => one.type === 'user')!;
    await control({ put: [{ ...user, properties: { city: null } }] });
    const select = '?$select=city,faxNumber';
    const rows: Record<string, unknown>[] = [];
    for (let next: string | undefined = `/users/delta${select}`; next; ) {
      const page: Answer = await graph(next);
      rows.push(...page.body.value!);
      next = page.body['@odata.nextLink'] as string | undefined;
    }
    expect(rows.find((row) => row['id'] === user.id)).toEqual({ id: user.id, city: null });
    expect((await graph(`/users/${user.id}${select}`)).body).toEqual({ id: user.id, city: null, faxNumber: null });
  });
});

describe('Exchange', () => {
  it.each([
    ['Get-Recipient', ['EmailAddresses', 'CustomAttribute15', 'Company'], ['LegacyExchangeDN', 'MobilePhone', 'WindowsEmailAddress']],
    ['Get-MailContact', ['EmailAddresses', 'LegacyExchangeDN', 'CustomAttribute15'], ['Company', 'MobilePhone', 'FirstName']],
    ['Get-Contact', ['Company', 'MobilePhone', 'FirstName'], ['EmailAddresses', 'ExternalDirectoryObjectId', 'CustomAttribute15', 'Alias']],
    ['Get-MailUser', ['EmailAddresses', 'LegacyExchangeDN', 'CustomAttribute15'], ['Company', 'MobilePhone']],
    ['Get-User', ['ExternalDirectoryObjectId', 'LegacyExchangeDN', 'MobilePhone'], ['EmailAddresses', 'CustomAttribute15', 'Alias']],
    ['Get-DistributionGroup', ['LegacyExchangeDN', 'RequireSenderAuthenticationEnabled'], ['Company']],
    ['Get-UnifiedGroup', ['LegacyExchangeDN', 'RequireSenderAuthenticationEnabled'], ['WindowsEmailAddress']],
  ])('%s has what its page lists', async (name, has, lacks) => {
    for (const one of await objects())
      if (!one.legacyExchangeDN) await control({ put: [{ ...one, legacyExchangeDN: `/o=E/cn=${one.id}` }] });
    const rows = (await cmdlet(name, {})).body.value!;
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(expect.arrayContaining(has));
      for (const property of lacks) expect(row, property).not.toHaveProperty(property);
    }
    const [only] = (await cmdlet(name, {}, '?$select=Guid,nonsense,LegacyExchangeDN')).body.value!;
    const keys = Object.keys(only!).filter((key) => !key.includes('@'));
    expect(keys.sort()).toEqual(has.includes('LegacyExchangeDN') ? ['Guid', 'LegacyExchangeDN'] : ['Guid']);
  });

  it('keeps the property list on later pages, and filters by what the cmdlet has', async () => {
    await control({ faults: { pageSize: 5 } });
    const first = await cmdlet('Get-Recipient', {}, '?$select=Guid');
    const next = new URL(first.body['@odata.nextLink'] as string);
    const second = await cmdlet('Get-Recipient', {}, next.search);
    expect(new Set(second.body.value!.flatMap((row) => Object.keys(row)))).toEqual(new Set(['Guid', 'Guid@odata.type']));
    expect((await cmdlet('Get-Recipient', { Filter: "LegacyExchangeDN -eq '/o=x'" })).status).toBe(400);
    expect((await cmdlet('Get-User', { Filter: "LegacyExchangeDN -eq '/o=x'" })).status).toBe(200);
    expect((await cmdlet('Get-Contact', { Filter: "EmailAddresses -eq 'x@y'" })).status).toBe(400);
  });
});
