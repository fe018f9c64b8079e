import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startMicrosoft365 } from '../../../sandbox/directories/microsoft365/microsoft365.ts';
import type { DirectoryServer } from '../../../sandbox/directories/server.ts';
import { createContoso } from '../../../sandbox/organisations/contoso.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import type { Purpose } from '../permission.ts';
import type { Check } from '../verification.ts';
import { runProbes } from '../verifyHarness.ts';
import { createMicrosoft365 } from './connector.ts';
import { httpOn, settingsFor } from './fakeTenant.ts';

let contoso: DirectoryServer;
const tenant = createContoso(20);
beforeEach(async () => {
  contoso = await startMicrosoft365(tenant, {});
});
afterEach(() => contoso.stop());

const BOTH: readonly Purpose[] = ['read', 'source', 'target', 'groups', 'rooms', 'contacts', 'owns', 'contact'];

function verify(
  uses: readonly Purpose[] = BOTH,
  more: Partial<Microsoft365Settings> = {},
  secret = tenant.clientSecret,
): Promise<Readonly<Record<string, Check>>> {
  const clock = { time: Date.now() };
  const settings: Microsoft365Settings = {
    ...settingsFor(contoso.url),
    tenant: tenant.tenant,
    endpoints: { login: `${contoso.url}/login`, graph: `${contoso.url}/graph`, exchange: `${contoso.url}/exchange` },
    credential: { kind: 'clientSecret', clientId: tenant.clientId, secret: 'CONTOSO_SECRET' },
    ...more,
  };
  const connector = createMicrosoft365(settings, {
    http: httpOn(clock),
    secret: async () => secret,
    wanted: { attributes: [], raw: [] },
    now: () => clock.time,
    sleep: async () => undefined,
  });
  return runProbes(connector.verify(new Set(uses)));
}
const notPassed = (checks: Readonly<Record<string, Check>>): readonly string[] =>
  Object.values(checks)
    .filter((check) => check.result !== 'pass')
    .map((check) => `${check.name}: ${check.result}`);
const log = async (): Promise<readonly { method: string; what: string; wrote: boolean }[]> =>
  (await (await fetch(`${contoso.url}/control/log`)).json()) as { method: string; what: string; wrote: boolean }[];

describe('verify of Microsoft 365', () => {
  it('passes where everything is right, and writes nothing', async () => {
    const checks = await verify();
    expect(notPassed(checks)).toEqual([]);
    expect(Object.keys(checks)).toEqual(
      expect.arrayContaining([
        'credential',
        'token: Microsoft Graph',
        'token: Exchange Online',
        'clock',
        'permission: pushContact',
        'domains',
        'stamp place',
      ]),
    );
    const calls = await log();
    expect(calls.filter((call) => call.wrote)).toEqual([]);
    expect(calls.filter((call) => /(New|Set|Remove)-/.test(call.what))).toEqual([]);
  });

  it('asks only for what the configuration uses', async () => {
    const checks = await verify(['read', 'source']);
    expect(Object.keys(checks).filter((name) => name.startsWith('permission'))).toEqual(['permission: users', 'permission: recipients']);
    expect(checks['stamp place']).toBeUndefined();
    expect(checks['excess rights: Microsoft Graph']).toMatchObject({
      result: 'warning',
      detail: expect.stringMatching(/GroupMember\.Read\.All/),
    });
  });

  it.each([
    ['users', 'permission: users', /User\.Read\.All/],
    ['groups', 'permission: groups', /GroupMember\.Read\.All/],
    ['domains', 'permission: domains', /Organization\.Read\.All/],
    ['exchange', 'permission: recipients', /Exchange\.ManageAsApp/],
  ])('without the right to %s it is named, with what to grant', async (area, name, words) => {
    contoso.faults.forbidden = [area];
    expect((await verify())[name]).toMatchObject({ result: 'fail', fix: expect.stringMatching(words) });
  });

  it('R53: users that come with their id only are a missing right', async () => {
    contoso.faults.lie = 'idOnly';
    expect((await verify())['permission: users']).toMatchObject({ result: 'fail', detail: expect.stringContaining('ids only') });
  });

  it('a role without Set-MailContact is found without writing', async () => {
    contoso.faults.withoutCmdlets = ['Set-MailContact'];
    expect((await verify())['permission: pushContact']).toMatchObject({
      result: 'fail',
      detail: expect.stringMatching(/do not hold Set-MailContact\./),
      fix: expect.stringContaining('Mail Recipients'),
    });
  });

  it('names what is granted beyond the need, and what is wider than needed', async () => {
    contoso.faults.graphRoles = ['User.ReadWrite.All', 'GroupMember.Read.All', 'Organization.Read.All', 'Mail.Read'];
    const checks = await verify();
    expect(checks['permission: users']).toMatchObject({ result: 'pass' });
    expect(checks['excess rights: Microsoft Graph']).toMatchObject({
      result: 'warning',
      detail: expect.stringMatching(/not needed: Mail\.Read; wider than needed: User\.ReadWrite\.All/),
    });
  });

  it('rights given since the last token are seen', async () => {
    contoso.faults.graphRoles = [];
    expect((await verify())['token: Microsoft Graph']).toMatchObject({ detail: expect.stringContaining('without any permission') });
  });

  it("values of somebody else in the stamp's place are counted, by id", async () => {
    const [one, two] = tenant.objects;
    const put = [one!, two!].map((object, n) => ({ ...object, custom: { CustomAttribute15: n === 0 ? 'payroll 17' : 'galsync:r:1' } }));
    await fetch(`${contoso.url}/control`, { method: 'POST', body: JSON.stringify({ put }) });
    expect((await verify())['stamp place']).toMatchObject({ result: 'fail', detail: expect.stringContaining(`of 1 recipients`) });
    expect((await verify())['stamp place']?.detail).toContain(one!.id);
    expect((await verify(BOTH, { stamp: 'customAttribute3' }))['stamp place']).toMatchObject({ result: 'pass' });
  });

  it('`owns` that names foreign domains is a warning', async () => {
    expect((await verify(BOTH, { owns: ['contoso.example', 'typo.example'] }))['domains']).toMatchObject({
      result: 'warning',
      detail: expect.stringContaining('typo.example'),
    });
  });

  it('a wrong secret stops what is behind it', async () => {
    const checks = await verify(BOTH, {}, 'wrong');
    expect(checks['token: Microsoft Graph']).toMatchObject({ result: 'fail', detail: expect.stringContaining('AADSTS7000215') });
    expect(Object.keys(checks)).toEqual(['credential', 'token: Microsoft Graph', 'token: Exchange Online']);
  });

  it('a secret that is an id is suspected', async () => {
    const checks = await verify(BOTH, {}, '6f0f0a7e-0000-4000-8000-000000000001');
    expect(checks['credential']).toMatchObject({ result: 'warning', detail: expect.stringContaining('GUID') });
  });

  it('a clock that differs by an hour fails', async () => {
    contoso.faults.clockOffsetMs = -3_600_000;
    expect((await verify())['clock']).toMatchObject({ result: 'fail', detail: expect.stringMatching(/3[56]\d\d s ahead of/) });
  });

  it('a page in place of an answer is said to be one', async () => {
    contoso.faults.lie = 'html';
    contoso.faults.lieAbout = 'users';
    expect((await verify())['permission: users']).toMatchObject({ result: 'fail', detail: expect.stringContaining('HTML page') });
  });
});
