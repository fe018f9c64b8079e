import { describe, expect, it } from 'vitest';
import { claimsOf, connectorOn } from './fakeWorkspace.ts';
import { directory, failure, fake, feed, onFakeWorkspace, pull } from './readHarness.ts';
import { SCOPES } from './token.ts';

onFakeWorkspace();

describe('what was not granted', () => {
  const sets = { contacts: 'contacts', groups: 'groups', resources: 'resources' } as const;
  const deny = (feature: keyof typeof SCOPES): void =>
    fake.on((request) =>
      request.path === '/token' && claimsOf(request.body)['scope'] === SCOPES[feature]
        ? { status: 401, body: { error: 'unauthorized_client' } }
        : undefined,
    );

  it.each(Object.keys(sets) as (keyof typeof sets)[])('%s: a listed loss', async (set) => {
    deny(set);
    const pages = await pull();
    expect(pages.flatMap((page) => page.losses ?? [])).toEqual([set]);
    expect(pages.map((page) => page.set)).not.toContain(set);
  });

  it.each(Object.keys(sets) as (keyof typeof sets)[])('%s, but read before: the pull fails and names the scope', async (set) => {
    deny(set);
    const why = await failure(pull(connectorOn(fake), { tokens: {}, readBefore: [set] }));
    expect(why).toMatchObject({ code: 'permission', nextStep: expect.stringContaining(SCOPES[set]) });
  });

  it.each([404, 501])('a service without rooms and domains (%i): losses', async (status) => {
    directory('customer/my_customer/resources/calendars', { status, body: 'no' });
    directory('customer/my_customer/domains', { status, body: 'no' });
    expect((await pull()).flatMap((page) => page.losses ?? [])).toEqual(['domains', 'resources']);
  });

  it('domains, but told before: the pull fails and names the scope', async () => {
    directory('customer/my_customer/domains', { status: 403, body: { error: { code: 403, errors: [{ reason: 'forbidden' }] } } });
    expect((await pull()).flatMap((page) => page.losses ?? [])).toEqual(['domains']);
    const why = await failure(pull(connectorOn(fake), { tokens: {}, readBefore: [], domainsRead: true }));
    expect(why).toMatchObject({ code: 'permission', nextStep: expect.stringContaining(SCOPES.domains) });
  });

  it.each([500, 400])('an outage (%i) is no loss', async (status) => {
    directory('customer/my_customer/resources/calendars', { status, body: 'error 404 of something else' });
    await failure(pull());
  });

  it.each([
    ['dailyLimitExceeded', 'Daily Limit Exceeded', { code: 'throttled', nextStep: expect.stringContaining('midnight Pacific') }],
    [
      'accessNotConfigured',
      'Admin SDK API has not been used in project 1',
      { code: 'permission', nextStep: expect.stringContaining('Enable this API') },
    ],
  ])('403 %s is told as what it is, not as a missing scope', async (reason, message, expected) => {
    directory('users', { status: 403, body: { error: { code: 403, message, errors: [{ domain: 'usageLimits', reason, message }] } } });
    expect(await failure(pull())).toMatchObject(expected);
  });

  it('a day whose quota is used up is no loss; an API that was never enabled is one', async () => {
    const rooms = (reason: string): void =>
      directory('customer/my_customer/resources/calendars', { status: 403, body: { error: { code: 403, errors: [{ reason }] } } });
    rooms('dailyLimitExceeded');
    expect(await failure(pull())).toMatchObject({ code: 'throttled' });
    rooms('accessNotConfigured');
    expect((await pull()).flatMap((page) => page.losses ?? [])).toEqual(['resources']);
  });

  it("another domain's feed names the setting", async () => {
    feed({ status: 403, body: '<HTML><TITLE>Cannot request contacts belonging to another domain (fabrikam.example).</TITLE></HTML>' });
    const why = await failure(pull(connectorOn(fake), { tokens: {}, readBefore: ['contacts'] }));
    expect(why.nextStep).toContain('`domain`');
  });

  it('users cannot be left out', async () => {
    directory('users', { status: 403, body: { error: { code: 403, errors: [{ reason: 'forbidden' }] } } });
    expect(await failure(pull())).toMatchObject({ code: 'permission', nextStep: expect.stringContaining(SCOPES.users) });
  });
});
