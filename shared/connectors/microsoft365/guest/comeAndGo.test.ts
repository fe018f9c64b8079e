import { describe, expect, it } from 'vitest';
import {
  connector,
  DENIED,
  graph,
  graphRefusal,
  HIDDEN_FROM_GRAPH,
  ID,
  request,
  sent,
  stamped,
  TAKEN,
  tenant,
  user,
  withTenant,
  writes,
} from './harness.ts';

withTenant();

const FORMER = '999b0000-0000-4000-8000-000000000009';

describe('who was here before', () => {
  const back = request('create', { former: FORMER });

  it('is restored, not invited again, and brought up to date', async () => {
    graph('GET', `/directory/deletedItems/${FORMER}`, { body: { id: FORMER } });
    graph('POST', `/directory/deletedItems/${FORMER}/restore`, { body: { id: FORMER } });
    graph('GET', `/users/${FORMER}`, { body: stamped({ id: FORMER }) });
    graph('PATCH', `/users/${FORMER}`, { status: 204 });
    expect(await connector.write(back)).toMatchObject({ ok: true, targetId: FORMER, note: 'restored', pending: { fields: ['hidden'] } });
    expect(writes()).toEqual([`POST /directory/deletedItems/${FORMER}/restore`, `PATCH /users/${FORMER}`, `PATCH /users/${FORMER}`]);
  });

  it('is invited if nothing of them is left, also if the restore was lost and had worked', async () => {
    graph('GET', `/directory/deletedItems/${FORMER}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(back)).toMatchObject({ ok: true, targetId: ID });
    graph('GET', `/directory/deletedItems/${FORMER}`, { body: { id: FORMER } });
    graph('POST', `/directory/deletedItems/${FORMER}/restore`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(back)).toMatchObject({ ok: true, targetId: ID });
  });

  it('is named as the reason if the address is taken by now, and the right if it is missing', async () => {
    graph('GET', `/directory/deletedItems/${FORMER}`, { body: { id: FORMER } });
    graph('POST', `/directory/deletedItems/${FORMER}/restore`, TAKEN);
    tenant.on((one) =>
      one.cmdlet === 'Get-Recipient'
        ? {
            body: {
              value: [{ Guid: 'g7', RecipientTypeDetails: 'MailContact', DisplayName: 'Pat', EmailAddresses: ['SMTP:ada@a.example'] }],
            },
          }
        : undefined,
    );
    expect(await connector.write(back)).toMatchObject({
      ok: false,
      retry: 'collision',
      owner: { id: 'g7', kind: 'MailContact', attribute: 'EmailAddresses', displayName: 'Pat' },
    });
    graph('POST', `/directory/deletedItems/${FORMER}/restore`, DENIED);
    expect(await connector.write(back)).toMatchObject({ ok: false, retry: 'permission' });
    expect(sent('POST', '/invitations')).toEqual([]);
  });
});

describe('an invitation that is refused', () => {
  const exists = `The invited user already exists in the directory as object ID: ${ID}. They can use that account to sign in to shared apps and resources.`;

  it('because the person is a member there: a collision that names the account', async () => {
    graph('POST', '/invitations', graphRefusal(400, 'BadRequest', exists));
    graph('GET', `/users/${ID}`, { body: user({ userType: 'Member', userPrincipalName: 'ada@b.example' }) });
    expect(await connector.write(request('create'))).toMatchObject({
      ok: false,
      retry: 'collision',
      owner: { id: ID, kind: 'user' },
      failure: { message: expect.stringContaining('ada@b.example') },
    });
  });

  it('because somebody holds the address: a mailbox by its name in the directory, a deleted guest, or nobody any more', async () => {
    graph('POST', '/invitations', TAKEN);
    graph('GET', '/users?', { body: { value: [{ id: 'm1', displayName: 'Ada M', userPrincipalName: 'ada@a.example' }] } });
    expect(await connector.write(request('create'))).toMatchObject({
      ok: false,
      retry: 'collision',
      owner: { id: 'm1', attribute: 'userPrincipalName' },
    });
    graph('GET', '/users?', { body: { value: [] } });
    graph('GET', '/directory/deletedItems/microsoft.graph.user', (_n, one) =>
      one.headers.consistencylevel === 'eventual' ? { body: { value: [user({ id: 'd1', displayName: 'Old Ada' })] } } : undefined,
    );
    expect(await connector.write(request('create'))).toMatchObject({
      ok: false,
      retry: 'collision',
      owner: { id: 'd1', kind: 'deletedUser', attribute: 'mail', displayName: 'Old Ada' },
      failure: { message: expect.stringContaining('held by Old Ada (deletedUser d1'), nextStep: expect.stringContaining('Restore') },
    });
    graph('GET', '/directory/deletedItems/microsoft.graph.user', { body: { value: [] } });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'later', owner: null });
  });

  it.each([
    ['a domain that may not be invited', 400, "This user can't be invited to this directory.", 'never', 'external collaboration'],
    ['a domain of the target itself', 400, 'The domain of the invited user is a verified domain of this directory.', 'never', 'route'],
    ['an address that nobody answers for', 500, 'Unable to find target address', 'never', 'route'],
    ['guests switched off', 400, 'Guest invitations not allowed for your company.', 'permission', 'User.Invite.All'],
    ['a full directory', 400, 'Directory_QuotaExceeded: the quota limit is reached', 'later', '30 days'],
    ['a service that is away', 503, 'Service unavailable', 'unknown', ''],
  ] as const)('because of %s', async (_name, status, text, retry, next) => {
    graph('POST', '/invitations', graphRefusal(status, 'BadRequest', text));
    const answer = await connector.write(request('create'));
    expect(answer).toMatchObject({ ok: false, retry, targetId: null });
    expect(!answer.ok && answer.failure.nextStep).toContain(next);
    // An invitation is no call that may be repeated when its answer says nothing.
    expect(sent('POST', '/invitations')).toHaveLength(1);
  });
});

describe('delete', () => {
  it('goes by the id, and only while the guest carries our stamp', async () => {
    graph('GET', `/users/${ID}`, { body: stamped() });
    expect(await connector.write(request('delete'))).toEqual({ ok: true, targetId: ID, notKept: [], note: null });
    expect(writes()).toEqual(['DELETE /users/{id}']);
    graph('GET', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.write(request('delete'))).toMatchObject({ ok: true, note: 'alreadyGone' });
  });

  it.each([
    ['without a stamp', user({ createdDateTime: '2024-01-01T00:00:00Z' })],
    ['with another stamp', user({ onPremisesExtensionAttributes: { extensionAttribute15: 'galsync:other:u1' } })],
    ['a member by now', stamped({ userType: 'Member' })],
    ['mastered elsewhere by now', stamped({ onPremisesSyncEnabled: true })],
  ])('leaves what is %s', async (_name, object) => {
    graph('GET', `/users/${ID}`, { body: object });
    expect(await connector.write(request('delete'))).toMatchObject({ ok: false, retry: 'later', failure: { code: 'conflict' } });
    expect(writes()).toEqual([]);
  });
});

describe('get and find', () => {
  const recipient = {
    Guid: 'x',
    ExternalDirectoryObjectId: ID,
    RecipientTypeDetails: 'GuestMailUser',
    HiddenFromAddressListsEnabled: true,
  };

  it('is what Graph and Exchange say together; what Exchange does not know yet is a guest all the same', async () => {
    graph('GET', `/users/${ID}`, { body: stamped() });
    const { types, outgrown } = connector.capability('guest');
    const early = (await connector.get(ID, 'guest'))!;
    expect([early.type, early.external, early.stamp, types.includes(early.type), outgrown!(early)]).toEqual([
      'guest',
      true,
      'galsync:a-to-b:u1',
      true,
      null,
    ]);
    tenant.on((one) => (one.cmdlet === 'Get-Recipient' ? { body: { value: [recipient] } } : undefined));
    expect(await connector.get(ID, 'guest')).toMatchObject({ type: 'GuestMailUser', hidden: true, external: true });
    tenant.on((one) =>
      one.cmdlet === 'Get-Recipient' ? { body: { value: [{ ...recipient, ExternalDirectoryObjectId: 'other' }] } } : undefined,
    );
    expect(await connector.get(ID, 'guest')).toMatchObject({ type: 'guest' });
  });

  it('a guest who has become a member is none of ours, although Exchange still calls it a guest', async () => {
    graph('GET', `/users/${ID}`, { body: stamped({ userType: 'Member' }) });
    tenant.on((one) => (one.cmdlet === 'Get-Recipient' ? { body: { value: [recipient] } } : undefined));
    expect(connector.capability('guest').outgrown!((await connector.get(ID, 'guest'))!)).toBe('It has become a member of the directory.');
    graph('GET', `/users/${ID}`, HIDDEN_FROM_GRAPH);
    expect(await connector.get(ID, 'guest')).toBeNull();
  });

  it('finds a lost create by stamp, else by an address that came since the announcement', async () => {
    const query = {
      as: 'guest',
      stamp: "galsync:a-to-b:o'b",
      alias: 'x',
      address: 'ada@a.example',
      since: '2026-11-26T09:59:58Z',
    } as const;
    const found = { ...user(), onPremisesExtensionAttributes: { extensionAttribute15: query.stamp } };
    graph('GET', '/users?', (_n, one) =>
      one.url.includes("extensionAttribute15 eq 'galsync:a-to-b:o''b'") ? { body: { value: [found] } } : undefined,
    );
    expect((await connector.find(query))?.id).toBe(ID);
    expect(tenant.seen.find((one) => one.url.includes('extensionAttribute15 eq'))!.headers.consistencylevel).toBe('eventual');
    const answer = (object: object): void =>
      graph('GET', '/users?', (_n, one) => (one.url.includes('extensionAttribute15 eq') ? { status: 400 } : { body: { value: [object] } }));
    answer(user());
    expect((await connector.find(query))?.id).toBe(ID);
    for (const other of [
      user({ createdDateTime: '2026-11-26T09:00:00Z' }),
      stamped(),
      user({ userType: 'Member' }),
      user({ mail: 'x@a.example', proxyAddresses: [] }),
    ]) {
      answer(other);
      expect(await connector.find(query)).toBeNull();
    }
  });
});

describe('what a guest holds', () => {
  it('is data: one address, one phone, no X500, no second place of delivery; never the stamp', () => {
    const { fields, needs, canHide, normalise } = connector.capability('guest');
    expect(fields).toMatchObject({
      addresses: { maxValues: 1, keepsOthers: true },
      businessPhones: { maxValues: 1, maxLength: 64 },
      employeeId: { maxLength: 16 },
      manager: { reference: true },
    });
    for (const name of [
      'x500',
      'sip',
      'deliveryAddress',
      'alias',
      'otherAddresses',
      'instantMessengers',
      'homePhones',
      'notes',
      'customAttribute15',
    ] as const)
      expect(fields[name], name).toBeUndefined();
    expect([needs, canHide, fields.customAttribute14]).toEqual([['users', 'recipients'], true, { maxLength: 1024 }]);
    expect(['UK', 'GB', 'Atlantis'].map((text) => normalise('country', text))).toEqual(['United Kingdom', 'United Kingdom', 'Atlantis']);
    expect([normalise('languages', 'de-CH'), normalise('languages', 'Swiss German'), normalise('jobTitle', 'a\nb')]).toEqual([
      'de-CH',
      null,
      'a b',
    ]);
  });
});
