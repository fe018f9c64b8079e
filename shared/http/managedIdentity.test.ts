import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IdentityServer, startIdentity } from '../../sandbox/directories/identity.ts';
import { createHttp } from './createHttp.ts';
import type { Http } from './http.ts';
import { claimsOf } from './jwt.ts';
import { createManagedIdentity, type ManagedIdentity } from './managedIdentity.ts';

let server: IdentityServer;
beforeEach(async () => {
  server = await startIdentity();
});
afterEach(() => server.stop());

function http(now: () => number): Http {
  return createHttp({
    connector: 'managedIdentity',
    tenant: 'app',
    waits: { read: async () => 0, raise: async () => undefined, take: async (_key, from) => from },
    paces: new Map(),
    fetch: globalThis.fetch,
    now,
    sleep: async () => undefined,
    random: () => 0,
  });
}

const identityWith = (env: Record<string, string>, now: () => number = Date.now): ManagedIdentity =>
  createManagedIdentity(env, { http: http(now), now });
const platform = (): Record<string, string> => ({ IDENTITY_ENDPOINT: server.endpoint, IDENTITY_HEADER: server.header });

describe('the managed identity', () => {
  it('gives a token for a resource, once for all callers', async () => {
    const identity = identityWith(platform());
    const tokens = await Promise.all(Array.from({ length: 8 }, () => identity.token('api://AzureADTokenExchange', undefined)));
    expect(new Set(tokens).size).toBe(1);
    expect(claimsOf(tokens[0]!)).toMatchObject({ iss: server.issuer, sub: server.subject, aud: 'api://AzureADTokenExchange' });
    expect(server.calls()).toBe(1);
    await identity.token('api://other', undefined);
    expect(server.calls()).toBe(2);
  });

  it('R55: is not asked at every call while the platform hands out the same ageing token', async () => {
    const start = Date.now();
    let time = start;
    const identity = identityWith(platform(), () => time);
    const first = await identity.token('api://AzureADTokenExchange', undefined);
    const end = (claimsOf(first)!['exp'] as number) * 1000;
    for (let n = 0; n < 100; n += 1) {
      time = end - 120_000 + n * 600;
      expect(await identity.token('api://AzureADTokenExchange', undefined)).toBe(first);
    }
    expect(server.calls()).toBeLessThanOrEqual(4);
  });

  it('takes the identity that is named, else the one of the app', async () => {
    expect(await identityWith({ ...platform(), AZURE_CLIENT_ID: server.clientId }).token('r', undefined)).toBeTruthy();
    expect(await identityWith({ ...platform(), AZURE_CLIENT_ID: 'wrong' }).token('r', server.clientId)).toBeTruthy();
    await expect(identityWith({ ...platform(), AZURE_CLIENT_ID: 'wrong' }).token('r', undefined)).rejects.toMatchObject({
      failure: {
        code: 'authentication',
        message: expect.stringMatching(/client id wrong .*No User Assigned/),
        nextStep: expect.stringContaining('AZURE_CLIENT_ID'),
      },
    });
  });

  it("a developer's machine says that it has none", async () => {
    await expect(identityWith({}).token('r', undefined)).rejects.toMatchObject({
      failure: {
        code: 'authentication',
        message: expect.stringContaining('no managed identity'),
        nextStep: expect.stringContaining('clientSecret'),
      },
    });
    expect(server.calls()).toBe(0);
  });

  it('a wrong header is no secret in the message', async () => {
    const error = await identityWith({ ...platform(), IDENTITY_HEADER: 'not-the-header' })
      .token('r', undefined)
      .catch((one: unknown) => one);
    expect(error).toMatchObject({ failure: { code: 'authentication' } });
    expect(JSON.stringify(error)).not.toContain('not-the-header');
  });
});
