import { describe, expect, it } from 'vitest';
import { MailboxBusy } from '../../copies.ts';
import { asked, calls, copies, marked, on, refusal, STAMP_ID, tenant, withBatches } from './harness.ts';

withBatches();

const MARK = 'galsync-folder:r';
const folders = (...value: object[]): void =>
  on((request) => (request.method === 'GET' && /contactFolders\?/.test(request.url) ? { body: { value } } : undefined));
const query = (more: object = {}) => ({ mailbox: 'u1', mark: MARK, folder: null, token: null, ...more });
const deltaLink = (host = 'https://graph.microsoft.com') => `${host}/v1.0/users/u1/contactFolders/f1/contacts/delta?$deltatoken=next`;

describe('looking at a mailbox', () => {
  it('finds the folder by its mark, not by its name, and the record of changes in the same call', async () => {
    folders(
      { id: 'f0', displayName: 'Fabrikam' },
      marked('f1', MARK, { displayName: 'renamed by somebody' }),
      marked('f2', 'galsync-folder:other'),
    );
    on((request) => (request.url.includes('/delta') ? { body: { value: [], '@odata.deltaLink': deltaLink() } } : undefined));
    const sight = await copies.look(query({ folder: 'f1', token: '/users/u1/contactFolders/f1/contacts/delta?$deltatoken=old' }));
    expect(sight).toEqual({
      folder: { id: 'f1', name: 'renamed by somebody' },
      others: [],
      unchanged: true,
      token: '/users/u1/contactFolders/f1/contacts/delta?$deltatoken=next',
    });
    expect(calls).toEqual([2]);
    expect(asked.every((request) => request.headers?.Prefer?.includes('IdType="ImmutableId"'))).toBe(true);
  });

  it.each([
    ['somebody changed a contact', { body: { value: [{ id: 'c1' }], '@odata.deltaLink': deltaLink() } }],
    ['more pages follow', { body: { value: [], '@odata.nextLink': deltaLink() } }],
    ['the token is too old', refusal(410, 'SyncStateNotFound')],
    ['the cloud has no delta', refusal(501, 'NotImplemented')],
  ])('is not sure that nothing changed: %s', async (_name, reply) => {
    folders(marked('f1', MARK));
    on((request) => (request.url.includes('/delta') ? reply : undefined));
    expect(await copies.look(query({ folder: 'f1', token: '/x/delta' }))).toMatchObject({ unchanged: false, token: null });
  });

  it('ids regard case (trap 38)', async () => {
    folders(marked('F1', MARK), marked('f1', MARK));
    expect(await copies.look(query({ folder: 'f1' }))).toMatchObject({ folder: { id: 'f1' }, others: ['F1'] });
  });

  it('a folder that was moved or deleted by hand is named, so that our contacts in it can go', async () => {
    folders();
    on((request) => (request.url.startsWith('/users/u1/contactFolders/f1?') ? { body: marked('f1', MARK) } : undefined));
    expect(await copies.look(query({ folder: 'f1' }))).toMatchObject({ folder: null, others: ['f1'] });
    on((request) => (request.url.startsWith('/users/u1/contactFolders/f1?') ? { body: { id: 'f1' } } : undefined));
    expect(await copies.look(query({ folder: 'f1' }))).toMatchObject({ folder: null, others: [] });
  });

  it('reads further pages of folders', async () => {
    on((request) => (request.url.includes('$skip=10') ? { body: { value: [marked('f1', MARK)] } } : undefined));
    on((request) =>
      /contactFolders\?\$top/.test(request.url)
        ? { body: { value: [], '@odata.nextLink': `${tenant.base}/graph/v1.0/users/u1/contactFolders?$skip=10` } }
        : undefined,
    );
    expect(await copies.look(query())).toMatchObject({ folder: { id: 'f1' } });
  });

  it.each([
    [404, 'MailboxNotEnabledForRESTAPI', 'notFound', /licence/],
    [404, 'ErrorInvalidUser', 'notFound', /licence/],
    [403, 'ErrorAccessDenied', 'permission', /RBAC for Applications.*add this mailbox/],
    [401, 'InvalidAuthenticationToken', 'authentication', /Contacts.ReadWrite/],
    [507, 'ErrorQuotaExceeded', 'quota', /Make room/],
    [500, 'InternalServerError', 'unreachable', /tries again/],
    [400, 'ErrorInvalidRequest', 'refused', /Look at the text/],
  ])('%i %s is %s, with what to do', async (status, code, cause, nextStep) => {
    on(() => refusal(status, code));
    await expect(copies.look(query())).rejects.toMatchObject({
      failure: { code: cause, message: expect.stringContaining(code), nextStep: expect.stringMatching(nextStep) },
    });
  });

  it('a mailbox that is throttled waits alone', async () => {
    on(() => refusal(429, 'ApplicationThrottled', { 'Retry-After': '7' }));
    const error = await copies.look(query()).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(MailboxBusy);
    expect(error).toMatchObject({ waitMs: 7_000 });
  });
});

