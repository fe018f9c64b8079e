import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Job, TERMINAL } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

const ROUTE = 'fabrikam-in-mailboxes';
const GROUP = 'all-staff@contoso.example';

interface TenantObject {
  readonly id: string;
  readonly type: string;
  readonly mail: string | null;
  readonly recipientType: string;
  readonly accountEnabled?: boolean;
}
interface Item {
  readonly id: string;
  readonly type: 'folder' | 'contact';
  readonly mailbox: string;
  readonly parent: string;
  readonly name: string;
  readonly properties: Record<string, unknown>;
  readonly extended: Record<string, string>;
}
interface Person {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}
interface Logged {
  readonly what: string;
  readonly wrote: boolean;
}

/** People of Fabrikam as a folder of contacts in chosen mailboxes of Contoso. */
describe('contacts in mailboxes', () => {
  let world: World;
  let group: string;
  let people: readonly TenantObject[];
  let own: readonly Item[];

  const items = async (): Promise<readonly Item[]> => (await world.control('microsoft', { show: 'mailboxes' })) as Item[];
  const stampOf = (item: Item): string => Object.entries(item.extended).find(([id]) => id.endsWith('Name GalsyncStamp'))?.[1] ?? '';
  const folderIn = (all: readonly Item[], mailbox: string): Item | undefined =>
    all.find(
      (one) => one.type === 'folder' && one.mailbox === mailbox && one.parent === 'contacts' && stampOf(one).startsWith('galsync-folder:'),
    );
  const contactsIn = (all: readonly Item[], mailbox: string): readonly Item[] => {
    const folder = folderIn(all, mailbox);
    return all.filter((one) => one.type === 'contact' && one.parent === folder?.id && stampOf(one) !== '');
  };
  const members = (some: readonly TenantObject[]): Promise<unknown> =>
    world.control('microsoft', { put: [{ id: group, members: some.map((one) => one.id) }] });
  const sync = async (): Promise<Job> => {
    const job = await world.run('sync', { routes: [ROUTE] });
    expect(job.routes.map((route) => route.cause)).toEqual([null]);
    expect(bucketFaults(job)).toEqual([]);
    return job;
  };
  const mailboxCalls = async (): Promise<readonly Logged[]> =>
    (await world.ask<Logged[]>('microsoft', 'log')).filter((one) => /\$batch|contactFolders/.test(one.what));
  const fabrikam = async (n: number): Promise<Person> => {
    const active = (await world.ask<Person[]>('google', 'objects')).filter(
      (one) => one.type === 'user' && one.data['suspended'] === false && one.data['includeInGlobalAddressList'] === true,
    );
    return active[n]!;
  };

  beforeAll(async () => {
    world = await startWorld({
      people: { contoso: 14, fabrikam: 24 },
      configure(document) {
        document.routes = [{ id: ROUTE, from: 'fabrikam', to: 'contoso', push: { as: 'mailboxContact', mailboxes: { of: [GROUP] } } }];
      },
    });
    const objects = await world.ask<TenantObject[]>('microsoft', 'objects');
    group = objects.find((one) => one.type === 'group' && one.mail === GROUP)!.id;
    people = objects.filter((one) => one.type === 'user' && one.recipientType === 'UserMailbox' && one.mail !== null);
    for (const one of people)
      await world.control('microsoft', {
        mailbox: one.id,
        put: [
          { properties: { displayName: 'Mum', emailAddresses: [{ address: 'mum@home.example' }] } },
          { type: 'folder', name: 'Football' },
        ],
      });
    own = await items();
    await members(people.slice(0, 5));
  });
  afterAll(async () => {
    // Whatever happened: what people had in their mailboxes is as it was.
    const now = new Map((await items()).map((one) => [one.id, one]));
    for (const one of own) expect(now.get(one.id)).toEqual(one);
    await world.stop();
  });

  it('fill five mailboxes, also while single requests inside a batch are throttled', async () => {
    expect(await world.run('simulate', { routes: [ROUTE] })).toMatchObject({ routes: [{ copies: { mailboxes: 5, joined: 5 } }] });
    await world.control('microsoft', {
      clearLog: true,
      faults: { throttleInBatch: { everyNth: 7, retryAfter: 1, times: 12, match: 'POST .*contacts' } },
    });
    const job = await sync();
    expect(job.state).toBe('completed');
    const { created } = job.routes[0]!;
    expect(created).toBeGreaterThan(15);
    expect(job.routes[0]!.copies).toMatchObject({ mailboxes: 5, joined: 5, written: 5 * created, failed: 0 });
    const all = await items();
    for (const { id } of people.slice(0, 5)) {
      const contacts = contactsIn(all, id);
      expect(folderIn(all, id)!.name).toBe('Fabrikam');
      expect(contacts).toHaveLength(created);
      expect(new Set(contacts.map(stampOf)).size).toBe(created);
    }
    expect(contactsIn(all, people[5]!.id)).toEqual([]);
    await world.control('microsoft', { faults: {} });
  });

  it('carries one person field by field', async () => {
    const { id, data } = await fabrikam(2);
    const contact = contactsIn(await items(), people[0]!.id).find((one) => stampOf(one) === `galsync:${ROUTE}:${id}`)!;
    const name = data['name'] as { givenName: string; familyName: string };
    const organization = (data['organizations'] as { primary: boolean; title: string; name: string; department: string }[]).find(
      (one) => one.primary,
    )!;
    expect(contact.properties).toMatchObject({
      givenName: name.givenName,
      surname: name.familyName,
      jobTitle: organization.title,
      companyName: organization.name,
      department: organization.department,
    });
    const mails = contact.properties['emailAddresses'] as { address: string; name: string }[];
    expect(mails[0]).toEqual({ address: data['primaryEmail'], name: contact.properties['displayName'] });
    expect(mails.length).toBeLessThanOrEqual(3);
  });

  it('writes nothing on a second run, and asks each mailbox once', async () => {
    await world.control('microsoft', { clearLog: true });
    const job = await sync();
    expect(job.routes[0]).toMatchObject({ created: 0, updated: 0, copies: { mailboxes: 5, written: 0, failed: 0, joined: 0 } });
    const calls = await mailboxCalls();
    expect(calls.filter((one) => one.wrote)).toEqual([]);
    // Three for the group: nobody of this address, a group, its members.
    expect(calls).toHaveLength(3 + 5);
  });

  it('a rename and a leaver reach every mailbox', async () => {
    const [renamed, leaver] = [await fabrikam(1), await fabrikam(3)];
    const name = {
      ...(renamed.data['name'] as object),
      familyName: 'Neuername',
      fullName: 'Nora Neuername',
      displayName: 'Nora Neuername',
    };
    await world.control('google', { put: [{ ...renamed, data: { ...renamed.data, name } }], remove: [leaver.id] });
    const job = await sync();
    expect(job.routes[0]).toMatchObject({ updated: 1, leavers: { deleted: 1 }, copies: { written: 10, failed: 0 } });
    const all = await items();
    for (const { id } of people.slice(0, 5)) {
      const contacts = contactsIn(all, id);
      expect(contacts.find((one) => stampOf(one).endsWith(`:${renamed.id}`))!.properties['displayName']).toBe('Nora Neuername');
      expect(contacts.some((one) => stampOf(one).endsWith(`:${leaver.id}`))).toBe(false);
    }
  });

  it('a mailbox that joins is filled; one that leaves loses our contacts, and the folder only if nothing else is in it', async () => {
    const before = await items();
    const [leaves, joins] = [people[0]!.id, people[5]!.id];
    const folder = folderIn(before, leaves)!;
    await world.control('microsoft', {
      mailbox: leaves,
      put: [{ id: 'by-hand', parent: folder.id, properties: { displayName: 'Put here by hand' } }],
    });
    await members(people.slice(1, 6));
    const job = await sync();
    const size = contactsIn(before, leaves).length;
    expect(job.routes[0]!.copies).toMatchObject({ mailboxes: 5, joined: 1, left: 1, written: 2 * size, failed: 0 });
    const all = await items();
    expect(contactsIn(all, joins)).toHaveLength(size);
    expect(all.filter((one) => one.mailbox === leaves && one.parent === folder.id).map((one) => one.id)).toEqual(['by-hand']);
    await members(people.slice(2, 6));
    await sync();
    expect(folderIn(await items(), people[1]!.id)).toBeUndefined();
  });

  it('an edit in a mailbox is repaired, what somebody added stays, and a deleted folder is made again', async () => {
    const before = await items();
    const [edited, deleted] = [people[2]!.id, people[3]!.id];
    const contact = contactsIn(before, edited)[0]!;
    await world.control('microsoft', { mailbox: edited, put: [{ id: contact.id, properties: { surname: 'Wrong', nickName: 'Benny' } }] });
    await world.control('microsoft', { mailbox: deleted, put: [{ id: folderIn(before, deleted)!.id, parent: 'deleteditems' }] });
    const job = await sync();
    const size = contactsIn(before, deleted).length;
    expect(job).toMatchObject({ state: 'completed', routes: [{ updated: 0 }] });
    const all = await items();
    expect(all.find((one) => one.id === contact.id)!.properties).toEqual({ ...contact.properties, nickName: 'Benny' });
    expect(contactsIn(all, deleted)).toHaveLength(size);
    expect(folderIn(all, deleted)!.id).not.toBe(folderIn(before, deleted)!.id);
    expect((await sync()).routes[0]!.copies).toMatchObject({ written: 0 });
  });

  it('mailboxes that fail are named with what to do; the others are served, and the next job tries again', async () => {
    const [refused, without, full] = [people[2]!, people[3]!, people[6]!];
    await members([...people.slice(2, 5), full]);
    const faults = { mailboxes: { [refused.id]: 'denied', [without.mail!]: 'notEnabled', [full.id]: 'full' } };
    await world.control('microsoft', { faults });
    const job = await sync();
    expect(job).toMatchObject({
      state: 'completedWithErrors',
      routes: [{ state: 'completedWithErrors', failed: 0, copies: { failed: 3 } }],
    });
    const problems = job.routes[0]!.copies!.problems;
    const told = (of: TenantObject) => problems.find((one) => one.mailbox === of.id);
    expect(told(refused)).toMatchObject({
      address: refused.mail,
      cause: expect.stringMatching(/^permission: /),
      nextStep: expect.stringContaining('RBAC'),
    });
    expect(told(without)).toMatchObject({
      cause: expect.stringMatching(/^notFound: .*no mailbox/),
      nextStep: expect.stringContaining('licence'),
    });
    expect(told(full)).toMatchObject({ cause: expect.stringMatching(/^quota: /) });
    await world.control('microsoft', { faults: {} });
    const again = await sync();
    expect(again).toMatchObject({ state: 'completed', routes: [{ copies: { mailboxes: 4, failed: 0, joined: 1 } }] });
    expect(contactsIn(await items(), full.id).length).toBe(contactsIn(await items(), refused.id).length);
  });

  it('a directory keeps its own people in its own mailboxes, in a folder beside the other', async () => {
    const configuration = await fetch(`${world.api.url}/api/configuration`);
    const document = (await configuration.json()) as { routes: object[] };
    const push = { as: 'mailboxContact', mailboxes: { of: [people[2]!.mail], folder: 'Colleagues' } };
    const own = { id: 'colleagues', from: 'contoso', to: 'contoso', push };
    const etag = configuration.headers.get('etag')!;
    const put = { ...document, routes: [...document.routes, own] };
    expect((await world.api.send('PUT', 'configuration', put, { 'if-match': etag })).status).toBe(200);
    const job = await world.run('sync', { routes: ['colleagues', ROUTE] });
    expect(bucketFaults(job)).toEqual([]);
    expect(job).toMatchObject({ state: 'completed', connectors: [{ id: 'contoso' }, { id: 'fabrikam' }] });
    const { created, copies } = job.routes.find((route) => route.id === 'colleagues')!;
    expect(created).toBeGreaterThan(10);
    expect(copies).toMatchObject({ mailboxes: 1, written: created, failed: 0 });
    const folders = (await items()).filter((one) => one.type === 'folder' && one.mailbox === people[2]!.id && one.parent === 'contacts');
    expect(folders.map((one) => one.name).sort()).toEqual(['Colleagues', 'Fabrikam', 'Football']);
    const quiet = await world.run('sync', { routes: ['colleagues'] });
    expect(quiet.routes[0]).toMatchObject({ created: 0, updated: 0, copies: { written: 0 } });
  });

  it('a route that is retired takes its contacts and folders out of every mailbox once an approver says so; all else there stays', async () => {
    const before = await items();
    const answer = await world.api.send('POST', `routes/${ROUTE}/retire`, { objects: 'delete' });
    expect(answer.status).toBe(202);
    const held = await world.until((answer.body as Job).id, (job) => TERMINAL.has(job.state));
    expect(held).toMatchObject({ state: 'held', routes: [{ heldBecause: [{ breaker: 'removals' }] }] });
    expect((await world.api.send('POST', `jobs/${held.id}/approve`, { route: ROUTE, plan: held.routes[0]!.plan })).status).toBe(202);
    const job = await world.until(held.id, (one) => TERMINAL.has(one.state), 120);
    expect(bucketFaults(job)).toEqual([]);
    expect(job).toMatchObject({ state: 'completed', routes: [{ copies: { failed: 0 } }] });
    const ours = (one: Item): boolean => stampOf(one).startsWith(`galsync:${ROUTE}:`);
    const folder = (one: Item): boolean => stampOf(one) === `galsync-folder:${ROUTE}`;
    const stays = (all: readonly Item[]): readonly Item[] =>
      all.filter((one) => one.parent !== 'deleteditems' && !ours(one) && !folder(one));
    const after = await items();
    const living = new Set(after.filter((one) => folder(one) && one.parent !== 'deleteditems').map((one) => one.id));
    expect(after.filter((one) => ours(one) && living.has(one.parent))).toEqual([]);
    // Where somebody put a contact of his own into the folder, it stays with that.
    for (const id of living) expect(after.some((one) => one.parent === id && stampOf(one) === '')).toBe(true);
    expect(stays(after)).toEqual(stays(before));
  });
});
