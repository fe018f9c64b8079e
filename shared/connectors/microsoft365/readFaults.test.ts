import { describe, expect, it } from 'vitest';
import { exchangeRefusal } from './fakeTenant.ts';
import { ADA, cmdlet, connector, entries, failureOf, graph, link, pull, ROOM, tenant, withTenant } from './readHarness.ts';

withTenant();

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

  it('fetches objects that came in pieces, and never empties one that stays bare', async () => {
    graph('/users/delta', {
      body: {
        value: [
          { id: 'u2', jobTitle: 'x' },
          { id: 'u4', jobTitle: 'y' },
          { id: 'u5', displayName: null },
        ],
        '@odata.deltaLink': link('/users/delta?$deltatoken=D2'),
      },
    });
    graph('/users/u2?', { body: ROOM });
    graph('/users/u5?', { body: { id: 'u5', displayName: null } });
    const last = (await pull(connector(), { tokens: { users: link('/users/delta?$deltatoken=D1') }, readBefore: ['users'] })).at(-1)!;
    expect(last.mode).toBe('delta');
    expect(last.parts.map((part) => [part.id, part.fields.attributes?.displayName])).toEqual([['u2', 'Room 1']]);
    expect(last.removed).toEqual(['u4']);
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
