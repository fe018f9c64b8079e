import { describe, expect, it } from 'vitest';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { exchangeRefusal } from './fakeTenant.ts';
import { ADA, cmdlet, connector, entries, failureOf, graph, link, NOTHING, pull, ROOM, tenant, withTenant } from './readHarness.ts';

withTenant();

const CMDLETS = ['Get-User', 'Get-MailContact', 'Get-DistributionGroup', 'Get-DynamicDistributionGroup', 'Get-UnifiedGroup'];
const X500 = { x500: true, groupX500: true };
const asking = (pulls: Partial<Microsoft365Settings['pull']> = {}) =>
  connector(undefined, undefined, { pull: { internalOnlyGroups: true, ...pulls } as Microsoft365Settings['pull'] }, X500);

function nobodyElse(): void {
  for (const name of CMDLETS) cmdlet(name, { body: { value: [] } });
}

describe("everybody's own X500 address", () => {
  it('is asked for only where X500 addresses are pushed, and only what is needed', async () => {
    nobodyElse();
    await pull(connector());
    expect(tenant.cmdlets().filter((name) => CMDLETS.includes(name))).toEqual([]);
    await pull(asking());
    expect(tenant.cmdlets().filter((name) => CMDLETS.includes(name))).toEqual(CMDLETS);
    const urls = tenant.seen.filter((request) => CMDLETS.includes(request.cmdlet ?? '')).map((request) => request.url.split('$select=')[1]);
    expect(new Set(urls)).toEqual(new Set(['Guid,ExternalDirectoryObjectId,RecipientTypeDetails,LegacyExchangeDN']));
    expect(tenant.seen.find((request) => request.cmdlet === 'Get-Recipient')!.url).not.toContain('LegacyExchangeDN');
  });

  it('spares the groups where they do not leave with theirs', async () => {
    nobodyElse();
    await pull(connector(undefined, undefined, {}, { x500: true }));
    expect(tenant.cmdlets().filter((name) => CMDLETS.includes(name))).toEqual(['Get-User', 'Get-MailContact']);
  });

  it('keeps delta tokens: what people are asked for is the same', () => {
    expect(asking().fingerprint).toBe(connector().fingerprint);
    expect(asking().sets).toEqual(expect.arrayContaining(connector().sets as string[]));
  });

  it('joins those among the proxy addresses, of people, contacts and groups, each by its id', async () => {
    nobodyElse();
    graph('/groups?', { body: { value: [{ id: 'g1', displayName: 'G', mail: 'g@a.example', mailEnabled: true, groupTypes: [] }] } });
    cmdlet('Get-Recipient', {
      body: {
        value: [
          {
            ExternalDirectoryObjectId: 'u1',
            RecipientTypeDetails: 'UserMailbox',
            EmailAddresses: ['SMTP:ada@a.example', 'x500:/o=x/cn=ADA'],
          },
          { Guid: 'c1', ExternalDirectoryObjectId: 'oc1', RecipientTypeDetails: 'MailContact', PrimarySmtpAddress: 'bo@b.example' },
          { Guid: 'd1', RecipientTypeDetails: 'DynamicDistributionGroup', PrimarySmtpAddress: 'd@a.example' },
        ],
      },
    });
    cmdlet('Get-User', {
      body: {
        value: [
          { Guid: 'x1', ExternalDirectoryObjectId: 'u1', LegacyExchangeDN: '/o=ExchangeLabs/cn=ada' },
          { Guid: 'x2', ExternalDirectoryObjectId: 'u2', LegacyExchangeDN: '' },
          { Guid: 'x3', ExternalDirectoryObjectId: 'nobody', LegacyExchangeDN: '/o=ExchangeLabs/cn=nobody' },
        ],
      },
    });
    cmdlet('Get-MailContact', {
      body: { value: [{ Guid: 'c1', ExternalDirectoryObjectId: 'oc1', LegacyExchangeDN: '/o=ExchangeLabs/cn=bo' }] },
    });
    cmdlet('Get-DistributionGroup', { body: { value: [{ ExternalDirectoryObjectId: 'g1', LegacyExchangeDN: '/o=ExchangeLabs/cn=g' }] } });
    cmdlet('Get-DynamicDistributionGroup', { body: { value: [{ Guid: 'd1', LegacyExchangeDN: '/o=ExchangeLabs/cn=d' }] } });
    const from = asking();
    const found = Object.fromEntries(entries(from, await pull(from)).map((entry) => [entry.id, entry.x500]));
    expect(found).toEqual({
      u1: ['/o=x/cn=ada', '/o=ExchangeLabs/cn=ada'],
      u2: undefined,
      c1: ['/o=ExchangeLabs/cn=bo'],
      g1: ['/o=ExchangeLabs/cn=g'],
      d1: ['/o=ExchangeLabs/cn=d'],
    });
  });

  it('comes in pages of a thousand, goes on from its cursor, and is read again as a whole by the next pull', async () => {
    nobodyElse();
    cmdlet('Get-User', {
      body: {
        value: [{ ExternalDirectoryObjectId: 'u1', LegacyExchangeDN: '/o=E/cn=1' }],
        '@odata.nextLink': `${tenant.base}/adminapi/next?token=users2`,
      },
    });
    tenant.on((request) =>
      request.url.includes('token=users2')
        ? { body: { value: [{ ExternalDirectoryObjectId: 'u2', LegacyExchangeDN: '/o=E/cn=2' }] } }
        : undefined,
    );
    const first = await pull(asking());
    // Every page by a connector of its own, as after a kill: the cursor is all that is kept.
    const again = [];
    for (let cursor: string | null = null, n = 0; n === 0 || cursor !== null; n += 1) {
      const page = await asking().readPage(cursor, NOTHING);
      again.push(page);
      cursor = page.cursor;
    }
    expect(again.map(({ set, parts }) => [set, parts])).toEqual(first.map(({ set, parts }) => [set, parts]));
    const accounts = first.filter((page) => page.set === 'accounts');
    expect(accounts.map((page) => [page.mode, page.parts.length, page.finished !== null])).toEqual([
      ['full', 1, false],
      ['full', 1, true],
    ]);
    const memory = { tokens: { users: link('/users/delta?$deltatoken=D1') }, readBefore: asking().sets };
    graph('/users/delta?$deltatoken=D1', { body: { value: [], '@odata.deltaLink': link('/users/delta?$deltatoken=D2') } });
    const next = await pull(asking(), memory);
    expect(next.filter((page) => page.set === 'accounts').map((page) => page.mode)).toEqual(['full', 'full']);
    expect(next.at(-1)!.mode).toBe('delta');
  });

  it('is a loss where it was never granted; once read, a refusal fails the pull', async () => {
    nobodyElse();
    const refusal = exchangeRefusal(403, 'CmdletAccessDeniedException', 'Access denied');
    cmdlet('Get-User', refusal);
    cmdlet('Get-UnifiedGroup', refusal);
    const pages = await pull(asking());
    expect(pages.flatMap((page) => page.losses ?? [])).toEqual(['accounts', 'microsoft365Groups']);
    expect(entries(asking(), pages).map((entry) => entry.id)).toEqual([ADA.id, ROOM.id]);
    expect(await failureOf(pull(asking(), { ...NOTHING, readBefore: ['accounts'] }))).toMatchObject({ code: 'permission' });
  });

  it('goes together with who may write to groups: one call for both', async () => {
    nobodyElse();
    await pull(asking({ internalOnlyGroups: false }));
    const group = tenant.seen.filter((request) => request.cmdlet === 'Get-UnifiedGroup');
    expect(group.map((request) => request.url.split('$select=')[1])).toEqual([
      'Guid,ExternalDirectoryObjectId,RecipientTypeDetails,RequireSenderAuthenticationEnabled,LegacyExchangeDN',
    ]);
    expect(tenant.seen.find((request) => request.cmdlet === 'Get-User')!.url).not.toContain('RequireSender');
  });
});
