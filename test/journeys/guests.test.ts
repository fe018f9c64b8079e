import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Guest {
  readonly id: string;
  readonly type: string;
  readonly userType?: string;
  readonly displayName: string;
  readonly mail: string | null;
  readonly userPrincipalName?: string;
  readonly proxyAddresses: readonly string[];
  readonly recipientType: string | null;
  readonly hidden: boolean;
  readonly custom: Record<string, string>;
  readonly properties: Record<string, unknown>;
}
interface Person {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}
interface Logged {
  readonly method: string;
  readonly path: string;
  readonly what: string;
  readonly status: number;
}

const ROUTE = 'fabrikam-to-contoso';
const STAMP = (id: string): string => `galsync:${ROUTE}:${id}`;

/** People of Fabrikam become guests of Contoso, its groups become contacts. */
describe('guests', () => {
  let world: World;
  let first: Job;
  let people: readonly Person[];
  const tenant = (): Promise<Guest[]> => world.ask<Guest[]>('microsoft', 'objects');
  const guestOf = async (person: Person): Promise<Guest | undefined> =>
    (await tenant()).find((one) => one.type === 'user' && one.custom['CustomAttribute15'] === STAMP(person.id));
  const writes = async (): Promise<number> => (await world.ask<{ writes: number }>('microsoft', 'stats')).writes;
  const calls = async (what: RegExp): Promise<number> =>
    (await world.ask<Logged[]>('microsoft', 'log')).filter((one) => what.test(`${one.method} ${one.what}`)).length;
  const run = async (): Promise<Job> => world.run('sync', { routes: [ROUTE] });
  const put = (person: Person, data: Record<string, unknown>): Promise<unknown> =>
    world.control('google', { put: [{ id: person.id, data: { ...person.data, ...data } }] });

  beforeAll(async () => {
    world = await startWorld({
      people: { contoso: 12, fabrikam: 24 },
      configure(document) {
        const [back] = document.routes.filter((route) => route['id'] === ROUTE);
        Object.assign(back!, { push: { as: 'guest' }, leavers: { gone: { policy: 'hideThenDelete', days: 0 } }, breakers: LOOSE });
      },
    });
    first = await run();
    people = (await world.ask<Person[]>('google', 'objects')).filter((one) => one.type === 'user' && one.data['suspended'] === false);
  });
  afterAll(() => world.stop());

  it('are invited, filled, stamped and shown in the address lists within one job; groups become contacts', async () => {
    expect(bucketFaults(first)).toEqual([]);
    expect(first.state).toBe('completed');
    const objects = await tenant();
    const ours = objects.filter((one) => one.custom['CustomAttribute15']?.startsWith(`galsync:${ROUTE}:`));
    const guests = ours.filter((one) => one.type === 'user');
    expect(guests.length).toBeGreaterThan(10);
    expect(ours.length).toBe(first.routes[0]!.created);
    expect(ours.filter((one) => one.type === 'contact').length).toBeGreaterThan(0);
    for (const guest of guests)
      expect([guest.userType, guest.recipientType, guest.hidden, guest.userPrincipalName]).toEqual([
        'Guest',
        'GuestMailUser',
        false,
        `${guest.mail!.replace('@', '_')}#EXT#@contoso.onmicrosoft.com`,
      ]);
    const person = people.find((one) => guests.some((guest) => guest.custom['CustomAttribute15'] === STAMP(one.id)))!;
    const name = person.data['name'] as { givenName: string; familyName: string };
    expect((await guestOf(person))!.properties).toMatchObject({ givenName: name.givenName, surname: name.familyName });
    expect(await calls(/POST .*\/invitations/)).toBe(guests.length);
  });

  it('are left alone by a second run', async () => {
    const before = await writes();
    const second = await run();
    expect(second.routes[0]).toMatchObject({ created: 0, updated: 0, failed: 0, unchanged: first.routes[0]!.created });
    expect(await writes()).toBe(before);
  });

  it('follow a rename with one field, and another address without a second guest', async () => {
    const [person, mover] = await linked(2);
    const count = (await tenant()).length;
    await put(person!, { name: { givenName: 'Renamed', familyName: 'Person', fullName: 'Renamed Person', displayName: 'Renamed Person' } });
    const old = String(mover!.data['primaryEmail']);
    await put(mover!, { primaryEmail: 'moved@fabrikam.example' });
    expect((await run()).routes[0]).toMatchObject({ updated: 2, created: 0, failed: 0 });
    expect(await guestOf(person!)).toMatchObject({ displayName: 'Renamed Person', properties: { givenName: 'Renamed' } });
    const moved = (await guestOf(mover!))!;
    expect([moved.mail, moved.proxyAddresses]).toEqual(['moved@fabrikam.example', ['SMTP:moved@fabrikam.example', `smtp:${old}`]]);
    expect((await tenant()).length).toBe(count);
    const before = await writes();
    expect((await run()).routes[0]).toMatchObject({ updated: 0, failed: 0 });
    expect(await writes()).toBe(before);
  });

  it('of leavers are hidden, then deleted so that they can come back, and are restored with their id', async () => {
    const [leaver] = await linked(1);
    const guest = (await guestOf(leaver!))!;
    await world.control('google', { remove: [leaver!.id] });
    expect((await run()).routes[0]!.leavers).toMatchObject({ hidden: 1, deleted: 0 });
    expect(await guestOf(leaver!)).toMatchObject({ id: guest.id, hidden: true });
    expect((await run()).routes[0]!.leavers).toMatchObject({ hidden: 0, deleted: 1 });
    expect(await guestOf(leaver!)).toBeUndefined();
    const invitations = await calls(/POST .*\/invitations/);
    await world.control('google', { put: [leaver!] });
    expect((await run()).routes[0]).toMatchObject({ created: 1, failed: 0 });
    expect(await guestOf(leaver!)).toMatchObject({ id: guest.id, hidden: false, mail: guest.mail });
    expect(await calls(/POST .*\/invitations/)).toBe(invitations);
    const before = await writes();
    expect((await run()).routes[0]).toMatchObject({ created: 0, updated: 0, failed: 0 });
    expect(await writes()).toBe(before);
  });

  it('whom somebody hid or unstamped are shown and stamped again', async () => {
    const [person, other] = await linked(2);
    const [a, b] = [(await guestOf(person!))!, (await guestOf(other!))!];
    await world.control('microsoft', {
      put: [
        { id: a.id, hidden: true },
        { id: b.id, custom: {} },
      ],
    });
    expect((await run()).routes[0]).toMatchObject({ updated: 2, failed: 0 });
    expect([(await guestOf(person!))!.hidden, (await guestOf(other!))!.id]).toEqual([false, b.id]);
  });

  it('that have become members or mailboxes are released: our stamp goes, nothing else is touched, and nothing ever again', async () => {
    const [person, other] = await linked(2);
    const [a, b] = [(await guestOf(person!))!, (await guestOf(other!))!];
    await world.control('microsoft', {
      put: [
        { id: a.id, userType: 'Member' },
        { id: b.id, recipientType: 'UserMailbox' },
      ],
    });
    await put(person!, { name: { givenName: 'Not', familyName: 'Written', fullName: 'Not Written', displayName: 'Not Written' } });
    const before = await writes();
    const job = await run();
    expect(job.routes[0]).toMatchObject({ updated: 0, failed: 0 });
    expect(job.routes[0]!.skippedBecause).toMatchObject({ takenOver: 2 });
    expect(await writes()).toBe(before + 2);
    for (const old of [a, b]) {
      const now = (await tenant()).find(({ id }) => id === old.id)!;
      expect([now.custom['CustomAttribute15'], now.displayName]).toEqual([undefined, old.displayName]);
    }
    expect((await run()).routes[0]).toMatchObject({ updated: 0, failed: 0, skippedBecause: { takenOver: 2 } });
    expect(await writes()).toBe(before + 2);
  });

  it('of administrators lose their phones alone, once', async () => {
    const [person] = await linked(1, (one) => Array.isArray(one.data['phones']));
    const guest = (await guestOf(person!))!;
    await world.control('microsoft', { put: [{ id: guest.id, adminRole: true }] });
    await put(person!, {
      phones: [{ type: 'mobile', value: '+33 6 00 00 00 01' }],
      organizations: [{ primary: true, title: 'Head of Doors', name: 'Fabrikam', department: 'Doors' }],
    });
    const job = await run();
    expect(job.routes[0]).toMatchObject({ updated: 1, failed: 0 });
    const { items } = await world.api.get<{ items: { result: string; cause: string | null }[] }>(`jobs/${job.id}/changes?change=update`);
    expect(items[0]).toMatchObject({ result: 'done', cause: expect.stringMatching(/^permission: Written without .*mobilePhone/) });
    expect((await guestOf(person!))!.properties).toMatchObject({ jobTitle: 'Head of Doors' });
    const before = await writes();
    expect((await run()).routes[0]).toMatchObject({ updated: 0, failed: 0, losses: { 'mobilePhone not kept': 1 } });
    expect(await writes()).toBe(before);
  });

  it('whose invitation, PATCH, showing or restore got no answer are found again and never made twice', async () => {
    const newcomers = [1, 2, 3].map((n) => newcomer(people[0]!, n));
    for (const match of ['/invitations', '/users/[0-9a-f-]{36}$', 'Set-MailUser']) {
      const [person] = newcomers.splice(0, 1);
      await world.control('google', { put: [person] });
      await world.control('microsoft', { faults: { loseAnswer: { match, times: 1 } } });
      const job = await run();
      expect(bucketFaults(job), match).toEqual([]);
      const again = await run();
      expect([job.routes[0]!.created + again.routes[0]!.created + again.routes[0]!.updated > 0, again.routes[0]!.failed], match).toEqual([
        true,
        0,
      ]);
      await world.control('microsoft', { faults: {} });
      const made = (await tenant()).filter((one) => one.mail === String(person!.data['primaryEmail']));
      expect(
        made.map((one) => [one.custom['CustomAttribute15'], one.hidden]),
        match,
      ).toEqual([[STAMP(person!.id), false]]);
    }
    const back = newcomer(people[0]!, 1);
    const before = (await guestOf(back))!;
    await world.control('google', { remove: [back.id] });
    await run();
    expect((await run()).routes[0]!.leavers).toMatchObject({ deleted: 1 });
    await world.control('google', { put: [back] });
    await world.control('microsoft', { faults: { loseAnswer: { match: '/restore', times: 1 } } });
    expect((await run()).routes[0]).toMatchObject({ created: 1, failed: 0 });
    await world.control('microsoft', { faults: {} });
    expect((await tenant()).filter((one) => one.mail === before.mail)).toMatchObject([{ id: before.id, hidden: false }]);
  });

  it('that Graph and Exchange show late are finished in the same job', async () => {
    const person = newcomer(people[0]!, 9);
    await world.control('google', { put: [person] });
    await world.control('microsoft', { faults: { inviteLagMs: 9_000, exchangeLagMs: 25_000 } });
    const job = await run();
    await world.control('microsoft', { faults: {} });
    expect(job.routes[0]).toMatchObject({ created: 1, failed: 0, updated: 0 });
    expect(await guestOf(person)).toMatchObject({ hidden: false, displayName: 'New 9' });
  });

  it('of domains that may not be invited fail alone, with the place to look at; foreign guests and members are named', async () => {
    await world.control('microsoft', {
      faults: { notInvitable: ['blocked.example'] },
      put: [foreign('f-guest', 'taken@fabrikam.example', 'Guest'), foreign('f-member', 'member@fabrikam.example', 'Member')],
    });
    const [blocked, taken, member] = [newcomer(people[0]!, 20), newcomer(people[0]!, 21), newcomer(people[0]!, 22)];
    await world.control('google', {
      put: [
        { ...blocked, data: { ...blocked.data, primaryEmail: 'x@blocked.example' } },
        { ...taken, data: { ...taken.data, primaryEmail: 'taken@fabrikam.example' } },
        { ...member, data: { ...member.data, primaryEmail: 'member@fabrikam.example' } },
      ],
    });
    const before = await tenant();
    const job = await run();
    await world.control('microsoft', { faults: {} });
    expect(job.routes[0]).toMatchObject({ created: 0, failed: 1 });
    const { items } = await world.api.get<{
      items: { address: string; change: string; nextStep: string; owner: { id: string; kind: string } | null }[];
    }>(`jobs/${job.id}/changes`);
    const of = (address: string) => items.find((one) => one.address === address)!;
    expect(of('x@blocked.example').nextStep).toContain('external collaboration settings');
    expect(of('taken@fabrikam.example')).toMatchObject({ change: 'skip', owner: { id: 'f-guest', kind: 'GuestMailUser' } });
    expect(of('member@fabrikam.example')).toMatchObject({ change: 'skip', owner: { id: 'f-member' } });
    expect((await tenant()).filter((one) => one.id.startsWith('f-'))).toEqual(before.filter((one) => one.id.startsWith('f-')));
  });

  /** People who have a guest that nothing was done to yet. */
  const used = new Set<string>();
  async function linked(count: number, accept: (person: Person) => boolean = () => true): Promise<readonly Person[]> {
    const stamps = new Set((await tenant()).filter((one) => one.type === 'user').map((one) => one.custom['CustomAttribute15']));
    const some = people.filter((one) => !used.has(one.id) && stamps.has(STAMP(one.id)) && accept(one)).slice(0, count);
    for (const one of some) used.add(one.id);
    return some;
  }
});

