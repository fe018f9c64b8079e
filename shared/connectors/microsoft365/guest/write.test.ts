import { describe, expect, it } from 'vitest';
import {
  connector,
  DENIED,
  FIELDS,
  graph,
  graphRefusal,
  HIDDEN_FROM_GRAPH,
  ID,
  NOT_IN_EXCHANGE,
  NOW,
  request,
  STAMP,
  sent,
  slept,
  stamped,
  tenant,
  user,
  withTenant,
  writes,
} from './harness.ts';

withTenant();

describe('create', () => {
  it('invites without mail, stamps with the first PATCH, sends phones apart, and lets the visibility wait for Exchange', async () => {
    const answer = await connector.write(request('create'));
    expect(answer).toMatchObject({ ok: true, targetId: ID, notKept: [], note: null });
    expect(answer).toMatchObject({ pending: { fields: ['hidden'], until: NOW + 15_000, failure: { code: 'notYetVisible' } } });
    expect(writes()).toEqual(['POST /invitations', 'PATCH /users/{id}', 'PATCH /users/{id}']);
    expect(sent('POST', '/invitations')[0]).toEqual({
      invitedUserEmailAddress: 'ada@a.example',
      invitedUserDisplayName: 'Ada Byron',
      inviteRedirectUrl: 'https://myapplications.microsoft.com/?tenantid=contoso.example',
      sendInvitationMessage: false,
      invitedUserType: 'Guest',
    });
    expect(sent('PATCH', '/users/')).toEqual([
      {
        displayName: 'Ada Byron',
        givenName: 'Ada',
        country: 'United Kingdom',
        onPremisesExtensionAttributes: { extensionAttribute15: STAMP },
      },
      { businessPhones: ['+44 20 5550 100'], mobilePhone: '+44 7700 900100' },
    ]);
  });

  it('waits a moment for Graph to show the guest', async () => {
    graph('GET', `/users/${ID}`, (n) => (n < 3 ? HIDDEN_FROM_GRAPH : undefined));
    expect(await connector.write(request('create'))).toMatchObject({ ok: true, pending: { fields: ['hidden'] } });
    expect(slept).toEqual([500, 1_000]);
  });

  it('lets everything wait, the stamp too, while Graph does not show it; one server may know what the next one does not', async () => {
    const all = [...Object.keys(FIELDS), 'stamp'];
    graph('GET', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(request('create'))).toMatchObject({
      ok: true,
      targetId: ID,
      pending: { fields: all, until: NOW + 10_000 },
    });
    expect(writes()).toEqual(['POST /invitations']);
    graph('GET', `/users/${ID}`, { body: user() });
    graph('PATCH', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(request('create'))).toMatchObject({ ok: true, pending: { fields: all } });
    graph('PATCH', `/users/${ID}`, (_n, one) => (one.body.includes('mobilePhone') ? undefined : { status: 204 }));
    expect(await connector.write(request('create'))).toMatchObject({
      ok: true,
      pending: { fields: ['hidden', 'businessPhones', 'mobilePhone'] },
    });
  });

  it('goes on later with what waited', async () => {
    const rest = { fields: { givenName: 'Ada', hidden: 'false' }, since: SINCE_STAMP };
    expect(await connector.write(request('update', { ...rest, setStamp: STAMP }))).toEqual({
      ok: true,
      targetId: ID,
      notKept: [],
      note: null,
    });
    expect(writes()).toEqual(['PATCH /users/{id}', 'Set-MailUser']);
    expect(tenant.seen.find((one) => one.cmdlet === 'Set-MailUser')!.parameters).toEqual({
      Identity: ID,
      HiddenFromAddressListsEnabled: false,
    });
    tenant.on((one) => (one.cmdlet === 'Set-MailUser' ? NOT_IN_EXCHANGE : undefined));
    expect(await connector.write(request('update', { fields: { hidden: 'false' }, since: SINCE_STAMP }))).toMatchObject({
      ok: true,
      pending: { fields: ['hidden'] },
    });
  });

  it('never writes on a guest that somebody else invited before, although the service gives it for the invitation', async () => {
    graph('GET', `/users/${ID}`, { body: user({ createdDateTime: '2024-01-01T00:00:00Z' }) });
    expect(await connector.write(request('create'))).toMatchObject({
      ok: false,
      retry: 'collision',
      targetId: null,
      owner: { id: ID, kind: 'guest', displayName: 'Ada Byron' },
    });
    expect(writes()).toEqual(['POST /invitations']);
  });

  it.each([
    ['a member', { userType: 'Member' }, 'user'],
    [
      'a member who still carries our stamp',
      { userType: 'Member', onPremisesExtensionAttributes: { extensionAttribute15: STAMP } },
      'user',
    ],
    ['kept by another route', { onPremisesExtensionAttributes: { extensionAttribute15: 'galsync:other:u9' } }, 'guest'],
    ['with something else in the stamp place', { onPremisesExtensionAttributes: { extensionAttribute15: 'cost centre 7' } }, 'guest'],
    ['mastered elsewhere', { onPremisesSyncEnabled: true }, 'guest'],
  ])('nor on one that is %s', async (_name, more, kind) => {
    graph('GET', `/users/${ID}`, { body: user(more) });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'collision', owner: { kind } });
    expect(writes()).toEqual(['POST /invitations']);
  });

  it('finds its own guest again by what an earlier try left: the stamp, or a time after the announcement', async () => {
    graph('GET', `/users/${ID}`, { body: stamped() });
    expect(await connector.write(request('create'))).toMatchObject({ ok: true, targetId: ID });
    graph('GET', `/users/${ID}`, { body: user({ createdDateTime: '2026-11-26T09:50:00Z' }) });
    expect(await connector.write(request('create', { since: '2026-11-26T09:49:59Z' }))).toMatchObject({ ok: true, targetId: ID });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'collision' });
  });

  it('a fault after the invitation keeps the id, so that nothing is made again', async () => {
    graph('PATCH', `/users/${ID}`, { status: 500, body: 'oops' });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'later', targetId: ID });
  });
});

