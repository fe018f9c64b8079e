import { describe, expect, it } from 'vitest';
import { ThrottledError } from '../../model/failure.ts';
import { ADA, connector, entries, graph, link, pull, tenant, withTenant } from './readHarness.ts';

withTenant();

interface Inner {
  readonly id: string;
  readonly url: string;
}

/** Answers each request of a batch by its user. */
function profiles(reply: (user: string) => { status: number; headers?: Record<string, string>; body?: unknown }): Inner[][] {
  const batches: Inner[][] = [];
  tenant.on((request) => {
    if (!request.url.endsWith('/$batch')) return undefined;
    const { requests } = JSON.parse(request.body) as { requests: Inner[] };
    batches.push(requests);
    const responses = requests.map(({ id, url }) => ({ id, ...reply(/\/users\/([^?]+)/.exec(url)![1]!) }));
    return { body: { responses: responses.reverse() } };
  });
  return batches;
}

const people = (count: number): object[] =>
  Array.from({ length: count }, (_, n) => ({ ...ADA, id: `u${n}`, mail: `u${n}@a.example`, proxyAddresses: [`SMTP:u${n}@a.example`] }));

describe('birthdays', () => {
  it('are asked for 20 people a call, and only where one is mapped', async () => {
    graph('/users/delta', { body: { value: people(45), '@odata.deltaLink': link('/users/delta?$deltatoken=D1') } });
    const batches = profiles((user) => ({
      status: 200,
      body: { id: user, birthday: user === 'u7' ? '0001-01-01T00:00:00Z' : '1975-12-10T11:59:00Z' },
    }));
    const from = connector(['displayName', 'birthday']);
    const read = entries(from, await pull(from));
    expect(batches.map((one) => one.length)).toEqual([20, 20, 5]);
    expect(batches[0]![0]!.url).toBe('/users/u0?$select=id,birthday');
    expect(read.filter((entry) => entry.attributes.birthday === '1975-12-10')).toHaveLength(44);
    expect(read.find((entry) => entry.id === 'u7')?.attributes.birthday).toBeUndefined();
    await pull(connector(['displayName']));
    expect(batches).toHaveLength(3);
  });

  it('are asked for nobody from outside, without an address or switched off', async () => {
    const others = [
      { ...ADA, id: 'g', userType: 'Guest' },
      { ...ADA, id: 'm', mail: null, proxyAddresses: [] },
      { ...ADA, id: 'd', accountEnabled: false },
    ];
    graph('/users/delta', { body: { value: others, '@odata.deltaLink': link('/users/delta?$deltatoken=D1') } });
    const batches = profiles(() => ({ status: 200, body: {} }));
    await pull(connector(['birthday']));
    expect(batches).toEqual([]);
  });

  it('are waited for as the profile says', async () => {
    profiles(() => ({ status: 429, headers: { 'Retry-After': '30' } }));
    const failed = await pull(connector(['birthday'])).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ThrottledError);
    expect((failed as ThrottledError).notBefore).toBe(1e12 + 30_000);
  });

  it('that cannot be read fail the read, so that nothing is emptied; somebody without a profile has none', async () => {
    profiles(() => ({ status: 403, body: { error: { code: 'accessDenied' } } }));
    await expect(pull(connector(['birthday']))).rejects.toThrow('permission: Microsoft Graph could not read the profile');
    profiles(() => ({ status: 404 }));
    expect((await pull(connector(['birthday']))).flatMap((page) => page.losses ?? [])).toEqual([]);
    profiles(() => ({ status: 500 }));
    await expect(pull(connector(['birthday']))).rejects.toThrow('which holds the birthday');
  });

  it('change what a read asks for: the next one is full', () => {
    expect(connector(['birthday']).fingerprint).not.toBe(connector(['displayName']).fingerprint);
  });
});
