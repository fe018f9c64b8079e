import { describe, expect, it } from 'vitest';
import { exchangeRefusal } from '../fakeTenant.ts';
import { cmdlet, connector, contact, EXISTS, FIELDS, NOT_FOUND, request, STAMP, sent, TAKEN, tenant, withExchange } from './harness.ts';

withExchange();

describe('create', () => {
  it('makes the contact, stamps it with the first call that can, then fills the rest', async () => {
    expect(await connector.write(request('create'))).toEqual({ ok: true, targetId: 'c1', notKept: [], note: null });
    expect(tenant.cmdlets()).toEqual(['New-MailContact', 'Set-MailContact', 'Set-Contact']);
    expect(sent('New-MailContact')[0]).toEqual({
      Name: 'Ada Byron',
      DisplayName: 'Ada Byron',
      Alias: 'ada.01234567',
      ExternalEmailAddress: 'ada@a.example',
      FirstName: 'Ada',
      LastName: 'Byron',
    });
    expect(sent('Set-MailContact')[0]).toMatchObject({
      Identity: 'c1',
      CustomAttribute15: STAMP,
      HiddenFromAddressListsEnabled: false,
      EmailAddresses: ['SMTP:ada@a.example', 'smtp:a.byron@a.example', 'X500:/o=x/cn=ada'],
    });
    expect(sent('Set-Contact')[0]).toMatchObject({ Identity: 'c1', Phone: '+44 20 5550 100', CountryOrRegion: 'GB' });
  });

  it('R15: cuts the name between characters, and adds a suffix only if it is taken', async () => {
    const displayName = `${'a'.repeat(63)}\u{1F469}\u200D\u{1F4BB}`;
    cmdlet('New-MailContact', (_parameters, n) => (n === 1 ? EXISTS : undefined));
    expect(await connector.write(request('create', { fields: { ...FIELDS, displayName } }))).toMatchObject({ ok: true });
    const names = sent('New-MailContact').map((parameters) => String(parameters.Name));
    expect(names[0]).toBe('a'.repeat(63));
    expect(names[1]).toBe(`${'a'.repeat(53)} (01234567)`);
    expect(names[1]!.length).toBe(64);
  });

  it('sends where mail goes apart from what is shown', async () => {
    await connector.write(request('create', { fields: { ...FIELDS, deliveryAddress: 'ada@a.onmicrosoft.example' } }));
    expect(sent('New-MailContact')[0]!.ExternalEmailAddress).toBe('ada@a.onmicrosoft.example');
    expect(sent('Set-Contact')[0]!.WindowsEmailAddress).toBe('ada@a.example');
  });

  it('R27: a conflict with what an earlier try made is success', async () => {
    cmdlet('New-MailContact', EXISTS);
    cmdlet('Get-MailContact', (parameters) =>
      String(parameters.Filter).includes('Alias')
        ? { body: { value: [contact({ EmailAddresses: ['SMTP:ada@a.example', 'X500:/o=ExchangeLabs/cn=1'] })] } }
        : undefined,
    );
    expect(await connector.write(request('create'))).toMatchObject({ ok: true, targetId: 'c1', note: 'verified' });
    expect(sent('New-MailContact')).toHaveLength(1);
    expect(sent('Set-MailContact')[0]!.EmailAddresses).toContain('X500:/o=ExchangeLabs/cn=1');
  });

  it('an alias of somebody else is none of ours', async () => {
    cmdlet('New-MailContact', EXISTS);
    cmdlet('Get-MailContact', { body: { value: [contact({ CustomAttribute15: 'galsync:other:u7' })] } });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'later', targetId: null });
    expect(tenant.cmdlets()).not.toContain('Set-MailContact');
  });

  it('R21: a taken address names its owner and the attribute', async () => {
    cmdlet('New-MailContact', TAKEN('pat@b.example'));
    tenant.on((one) =>
      one.url.startsWith('/graph/v1.0/users?')
        ? { body: { value: [{ id: 't-5', displayName: 'Pat Lee', userPrincipalName: 'pat@b.example', mail: 'pat.lee@b.example' }] } }
        : undefined,
    );
    const answer = await connector.write(request('create', { fields: { ...FIELDS, addresses: ['pat@b.example'] } }));
    expect(answer).toMatchObject({
      ok: false,
      retry: 'collision',
      failure: { code: 'addressInUse' },
      owner: { id: 't-5', attribute: 'userPrincipalName', displayName: 'Pat Lee' },
    });
  });

  it('R19: an address that nobody shows, or one of ours still holds, is tried again later', async () => {
    cmdlet('New-MailContact', TAKEN('ada@a.example'));
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'later', owner: null });
    cmdlet('Get-Recipient', { body: { value: [contact({ Guid: 'c9', CustomAttribute15: 'galsync:a-to-b:u9' })] } });
    expect(await connector.write(request('create'))).toMatchObject({
      ok: false,
      retry: 'later',
      owner: { id: 'c9', attribute: 'EmailAddresses' },
    });
  });

  it('a second address that is taken leaves a stamped contact behind, linked', async () => {
    cmdlet('Set-MailContact', (parameters) => (parameters.EmailAddresses ? TAKEN('a.byron@a.example') : undefined));
    cmdlet('Get-Recipient', {
      body: {
        value: [
          {
            ExternalDirectoryObjectId: 'm7',
            RecipientTypeDetails: 'UserMailbox',
            DisplayName: 'Al',
            EmailAddresses: ['smtp:a.byron@a.example'],
          },
        ],
      },
    });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'later', targetId: 'c1', owner: { id: 'm7' } });
    expect(sent('Set-MailContact').at(-1)).toMatchObject({ CustomAttribute15: STAMP });
    expect(sent('Set-Contact')).toHaveLength(1);
  });

  it('waits for a new contact to become visible, not for ever', async () => {
    cmdlet('Set-MailContact', (_parameters, n) => (n <= 2 ? NOT_FOUND : undefined));
    expect(await connector.write(request('create'))).toMatchObject({ ok: true });
    cmdlet('Set-MailContact', NOT_FOUND);
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'later', targetId: 'c1' });
    expect(sent('Set-MailContact')).toHaveLength(6);
  });

  it('is never sent twice when the answer is lost', async () => {
    cmdlet('New-MailContact', { body: null });
    await expect(connector.write(request('create'))).rejects.toMatchObject({ answerLost: true });
    expect(sent('New-MailContact')).toHaveLength(1);
    cmdlet('New-MailContact', exchangeRefusal(500, 'Microsoft.Exchange.Data.Storage.TransientException', 'try again'));
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'unknown' });
    expect(sent('New-MailContact')).toHaveLength(2);
  });

  it('tells missing rights from faults of the object', async () => {
    cmdlet('New-MailContact', { status: 403, body: '' });
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'permission', failure: { code: 'permission' } });
    cmdlet(
      'New-MailContact',
      exchangeRefusal(
        400,
        'x.RecipientTaskException',
        'This request results in the user having 340 proxy addresses. The maximum allowed is 333.',
      ),
    );
    expect(await connector.write(request('create'))).toMatchObject({ ok: false, retry: 'never' });
  });
});