describe('folders', () => {
  it('a folder of somebody with that name stays theirs', async () => {
    on((request) =>
      request.method === 'POST'
        ? request.body?.displayName === 'Fabrikam'
          ? refusal(409, 'ErrorFolderExists')
          : { status: 201, body: { id: 'f9' } }
        : undefined,
    );
    expect(await copies.makeFolder('u1', MARK, 'Fabrikam')).toEqual({ id: 'f9', name: 'Fabrikam (galsync)' });
    expect(asked.at(-1)!.body).toMatchObject({ singleValueExtendedProperties: [{ id: STAMP_ID, value: MARK }] });
    on((request) => (request.method === 'POST' ? refusal(409, 'ErrorFolderExists') : undefined));
    await expect(copies.makeFolder('u1', MARK, 'Fabrikam')).rejects.toMatchObject({ failure: { code: 'conflict' } });
  });

  it('a removal of what is gone is done; a name that is taken leaves the old one', async () => {
    await copies.removeFolder('u1', 'f1');
    on((request) => (request.method === 'PATCH' ? refusal(409, 'ErrorFolderExists') : undefined));
    await copies.renameFolder('u1', 'f1', 'Other');
    expect(asked.map((request) => request.method)).toEqual(['DELETE', 'PATCH']);
  });

  it('pages of contacts: marks come along, a link that does not advance is an error', async () => {
    const link = `${tenant.base}/graph/v1.0/users/u1/contactFolders/f1/contacts?$skip=1`;
    on(() => ({ body: { value: [marked('c1', 'galsync:r:1', { changeKey: 'k1', displayName: 'Ada' })], '@odata.nextLink': link } }));
    const page = await copies.list('u1', 'f1', null);
    expect(page).toMatchObject({
      cursor: '/users/u1/contactFolders/f1/contacts?$skip=1',
      contacts: [{ id: 'c1', version: 'k1', stamp: 'galsync:r:1', note: null, fields: { displayName: 'Ada' } }],
    });
    expect(asked[0]!.url).toContain('$expand=singleValueExtendedProperties($filter=id eq');
    await expect(copies.list('u1', 'f1', page.cursor)).rejects.toMatchObject({ failure: { code: 'pagingStuck' } });
  });

  it('contacts by stamp: one search each, in one call; the search does not regard case, we do', async () => {
    on((request) => {
      const stamp = /ep\/value eq '([^']+)'/.exec(request.url)?.[1];
      return stamp === 'galsync:r:A'
        ? { body: { value: [marked('c1', 'galsync:r:A'), marked('c2', 'galsync:r:a')] } }
        : { body: { value: [] } };
    });
    expect((await copies.find('u1', 'f1', ['galsync:r:A', 'galsync:r:B'])).map((contact) => contact.id)).toEqual(['c1']);
    expect(calls).toEqual([2]);
    expect(asked[0]!.url).toContain(`$filter=singleValueExtendedProperties/any(ep: ep/id eq '${STAMP_ID}' and ep/value eq 'galsync:r:A')`);
  });

  it('the record of changes: pages, removals, and null where there is none', async () => {
    on((request) =>
      request.url.endsWith('skip')
        ? { body: { value: [{ id: 'c2', '@removed': { reason: 'deleted' } }], '@odata.deltaLink': deltaLink() } }
        : { body: { value: [{ id: 'c1', changeKey: 'k1' }], '@odata.nextLink': 'https://other.example/v1.0/next?skip' } },
    );
    const first = await copies.changes('u1', 'f1', { token: null });
    expect(first).toEqual({ changes: [{ id: 'c1', version: 'k1' }], cursor: '/next?skip', token: null });
    expect(await copies.changes('u1', 'f1', { cursor: first!.cursor! })).toMatchObject({
      changes: [{ id: 'c2', version: null }],
      cursor: null,
      token: expect.stringContaining('$deltatoken=next'),
    });
    expect(asked[0]!.headers!.Prefer).toContain('odata.maxpagesize=');
    for (const reply of [
      refusal(410, 'SyncStateNotFound'),
      refusal(400, 'ErrorInvalidSyncStateData'),
      refusal(404, 'NotFound'),
      { body: {} },
    ]) {
      on(() => reply);
      expect(await copies.changes('u1', 'f1', { token: '/old' })).toBeNull();
    }
  });
});
