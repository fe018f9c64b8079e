import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError, ThrottledError } from '../../shared/model/failure.ts';
import { led, type Read, readAll } from './readAll.ts';
import { googleWorkspace, memory, microsoft365, type Subject } from './subjects.ts';

/** What every connector promises about reading (`Connector.readPage`), whatever directory is behind it. */
describe.each([
  ['memory', memory],
  ['microsoft365', () => microsoft365('contact')],
  ['googleWorkspace', googleWorkspace],
] as const)('reading %s', (_name, start) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await start();
  });
  afterAll(() => subject.stop());

  it('ends, finishes each of its sets once, and counts what it received', async () => {
    const { pages, entries } = await readAll(subject.connect);
    const finished = pages.filter((page) => page.finished).map((page) => page.set);
    expect([...finished].sort()).toEqual([...subject.connect().sets].sort());
    expect(pages.every((page) => page.mode === 'full' && page.removed.length === 0)).toBe(true);
    expect(pages.every((page) => Buffer.byteLength(page.cursor ?? '') <= 16 * 1024)).toBe(true);
    expect(entries.size).toBeGreaterThanOrEqual(23);
    expect(pages.reduce((n, page) => n + page.read, 0)).toBeGreaterThanOrEqual(entries.size);
    expect(pages.flatMap((page) => page.domains ?? []).length).toBeGreaterThan(0);
  });

  it('gives entries in our one shape: nothing empty, addresses without prefix, the primary one first', async () => {
    const { entries } = await readAll(subject.connect);
    for (const entry of entries.values()) {
      expect(entry.id).not.toBe('');
      expect(entry.type).not.toBe('');
      for (const address of entry.addresses) expect(address).toMatch(/^[^:\s]+@[^:\s]+$/);
      expect(new Set(entry.addresses.map((address) => address.toLowerCase())).size).toBe(entry.addresses.length);
      for (const [name, value] of Object.entries(entry.attributes)) {
        expect([name, value]).not.toEqual([name, '']);
        expect(value === null || value === undefined || (Array.isArray(value) && value.length === 0)).toBe(false);
      }
      if (entry.createdAt) expect(new Date(entry.createdAt).toISOString()).toBe(entry.createdAt);
    }
  });

  it('gives the same again, from what the last read left behind', async () => {
    const first = await readAll(subject.connect);
    const again = await readAll(subject.connect, first);
    expect(again.pages.every((page) => !page.restarted)).toBe(true);
    expect([...again.entries].sort()).toEqual([...first.entries].sort());
  });

  it('gives the same where the directory says some of it twice, and tells of somebody who never lived here', async () => {
    if (!subject.server) return;
    const quiet = await readAll(subject.connect);
    const counts = (read: Read): unknown => read.pages.flatMap(({ set, finished }) => (finished ? [[set, finished.count]] : []));
    await subject.control({ faults: { replays: 4, pageSize: 5 } });
    const replayed = await readAll(subject.connect);
    await subject.control({ faults: {} });
    expect(replayed.pages.length).toBeGreaterThan(quiet.pages.length);
    expect([...replayed.entries].sort()).toEqual([...quiet.entries].sort());
    expect(counts(replayed)).toEqual(counts(quiet));
  });

  it('asks to wait instead of waiting long, and goes on from the same cursor', async () => {
    if (!subject.server) return;
    await subject.control({ faults: { throttle: { everyNth: 1, times: 1, retryAfter: 60 } } });
    const refused = await subject
      .connect()
      .readPage(null, { tokens: {}, readBefore: [] })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ThrottledError);
    expect((refused as ThrottledError).notBefore).toBeGreaterThan(Date.now() + 50_000);
    await subject.control({ faults: {} });
    expect((await readAll(subject.connect)).entries.size).toBeGreaterThanOrEqual(23);
  });

  it('fails with a cause for the administrator where an answer is cut off or is a sign-in page', async () => {
    if (!subject.server) return;
    for (const lie of ['truncatedJson', 'html']) {
      await subject.control({ faults: { lie } });
      const failed = await readAll(subject.connect).catch((error: unknown) => error);
      await subject.control({ faults: {} });
      expect(failed, lie).toBeInstanceOf(FailureError);
      const { failure } = failed as FailureError;
      expect([failure.code, failure.message.length > 20, failure.nextStep.length > 10], lie).toEqual(['badAnswer', true, true]);
    }
  });

  it('lists a part that was never granted as a loss, and fails once it was read before', async () => {
    if (!subject.server) return;
    const first = await readAll(subject.connect);
    await subject.control({ faults: { forbidden: ['groups'] } });
    const without = await readAll(subject.connect);
    const refused = await readAll(subject.connect, first).catch((error: unknown) => error);
    await subject.control({ faults: {} });
    expect(without.pages.flatMap((page) => page.losses ?? [])).toEqual(['groups']);
    expect([...without.entries.values()].some((entry) => entry.type.toLowerCase().includes('googlegroup'))).toBe(false);
    expect(refused).toBeInstanceOf(FailureError);
    expect((refused as FailureError).failure.code).toMatch(/permission|authentication/);
  });

  it('gives the direct members of a group in pages, groups marked as such, ids that its entries have; no such group is null', async () => {
    const { entries } = await readAll(subject.connect);
    const listed = async (): Promise<Map<string, string[]>> => {
      const lists = new Map<string, string[]>();
      for (const group of [...entries.values()].filter((entry) => entry.kind === 'group')) {
        const found: string[] = [];
        for (let cursor: string | null = null, n = 0; n === 0 || cursor !== null; n += 1) {
          const page = await subject.connect().readMembers(group.id, cursor);
          found.push(...page!.members.map((member) => `${member.group ? 'group' : 'other'} ${member.id}`));
          cursor = page!.next;
          expect(n).toBeLessThan(100);
        }
        lists.set(group.id, found);
      }
      return lists;
    };
    const whole = await listed();
    const all = [...whole.values()].flat();
    const kinds = new Map([...entries.values()].map((entry) => [entry.memberId ?? entry.id, entry.kind === 'group' ? 'group' : 'other']));
    expect(all.filter((one) => one.startsWith('group ')).length).toBeGreaterThan(0);
    const known = all.filter((one) => kinds.has(one.split(' ')[1]!));
    expect(known.length).toBeGreaterThan(all.length / 2);
    for (const one of known) expect(one).toBe(`${kinds.get(one.split(' ')[1]!)} ${one.split(' ')[1]}`);
    await subject.control({ faults: { pageSize: 2 } });
    expect(await listed()).toEqual(whole);
    await subject.control({ faults: {} });
    expect(await subject.connect().readMembers('00000000-0000-4000-8000-00000000dead', null)).toBeNull();
  });

  it('names managers by references that lead to entries of its own, and follows them; a change of something else says nothing of them', async () => {
    const { manage } = subject;
    if (!manage) return;
    let read = await readAll(subject.connect);
    const [someone, first, second] = [...read.entries.values()]
      .filter(({ kind, enabled, addresses }) => kind === 'user' && enabled && addresses.length > 0)
      .slice(-3);
    const contact = [...read.entries.values()].find((entry) => entry.kind === 'contact') ?? someone!;
    /** Whom a read that goes on from the last one, and one that begins anew, name as somebody's manager. */
    const managerOf = async (id: string): Promise<string | null> => {
      read = await readAll(subject.connect, read);
      expect([...(await readAll(subject.connect)).entries].sort()).toEqual([...read.entries].sort());
      const reference = read.entries.get(id)!.managerRef;
      const found = led(read.entries.values(), reference);
      expect([reference, found === null]).toEqual([reference, reference === undefined]);
      return found;
    };
    for (const one of [someone!, contact]) {
      await manage(one, first!);
      expect(await managerOf(one.id)).toBe(first!.id);
      await manage(one, contact);
      expect(await managerOf(one.id)).toBe(contact.id);
      await manage(one, second!);
      expect(await managerOf(one.id)).toBe(second!.id);
      if (subject.server) await subject.control({ put: [{ id: one.memberId ?? one.id, displayName: 'Somebody else' }] });
      expect(await managerOf(one.id)).toBe(second!.id);
      await manage(one, null);
      expect(await managerOf(one.id)).toBeNull();
    }
    if (!subject.server) return;
    await manage(someone!, second!);
    await subject.control({ remove: [second!.id] });
    expect(await managerOf(someone!.id)).toBeNull();
  });

  it('follows a change of the directory', async () => {
    if (!subject.server) return;
    const first = await readAll(subject.connect);
    const user = [...first.entries.values()].find((entry) => entry.kind === 'user' && entry.enabled && entry.attributes.displayName)!;
    await subject.control({ remove: [user.id] });
    const after = await readAll(subject.connect, first);
    expect(after.entries.has(user.id)).toBe(false);
    expect(after.entries.size).toBe(first.entries.size - 1);
    expect([...(await readAll(subject.connect)).entries].sort()).toEqual([...after.entries].sort());
  });
});
