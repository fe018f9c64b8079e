import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Failure, FailureError } from '../../model/failure.ts';
import { type Clock, claimsOf, type FakeWorkspace, httpOn, KEY, type Reply, settingsFor, startFakeWorkspace } from './fakeWorkspace.ts';
import { createTokens, SCOPES } from './token.ts';

let fake: FakeWorkspace;
let clock: Clock;
beforeEach(async () => {
  clock = { time: 1.7e12 };
  fake = await startFakeWorkspace();
});
afterEach(() => fake.close());

const tokens = (secret: unknown = KEY, settings = settingsFor(fake.base)): ReturnType<typeof createTokens> =>
  createTokens(settings, { http: httpOn(clock), secret: async () => JSON.stringify(secret), now: () => clock.time });
const answers = (reply: Reply): void => fake.on((request) => (request.path === '/token' ? reply : undefined));
async function failure(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}

describe('the assertion', () => {
  it('is signed, for one scope, addressed to the token endpoint, one hour', async () => {
    expect(await tokens()('users')(false)).toBe('opaque-1');
    expect(claimsOf(fake.seen[0]!.body)).toEqual({
      iss: KEY.client_email,
      sub: 'admin@fabrikam.example',
      scope: SCOPES.users,
      aud: `${fake.base}/token`,
      iat: 1.7e9,
      exp: 1.7e9 + 3600,
    });
  });

  it("goes to the key file's address when none is configured", async () => {
    const settings = { ...settingsFor(fake.base), endpoints: {} };
    await tokens({ ...KEY, token_uri: `${fake.base}/elsewhere` }, settings)('users')(false).catch(() => undefined);
    expect(claimsOf(fake.asked('POST', '/elsewhere')[0]!.body)['aud']).toBe(`${fake.base}/elsewhere`);
  });

  it('asks by feature: a missing scope takes nothing else away, and is named', async () => {
    fake.on((request) =>
      request.path === '/token' && claimsOf(request.body)['scope'] === SCOPES.groups
        ? { status: 401, body: { error: 'unauthorized_client', error_description: 'Client is unauthorized to retrieve access tokens' } }
        : undefined,
    );
    const token = tokens();
    expect(await token('users')(false)).toBe('opaque-1');
    expect(await failure(token('groups')(false))).toMatchObject({ code: 'permission', nextStep: expect.stringContaining(SCOPES.groups) });
  });
});

describe('what goes wrong', () => {
  it.each([
    [{ status: 400, body: { error: 'invalid_grant', error_description: 'Invalid email or User ID' } }, 'authentication'],
    [{ status: 400, body: { error: 'invalid_scope' } }, 'permission'],
    [{ status: 503, body: '<html>busy</html>' }, 'unreachable'],
    [{ status: 200, body: '<html>Sign in</html>' }, 'badAnswer'],
    [{ status: 200, body: '{"access_tok' }, 'badAnswer'],
    [{ status: 404, body: 'no such page' }, 'badAnswer'],
  ] as const)('%j is %s', async (reply, code) => {
    answers(reply);
    expect((await failure(tokens()('users')(false))).code).toBe(code);
  });

  it.each([
    ['no key file', 'just a text'],
    ['without a key', { client_email: 'x@y.example' }],
    ['with half a key', { ...KEY, private_key: KEY.private_key.slice(0, 400) }],
  ])('a secret %s is an authentication failure that does not repeat it', async (_, secret) => {
    const why = await failure(tokens(secret)('users')(false));
    expect(why.code).toBe('authentication');
    expect(JSON.stringify(why)).not.toContain(KEY.private_key.slice(30, 60));
    expect(fake.seen).toHaveLength(0);
  });
});

describe('R55: tokens that live shorter than the margin', () => {
  it('100 calls in a minute, 8 at a time, ask at most 3 times', async () => {
    answers({ body: { access_token: 'same', expires_in: 200 } });
    const token = tokens();
    for (let n = 0; n < 100; n += 8) {
      const some = await Promise.all(Array.from({ length: 8 }, () => token('contacts')(false)));
      expect(new Set(some)).toEqual(new Set(['same']));
      clock.time += 4_600;
    }
    expect(fake.seen.length).toBeGreaterThan(0);
    expect(fake.seen.length).toBeLessThanOrEqual(3);
  });

  it('a long one is refreshed before it ends', async () => {
    const token = tokens();
    await token('users')(false);
    clock.time += 50 * 60_000;
    await token('users')(false);
    expect(fake.seen).toHaveLength(1);
    clock.time += 6 * 60_000;
    await token('users')(false);
    expect(fake.seen).toHaveLength(2);
  });
});
