import { expect, it } from 'vitest';
import type { MailboxCopy } from '../../model/mailboxCopy.ts';
import type { Store } from '../store.ts';
import { AWKWARD_IDS } from './links.ts';
import { all } from './samples.ts';

/** A believable mailbox. */
export function sampleCopy(route: string, mailbox: string, more: Partial<MailboxCopy> = {}): MailboxCopy {
  return {
    route,
    mailbox,
    address: `${mailbox}@a.example`,
    folder: `folder-of-${mailbox}`,
    folderName: 'Fabrikam',
    digest: 'd1',
    token: `https://graph.example/delta?$deltatoken=${'x'.repeat(3_000)}`,
    asOf: '2026-11-26T01:00:00.000Z',
    listedAt: null,
    contacts: 3,
    state: 'served',
    absent: null,
    last: null,
    ...more,
  };
}

/** The contract of `CopyStore`. */
export function copyContract(store: () => Store, name: () => string): void {
  it('keeps one row for each mailbox of a route, whatever its id', async () => {
    const route = name();
    const rows = AWKWARD_IDS.map((mailbox) => sampleCopy(route, mailbox));
    await store().copies.putMany([...rows, sampleCopy(name(), 'elsewhere')]);
    const listed = await all(store().copies.list(route));
    expect(listed).toHaveLength(rows.length);
    for (const row of rows) expect(await store().copies.get(route, row.mailbox)).toEqual(row);
    expect((await all(store().copies.list(route))).map((row) => row.mailbox)).toEqual(listed.map((row) => row.mailbox));
  });

  it('replaces, removes, and takes a second removal', async () => {
    const route = name();
    await store().copies.put(sampleCopy(route, 'm1'));
    await store().copies.put(sampleCopy(route, 'm1', { digest: 'd2' }));
    expect((await store().copies.get(route, 'm1'))?.digest).toBe('d2');
    await store().copies.remove(route, 'm1');
    await store().copies.remove(route, 'm1');
    expect(await store().copies.get(route, 'm1')).toBeNull();
    expect(await all(store().copies.list(route))).toEqual([]);
  });
}
