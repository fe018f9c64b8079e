import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangesPage, Copies, CopyAct, CopyContact } from '../../shared/connectors/copies.ts';
import { createMemoryConnector, createMemoryDirectory } from '../../shared/connectors/memory/memoryConnector.ts';
import { createMemoryMailboxes } from '../../shared/connectors/memory/memoryCopies.ts';
import { microsoft365 } from './subjects.ts';

interface Place {
  readonly copies: Copies;
  readonly mailbox: string;
  readonly address: string;
  stop(): Promise<void>;
}

async function inMemory(): Promise<Place> {
  const directory = createMemoryDirectory(['b.example']);
  directory.mailboxes = createMemoryMailboxes(['m1', 'm2']);
  const { copies } = createMemoryConnector('b', directory);
  return { copies: copies!, mailbox: 'm1', address: 'm1@b.example', stop: async () => undefined };
}

async function inTenant(): Promise<Place> {
  const subject = await microsoft365('mailboxContact');
  const objects = (await (await fetch(`http://127.0.0.1:${subject.server!.port}/control/objects`)).json()) as {
    id: string;
    type: string;
    mail: string | null;
    recipientType: string | null;
  }[];
  const user = objects.find((one) => one.type === 'user' && one.mail !== null && one.recipientType === 'UserMailbox')!;
  return { copies: subject.connect().copies!, mailbox: user.id, address: user.mail!, stop: () => subject.stop() };
}

const MARK = 'galsync-folder:r';
const create = (n: number): CopyAct => ({
  act: 'create',
  stamp: `galsync:r:${n}`,
  note: `dn00000${n % 10}`,
  fields: {
    displayName: `Person ${n}`,
    givenName: 'P',
    surname: String(n),
    jobTitle: 'Engineer',
    city: 'Paris',
    businessPhones: ['+33 1 5550 100'],
    addresses: [`p${n}@a.example`, `person${n}@a.example`],
  },
});

/** What the steps of the copies rely on, for each directory that has mailboxes. */
describe.each([
  ['memory', inMemory],
  ['Microsoft 365', inTenant],
])('copies in mailboxes: %s', (_name, open) => {
  let place: Place;
  let folder: string;
  let contacts: readonly CopyContact[];
  const drain = async (token: string | null): Promise<{ changes: ChangesPage['changes'][number][]; token: string }> => {
    const changes: ChangesPage['changes'][number][] = [];
    let from: { token: string | null } | { cursor: string } = { token };
    for (;;) {
      const page: ChangesPage = (await place.copies.changes(place.mailbox, folder, from))!;
      changes.push(...page.changes);
      if (page.cursor === null) return { changes, token: page.token! };
      from = { cursor: page.cursor };
    }
  };
  const listAll = async (): Promise<readonly CopyContact[]> => {
    const all: CopyContact[] = [];
    let cursor: string | null = null;
    do {
      const page = await place.copies.list(place.mailbox, folder, cursor);
      all.push(...page.contacts);
      cursor = page.cursor;
    } while (cursor !== null);
    return all;
  };

  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.stop());

  it('finds a mailbox by its address, and says so of an address that is nobody’s', async () => {
    expect(await place.copies.resolve([place.address, 'nobody@nowhere.example'])).toMatchObject([
      { ok: true, mailboxes: [{ id: place.mailbox, address: place.address }] },
      { ok: false, failure: { code: 'notFound' } },
    ]);
  });

  it('makes a folder once, and finds it by its mark', async () => {
    const look = () => place.copies.look({ mailbox: place.mailbox, mark: MARK, folder: null, token: null });
    expect((await look()).folder).toBeNull();
    ({ id: folder } = await place.copies.makeFolder(place.mailbox, MARK, 'Fabrikam'));
    expect(await look()).toEqual({ folder: { id: folder, name: 'Fabrikam' }, others: [], unchanged: false, token: null });
    await place.copies.renameFolder(place.mailbox, folder, 'Partners');
    expect((await look()).folder).toEqual({ id: folder, name: 'Partners' });
  });

  it('writes a list that is longer than a page, and shows it as it was written', async () => {
    const before = await drain(null);
    const versions = new Map<string, string>();
    const size = place.copies.pageSize + 30;
    for (let n = 0; n < size; n += place.copies.writesAtOnce) {
      const acts = Array.from({ length: Math.min(place.copies.writesAtOnce, size - n) }, (_, at) => create(n + at));
      for (const answer of await place.copies.write(place.mailbox, folder, acts)) {
        if (!answer.ok) throw new Error(JSON.stringify(answer));
        versions.set(answer.id, answer.contact!.version);
      }
    }
    contacts = await listAll();
    expect(contacts).toHaveLength(size);
    for (const [n, stamp] of contacts.map((contact) => contact.stamp).entries()) {
      const wanted = create(Number(stamp!.split(':').at(-1))) as Extract<CopyAct, { act: 'create' }>;
      expect(contacts[n]).toMatchObject({ fields: wanted.fields, note: wanted.note });
      expect(Object.keys(contacts[n]!.fields).sort()).toEqual(Object.keys(wanted.fields).sort());
    }
    const { changes } = await drain(before.token);
    expect(new Map(changes.map((change) => [change.id, change.version]))).toEqual(versions);
  });

  it('finds contacts by their stamps', async () => {
    const found = await place.copies.find(place.mailbox, folder, ['galsync:r:3', 'galsync:r:nobody', 'galsync:r:5']);
    expect(found.map((contact) => contact.stamp).sort()).toEqual(['galsync:r:3', 'galsync:r:5']);
  });

  it('updates what changes, clears, removes; the record of changes shows it, and nothing else is a quiet folder', async () => {
    const { token } = await drain(null);
    const quiet = await place.copies.look({ mailbox: place.mailbox, mark: MARK, folder, token });
    expect(quiet).toMatchObject({ unchanged: true, token: expect.any(String) });
    const [one, gone] = [contacts[0]!, contacts[1]!];
    const fields = { displayName: 'Renamed', jobTitle: null };
    const update: CopyAct = { act: 'update', id: one.id, note: 'dn111111', fields, whole: { ...one.fields, ...fields } };
    const answers = await place.copies.write(place.mailbox, folder, [update, { act: 'delete', id: gone.id }]);
    expect(answers).toMatchObject([
      { ok: true, id: one.id },
      { ok: true, id: gone.id, contact: null },
    ]);
    expect(await place.copies.write(place.mailbox, folder, [{ act: 'delete', id: gone.id }])).toMatchObject([{ ok: true }]);
    expect(await place.copies.look({ mailbox: place.mailbox, mark: MARK, folder, token: quiet.token })).toMatchObject({ unchanged: false });
    const { changes } = await drain(quiet.token);
    const answer = answers[0] as { contact: CopyContact };
    expect(new Map(changes.map((change) => [change.id, change.version]))).toEqual(
      new Map([
        [one.id, answer.contact.version],
        [gone.id, null],
      ]),
    );
    const now = (await listAll()).find((contact) => contact.id === one.id)!;
    const { jobTitle: _title, ...rest } = one.fields;
    expect(now).toMatchObject({ stamp: one.stamp, note: 'dn111111' });
    expect(now.fields).toEqual({ ...rest, displayName: 'Renamed' });
  });

  it('removes the folder, and a second time', async () => {
    await place.copies.removeFolder(place.mailbox, folder);
    await place.copies.removeFolder(place.mailbox, folder);
    expect((await place.copies.look({ mailbox: place.mailbox, mark: MARK, folder: null, token: null })).folder).toBeNull();
  });
});
