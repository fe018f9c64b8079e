import { describe, expect, it } from 'vitest';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import type { MembersPage } from '../connector.ts';
import { exchangeRefusal } from './fakeTenant.ts';
import { cmdlet, connector, entries, failureOf, graph, link, NOTHING, pull, tenant, withTenant } from './readHarness.ts';

withTenant();

/** A dynamic group's id is Exchange's Guid. */
const ID = '6f0f0a7e-0000-4000-8000-00000000000d';
const MEMBERS = `/groups/${ID}/members?`;
const NOT_FOUND = { status: 404, body: { error: { code: 'Request_ResourceNotFound', message: 'Resource does not exist.' } } };
const noDynamic = () =>
  cmdlet('Get-DynamicDistributionGroupMember', exchangeRefusal(404, 'ManagementObjectNotFoundException', "couldn't be found"));
const member = (id: string, type = 'user') => ({ '@odata.type': `#microsoft.graph.${type}`, id });

async function all(group: string): Promise<readonly (MembersPage | null)[]> {
  const from = connector();
  const pages: (MembersPage | null)[] = [];
  let cursor: string | null = null;
  do {
    const page: MembersPage | null = await from.readMembers(group, cursor);
    pages.push(page);
    cursor = page?.next ?? null;
  } while (cursor !== null);
  return pages;
}

describe('direct members of a group', () => {
  it('come in pages of 999 ids, member groups marked, links followed as they are', async () => {
    graph('/groups/g1/members?$skiptoken=2', { body: { value: [member('g2', 'group'), member('c1', 'orgContact')] } });
    graph('/groups/g1/members?$select', {
      body: { value: [member('u1'), member('d1', 'device')], '@odata.nextLink': link('/groups/g1/members?$skiptoken=2') },
    });
    const pages = await all('g1');
    expect(pages.flatMap((page) => page?.members)).toEqual([
      { id: 'u1', group: false },
      { id: 'd1', group: false },
      { id: 'g2', group: true },
      { id: 'c1', group: false },
    ]);
    expect(pages.every((page) => page?.lacking === null)).toBe(true);
    expect(tenant.seen.find((one) => one.url.includes('/members'))!.url).toBe('/graph/v1.0/groups/g1/members?$select=id&$top=999');
  });

  it('an empty list is compared with the count, and with what the group says of itself', async () => {
    graph('/groups/g1/members?', { body: { value: [] } });
    graph('/groups/g1?', { body: { id: 'g1', visibility: 'Private' } });
    graph('/groups/g1/members/$count', { body: '7' });
    expect((await all('g1'))[0]!.lacking).toMatch(/counts 7 members.*Member\.Read\.Hidden/);
    graph('/groups/g1/members/$count', { body: '0' });
    expect((await all('g1'))[0]!.lacking).toBeNull();
    graph('/groups/g1?', { body: { id: 'g1', visibility: 'HiddenMembership' } });
    expect((await all('g1'))[0]!.lacking).toMatch(/hidden/);
  });

  it('a group that neither Graph nor Exchange knows is none; a refusal names the grant', async () => {
    graph(MEMBERS, NOT_FOUND);
    noDynamic();
    expect(await all(ID)).toEqual([null]);
    graph('/groups/All', NOT_FOUND);
    const asked = tenant.cmdlets().length;
    expect([await all('All Staff'), tenant.cmdlets().length]).toEqual([[null], asked]);
    graph(MEMBERS, { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'Insufficient privileges' } } });
    expect(await failureOf(all(ID))).toMatchObject({ code: 'permission', nextStep: expect.stringContaining('GroupMember.Read.All') });
  });

  it('a list that breaks off is known to lack members', async () => {
    graph('/groups/g1/members?$skiptoken=2', { status: 410, body: { error: { code: 'gone', message: 'gone' } } });
    graph('/groups/g1/members?$select', { body: { value: [member('u1')], '@odata.nextLink': link('/groups/g1/members?$skiptoken=2') } });
    expect((await all('g1')).at(-1)).toMatchObject({ next: null, lacking: expect.stringContaining('410') });
  });

  it('dynamic groups are asked of Exchange, contacts by the id that their entries have', async () => {
    graph(MEMBERS, NOT_FOUND);
    const row = (type: string, id: string) => ({
      Guid: `guid-${id}`,
      ExternalDirectoryObjectId: `entra-${id}`,
      RecipientTypeDetails: type,
    });
    tenant.on((request) =>
      request.cmdlet === 'Get-DynamicDistributionGroupMember'
        ? request.url.includes('skiptoken')
          ? { body: { value: [row('MailUniversalSecurityGroup', '3')] } }
          : {
              body: {
                value: [row('UserMailbox', '1'), row('MailContact', '2')],
                '@odata.nextLink': `${tenant.base}${request.url}?$skiptoken=1`,
              },
            }
        : undefined,
    );
    expect((await all(ID)).flatMap((page) => page?.members)).toEqual([
      { id: 'entra-1', group: false },
      { id: 'guid-2', group: false },
      { id: 'entra-3', group: true },
    ]);
    expect(tenant.seen.find((one) => one.cmdlet?.startsWith('Get-Dynamic'))!.parameters).toMatchObject({
      Identity: ID,
      ResultSize: 'Unlimited',
    });
  });

  it('a contact, which goes by Exchange’s Guid, says by which id groups list it', async () => {
    const row = { Guid: 'c1', ExternalDirectoryObjectId: 'oc1', RecipientTypeDetails: 'MailContact', PrimarySmtpAddress: 'x@x.example' };
    cmdlet('Get-Recipient', {
      body: { value: [row, { ...row, Guid: 'x', ExternalDirectoryObjectId: 'u1', RecipientTypeDetails: 'UserMailbox' }] },
    });
    const from = connector();
    const found = entries(from, await pull(from));
    expect(found.find((entry) => entry.id === 'c1')!.memberId).toBe('oc1');
    expect(found.find((entry) => entry.id === 'u1')!.memberId).toBeUndefined();
  });
});