describe('update', () => {
  it('sends only what changes', async () => {
    await connector.write(request('update', { fields: { givenName: 'Augusta' } }));
    expect(tenant.cmdlets()).toEqual(['Set-Contact']);
    expect(sent('Set-Contact')[0]).toEqual({ Identity: 'c1', FirstName: 'Augusta' });
  });

  it('clears with null, and takes the stamp away when it is released', async () => {
    await connector.write(request('update', { fields: { companyName: null, businessPhones: null, otherPhones: null }, setStamp: '' }));
    expect(sent('Set-Contact')[0]).toEqual({ Identity: 'c1', Company: null, Phone: null, OtherTelephone: [] });
    expect(sent('Set-MailContact')[0]).toEqual({ Identity: 'c1', CustomAttribute15: null });
  });

  it('changes the primary address everywhere, and keeps the X500 addresses that are there', async () => {
    cmdlet('Get-MailContact', {
      body: { value: [contact({ EmailAddresses: ['SMTP:ada@a.example', 'smtp:old@a.example', 'X500:/o=ExchangeLabs/cn=1'] })] },
    });
    await connector.write(
      request('update', { fields: { addresses: ['al@a.example', 'ada@a.example'] }, current: { addresses: ['ada@a.example'] } }),
    );
    expect(sent('Set-MailContact')[0]).toEqual({
      Identity: 'c1',
      EmailAddresses: ['SMTP:al@a.example', 'smtp:ada@a.example', 'X500:/o=ExchangeLabs/cn=1'],
      ExternalEmailAddress: 'al@a.example',
    });
    expect(sent('Set-Contact')[0]).toEqual({ Identity: 'c1', WindowsEmailAddress: 'al@a.example' });
  });

  it('R27: a conflict is judged by what the object holds', async () => {
    const now = contact({ EmailAddresses: ['SMTP:ada@a.example', 'smtp:new@a.example'] });
    cmdlet('Get-MailContact', { body: { value: [now] } });
    cmdlet('Set-MailContact', TAKEN('new@a.example'));
    const change = request('update', {
      fields: { addresses: ['ada@a.example', 'new@a.example'] },
      current: { addresses: ['ada@a.example'] },
    });
    expect(await connector.write(change)).toMatchObject({ ok: true, note: 'verified' });
    cmdlet('Get-MailContact', { body: { value: [contact()] } });
    cmdlet('Get-Recipient', {
      body: { value: [{ ExternalDirectoryObjectId: 'm7', RecipientTypeDetails: 'UserMailbox', EmailAddresses: ['smtp:new@a.example'] }] },
    });
    expect(await connector.write(change)).toMatchObject({ ok: false, retry: 'collision', owner: { id: 'm7', kind: 'UserMailbox' } });
  });

  it('leaves what is mastered on premises alone', async () => {
    cmdlet(
      'Set-Contact',
      exchangeRefusal(
        400,
        'x',
        "The action 'Set-Contact' can't be performed because the object is being synchronized from your on-premises organization.",
      ),
    );
    expect(await connector.write(request('update', { fields: { givenName: 'A' } }))).toMatchObject({ ok: false, retry: 'never' });
  });

  it('hides', async () => {
    await connector.write(request('hide'));
    expect(sent('Set-MailContact')).toEqual([{ Identity: 'c1', HiddenFromAddressListsEnabled: true }]);
  });
});

describe('delete', () => {
  it('R35: names the immutable id only; what is not there any more is done', async () => {
    cmdlet('Remove-MailContact', NOT_FOUND);
    expect(await connector.write(request('delete', { current: { addresses: ['old@b.example'] } }))).toMatchObject({
      ok: true,
      note: 'alreadyGone',
    });
    expect(sent('Remove-MailContact')).toEqual([{ Identity: 'c1', Confirm: false }]);
    expect(tenant.seen.map((one) => one.body).join()).not.toContain('old@b.example');
  });

  it('a 404 of a server that is not Exchange does not mean that it is gone', async () => {
    cmdlet('Remove-MailContact', { status: 404, body: '<html>404</html>' });
    expect(await connector.write(request('delete'))).toMatchObject({ ok: false });
  });
});
