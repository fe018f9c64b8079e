import { afterEach, beforeEach, expect } from 'vitest';
import { DIRECTORY_SET } from '../../model/attributes.ts';
import { type EntryPart, mergeParts } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { Connector, PullMemory, PullPage } from '../connector.ts';
import { connectorOn, type FakeWorkspace, type Reply, startFakeWorkspace } from './fakeWorkspace.ts';

export const NOTHING: PullMemory = { tokens: {}, readBefore: [] };
export let fake: FakeWorkspace;
export const directory = (path: string, reply: Reply | ((query: URLSearchParams) => Reply)): void =>
  fake.on((request) =>
    request.path === `/admin/directory/v1/${path}` ? (typeof reply === 'function' ? reply(request.query) : reply) : undefined,
  );
export const feed = (reply: Reply | ((query: URLSearchParams) => Reply)): void =>
  fake.on((request) => (request.path.startsWith('/m8/') ? (typeof reply === 'function' ? reply(request.query) : reply) : undefined));

/** Each test has a workspace of its own, with one person. */
export function onFakeWorkspace(): void {
  beforeEach(async () => {
    fake = await startFakeWorkspace();
    directory('customer/my_customer/domains', { body: { domains: [{ domainName: 'fabrikam.example', verified: true }] } });
    directory('customer/my_customer/resources/calendars', { body: {} });
    directory('groups', { body: {} });
    directory('users', { body: { users: [{ id: '1', primaryEmail: 'a@fabrikam.example' }] } });
  });
  afterEach(() => fake.close());
}

export async function pull(from: Connector = connectorOn(fake, DIRECTORY_SET), memory = NOTHING): Promise<readonly PullPage[]> {
  const pages: PullPage[] = [];
  for (let cursor: string | null = null, n = 0; n === 0 || cursor !== null; n += 1) {
    const page = await from.readPage(cursor, memory);
    pages.push(page);
    cursor = page.cursor;
    expect((cursor ?? '').length).toBeLessThan(16_384);
    expect(n).toBeLessThan(60);
  }
  return pages;
}
export async function failure(work: Promise<unknown>): Promise<FailureError['failure']> {
  const error = await work.then(
    () => null,
    (one: unknown) => one,
  );
  expect(error).toBeInstanceOf(FailureError);
  return (error as FailureError).failure;
}
export const user = async (one: object, attributes: readonly string[] = [], raw: readonly string[] = []) => {
  directory('users', { body: { users: [one] } });
  const pages = await pull(connectorOn(fake, attributes, raw));
  return mergeParts([pages.flatMap((page): readonly EntryPart[] => (page.set === 'users' ? page.parts : []))[0]!])!;
};
