import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startGoogle, type Workspace } from '../../../sandbox/directories/google/google.ts';
import { type IdentityServer, startIdentity } from '../../../sandbox/directories/identity.ts';
import type { DirectoryServer } from '../../../sandbox/directories/server.ts';
import { createManagedIdentity } from '../../http/managedIdentity.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { type Clock, httpOn, settingsFor } from './fakeWorkspace.ts';
import { createTokens, type GoogleTokens } from './token.ts';

const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/azure';
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const CREDENTIAL = {
  kind: 'workloadIdentity',
  audience: AUDIENCE,
  serviceAccount: 'sync@p.example',
  subject: 'admin@fabrikam.example',
} as const;

let identity: IdentityServer;
let google: DirectoryServer;
let clock: Clock;
const workspace = (more: Partial<Workspace> = {}): Workspace => ({
  ...keys,
  domain: 'fabrikam.example',
  domains: ['fabrikam.example'],
  subject: 'admin@fabrikam.example',
  serviceAccount: 'sync@p.example',
  pool: { audience: AUDIENCE, trusted: identity },
  objects: [],
  ...more,
});
beforeEach(async () => {
  clock = { time: Date.now() };
  identity = await startIdentity();
  google = await startGoogle(workspace(), {});
});
afterEach(() => Promise.all([google.stop(), identity.stop()]));

function tokens(credential: Partial<typeof CREDENTIAL> | object = {}, env: Record<string, string> = platform()): GoogleTokens {
  const base = google.url;
  const settings = {
    ...settingsFor(base),
    endpoints: { token: `${base}/token`, sts: base, iam: base, admin: base },
    credential: { ...CREDENTIAL, ...credential },
  } as GoogleWorkspaceSettings;
  const [http, now] = [httpOn(clock), () => clock.time];
  return createTokens(settings, { http, now, secret: async () => '', identity: createManagedIdentity(env, { http, now }) });
}
const platform = (): Record<string, string> => ({ IDENTITY_ENDPOINT: identity.endpoint, IDENTITY_HEADER: identity.header });
const paths = async (): Promise<readonly string[]> =>
  ((await (await fetch(`${google.url}/control/log`)).json()) as { path: string }[]).map(({ path }) => path.replace(/.*:/, ':'));
const why = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('workloadIdentity', () => {
  it('goes identity → security token service → signJwt → token, and shares what lives', async () => {
    const source = tokens();
    const [users, again, groups] = await Promise.all([source('users')(false), source('users')(false), source('groups')(false)]);
    expect(users).toBe(again);
    expect(groups).not.toBe(users);
    expect((await paths()).toSorted()).toEqual(['/token', '/token', '/v1/token', ':signJwt', ':signJwt']);
    expect(identity.calls()).toBe(1);
    clock.time += 58 * 60_000;
    await source('users')(false);
    expect((await paths()).filter((path) => path === '/v1/token')).toHaveLength(2);
  });

  it('R55: tokens that live for 200 s: few requests, however many calls', async () => {
    google.faults.tokenSeconds = 200;
    const source = tokens();
    for (let n = 0; n < 100; n += 8) {
      await Promise.all(Array.from({ length: 8 }, () => source('contacts')(false)));
      clock.time += 4_600;
    }
    expect((await paths()).filter((path) => path === '/token').length).toBeLessThanOrEqual(3);
  });

  it("is timed by Google's clock where ours differs", async () => {
    google.faults.clockOffsetMs = 2 * 3_600_000;
    expect(await tokens()('users')(false)).toMatch(/^opaque/);
  });

  it.each([
    ['another pool', { audience: '//iam.googleapis.com/other' }, 'authentication', /workloadIdentityPools/],
    ['another service account', { serviceAccount: 'x@p.example' }, 'permission', /serviceAccountTokenCreator/],
    ['another subject', { subject: 'gone@fabrikam.example' }, 'authentication', /gone@fabrikam\.example must be an active administrator/],
  ] as const)('%s: says what to do, never with a token', async (_, credential, code, step) => {
    const error = await why(tokens(credential)('users')(false));
    expect(error).toMatchObject({ failure: { code, nextStep: expect.stringMatching(step) } });
    expect(JSON.stringify(error)).not.toMatch(/ey[A-Za-z0-9_-]{20}|opaque-/);
  });

  it('an identity that the pool refuses: says which subject must be accepted', async () => {
    await google.stop();
    google = await startGoogle(workspace({ pool: { audience: AUDIENCE, trusted: { ...identity, subject: 'another' } } }), {});
    expect(await why(tokens()('users')(false))).toMatchObject({
      failure: { code: 'authentication', nextStep: expect.stringContaining(identity.subject) },
    });
  });

  it.each(['sts', 'iam'] as const)('a page in place of an answer of %s is no refusal', async (which) => {
    const { createServer } = await import('node:http');
    const page = createServer(
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in to the network</html>'),
    );
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
    const address = page.address() as { port: number };
    const base = google.url;
    const endpoints = { token: `${base}/token`, sts: base, iam: base, admin: base, [which]: `http://127.0.0.1:${address.port}` };
    const [http, now] = [httpOn(clock), () => clock.time];
    const settings = { ...settingsFor(base), endpoints, credential: CREDENTIAL } as GoogleWorkspaceSettings;
    const source = createTokens(settings, {
      http,
      now,
      secret: async () => '',
      identity: createManagedIdentity(platform(), { http, now }),
    });
    expect(await why(source('users')(false))).toMatchObject({
      failure: {
        code: 'badAnswer',
        message: expect.stringContaining('Sign in to the network'),
        nextStep: expect.stringContaining(`endpoints.${which}`),
      },
    });
    page.closeAllConnections();
    page.close();
  });

  it('without a managed identity says so, before any call', async () => {
    expect(await why(tokens({}, {})('users')(false))).toMatchObject({
      failure: { message: expect.stringContaining('no managed identity') },
    });
    expect(await paths()).toEqual([]);
  });
});