describe('groups that refuse mail from outside', () => {
  const asking = () => connector(undefined, undefined, { pull: { internalOnlyGroups: false } as Microsoft365Settings['pull'] });
  const dl = { ExternalDirectoryObjectId: 'g1', Guid: 'x1', RequireSenderAuthenticationEnabled: true };

  it('are asked for only where somebody wants to know', async () => {
    await pull(connector());
    expect(tenant.cmdlets().filter((name) => name.endsWith('Group'))).toEqual([]);
    expect(connector().sets).not.toContain('distributionGroups');
    expect(connector().fingerprint).toBe(asking().fingerprint);
  });
  it('are told by the cmdlet of each type', async () => {
    const base = { mailEnabled: true, groupTypes: [], displayName: 'x' };
    graph('/groups?', { body: { value: ['g1', 'g2'].map((id) => ({ ...base, id, mail: `${id}@a.example` })) } });
    cmdlet('Get-Recipient', {
      body: { value: [{ Guid: 'd1', RecipientTypeDetails: 'DynamicDistributionGroup', PrimarySmtpAddress: 'd@a.example' }] },
    });
    cmdlet('Get-DistributionGroup', { body: { value: [dl] } });
    cmdlet('Get-DynamicDistributionGroup', { body: { value: [{ ...dl, Guid: 'd1' }] } });
    cmdlet('Get-UnifiedGroup', {
      body: { value: [{ ...dl, ExternalDirectoryObjectId: 'g2', RequireSenderAuthenticationEnabled: false }] },
    });
    const from = asking();
    const found = entries(from, await pull(from)).filter((entry) => entry.kind === 'group');
    expect(Object.fromEntries(found.map((entry) => [entry.id, entry.internalOnly]))).toEqual({ g1: true, g2: false, d1: true });
  });
  it('a cmdlet that is not granted is a loss of its own, once read it fails the pull', async () => {
    cmdlet('Get-DistributionGroup', { body: { value: [dl] } });
    cmdlet('Get-DynamicDistributionGroup', { body: { value: [] } });
    cmdlet('Get-UnifiedGroup', exchangeRefusal(403, 'CmdletAccessDeniedException', 'Access denied'));
    expect((await pull(asking())).flatMap((page) => page.losses ?? [])).toEqual(['microsoft365Groups']);
    await failureOf(pull(asking(), { ...NOTHING, readBefore: ['microsoft365Groups'] }));
  });
});
