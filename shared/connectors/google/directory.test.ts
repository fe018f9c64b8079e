import { afterEach, beforeEach, expect, it } from 'vitest';
import { FailureError, ThrottledError } from '../../model/failure.ts';
import { connectorOn, type FakeWorkspace, startFakeWorkspace } from './fakeWorkspace.ts';

let fake: FakeWorkspace;
beforeEach(async () => {
  fake = await startFakeWorkspace();
});
afterEach(() => fake.close());
const NOTHING = { tokens: {}, readBefore: [] };

it.each([
  [{ status: 429, headers: { 'retry-after': '120' }, body: '{}' }],
  [{ status: 503, headers: { 'retry-after': '120' }, body: '{}' }],
  [
    {
      status: 403,
      headers: { 'retry-after': '120' },
      body: { error: { code: 403, errors: [{ reason: 'userRateLimitExceeded' }] } },
    },
  ],
])('a wait that the Directory API asks for reaches the caller as a wait: %j', async (reply) => {
  fake.on((request) => (request.path.endsWith('/domains') ? reply : undefined));
  const error = await connectorOn(fake)
    .readPage(null, NOTHING)
    .catch((one: unknown) => one);
  expect(error).toBeInstanceOf(ThrottledError);
  expect((error as ThrottledError).notBefore).toBeGreaterThanOrEqual(1.7e12 + 120_000);
  expect(fake.asked('GET', '/domains')).toHaveLength(1);
});

it('a refused token is named through the library too', async () => {
  fake.on((request) => (request.path === '/token' ? { status: 400, body: { error: 'invalid_grant' } } : undefined));
  const error = await connectorOn(fake)
    .readPage(null, NOTHING)
    .catch((one: unknown) => one);
  expect(error).toBeInstanceOf(FailureError);
  expect((error as FailureError).failure.code).toBe('authentication');
});

it('every call stays below the configured address, prefix and all', async () => {
  await connectorOn(fake)
    .readPage(null, NOTHING)
    .catch(() => undefined);
  expect(fake.seen.map((request) => request.path)).toEqual(expect.arrayContaining(['/admin/directory/v1/customer/my_customer/domains']));
  expect(fake.seen.filter((request) => request.path.startsWith('outside'))).toEqual([]);
});