const LOOSE = { removals: { count: 50, percent: 100, max: 500 }, addressChangesPercent: 100, clearedPercent: 100, sourceShrinkPercent: 90 };

function newcomer(like: Person, n: number): Person {
  const name = { givenName: 'New', familyName: String(n), fullName: `New ${n}`, displayName: `New ${n}` };
  const { aliases: _aliases, emails: _emails, ...data } = like.data;
  return {
    ...like,
    id: `10000000000000000000${n}`,
    data: { ...data, id: `10000000000000000000${n}`, name, primaryEmail: `new.${n}@fabrikam.example`, includeInGlobalAddressList: true },
  };
}

function foreign(id: string, address: string, userType: 'Guest' | 'Member'): object {
  return {
    ...{
      id,
      type: 'user',
      guid: `${id}-guid`,
      displayName: `Foreign ${id}`,
      mail: address,
      proxyAddresses: [`SMTP:${address}`],
      alias: id,
      name: id,
    },
    ...{ recipientType: userType === 'Guest' ? 'GuestMailUser' : 'UserMailbox', hidden: true, createdAt: '2022-01-01T00:00:00Z' },
    ...{ userPrincipalName: `${id}@contoso.onmicrosoft.com`, userType, accountEnabled: true, properties: {}, custom: {} },
  };
}
