import { constants, privateDecrypt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cmdlet, EXISTS, FIELDS, NOT_FOUND, STAMP, sent, TAKEN, tenant } from '../contact/harness.ts';
import { asMailUser, calls, connector, graph, keys, mailUser, NAME, withMailUsers } from './harness.ts';

withMailUsers();

describe('create', () => {
  it('makes the account, stamps it, fills the rest, blocks sign-in', async () => {
    expect(await connector.write(asMailUser('create'))).toEqual({ ok: true, targetId: 'u1', notKept: [], note: null });
    expect(calls()).toEqual(['GET /organization', 'New-MailUser', 'Set-MailUser', 'Set-User', 'PATCH /users/u1']);
    const { Password: password, ...made } = sent('New-MailUser')[0]!;
    expect(made).toEqual({
      Name: 'Ada Byron',
      DisplayName: 'Ada Byron',
      Alias: 'ada.01234567',
      ExternalEmailAddress: 'ada@a.example',
      MicrosoftOnlineServicesID: 'ada.01234567@contoso.onmicrosoft.example',
      FirstName: 'Ada',
      LastName: 'Byron',
    });
    expect(String(password)).toMatch(/^[A-Za-z0-9+/]{342}==$/);
    expect(sent('Set-MailUser')[0]).toMatchObject({
      Identity: 'u1',
      CustomAttribute15: STAMP,
      HiddenFromAddressListsEnabled: false,
      EmailAddresses: ['SMTP:ada@a.example', 'smtp:a.byron@a.example', 'X500:/o=x/cn=ada'],
    });
    expect(sent('Set-User')[0]).toMatchObject({ Identity: 'u1', Phone: '+44 20 5550 100', CountryOrRegion: 'GB' });
    expect(JSON.parse(tenant.seen.at(-1)!.body)).toEqual({ accountEnabled: false });
  });

  it('the password is random, long, of four sets, and encrypted as a SecureString', async () => {
    for (let n = 0; n < 2; n += 1) await connector.write(asMailUser('create'));
    const passwords = sent('New-MailUser').map(({ Password: password }) =>
      privateDecrypt({ key: keys.privateKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.from(String(password), 'base64')).toString(
        'utf8',
      ),
    );
    expect(passwords[0]).not.toBe(passwords[1]);
    for (const password of passwords) for (const set of [/^.{48}$/, /[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/]) expect(password).toMatch(set);
  });

  it('leaves sign-in alone where it is allowed, and takes a name that the route spells out', async () => {
    await connector.write(asMailUser('create', {}));
    tenant.seen.length = 0;
    const plain = asMailUser('create');
    await connector.write({ ...plain, fields: { ...plain.fields, signIn: 'allowed', userPrincipalName: 'ada@contoso.example' } });
    expect(calls()).toEqual(['New-MailUser', 'Set-MailUser', 'Set-User']);
    expect(sent('New-MailUser')[0]!.MicrosoftOnlineServicesID).toBe('ada@contoso.example');
  });

  it('adds a suffix to the name only if it is taken', async () => {
    cmdlet('New-MailUser', (_parameters, n) => (n === 1 ? EXISTS : undefined));
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: true });
    expect(sent('New-MailUser').map(({ Name: name }) => name)).toEqual(['Ada Byron', 'Ada Byron (01234567)']);
  });

  it('waits for the id that the answer did not tell', async () => {
    cmdlet('New-MailUser', { body: { value: [mailUser({ ExternalDirectoryObjectId: '' })] } });
    cmdlet('Get-MailUser', (_parameters, n) => (n >= 2 ? { body: { value: [mailUser()] } } : { body: { value: [] } }));
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: true, targetId: 'u1' });
    cmdlet('Get-MailUser', { body: { value: [] } });
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: false, retry: 'unknown', failure: { code: 'notYetVisible' } });
  });

  it('sign-in that may not be blocked is a missing grant, and the account is ours and known', async () => {
    graph('PATCH', '/users/', {
      status: 403,
      body: { error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges.' } },
    });
    const answer = await connector.write(asMailUser('create'));
    expect(answer).toMatchObject({ ok: false, retry: 'permission', targetId: 'u1', failure: { code: 'permission' } });
    expect(answer.ok ? '' : answer.failure.nextStep).toContain('User.EnableDisableAccount.All');
    expect(sent('Set-MailUser')[0]).toMatchObject({ CustomAttribute15: STAMP });
  });

  it('an account that Graph does not show yet is waited for', async () => {
    let n = 0;
    tenant.on((one) => {
      n += one.method === 'PATCH' ? 1 : 0;
      return one.method === 'PATCH' && n <= 2 ? { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } } : undefined;
    });
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: true });
    expect(n).toBe(3);
  });

  it('R27: a conflict with what an earlier try made is success; a guest of that alias is none of ours', async () => {
    cmdlet('New-MailUser', EXISTS);
    cmdlet('Get-MailUser', { body: { value: [mailUser()] } });
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: true, targetId: 'u1', note: 'verified' });
    cmdlet('Get-MailUser', { body: { value: [mailUser({ RecipientTypeDetails: 'GuestMailUser' })] } });
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: false, retry: 'later', targetId: null });
  });

  it('R21: a taken address names its owner', async () => {
    cmdlet('New-MailUser', TAKEN('ada@a.example'));
    cmdlet('Get-Recipient', {
      body: { value: [{ Guid: 'c9', RecipientTypeDetails: 'MailContact', DisplayName: 'Ada', EmailAddresses: ['SMTP:ada@a.example'] }] },
    });
    expect(await connector.write(asMailUser('create'))).toMatchObject({
      ok: false,
      retry: 'collision',
      owner: { id: 'c9', kind: 'MailContact' },
    });
  });
});

