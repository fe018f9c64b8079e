import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import type { FailureError } from '../../model/failure.ts';
import type { MembersPage, PullPage } from '../connector.ts';
import { claimsOf, connectorOn, type FakeWorkspace, type Reply, startFakeWorkspace } from './fakeWorkspace.ts';
import { SCOPES } from './token.ts';

let fake: FakeWorkspace;
const directory = (path: string, reply: Reply | ((query: URLSearchParams) => Reply)): void =>
  fake.on((request) =>
    request.path === `/admin/directory/v1/${path}` ? (typeof reply === 'function' ? reply(request.query) : reply) : undefined,
  );
const settings = (email: string, reply: Reply): void =>
  fake.on((request) => (request.path === `/groups/v1/groups/${encodeURIComponent(email)}` ? reply : undefined));
const refusal = (code: number, reason: string): Reply => ({
  status: code,
  body: { error: { code, message: reason, errors: [{ reason }] } },
});

beforeEach(async () => {
  fake = await startFakeWorkspace();
  directory('customer/my_customer/domains', { body: { domains: [] } });
  directory('customer/my_customer/resources/calendars', { body: {} });
  directory('groups', { body: { groups: ['a', 'b'].map((id) => ({ id, email: `${id}@fabrikam.example`, name: id })) } });
  directory('users', { body: { users: [{ id: '1', primaryEmail: 'a@fabrikam.example' }] } });
});
afterEach(() => fake.close());

async function all(group: string): Promise<readonly (MembersPage | null)[]> {
  const from = connectorOn(fake);
  const pages: (MembersPage | null)[] = [];
  for (let cursor: string | null = null, n = 0; n === 0 || cursor !== null; n += 1) {
    const page: MembersPage | null = await from.readMembers(group, cursor);
    pages.push(page);
    cursor = page?.next ?? null;
  }
  return pages;
}

describe('direct members of a group', () => {
  it('come in pages of 200, with a scope of their own; people from outside are nobody here, CUSTOMER is everybody', async () => {
    directory('groups/g1/members', (query) =>
      query.get('pageToken')
        ? {
            body: {
              members: [
                { id: 'C01', type: 'CUSTOMER' },
                { email: 'x@y.example', type: 'EXTERNAL' },
              ],
            },
          }
        : {
            body: {
              members: [
                { id: '7', type: 'USER' },
                { id: 'g2', type: 'GROUP' },
                { id: '9', type: 'EXTERNAL' },
              ],
              nextPageToken: 't',
            },
          },
    );
    expect(await all('g1')).toEqual([
      {
        members: [
          { id: '7', group: false },
          { id: 'g2', group: true },
          { id: '9', group: false },
        ],
        everyUser: false,
        next: 't',
        lacking: null,
      },
      { members: [], everyUser: true, next: null, lacking: null },
    ]);
    expect(fake.asked('GET', '/admin/directory/v1/groups/g1/members')[0]!.query.get('maxResults')).toBe('200');
    expect(fake.asked('POST', '/token').map((one) => claimsOf(one.body)['scope'])).toEqual([SCOPES.members]);
  });
  it('an empty list is compared with the count of the group', async () => {
    directory('groups/g1/members', { body: {} });
    directory('groups/g1', { body: { id: 'g1', directMembersCount: '12' } });
    expect((await all('g1'))[0]!.lacking).toMatch(/counts 12/);
    directory('groups/g1', { body: { id: 'g1', directMembersCount: '0' } });
    expect((await all('g1'))[0]!.lacking).toBeNull();
  });
  it('no such group is none; a list that breaks off lacks members; a refusal names the scope', async () => {
    expect(await all('ghost')).toEqual([null]);
    directory('groups/g1/members', (query) =>
      query.get('pageToken') ? refusal(404, 'notFound') : { body: { members: [], nextPageToken: 't' } },
    );
    expect((await all('g1')).at(-1)).toMatchObject({ next: null, lacking: expect.stringContaining('404') });
    directory('groups/g1/members', refusal(403, 'forbidden'));
    const error = await all('g1').catch((one: unknown) => one);
    expect((error as FailureError).failure).toMatchObject({ code: 'permission', nextStep: expect.stringContaining(SCOPES.members) });
  });
});

describe('settings of groups', () => {
  const asking = () => connectorOn(fake, [], [], { pull: { internalOnlyGroups: false } as GoogleWorkspaceSettings['pull'] });
  async function pull(readBefore: readonly string[] = []): Promise<readonly PullPage[]> {
    const from = asking();
    const pages: PullPage[] = [];
    for (let cursor: string | null = null, n = 0; n === 0 || cursor !== null; n += 1) {
      const page = await from.readPage(cursor, { tokens: {}, readBefore });
      pages.push(page);
      cursor = page.cursor;
    }
    return pages;
  }
  it('are read only where somebody wants to know', async () => {
    const from = connectorOn(fake);
    for (let cursor: string | null = null, n = 0; n === 0 || cursor !== null; n += 1)
      cursor = (await from.readPage(cursor, { tokens: {}, readBefore: [] })).cursor;
    expect(fake.seen.filter((one) => one.path.startsWith('/groups/v1'))).toEqual([]);
    expect([from.sets.includes('groupSettings'), asking().sets.includes('groupSettings')]).toEqual([false, true]);
  });
  it('tell who takes mail from outside and who is hidden; texts are no truth values; JSON is asked for', async () => {
    settings('a@fabrikam.example', { body: { whoCanPostMessage: 'ALL_IN_DOMAIN_CAN_POST', includeInGlobalAddressList: 'true' } });
    settings('b@fabrikam.example', { body: { whoCanPostMessage: 'ANYONE_CAN_POST', includeInGlobalAddressList: 'false' } });
    const parts = (await pull()).find((page) => page.set === 'groupSettings')!.parts;
    expect(parts.map((part) => [part.id, part.primary, part.fields])).toEqual([
      ['a', false, { internalOnly: true, hidden: false }],
      ['b', false, { internalOnly: false, hidden: true }],
    ]);
    expect(fake.seen.filter((one) => one.path.startsWith('/groups/v1')).map((one) => one.query.get('alt'))).toEqual(['json', 'json']);
  });
  it('never granted they are a loss, once read they fail the pull; an Atom answer is no setting', async () => {
    for (const id of ['a', 'b']) settings(`${id}@fabrikam.example`, refusal(403, 'insufficientPermissions'));
    expect((await pull()).flatMap((page) => page.losses ?? [])).toEqual(['groupSettings']);
    await expect(pull(['groupSettings'])).rejects.toThrow(/permission/);
    for (const id of ['a', 'b']) settings(`${id}@fabrikam.example`, { body: '<entry xmlns="http://www.w3.org/2005/Atom"/>' });
    await expect(pull()).rejects.toThrow(/badAnswer/);
  });
});
