import { describe, expect, it } from 'vitest';
import { type EntryPart, laterPart } from '../../model/entry.ts';
import type { PullMemory } from '../connector.ts';
import { ADA, cmdlet, connector, entries, failureOf, graph, link, lookedUp, pull, ROOM, tenant, withTenant } from './readHarness.ts';

withTenant();

const user = (id: string): object => ({ '@odata.type': '#microsoft.graph.user', id });
const gone = (id: string): object => ({ ...user(id), '@removed': { reason: 'deleted' } });
const told = (...rows: object[]): object => ({ 'manager@delta': rows });
const withManagers = (): ReturnType<typeof connector> => connector(['manager']);

/** What a round of changes with these rows says of people. */
async function round(...rows: object[]): Promise<{ readonly parts: readonly EntryPart[]; readonly removed: readonly string[] }> {
  const memory: PullMemory = {
    tokens: { users: link('/users/delta?$deltatoken=D1') },
    readBefore: ['users', 'groups', 'recipients', 'contacts'],
  };
  graph('/users/delta?$deltatoken=D1', { body: { value: rows, '@odata.deltaLink': link('/users/delta?$deltatoken=D2') } });
  return (await pull(withManagers(), memory)).at(-1)!;
}

/** The part about one person, as one word: whom it names, or the mark that says how much it says. */
async function word(...rows: object[]): Promise<unknown> {
  const { parts, removed } = await round(...rows);
  if (removed.includes('u1')) return 'removed';
  const part = parts.find(({ id }) => id === 'u1');
  return part && { manager: part.fields.managerRef ?? null, said: part.manager ?? 'all', whole: part.fields.type !== undefined };
}

const asked = (path: string): string => tenant.seen.find((request) => request.url.includes(path))!.url;

