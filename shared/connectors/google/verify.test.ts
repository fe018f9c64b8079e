import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGoogle } from '../../../sandbox/directories/google/google.ts';
import type { DirectoryServer } from '../../../sandbox/directories/server.ts';
import { createFabrikam, createKeys } from '../../../sandbox/organisations/fabrikam.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import type { Purpose } from '../permission.ts';
import type { Check } from '../verification.ts';
import { runProbes } from '../verifyHarness.ts';
import { createGoogleWorkspace } from './connector.ts';
import { httpOn, settingsFor, startFakeWorkspace } from './fakeWorkspace.ts';
import { createTokens, SCOPES } from './token.ts';
import { visibilityFinding } from './visibility.ts';

const keys = createKeys();
const workspace = createFabrikam(20, keys.publicKey);
let google: DirectoryServer;
beforeEach(async () => {
  google = await startGoogle(workspace, {});
});
afterEach(() => google.stop());

const BOTH: readonly Purpose[] = [
  'read',
  'source',
  'target',
  'groups',
  'members',
  'internalOnlyGroups',
  'rooms',
  'contacts',
  'owns',
  'customSchemas',
  'sharedContact',
];
const KEY = JSON.stringify({ client_email: workspace.serviceAccount, private_key: keys.privateKey });

function verify(
  uses: readonly Purpose[] = BOTH,
  more: Partial<GoogleWorkspaceSettings> = {},
  key = KEY,
): Promise<Readonly<Record<string, Check>>> {
  const clock = { time: Date.now() };
  const settings = {
    ...settingsFor(google.url),
    credential: { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: workspace.subject },
    ...more,
  } as GoogleWorkspaceSettings;
  const connector = createGoogleWorkspace(settings, {
    http: httpOn(clock),
    secret: async () => key,
    wanted: { attributes: [], raw: [] },
    now: () => clock.time,
  });
  return runProbes(connector.verify(new Set(uses)));
}
const failed = (checks: Readonly<Record<string, Check>>): readonly string[] =>
  Object.values(checks)
    .filter((check) => check.result === 'fail')
    .map((check) => check.name);