describe('update, hide, delete, release', () => {
  it('sends only what changes, by the immutable id; never name or password again', async () => {
    await connector.write(asMailUser('update', { fields: { givenName: 'Augusta', userPrincipalName: NAME } }));
    expect(calls()).toEqual(['Set-User']);
    expect(sent('Set-User')[0]).toEqual({ Identity: 'u1', FirstName: 'Augusta' });
  });

  it('changes addresses everywhere and keeps X500', async () => {
    cmdlet('Get-MailUser', { body: { value: [mailUser({ EmailAddresses: ['SMTP:ada@a.example', 'X500:/o=ExchangeLabs/cn=1'] })] } });
    await connector.write(asMailUser('update', { fields: { addresses: ['al@a.example'] }, current: { addresses: ['ada@a.example'] } }));
    expect(sent('Set-MailUser')[0]).toEqual({
      Identity: 'u1',
      EmailAddresses: ['SMTP:al@a.example', 'X500:/o=ExchangeLabs/cn=1'],
      ExternalEmailAddress: 'al@a.example',
    });
    expect(sent('Set-User')[0]).toEqual({ Identity: 'u1', WindowsEmailAddress: 'al@a.example' });
  });

  it('steps aside: addresses, alias, names; and comes back', async () => {
    cmdlet('Get-MailUser', { body: { value: [mailUser()] } });
    const fields = { addresses: ['ada.01234567-old@galsync.invalid'], deliveryAddress: null, hidden: 'true' };
    await connector.write(asMailUser('update', { fields, current: FIELDS, setAlias: 'ada.01234567-old' }));
    expect(sent('Set-MailUser')[0]).toEqual({
      Identity: 'u1',
      Alias: 'ada.01234567-old',
      Name: 'Ada Byron (01234567-old)',
      EmailAddresses: ['SMTP:ada.01234567-old@galsync.invalid'],
      ExternalEmailAddress: 'ada.01234567-old@galsync.invalid',
      HiddenFromAddressListsEnabled: true,
      MicrosoftOnlineServicesID: 'ada.01234567-old@contoso.onmicrosoft.example',
    });
    const back = { addresses: ['ada@a.example'], hidden: 'false', userPrincipalName: 'ada@contoso.example' };
    await connector.write(asMailUser('update', { fields: back, current: FIELDS, setAlias: 'ada.01234567' }));
    expect(sent('Set-MailUser')[1]).toMatchObject({
      Alias: 'ada.01234567',
      Name: 'Ada Byron (01234567)',
      EmailAddresses: ['SMTP:ada@a.example'],
      MicrosoftOnlineServicesID: 'ada@contoso.example',
    });
  });

  it('allows sign-in again, hides, deletes', async () => {
    await connector.write(asMailUser('update', { fields: { signIn: 'allowed' } }));
    expect(JSON.parse(tenant.seen.at(-1)!.body)).toEqual({ accountEnabled: true });
    await connector.write(asMailUser('hide'));
    expect(sent('Set-MailUser')).toEqual([{ Identity: 'u1', HiddenFromAddressListsEnabled: true }]);
    expect(await connector.write(asMailUser('delete'))).toMatchObject({ ok: true });
    cmdlet('Remove-MailUser', NOT_FOUND);
    expect(await connector.write(asMailUser('delete'))).toMatchObject({ ok: true, note: 'alreadyGone' });
    expect(sent('Remove-MailUser')[0]).toEqual({ Identity: 'u1', Confirm: false });
  });

  it('takes the stamp off what it has become, and nothing else', async () => {
    const release = asMailUser('release', { fields: { stamp: null }, setStamp: '' });
    expect(await connector.write(release)).toMatchObject({ ok: true });
    expect(sent('Set-Mailbox')).toEqual([{ Identity: 'u1', CustomAttribute15: null }]);
    expect(sent('Set-MailUser')).toEqual([]);
    cmdlet('Set-Mailbox', NOT_FOUND);
    expect(await connector.write(release)).toMatchObject({ ok: true });
    expect(sent('Set-MailUser')).toEqual([{ Identity: 'u1', CustomAttribute15: null }]);
  });
});