describe('managers', () => {
  it('are asked for only where they are wanted; then everything is read anew', async () => {
    await pull(connector(['jobTitle']));
    expect(asked('/users/delta')).not.toContain('manager');
    expect(connector(['jobTitle', 'manager']).fingerprint).not.toBe(connector(['jobTitle']).fingerprint);
    tenant.seen.length = 0;
    await pull(withManagers());
    expect(asked('/users/delta').split('$select=')[1]!.split(',')).toContain('manager');
    expect(asked('/users/delta')).not.toContain('$expand');
  });

  it('come with a row of a full read, or in a row of their own, before or after it and on another page', async () => {
    graph('/users/delta', {
      body: {
        value: [
          { ...ADA, ...told(user('u9')) },
          { id: 'u2', ...told(user('u8')) },
        ],
        '@odata.nextLink': link('/users/delta?$skiptoken=2'),
      },
    });
    graph('/users/delta?$skiptoken=2', {
      body: {
        value: [ROOM, { ...ADA, id: 'u3' }, { id: 'u3', ...told(user('u1')) }],
        '@odata.deltaLink': link('/users/delta?$deltatoken=D9'),
      },
    });
    const pages = (await pull(withManagers())).filter((page) => page.set === 'users');
    const joined = new Map<string, EntryPart | null>();
    for (const part of pages.flatMap((page) => page.parts)) joined.set(part.id, laterPart(joined.get(part.id), part));
    expect([...joined.values()].map((part) => [part?.id, part?.fields.managerRef, part?.fields.attributes?.displayName])).toEqual([
      ['u1', 'u9', 'Ada Byron'],
      ['u2', 'u8', 'Room 1'],
      ['u3', 'u1', 'Ada Byron'],
    ]);
  });

  it('pages of rows that tell the manager alone are no missing right', async () => {
    const value = [ADA, ...[1, 2, 3, 4].map((n) => ({ id: `m${n}`, ...told(user('u1')) }))];
    graph('/users/delta', { body: { value, '@odata.deltaLink': link('/users/delta?$deltatoken=D9') } });
    const page = (await pull(withManagers())).at(-1)!;
    expect(page.parts.map((part) => part.manager)).toEqual(['unsaid', 'only', 'only', 'only', 'only']);
    expect(tenant.seen.filter((request) => request.url.includes('/users/m'))).toEqual([]);
    graph('/users/delta', {
      body: { value: [{ id: 'u1' }, { id: 'u2', mail: null }], '@odata.deltaLink': link('/users/delta?$deltatoken=D9') },
    });
    expect(await failureOf(pull(withManagers()))).toMatchObject({ code: 'permission' });
  });

  it('of a change: named, taken away, replaced in any order, not said at all', async () => {
    const all = { said: 'all', whole: true };
    expect(await word({ ...ADA, ...told(user('u9')) })).toEqual({ ...all, manager: 'u9' });
    expect(await word({ ...ADA, ...told(gone('u9')) })).toEqual({ ...all, manager: null });
    expect(await word({ ...ADA, ...told(user('u9'), gone('u8')) })).toEqual({ ...all, manager: 'u9' });
    expect(await word({ ...ADA, ...told(gone('u8'), user('u9')) })).toEqual({ ...all, manager: 'u9' });
    expect(await word(ADA)).toEqual({ manager: null, said: 'unsaid', whole: true });
    expect(await word({ ...ADA, ...told() })).toEqual({ manager: null, said: 'unsaid', whole: true });
    const only = { said: 'only', whole: false };
    expect(await word({ id: 'u1', ...told(user('u9')) })).toEqual({ ...only, manager: 'u9' });
    expect(await word({ id: 'u1', ...told(gone('u9')) })).toEqual({ ...only, manager: null });
    expect(await word({ id: 'u1', ...told() })).toBeUndefined();
  });

  it('of one page are joined with the row of the person, the last word counts', async () => {
    const [whole, nine, eight] = [ADA, { id: 'u1', ...told(user('u9')) }, { id: 'u1', ...told(user('u8')) }];
    const all = { said: 'all', whole: true };
    expect(await word(whole, nine)).toEqual({ ...all, manager: 'u9' });
    expect(await word(nine, whole)).toEqual({ ...all, manager: 'u9' });
    expect(await word(nine, whole, eight)).toEqual({ ...all, manager: 'u8' });
    expect(await word(eight, nine)).toEqual({ said: 'only', whole: false, manager: 'u9' });
    // Told in two rows, the new one first.
    expect(await word(nine, { id: 'u1', ...told(gone('u8')) })).toEqual({ said: 'only', whole: false, manager: 'u9' });
    expect(await word(nine, { id: 'u1', ...told(gone('u9')) })).toEqual({ said: 'only', whole: false, manager: null });
  });

  it('of somebody who is removed are nobody’s', async () => {
    const removed = { id: 'u1', '@removed': { reason: 'changed' } };
    const nine = { id: 'u1', ...told(user('u9')) };
    expect(await word(nine, removed)).toBe('removed');
    expect(await word(removed, nine)).toBe('removed');
    lookedUp({ u1: 200 });
    expect(await word(nine, removed, ADA)).toEqual({ manager: null, said: 'unsaid', whole: true });
  });

  it('are expanded where there is no delta, and for who came in pieces: then no manager is none', async () => {
    graph('/users?', { body: { value: [{ ...ADA, manager: { id: 'u9' } }, ROOM] } });
    graph('/users/delta', { status: 501, body: { error: { code: 'NotImplemented', message: '' } } });
    const listed = (await pull(withManagers())).at(-1)!;
    expect(listed.parts.map((part) => [part.id, part.fields.managerRef, part.manager])).toEqual([
      ['u1', 'u9', undefined],
      ['u2', undefined, undefined],
    ]);
    expect(asked('/users?')).toContain('$expand=manager($select=id)');
    expect(asked('/users?').split('$select=')[1]!.split('&')[0]!.split(',')).not.toContain('manager');
    graph('/users/u1', { body: ADA });
    expect(await word({ id: 'u1', jobTitle: 'Countess' })).toEqual({ manager: null, said: 'all', whole: true });
    expect(asked('/users/u1')).toContain('$expand=manager($select=id)');
  });

  it('of contacts are named by Exchange, as everybody is', async () => {
    const contact = { Guid: 'c1', ExternalDirectoryObjectId: 'oc1', RecipientTypeDetails: 'MailContact', Name: 'Bo Li' };
    cmdlet('Get-Recipient', {
      body: { value: [{ ExternalDirectoryObjectId: 'u1', RecipientTypeDetails: 'UserMailbox', Name: 'ada' }, contact] },
    });
    cmdlet('Get-Contact', { body: { value: [{ ...contact, Manager: 'ada' }] } });
    const from = withManagers();
    const found = entries(from, await pull(from));
    expect(found.map(({ id, name, managerRef, memberId }) => [id, name, managerRef, memberId])).toEqual(
      expect.arrayContaining([
        ['u1', 'ada', undefined, undefined],
        ['c1', 'Bo Li', 'ada', 'oc1'],
      ]),
    );
    const unasked = connector(['jobTitle']);
    for (const entry of entries(unasked, await pull(unasked))) expect(entry).not.toMatchObject({ name: expect.anything() });
  });
});
