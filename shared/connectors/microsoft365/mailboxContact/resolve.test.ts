import { describe, expect, it } from 'vitest';
import { asked, calls, copies, on, refusal, withBatches } from './harness.ts';

withBatches();

const GROUP = { id: 'g1', mail: 'all@a.example', proxyAddresses: ['SMTP:all@a.example', 'smtp:everybody@a.example'] };
const user = (n: number, more: object = {}): object => ({
  '@odata.type': '#microsoft.graph.user',
  id: `u${n}`,
  mail: `p${n}@a.example`,
  userPrincipalName: `p${n}@a.example`,
  proxyAddresses: [`SMTP:p${n}@a.example`],
  ...more,
});
const users = (...value: object[]): void => on((request) => (request.url.startsWith('/users?') ? { body: { value } } : undefined));
const groups = (...value: object[]): void => on((request) => (request.url.startsWith('/groups?') ? { body: { value } } : undefined));
const members = (...value: object[]): void =>
  on((request) => (request.url.includes('transitiveMembers') ? { body: { value } } : undefined));

describe('which mailboxes a name stands for', () => {
  it('a person by any address; a group by any address, nested groups, without guests, contacts and accounts that have no mail', async () => {
    users(user(1, { proxyAddresses: ['SMTP:p1@a.example', 'smtp:alias@a.example'] }));
    groups(GROUP);
    members(
      user(2),
      user(3, { userType: 'Guest' }),
      user(4, { userPrincipalName: 'x_y#EXT#@a.example' }),
      user(5, { mail: null }),
      { '@odata.type': '#microsoft.graph.group', id: 'g2', mail: 'inner@a.example' },
      { '@odata.type': '#microsoft.graph.orgContact', id: 'c1', mail: 'c@b.example' },
    );
    expect(await copies.resolve(['Alias@a.example', 'everybody@a.example'])).toEqual([
      { name: 'Alias@a.example', ok: true, mailboxes: [{ id: 'u1', address: 'p1@a.example' }] },
      { name: 'everybody@a.example', ok: true, mailboxes: [{ id: 'u2', address: 'p2@a.example' }] },
    ]);
    expect(asked.find((request) => request.url.startsWith('/users?'))!.url).toContain("proxyAddresses/any(p:p eq 'smtp:Alias@a.example')");
  });

  it('by id, and pages of members', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    on((request) => (request.url.startsWith(`/groups/${id}?`) ? { body: { ...GROUP, id } } : undefined));
    on((request) => {
      if (!request.url.includes('transitiveMembers')) return undefined;
      const first = !request.url.includes('skiptoken');
      const next = first ? { '@odata.nextLink': `https://graph.microsoft.com/v1.0/groups/${id}/transitiveMembers?$skiptoken=2` } : {};
      return { body: { value: [user(first ? 1 : 2)], ...next } };
    });
    expect(await copies.resolve([id])).toMatchObject([{ ok: true, mailboxes: [{ id: 'u1' }, { id: 'u2' }] }]);
  });

  it('a server that knows no filter answers everybody: only who has the address counts', async () => {
    users(user(1), user(2));
    groups(GROUP);
    expect(await copies.resolve(['p2@a.example', 'nobody@a.example'])).toMatchObject([
      { ok: true, mailboxes: [{ id: 'u2' }] },
      { ok: false, failure: { code: 'notFound', message: expect.stringContaining('nobody@a.example') } },
    ]);
  });

  it('asks for twenty names at a time', async () => {
    users();
    groups();
    await copies.resolve(Array.from({ length: 45 }, (_, n) => `n${n}@a.example`));
    expect(calls).toEqual([20, 20, 5, 20, 20, 5]);
  });

  it('a refused directory is a failure that names the permission, never an empty group', async () => {
    users();
    groups(GROUP);
    on((request) => (request.url.includes('transitiveMembers') ? refusal(403, 'Authorization_RequestDenied') : undefined));
    await expect(copies.resolve(['all@a.example'])).rejects.toMatchObject({ failure: { code: 'permission' } });
  });
});
