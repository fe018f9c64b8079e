import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIRECTORY_SET } from '../../model/attributes.ts';
import { type Entry, type EntryPart, mergeParts } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { Connector, PullMemory, PullPage } from '../connector.ts';
import { createMicrosoft365 } from './connector.ts';
import { exchangeRefusal, type FakeTenant, httpOn, type Reply, settingsFor, startFakeTenant } from './fakeTenant.ts';

const NOTHING: PullMemory = { tokens: {}, readBefore: [] };
let tenant: FakeTenant;
beforeEach(async () => {
  tenant = await startFakeTenant();
  answerDefaults();
});
afterEach(() => tenant.close());

const ADA = {
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
const ROOM = { id: 'u2', displayName: 'Room 1', userPrincipalName: 'room1@a.example', mail: 'room1@a.example', accountEnabled: false };

function graph(path: string, reply: Reply | (() => Reply)): void {
  tenant.on((request) =>
    request.method === 'GET' && request.url.startsWith(`/graph/v1.0${path}`) ? (typeof reply === 'function' ? reply() : reply) : undefined,
  );
}
function cmdlet(name: string, reply: Reply): void {
  tenant.on((request) => (request.cmdlet === name ? reply : undefined));
}
function link(path: string): string {
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

function connector(attributes: readonly string[] = DIRECTORY_SET, raw: readonly string[] = []): Connector {
  return createMicrosoft365(settingsFor(tenant.base), {
    http: httpOn({ time: 1e12 }),
    secret: async () => 's3cret',
    wanted: { attributes, raw },
    now: () => 1e12,
  });
}

async function pull(from: Connector, memory = NOTHING): Promise<readonly PullPage[]> {
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
function entries(from: Connector, pages: readonly PullPage[]): readonly Entry[] {
  const rows = new Map<string, Record<string, EntryPart>>();
  for (const page of pages) {
    for (const part of page.parts) rows.set(part.id, { ...rows.get(part.id), [page.set]: part });
    for (const id of page.removed) delete rows.get(id)?.[page.set];
  }
  return [...rows.values()].flatMap((row) => mergeParts(from.sets.flatMap((set) => row[set] ?? [])) ?? []);
}

async function failureOf(work: Promise<unknown>): Promise<FailureError['failure']> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

describe('a full pull', () => {
  it('joins Graph and Exchange into entries', async () => {
    graph('/groups', {
      body: {
        value: [
          {
            id: 'g1',
            displayName: 'Sales',
            mail: 'sales@a.example',
            mailEnabled: true,
            securityEnabled: true,
            groupTypes: [],
            proxyAddresses: ['SMTP:sales@a.example'],
          },
          { id: 'g2', displayName: 'Admins', mailEnabled: false, securityEnabled: true, groupTypes: [] },
        ],
      },
    });
    cmdlet('Get-Recipient', {
      body: {
        value: [
          {
            ExternalDirectoryObjectId: 'u1',
            'Guid@odata.type': '#Guid',
            Guid: 'x1',
            RecipientTypeDetails: 'UserMailbox',
            HiddenFromAddressListsEnabled: true,
          },
          { externalDirectoryObjectId: 'u2', recipientTypeDetails: 'RoomMailbox', EmailAddresses: ['SMTP:room1@a.example'] },
          {
            Guid: 'c1',
            ExternalDirectoryObjectId: 'oc1',
            RecipientTypeDetails: 'MailContact',
            DisplayName: 'Bo Li',
            Alias: 'bo.li.0a0b0c0d',
            EmailAddresses: ['SMTP:bo@b.example'],
            ExternalEmailAddress: 'SMTP:bo@B.example',
            CustomAttribute15: 'galsync:r:u9',
            WhenCreatedUTC: '2026-11-21T09:00:00',
          },
          {
            Guid: 'd1',
            RecipientTypeDetails: 'DynamicDistributionGroup',
            DisplayName: 'All',
            PrimarySmtpAddress: 'all@a.example',
            RequireSenderAuthenticationEnabled: true,
          },
          { Guid: 's1', RecipientTypeDetails: 'ArbitrationMailbox', DisplayName: 'SystemMailbox' },
        ],
      },
    });
    cmdlet('Get-Contact', {
      body: {
        value: [{ Guid: 'c1', RecipientTypeDetails: 'MailContact', Company: 'B Ltd', Phone: '+33 4', CountryOrRegion: 'Turkey', City: '' }],
      },
    });
    const from = connector();
    const pages = await pull(from);
    const byId = Object.fromEntries(entries(from, pages).map((entry) => [entry.id, entry]));
    expect(Object.keys(byId).sort()).toEqual(['c1', 'd1', 'g1', 'u1', 'u2']);
    expect(byId.u1).toMatchObject({
      kind: 'user',
      type: 'UserMailbox',
      hidden: true,
      enabled: true,
      addresses: ['ada@a.example', 'a.byron@a.example'],
      x500: ['/o=x/cn=ada'],
      sip: ['ada@a.example'],
      createdAt: '2026-01-02T03:04:05.000Z',
      attributes: { displayName: 'Ada Byron', jobTitle: 'Countess', country: 'UK', businessPhones: ['+44 20 5550 100'] },
    });
    expect(byId.u2).toMatchObject({ kind: 'room', hidden: false, addresses: ['room1@a.example'] });
    expect(byId.c1).toMatchObject({
      kind: 'contact',
      type: 'MailContact',
      stamp: 'galsync:r:u9',
      addresses: ['bo@b.example'],
      createdAt: '2026-11-21T09:00:00.000Z',
      attributes: { displayName: 'Bo Li', companyName: 'B Ltd', businessPhones: ['+33 4'], country: 'Türkiye' },
    });
    expect(byId.c1!.deliveryAddress).toBeUndefined();
    expect(byId.c1!.attributes).not.toHaveProperty('city');
    expect(byId.d1).toMatchObject({ kind: 'group', groupType: 'dynamic', internalOnly: true, addresses: ['all@a.example'] });
    expect(byId.g1).toMatchObject({ kind: 'group', groupType: 'mailSecurity' });
    expect(pages.at(-1)!.finished?.token).toContain('$deltatoken=D1');
    expect(pages[0]!.domains).toEqual(['a.example', 'a.onmicrosoft.com']);
  });

  it('asks only for what is wanted', async () => {
    await pull(connector(['jobTitle'], ['employeeType']));
    const select = tenant.seen
      .find((request) => request.url.includes('/users/delta'))!
      .url.split('$select=')[1]!
      .split(',');
    expect(select).toEqual(expect.arrayContaining(['id', 'jobTitle', 'employeeType', 'proxyAddresses']));
    expect(select).not.toContain('department');
    expect(tenant.seen.find((request) => request.url.includes('/groups'))!.url).not.toContain('employeeType');
  });

  it('refuses an attribute that does not exist, by name', async () => {
    expect(await failureOf(connector([], ['employeTyp']).readPage(null, NOTHING))).toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('raw.employeTyp'),
    });
  });

  it('keeps hidden system mailboxes from becoming people', async () => {
    cmdlet('Get-Recipient', {
      body: { value: [{ Guid: 'x', ExternalDirectoryObjectId: 'u1', RecipientTypeDetails: 'DiscoveryMailbox' }] },
    });
    const from = connector();
    expect(entries(from, await pull(from)).find((entry) => entry.id === 'u1')!.invalid).toContain('DiscoveryMailbox');
  });

  it('sends the same body again to the next link of Exchange, by POST', async () => {
    cmdlet('Get-Recipient', {
      body: {
        value: [{ ExternalDirectoryObjectId: 'u1', RecipientTypeDetails: 'UserMailbox' }],
        '@odata.nextLink': `${tenant.base}/adminapi/next?token=2`,
      },
    });
    tenant.on((request) =>
      request.url.includes('/adminapi/next')
        ? { body: { value: [{ ExternalDirectoryObjectId: 'u2', RecipientTypeDetails: 'RoomMailbox' }] } }
        : undefined,
    );
    const from = connector();
    const found = entries(from, await pull(from));
    expect(found.map((entry) => entry.type)).toEqual(expect.arrayContaining(['UserMailbox', 'RoomMailbox']));
    const [first, second] = tenant.seen.filter((request) => request.cmdlet === 'Get-Recipient');
    expect(second!.body).toBe(first!.body);
    expect(second!.headers['x-anchormailbox']).toContain('SystemMailbox{bb558c35');
  });

  it('lists people where there is no delta', async () => {
    graph('/users?', { body: { value: [ADA] } });
    graph('/users/delta', { status: 501, body: { error: { code: 'NotImplemented', message: '' } } });
    const pages = await pull(connector());
    expect(pages.at(-1)).toMatchObject({ set: 'users', mode: 'full', finished: { token: null } });
    expect(pages.at(-1)!.parts).toHaveLength(1);
  });
});

describe('rights', () => {
  it('lists Exchange as a loss if it was never granted', async () => {
    cmdlet('Get-Recipient', { status: 403, body: '<html>Access denied</html>' });
    cmdlet('Get-Contact', { status: 401, body: '' });
    const from = connector();
    const pages = await pull(from);
    expect(pages[0]!.losses).toEqual(['recipients', 'contacts']);
    expect(pages.map((page) => page.set)).toEqual(['groups', 'users']);
    expect(entries(from, pages)).toHaveLength(2);
  });

  it('fails if Exchange was read before and is refused now', async () => {
    cmdlet('Get-Recipient', { status: 403, body: '' });
    const failure = await failureOf(pull(connector(), { tokens: {}, readBefore: ['recipients', 'users'] }));
    expect(failure).toMatchObject({ code: 'permission', nextStep: expect.stringContaining('Exchange.ManageAsApp') });
  });

  it('names the permission that people need', async () => {
    graph('/users/delta', { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges' } } });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'permission', nextStep: expect.stringContaining('User.Read.All') });
  });

  it('does without Get-Contact', async () => {
    cmdlet(
      'Get-Contact',
      exchangeRefusal(
        400,
        'System.Management.Automation.CommandNotFoundException',
        "The term 'Get-Contact' is not recognized as the name of a cmdlet.",
      ),
    );
    expect((await pull(connector())).flatMap((page) => page.losses ?? [])).toEqual(['contacts']);
  });

  it('R53: objects that come with their id only are a missing right, not empty people', async () => {
    graph('/users/delta', {
      body: {
        value: [
          { '@odata.type': '#microsoft.graph.user', id: 'u1', displayName: null, mail: null, businessPhones: [] },
          { '@odata.type': '#microsoft.graph.user', id: 'u2', displayName: null, mail: null, businessPhones: [] },
        ],
        '@odata.deltaLink': link('/users/delta?$deltatoken=D1'),
      },
    });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'permission', nextStep: expect.stringContaining('User.Read.All') });
  });

  it('fetches a single object that came in pieces, and never empties it', async () => {
    graph('/users/delta', {
      body: { value: [ADA, { id: 'u2', jobTitle: 'x' }, { ...ADA, id: 'u3' }], '@odata.deltaLink': link('/users/delta?$deltatoken=D2') },
    });
    graph('/users/u2?', { body: ROOM });
    const from = connector();
    const pages = await pull(from, { tokens: { users: link('/users/delta?$deltatoken=D1') }, readBefore: ['users'] });
    expect(pages.at(-1)!.mode).toBe('delta');
    expect(entries(from, pages).find((entry) => entry.id === 'u2')!.attributes.displayName).toBe('Room 1');
  });
});

describe('a service that lies', () => {
  it('R05: paging that never advances ends after three requests at most', async () => {
    graph('/groups', { body: { value: [{ id: 'g1' }], '@odata.nextLink': link('/groups?$skiptoken=A') } });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'pagingStuck' });
    expect(tenant.seen.filter((request) => request.url.includes('/groups')).length).toBeLessThanOrEqual(3);
  });

  it('R05: two links that give each other do not run for ever', async () => {
    let turn = 0;
    graph('/groups', () => ({ body: { value: [], '@odata.nextLink': link(`/groups?$skiptoken=${'AB'[turn++ % 2]}`) } }));
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'pagingStuck' });
    expect(turn).toBeLessThanOrEqual(3);
  });

  it('follows an empty page with a new link', async () => {
    graph('/users/delta', () => ({ body: { value: [], '@odata.nextLink': link('/users/delta?$skiptoken=2') } }));
    graph('/users/delta?$skiptoken=2', { body: { value: [ADA], '@odata.deltaLink': link('/users/delta?$deltatoken=D1') } });
    expect((await pull(connector())).flatMap((page) => (page.set === 'users' ? page.parts : []))).toHaveLength(1);
  });

  it.each([
    ['HTML', '<html><body>Sign in to the network</body></html>'],
    ['truncated JSON', '{"value":[{"id":"u1","displayName":"A'],
    ['nothing', ''],
    ['another shape', '{"items":[]}'],
  ])('takes %s with 200 for no answer', async (_name, body) => {
    graph('/users/delta', { body });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'badAnswer' });
  });

  it('an empty round without a delta link is not the end', async () => {
    graph('/users/delta', { body: { value: [] } });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'badAnswer' });
  });

  it('an Exchange that shows nobody any more has lost our rights', async () => {
    cmdlet('Get-Recipient', { body: { value: [{ ExternalDirectoryObjectId: 'u1', RecipientTypeDetails: 'UserMailbox' }] } });
    const first = await pull(connector());
    const tokens = Object.fromEntries(first.flatMap((page) => (page.finished?.token ? [[page.set, page.finished.token]] : [])));
    cmdlet('Get-Recipient', { body: { value: [] } });
    expect(await failureOf(pull(connector(), { tokens, readBefore: ['recipients', 'users'] }))).toMatchObject({ code: 'incompleteRead' });
  });

  it('gives the token to no foreign host', async () => {
    graph('/groups', { body: { value: [], '@odata.nextLink': 'https://evil.example/v1.0/groups?$skiptoken=1' } });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'badAnswer', message: expect.stringContaining('evil.example') });
  });
});

