import { describe, expect, it } from 'vitest';
import { cmdlet, STAMP, sent, tenant } from '../contact/harness.ts';
import { exchangeRefusal } from '../fakeTenant.ts';
import { asMailUser, calls, connector, graph, mailUser, withMailUsers } from './harness.ts';

withMailUsers();

describe('a deleted mail user that stands in the way', () => {
  const AAD = exchangeRefusal(
    400,
    'Microsoft.Exchange.Management.RecipientTasks.UnableToWriteToAadException',
    'Another object with the same value for property proxyAddresses already exists. ConflictingObject: User_u1',
  );
  const deleted = (stamp: string | null, mailNickname = 'ada.01234567'): Record<string, unknown> => ({
    id: 'u1',
    mailNickname,
    onPremisesExtensionAttributes: { extensionAttribute15: stamp },
  });

  it('is restored and filled anew: the same account, and no new password', async () => {
    cmdlet('New-MailUser', AAD);
    graph('GET', '/directory/deletedItems/u1', { body: deleted(STAMP) });
    graph('POST', '/directory/deletedItems/u1/restore', { body: { id: 'u1' } });
    cmdlet('Get-MailUser', (parameters) => (parameters.Identity ? { body: { value: [mailUser()] } } : { body: { value: [] } }));
    expect(await connector.write(asMailUser('create', { former: 'u1' }))).toMatchObject({ ok: true, targetId: 'u1', note: 'verified' });
    expect(sent('New-MailUser')).toHaveLength(1);
    expect(sent('Set-MailUser')[0]).toMatchObject({ Identity: 'u1', CustomAttribute15: STAMP, HiddenFromAddressListsEnabled: false });
    expect(calls().at(-1)).toBe('PATCH /users/u1');
  });

  it('is found by our alias where its id is not known', async () => {
    cmdlet('New-MailUser', AAD);
    graph('GET', '/directory/deletedItems/microsoft.graph.user', { body: { value: [deleted(STAMP)] } });
    graph('POST', '/directory/deletedItems/u1/restore', { body: { id: 'u1' } });
    cmdlet('Get-MailUser', (parameters) => (parameters.Identity ? { body: { value: [mailUser()] } } : { body: { value: [] } }));
    expect(await connector.write(asMailUser('create'))).toMatchObject({ ok: true, targetId: 'u1' });
    const listed = tenant.seen.find((one) => one.url.includes('deletedItems/microsoft.graph.user'))!;
    expect([listed.url.includes("mailNickname eq 'ada.01234567'"), listed.headers.consistencylevel]).toEqual([true, 'eventual']);
  });

  it.each([
    ['of another stamp', deleted('galsync:other:u9')],
    ['of another alias', deleted(null, 'ada')],
  ])('%s is somebody else: never restored', async (_name, user) => {
    cmdlet('New-MailUser', AAD);
    graph('GET', '/directory/deletedItems/u1', { body: user });
    const answer = await connector.write(asMailUser('create', { former: 'u1' }));
    expect(answer).toMatchObject({ ok: false, retry: 'later' });
    expect(answer.ok ? '' : answer.failure.nextStep).toContain('deleted user');
    expect(calls().join()).not.toContain('restore');
  });

  it('may not be seen: the refusal says what may be behind it; may not be restored: it names the grant', async () => {
    cmdlet('New-MailUser', AAD);
    graph('GET', '/directory/deletedItems', { status: 403, body: '' });
    expect(await connector.write(asMailUser('create', { former: 'u1' }))).toMatchObject({ ok: false, retry: 'later' });
    graph('GET', '/directory/deletedItems/u1', { body: deleted(STAMP) });
    graph('POST', '/directory/deletedItems/u1/restore', { status: 403, body: '' });
    expect(await connector.write(asMailUser('create', { former: 'u1' }))).toMatchObject({
      ok: false,
      retry: 'later',
      failure: { code: 'permission', nextStep: expect.stringContaining('User.DeleteRestore.All') },
    });
  });
});
