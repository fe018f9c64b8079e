import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityServer, startIdentity } from '../../../sandbox/directories/identity.ts';
import { startMicrosoft365, type Tenant } from '../../../sandbox/directories/microsoft365/microsoft365.ts';
import { selfSigned } from '../../../sandbox/directories/selfSigned.ts';
import type { DirectoryServer } from '../../../sandbox/directories/server.ts';
import { createManagedIdentity } from '../../http/managedIdentity.ts';
import type { Microsoft365Credential, Microsoft365Settings } from '../../model/configuration.ts';
import { CLOUDS, endpointsOf } from './clouds.ts';
import { httpOn, settingsFor } from './fakeTenant.ts';
import { createTokens, type TokenSource } from './token.ts';

const DAY = 86_400_000;
const pem = selfSigned('galsync', new Date(Date.now() - DAY), new Date(Date.now() + 90 * DAY));
const expired = selfSigned('old', new Date(Date.now() - 9 * DAY), new Date(Date.now() - DAY));
const stranger = selfSigned('stranger', new Date(Date.now() - DAY), new Date(Date.now() + DAY));

let identity: IdentityServer;
let tenant: DirectoryServer;
beforeEach(async () => {
  identity = await startIdentity();
  const application: Tenant = {
    tenant: 'contoso.example',
    domains: ['contoso.example'],
    clientId: 'app-1',
    clientSecret: 'right',
    certificate: pem.certificate,
    federated: identity,
    roles: { graph: ['User.Read.All'], exchange: [] },
    objects: [],
  };
  tenant = await startMicrosoft365(application, {});
});
afterEach(() => Promise.all([tenant.stop(), identity.stop()]));

function tokens(
  credential: Microsoft365Credential,
  secret: string,
  more: Partial<Microsoft365Settings> = {},
  env: Record<string, string> = {},
): TokenSource {
  const clock = { time: Date.now() };
  const settings: Microsoft365Settings = { ...settingsFor(tenant.url), endpoints: { login: `${tenant.url}/login` }, credential, ...more };
  const [http, now] = [httpOn(clock), () => clock.time];
  return createTokens(settings, endpointsOf(settings), {
    http,
    secret: async () => secret,
    now,
    identity: createManagedIdentity(env, { http, now }),
  });
}
const CERTIFICATE: Microsoft365Credential = { kind: 'certificate', clientId: 'app-1', certificate: 'CONTOSO_PEM' };
const FEDERATED: Microsoft365Credential = { kind: 'federated', clientId: 'app-1' };
const platform = (): Record<string, string> => ({ IDENTITY_ENDPOINT: identity.endpoint, IDENTITY_HEADER: identity.header });
const calls = async (): Promise<number> => ((await (await fetch(`${tenant.url}/control/stats`)).json()) as { calls: number }).calls;

describe('certificate', () => {
  it('gives tokens: the login service verifies the assertion', async () => {
    const source = tokens(CERTIFICATE, pem.certificate + pem.privateKey);
    expect(await source('graph')(false)).toMatch(/^ey.+\..+\..+/);
  });

  it("is tried by the service's clock where ours differs", async () => {
    tenant.faults.clockOffsetMs = 3_600_000;
    const source = tokens(CERTIFICATE, pem.certificate + pem.privateKey);
    expect(await source('graph')(false)).toMatch(/^ey/);
    expect(await calls()).toBe(2);
    expect(source.skewMs()).toBeGreaterThan(3_590_000);
    await source('exchange')(false);
    expect(await calls()).toBe(3);
  });

  it.each([
    ['expired', expired.certificate + expired.privateKey, /expired/],
    ["with somebody else's key", pem.certificate + stranger.privateKey, /does not belong/],
  ])('%s: said before any call', async (_, secret, words) => {
    await expect(tokens(CERTIFICATE, secret)('graph')(false)).rejects.toThrow(words);
    expect(await calls()).toBe(0);
  });

  it('that is not registered: named by its code, with what to do', async () => {
    await expect(tokens(CERTIFICATE, stranger.certificate + stranger.privateKey)('graph')(false)).rejects.toMatchObject({
      failure: {
        code: 'authentication',
        message: expect.stringMatching(/contoso\.example.*app-1.*AADSTS700027/),
        nextStep: expect.stringContaining('thumbprint'),
      },
    });
  });
});