describe('delta', () => {
  const memory = (): PullMemory => ({
    tokens: { users: link('/users/delta?$deltatoken=D1') },
    readBefore: ['users', 'groups', 'recipients', 'contacts'],
  });

  it('reads changes and removals, the last word about an object counts', async () => {
    graph('/users/delta?$deltatoken=D1', {
      body: {
        value: [{ id: 'u2', '@removed': { reason: 'changed' } }, ADA, { id: 'u1', '@removed': { reason: 'deleted' } }, ROOM],
        '@odata.deltaLink': link('/users/delta?$deltatoken=D2'),
      },
    });
    const last = (await pull(connector(), memory())).at(-1)!;
    expect(last).toMatchObject({
      mode: 'delta',
      removed: ['u1'],
      restarted: false,
      finished: { token: link('/users/delta?$deltatoken=D2'), count: null },
    });
    expect(last.parts.map((part) => part.id)).toEqual(['u2']);
  });

  it.each([
    [400, { error: { code: 'syncStateNotFound', message: 'not found' } }, {}],
    [410, { error: { code: 'resyncRequired', message: '' } }, { location: 'http://127.0.0.1/users/delta?$deltatoken=' }],
  ])('begins again after %i, as a full read', async (status, body, headers) => {
    graph('/users/delta?$deltatoken=D1', { status, body, headers });
    const last = (await pull(connector(), memory())).at(-1)!;
    expect(last).toMatchObject({ mode: 'full', restarted: true });
    expect(last.parts).toHaveLength(2);
  });

  it('begins again after a 410 in the middle; a second one fails', async () => {
    let gone = 1;
    graph('/users/delta', { body: { value: [ADA], '@odata.nextLink': link('/users/delta?$skiptoken=2') } });
    graph('/users/delta?$skiptoken=2', () =>
      gone-- > 0 ? { status: 410, body: '' } : { body: { value: [ROOM], '@odata.deltaLink': link('/users/delta?$deltatoken=D9') } },
    );
    const pages = (await pull(connector())).filter((page) => page.set === 'users');
    expect(pages.map((page) => [page.restarted, page.mode])).toEqual([
      [false, 'full'],
      [true, 'full'],
      [false, 'full'],
    ]);
    graph('/users/delta?$skiptoken=2', { status: 410, body: '' });
    expect(await failureOf(pull(connector()))).toMatchObject({ code: 'incompleteRead' });
  });
});

it("gives the directory's own count after a full read, in rows that were staged", async () => {
  graph('/users/$count', { body: '\uFEFF40' });
  graph('/groups/$count', { body: '3' });
  graph('/groups?', {
    body: {
      value: [
        { id: 'g1', mailEnabled: true, mail: 'g@a.example', groupTypes: [] },
        { id: 'g2', mailEnabled: false, groupTypes: [] },
      ],
    },
  });
  const pages = await pull(connector());
  expect(pages.find((page) => page.set === 'users')!.finished!.count).toBe(40);
  expect(pages.find((page) => page.set === 'groups')!.finished!.count).toBe(2);
  expect(tenant.seen.find((request) => request.url.includes('/users/$count'))!.headers.consistencylevel).toBe('eventual');
});