describe('verify of Google Workspace', () => {
  it('passes where everything is right, but for what nobody can read, and writes nothing', async () => {
    const checks = await verify();
    expect(failed(checks)).toEqual([]);
    expect(
      Object.values(checks)
        .filter((check) => check.result === 'warning')
        .map((check) => check.name),
    ).toEqual(['visibility of contacts']);
    expect(checks['visibility of contacts']?.fix).toContain('Directory settings');
    const calls = (await (await fetch(`${google.url}/control/log`)).json()) as { method: string; path: string; wrote: boolean }[];
    expect(calls.filter((call) => call.wrote || (call.method !== 'GET' && call.path !== '/token'))).toEqual([]);
  });

  it.each(Object.keys(SCOPES) as (keyof typeof SCOPES)[])('names the one scope that is missing: %s', async (feature) => {
    google.faults.googleScopes = Object.values(SCOPES).filter((scope) => scope !== SCOPES[feature]);
    const checks = await verify();
    expect(failed(checks)).toEqual([`permission: ${feature}`]);
    expect(checks[`permission: ${feature}`]).toMatchObject({
      detail: expect.stringContaining(SCOPES[feature]),
      fix: expect.stringContaining(SCOPES[feature]),
    });
  });

  it('without any delegation says so once, with the whole list', async () => {
    google.faults.googleScopes = [];
    const checks = await verify();
    expect(failed(checks)).toEqual(['token']);
    expect(checks['token']?.fix).toContain(`${SCOPES.users},${SCOPES.groups}`);
  });

  it('what is delegated beyond the need is named; what cannot be known is said', async () => {
    google.faults.googleScopes = [...Object.values(SCOPES), 'https://mail.google.com/'];
    expect((await verify())['excess rights']).toMatchObject({
      result: 'warning',
      detail: expect.stringContaining('https://mail.google.com/'),
    });
    google.faults.googleScopes = Object.values(SCOPES);
    expect((await verify())['excess rights']).toMatchObject({ result: 'pass', detail: expect.stringContaining('does not list') });
    expect((await verify(['read', 'source']))['excess rights']).toMatchObject({
      result: 'warning',
      detail: expect.stringContaining(SCOPES.contacts),
    });
  });

  it('shared contacts of a source are a loss at most', async () => {
    google.faults.googleScopes = Object.values(SCOPES).filter((scope) => scope !== SCOPES.contacts);
    expect((await verify(['read', 'source', 'contacts']))['permission: contacts']).toMatchObject({ result: 'warning' });
    expect((await verify())['permission: contacts']).toMatchObject({ result: 'fail' });
  });

  it('a subject without the role is no missing scope', async () => {
    google.faults.forbidden = ['contacts'];
    expect((await verify())['permission: contacts']).toMatchObject({ result: 'fail', fix: expect.stringContaining('administrator role') });
  });

  it('a subject that is gone, a key of another account, a domain of somebody else', async () => {
    const credential = { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: 'gone@fabrikam.example' } as const;
    expect((await verify(BOTH, { credential }))['token']).toMatchObject({
      result: 'fail',
      fix: expect.stringContaining('gone@fabrikam.example'),
    });
    const other = JSON.stringify({ client_email: workspace.serviceAccount, private_key: createKeys().privateKey });
    expect((await verify(BOTH, {}, other))['token']).toMatchObject({
      result: 'fail',
      fix: expect.stringContaining('not (or no longer) a key'),
    });
    expect((await verify(BOTH, { domain: 'contoso.example' }))['domains']).toMatchObject({
      result: 'fail',
      detail: expect.stringContaining('contoso.example'),
    });
  });

  it('a key that cannot be read never reaches Google', async () => {
    const checks = await verify(BOTH, {}, JSON.stringify({ client_email: 'x@y.example', private_key: KEY.slice(0, 200) }));
    expect(failed(checks)).toEqual(['credential']);
  });
});

describe('whether people will see the contacts, in a whole organisation', () => {
  it.each([
    [[], 'warning', 'no policy says so'],
    [Array.from({ length: 250 }, () => true), 'pass', 'visible'],
    // The one unit that hides them is on the last page.
    [Array.from({ length: 250 }, (_, n) => n !== 249), 'warning', '1 of 250'],
    [Array.from({ length: 101 }, () => false), 'fail', 'everybody'],
  ])('reads every page of its policies (%#): %s', async (shown, result, detail) => {
    await google.stop();
    google = await startGoogle({ ...workspace, policies: shown.map((domainSharedContacts) => ({ domainSharedContacts })) }, {});
    google.faults.googleScopes = [...Object.values(SCOPES), 'https://www.googleapis.com/auth/cloud-identity.policies.readonly'];
    expect((await verify())['visibility of contacts']).toMatchObject({ result, detail: expect.stringContaining(detail) });
  });
});

describe('whether people will see the contacts', () => {
  const policies = (...shown: boolean[]): object => ({
    policies: shown.map((domainSharedContacts) => ({
      setting: { type: 'settings/directory.workspace_resource_type_visibility', value: { domainSharedContacts, googleGroups: true } },
    })),
  });
  it.each([
    [200, policies(true), 'pass'],
    [200, policies(true, false), 'warning'],
    [200, policies(false), 'fail'],
    [200, {}, 'warning'],
    [403, { error: { message: 'API not enabled' } }, 'warning'],
    [200, '<html>', 'warning'],
  ] as const)('%i %j is %s', async (status, body, result) => {
    const fake = await startFakeWorkspace();
    fake.on((request) => (request.path === '/v1/policies' ? { status, body } : undefined));
    const http = httpOn({ time: Date.now() });
    const settings = settingsFor(fake.base);
    const tokens = createTokens(settings, { http, now: Date.now, secret: async () => KEY });
    const finding = await visibilityFinding(settings, http, tokens);
    await fake.close();
    expect(finding.result).toBe(result);
    if (result !== 'pass') expect(finding.fix).toContain('Directory settings');
  });
});