describe('federated', () => {
  it('gives tokens without any secret', async () => {
    const source = tokens(FEDERATED, 'never read', {}, platform());
    expect(await source('graph')(false)).toMatch(/^ey/);
    expect(await source('exchange')(false)).toMatch(/^ey/);
    expect(identity.calls()).toBe(1);
  });

  it('a federated credential that does not fit: shows what it must hold', async () => {
    await tenant.stop();
    tenant = await startMicrosoft365(
      {
        tenant: 'contoso.example',
        domains: [],
        clientId: 'app-1',
        clientSecret: 'x',
        federated: { ...identity, subject: 'another' },
        roles: { graph: [], exchange: [] },
        objects: [],
      },
      {},
    );
    const error = await tokens(FEDERATED, '', {}, platform())('graph')(false).catch((one: unknown) => one);
    expect(error).toMatchObject({
      failure: {
        message: expect.stringContaining(`subject ${identity.subject}`),
        nextStep: expect.stringContaining('object (principal) id'),
      },
    });
    expect(JSON.stringify(error)).not.toMatch(/ey[A-Za-z0-9_-]{20}/);
  });

  it('without a managed identity says so', async () => {
    await expect(tokens(FEDERATED, '')('graph')(false)).rejects.toThrow(/no managed identity/);
    expect(await calls()).toBe(0);
  });

  it.each(Object.entries(CLOUDS))('asks for the audience of cloud %s', async (cloud, hosts) => {
    const source = tokens(FEDERATED, '', { cloud: cloud as Microsoft365Settings['cloud'] }, platform());
    const given = await source('graph')(false).catch((error: { failure: { message: string } }) => error.failure.message);
    // The simulated tenant is of the global cloud: elsewhere it names the audience that came.
    expect(given).toMatch(cloud === 'global' ? /^ey/ : new RegExp(`AADSTS700212.*audience ${hosts.federationAudience}\\.`));
  });
});

describe('clouds', () => {
  it.each(Object.entries(CLOUDS))('%s: every host is of that cloud', (cloud, hosts) => {
    const settings = { ...settingsFor(''), endpoints: {}, cloud: cloud as Microsoft365Settings['cloud'] };
    expect(endpointsOf(settings)).toMatchObject({ login: hosts.login, graph: hosts.graph, exchange: hosts.exchange });
    const top = { global: /\.com$/, usgov: /\.us$/, dod: /\.us$/, china: /\.cn$/ }[cloud as Microsoft365Settings['cloud']];
    for (const url of [hosts.login, hosts.graph, hosts.exchange, hosts.exchangeDomain]) expect(url).toMatch(top);
  });
});

describe('a refusal', () => {
  it.each([
    ['clientSecret', { kind: 'clientSecret', clientId: 'app-1', secret: 'S' }, 'contoso.example', /AADSTS7000215/, /value/],
    [
      'unknown application',
      { kind: 'clientSecret', clientId: 'app-2', secret: 'S' },
      'contoso.example',
      /app-2.*AADSTS700016/,
      /adminconsent\?client_id=app-2/,
    ],
    [
      'unknown tenant',
      { kind: 'clientSecret', clientId: 'app-1', secret: 'S' },
      'nowhere.example',
      /nowhere\.example.*AADSTS90002/,
      /tenant and cloud/,
    ],
  ] as const)('%s names tenant, application and what to do', async (_, credential, name, words, step) => {
    const error = await tokens(credential, 'wrong-secret', { tenant: name })('graph')(false).catch((one: unknown) => one);
    expect(error).toMatchObject({
      failure: { code: 'authentication', message: expect.stringMatching(words), nextStep: expect.stringMatching(step) },
    });
    expect(JSON.stringify(error)).not.toContain('wrong-secret');
  });
});
