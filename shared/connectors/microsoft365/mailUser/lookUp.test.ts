import { describe, expect, it } from 'vitest';
import { cmdlet, NOT_FOUND, STAMP } from '../contact/harness.ts';
import { connector, graph, mailUser, withMailUsers } from './harness.ts';

withMailUsers();

describe('get and find', () => {
  const USER = { id: 'u1', displayName: 'Ada Byron', userPrincipalName: 'ada.01234567@x.example', givenName: 'Ada', country: 'UK' };
  const stamped = { ...USER, onPremisesExtensionAttributes: { extensionAttribute15: STAMP } };

  it('reads both halves by id, as a pull would', async () => {
    graph('GET', '/users/u1', { body: stamped });
    cmdlet('Get-MailUser', { body: { value: [mailUser({ CustomAttribute15: STAMP, LegacyExchangeDN: '/o=ExchangeLabs/cn=u1' })] } });
    expect(await connector.get('u1', 'mailUser')).toMatchObject({
      id: 'u1',
      type: 'MailUser',
      stamp: STAMP,
      x500: ['/o=ExchangeLabs/cn=u1'],
      attributes: { givenName: 'Ada', country: 'United Kingdom' },
    });
  });

  it('tells what it has become, and that it is gone', async () => {
    graph('GET', '/users/u1', { body: stamped });
    cmdlet('Get-MailUser', NOT_FOUND);
    cmdlet('Get-Recipient', { body: { value: [mailUser({ RecipientTypeDetails: 'UserMailbox' })] } });
    expect(await connector.get('u1', 'mailUser')).toMatchObject({ type: 'UserMailbox' });
    cmdlet('Get-Recipient', NOT_FOUND);
    expect(await connector.get('u1', 'mailUser')).toMatchObject({ type: 'user' });
    graph('GET', '/users/u1', { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } });
    expect(await connector.get('u1', 'mailUser')).toBeNull();
  });

  it('finds by stamp, else alias, else an address made since the intent; never a guest', async () => {
    const query = { as: 'mailUser', stamp: STAMP, alias: 'ada.01234567', address: 'ada@a.example', since: '2026-11-25T09:00:00Z' } as const;
    graph('GET', '/users/u1', { body: USER });
    const found = (wanted: string, row: Record<string, unknown>): void =>
      cmdlet('Get-MailUser', (parameters) => ({ body: { value: String(parameters.Filter).startsWith(wanted) ? [row] : [] } }));
    found('CustomAttribute15', mailUser({ CustomAttribute15: STAMP }));
    expect(await connector.find(query)).toMatchObject({ id: 'u1' });
    found('Alias', mailUser());
    expect(await connector.find(query)).toMatchObject({ id: 'u1' });
    found('EmailAddresses', mailUser({ Alias: 'other', WhenCreatedUTC: '2026-11-25T09:00:01Z' }));
    expect(await connector.find(query)).toMatchObject({ id: 'u1' });
    found('EmailAddresses', mailUser({ Alias: 'other', WhenCreatedUTC: '2026-11-25T08:00:00Z' }));
    expect(await connector.find(query)).toBeNull();
    found('Alias', mailUser({ RecipientTypeDetails: 'GuestMailUser' }));
    expect(await connector.find(query)).toBeNull();
  });
});
