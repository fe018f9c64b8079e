import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connector } from '../connector.ts';
import { type Clock, connectorOn, type FakeWorkspace, type Reply, startFakeWorkspace } from './fakeWorkspace.ts';

let fake: FakeWorkspace;
let clock: Clock;
let connector: Connector;
const directory = (path: RegExp, reply: (id: string, query: URLSearchParams) => Reply | undefined): void =>
  fake.on(({ path: asked, query }) => {
    const found = path.exec(asked.replace('/admin/directory/v1/', ''));
    return found ? reply(found[1] ?? '', query) : undefined;
  });
const refusal = (status: number, reason = 'x'): Reply => ({ status, body: { error: { code: status, errors: [{ reason }] } } });
const confirm = async (set: string, ...ids: readonly string[]): Promise<unknown> => {
  const answer = await connector.confirmGone!(set, ids);
  return answer && Object.fromEntries(answer.told);
};

beforeEach(async () => {
  fake = await startFakeWorkspace();
  clock = { time: 1.7e12 };
  connector = connectorOn(fake, [], [], {}, { clock });
  directory(/^users$/, (_, query) => ({ body: query.get('showDeleted') === 'true' ? { users: [{ id: 'deleted' }] } : {} }));
  directory(/^(?:users|groups)\/(.+)$/, (id) => (id.startsWith('there') ? { body: { id } } : refusal(404, 'notFound')));
});
afterEach(() => fake.close());

describe('users who are in no complete sweep any more', () => {
  it('are gone if they are among the deleted, or nobody has their id; a glitch of the list is no delete', async () => {
    expect(await confirm('users', 'deleted', 'longAgo', 'there-1')).toEqual({ deleted: 'gone', longAgo: 'gone', 'there-1': 'there' });
    const [sweep] = fake.asked('GET', '/users');
    expect(Object.fromEntries(sweep!.query)).toMatchObject({ showDeleted: 'true', customer: 'my_customer', maxResults: '500' });
    expect(fake.asked('GET', '/users/deleted')).toEqual([]);
  });

  it('counts its calls, each question its own', async () => {
    const asked = await Promise.all(
      [
        ['deleted', 'there-1'],
        ['there-2', 'there-3', 'nobody'],
      ].map((ids) => connector.confirmGone!('users', ids)),
    );
    expect(asked.reduce((n, one) => n + one!.calls, 0)).toBe(fake.asked('GET', '/admin/directory').length);
  });

  it('by the immutable id: somebody else under an old name is not them', async () => {
    directory(/^users\/(.+)$/, () => ({ body: { id: 'somebody else' } }));
    expect(await confirm('users', 'u1')).toEqual({});
  });

  it('deleted ones are read page by page, and once for all ranges of a commit', async () => {
    directory(/^users$/, (_, query) =>
      query.get('pageToken') ? { body: { users: [{ id: 'second' }] } } : { body: { users: [{ id: 'first' }], nextPageToken: 'two' } },
    );
    expect(await confirm('users', 'first', 'second')).toEqual({ first: 'gone', second: 'gone' });
    await confirm('users', 'first');
    expect(fake.asked('GET', '/users')).toHaveLength(2);
    clock.time += 61_000;
    await confirm('users', 'first');
    expect(fake.asked('GET', '/users')).toHaveLength(4);
  });

  it('of whom nothing can be said have no answer: refused, an outage, too fast', async () => {
    directory(/^users$/, () => refusal(403, 'forbidden'));
    directory(/^users\/(.+)$/, (id) => (id === 'moved' ? refusal(403, 'forbidden') : id === 'down' ? refusal(500) : undefined));
    expect(await confirm('users', 'moved', 'down', 'there-1', 'nobody')).toEqual({ 'there-1': 'there', nobody: 'gone' });
    directory(/^users\/(.+)$/, () => ({ status: 429, headers: { 'retry-after': '600' }, body: '' }));
    expect(await confirm('users', 'u1', 'u2')).toEqual({});
  });

  it('are asked for by id up to 500, and for 20 s', async () => {
    const many = Array.from({ length: 600 }, (_, n) => `u${n}`);
    expect((await connector.confirmGone!('users', many))!.told.size).toBe(500);
    directory(/^users\/(.+)$/, () => {
      clock.time += 1_000;
      return undefined;
    });
    expect((await connector.confirmGone!('users', many))!.told.size).toBeLessThan(30);
  });
});

it('groups have no list of deleted ones: they are asked for by id', async () => {
  expect(await confirm('groups', 'g1', 'there-g')).toEqual({ g1: 'gone', 'there-g': 'there' });
  expect(fake.asked('GET', '/users')).toEqual([]);
});

it.each(['contacts', 'resources', 'groupSettings'])('%s: a complete read is proof enough', async (set) => {
  expect(await confirm(set, 'x')).toBeNull();
  expect(fake.seen).toEqual([]);
});