const SINCE_STAMP = '2026-11-26T09:59:58.000Z';

describe('properties that are refused for one guest', () => {
  it('phones of an administrator are a loss of theirs alone', async () => {
    graph('PATCH', `/users/${ID}`, (_n, one) => (one.body.includes('mobilePhone') ? DENIED : undefined));
    expect(await connector.write(request('create'))).toMatchObject({
      ok: true,
      refused: [{ name: 'mobilePhone', failure: { code: 'permission', nextStep: expect.stringContaining('nothing needs to be done') } }],
      pending: { fields: ['hidden'] },
    });
    expect(sent('PATCH', '/users/').slice(1)).toEqual([
      { businessPhones: ['+44 20 5550 100'], mobilePhone: '+44 7700 900100' },
      { businessPhones: ['+44 20 5550 100'] },
      { mobilePhone: '+44 7700 900100' },
    ]);
  });

  it('a value that Graph names as wrong does not lose the others', async () => {
    const wrong = graphRefusal(400, 'Request_BadRequest', "Invalid value specified for property 'employeeId' of resource 'User'.");
    graph('PATCH', `/users/${ID}`, (_n, one) => (one.body.includes('employeeId') ? wrong : undefined));
    const fields = { displayName: 'Ada', employeeId: 'x'.repeat(20) };
    expect(await connector.write(request('update', { fields }))).toMatchObject({
      ok: true,
      refused: [{ name: 'employeeId', failure: { code: 'refused' } }],
    });
    expect(sent('PATCH', '/users/').at(-1)).toEqual({ displayName: 'Ada' });
  });

  it('a right that is missing for everybody is a permission, never a loss', async () => {
    graph('PATCH', `/users/${ID}`, DENIED);
    expect(await connector.write(request('update', { fields: { jobTitle: 'x' } }))).toMatchObject({
      ok: false,
      retry: 'permission',
      failure: { code: 'permission', nextStep: expect.stringContaining('User.ReadWrite.All') },
    });
  });
});

