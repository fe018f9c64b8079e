import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../../model/failure.ts';
import type { PullMemory } from '../connector.ts';
import {
  ADA,
  cmdlet,
  connector,
  entries,
  failureOf,
  graph,
  link,
  lookedUp,
  NOTHING,
  pull,
  ROOM,
  tenant,
  withTenant,
} from './readHarness.ts';

withTenant();

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

describe('delta', () => {
  const memory = (): PullMemory => ({
    tokens: { users: link('/users/delta?$deltatoken=D1') },
    readBefore: ['users', 'groups', 'recipients', 'contacts'],
  });

  it('reads changes and removals; whom a page shows and says to be gone is looked up, and nobody else', async () => {
    const asked = lookedUp({ u1: 404, u2: 200 });
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
    expect(asked).toEqual(['/users/u1?$select=id', '/users/u2?$select=id']);
  });

  const pages = (...rows: object[][]): void => {
    const links = rows.map((_, n) => link(`/users/delta?$${n === 0 ? 'deltatoken=D1' : `skiptoken=S${n}`}`));
    for (const [n, value] of rows.entries()) {
      const next = n + 1 < rows.length ? { '@odata.nextLink': links[n + 1] } : { '@odata.deltaLink': link('/users/delta?$deltatoken=D2') };
      graph(links[n]!.slice(link('').length), { body: { value, ...next } });
    }
  };
  const gone = (id: string): object => ({ id, '@removed': { reason: 'changed' } });
  const told = async (): Promise<readonly (readonly [readonly string[], readonly string[]])[]> =>
    (await pull(connector(), memory()))
      .filter((page) => page.set === 'users')
      .map((page) => [page.parts.map((part) => part.id), page.removed]);

  it('a tombstone that comes after the row, and a row that comes after the tombstone, are told from the truth', async () => {
    const asked = lookedUp({ u1: 200, u2: 404 });
    pages([ADA, gone('u2')], [gone('u1'), ROOM, gone('u3')]);
    expect(await told()).toEqual([
      [['u1'], ['u2']],
      [[], ['u3', 'u2']],
    ]);
    // u3 was said once, and is not asked for.
    expect(asked).toEqual(['/users/u1?$select=id', '/users/u2?$select=id']);
  });

  it('where the look-up does not tell, the later page counts; where it is throttled, the pull waits', async () => {
    lookedUp({ u1: 500 });
    pages([ADA], [gone('u1')]);
    expect(await told()).toEqual([
      [['u1'], []],
      [[], ['u1']],
    ]);
    lookedUp({ u1: 429 });
    const error = await told().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ThrottledError);
    expect((error as ThrottledError).notBefore).toBe(1e12 + 7_000);
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

it("gives the directory's own count after a full read, and names what it left out", async () => {
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
  expect(pages.find((page) => page.set === 'groups')).toMatchObject({ leftOut: ['g2'], finished: { count: 3 } });
  expect(tenant.seen.find((request) => request.url.includes('/users/$count'))!.headers.consistencylevel).toBe('eventual');
});