describe('update', () => {
  it('sends only what changes; null clears, and a stamp is emptied when the guest is released', async () => {
    await connector.write(request('update', { fields: { jobTitle: null, businessPhones: null, customAttribute3: 'x' } }));
    expect(sent('PATCH', '/users/')).toEqual([
      { jobTitle: null, onPremisesExtensionAttributes: { extensionAttribute3: 'x' } },
      { businessPhones: [] },
    ]);
    await connector.write(request('update', { fields: { stamp: null }, setStamp: '', stamp: '' }));
    expect(sent('PATCH', '/users/').at(-1)).toEqual({ onPremisesExtensionAttributes: { extensionAttribute15: null } });
    expect(tenant.cmdlets()).toEqual([]);
  });

  it('another address goes into mail; who has not redeemed yet is bound to it', async () => {
    graph('GET', `/users/${ID}`, { body: stamped() });
    const change = request('update', { fields: { addresses: ['lovelace@a.example'] } });
    expect(await connector.write(change)).toMatchObject({ ok: true });
    expect(sent('PATCH', '/users/')).toEqual([{ mail: 'lovelace@a.example' }]);
    expect(sent('POST', '/invitations')[0]).toMatchObject({
      invitedUserEmailAddress: 'lovelace@a.example',
      invitedUser: { id: ID },
      resetRedemption: true,
      sendInvitationMessage: false,
    });
    graph('GET', `/users/${ID}`, { body: stamped({ externalUserState: 'Accepted' }) });
    await connector.write(change);
    expect(sent('POST', '/invitations')).toHaveLength(1);
  });

  it('a guest that is gone is planned again; one that is mastered elsewhere is not tried again', async () => {
    graph('PATCH', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(request('update', { fields: { jobTitle: 'x' } }))).toMatchObject({ ok: false, retry: 'gone' });
    const synced = graphRefusal(
      400,
      'Request_BadRequest',
      'Unable to update the specified properties for on-premises mastered Directory Sync objects.',
    );
    graph('PATCH', `/users/${ID}`, synced);
    expect(await connector.write(request('update', { fields: { jobTitle: 'x' } }))).toMatchObject({ ok: false, retry: 'never' });
  });

  it('hides in Exchange, and waits there if Exchange does not know the guest', async () => {
    expect(await connector.write(request('hide', { fields: { hidden: 'true' } }))).toEqual({
      ok: true,
      targetId: ID,
      notKept: [],
      note: null,
    });
    expect(tenant.seen.at(-1)!.parameters).toMatchObject({ HiddenFromAddressListsEnabled: true });
    tenant.on((one) => (one.cmdlet === 'Set-MailUser' ? NOT_IN_EXCHANGE : undefined));
    expect(await connector.write(request('hide', { fields: { hidden: 'true' } }))).toMatchObject({
      ok: true,
      pending: { fields: ['hidden'] },
    });
  });

  it('adopts a guest as it is now: stamped, and only if it still is one without a stamp', async () => {
    graph('GET', `/users/${ID}`, { body: user({ createdDateTime: '2024-01-01T00:00:00Z' }) });
    const adopt = request('adopt', { fields: { jobTitle: 'x' }, setStamp: STAMP });
    expect(await connector.write(adopt)).toMatchObject({ ok: true, targetId: ID });
    expect(sent('PATCH', '/users/')[0]).toMatchObject({ onPremisesExtensionAttributes: { extensionAttribute15: STAMP } });
    graph('GET', `/users/${ID}`, { body: user({ onPremisesExtensionAttributes: { extensionAttribute15: 'galsync:other:1' } }) });
    expect(await connector.write(adopt)).toMatchObject({ ok: false, retry: 'collision' });
  });
});
