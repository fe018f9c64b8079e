import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job, RouteResult } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface TenantObject {
  readonly id: string;
  readonly type: string;
  readonly displayName: string;
  readonly alias: string;
  readonly name: string;
  readonly proxyAddresses: readonly string[];
  readonly recipientType: string | null;
  readonly userPrincipalName?: string;
  readonly accountEnabled?: boolean;
  readonly legacyExchangeDN?: string;
  readonly properties: Record<string, unknown>;
  readonly custom: Record<string, string>;
  readonly hidden: boolean;
}
interface GoogleObject {
  readonly id: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

const ROUTE = 'fabrikam-to-contoso';

describe('people of Google become mail users of Microsoft 365', () => {
  let world: World;
  let first: RouteResult;
  const push = async (as: string, more: object = {}): Promise<void> => {
    const answer = await fetch(`${world.api.url}/api/configuration`);
    const document = (await answer.json()) as { routes: { id: string; push: object }[] };
    const routes = document.routes.map((route) => (route.id === ROUTE ? { ...route, push: { ...route.push, as }, ...more } : route));
    const saved = await world.api.send('PUT', 'configuration', { ...document, routes });
    if (saved.status !== 200) throw new Error(JSON.stringify(saved.body));
  };
  const sync = async (): Promise<Job> => {
    const job = await world.run('sync', { routes: [ROUTE] });
    expect(bucketFaults(job)).toEqual([]);
    return job;
  };
  const stamped = async (): Promise<readonly TenantObject[]> =>
    (await world.ask<TenantObject[]>('microsoft', 'objects')).filter((one) =>
      one.custom['CustomAttribute15']?.startsWith(`galsync:${ROUTE}:`),
    );
  const one = async (id: string): Promise<TenantObject> =>
    (await stamped()).find((object) => object.custom['CustomAttribute15'] === `galsync:${ROUTE}:${id}`)!;
  const source = async (id: string): Promise<GoogleObject> =>
    (await world.ask<GoogleObject[]>('google', 'objects')).find((object) => object.id === id)!;
  const sourceOf = (object: TenantObject): string => object.custom['CustomAttribute15']!.slice(`galsync:${ROUTE}:`.length);

  beforeAll(async () => {
    world = await startWorld({
      people: { contoso: 20, fabrikam: 24 },
      configure: (document) => {
        const route = document.routes.find(({ id }) => id === ROUTE)!;
        route['push'] = { ...(route['push'] as object), as: 'mailUser' };
        route['leavers'] = { gone: { policy: 'delete' } };
      },
    });
    const job = await sync();
    expect(job.state).toBe('completed');
    first = job.routes[0]!;
  });
  afterAll(() => world.stop());

  it('users become accounts that nobody can sign in to; every other kind becomes a contact', async () => {
    const objects = await stamped();
    expect(objects).toHaveLength(first.created);
    const users = objects.filter(({ recipientType }) => recipientType === 'MailUser');
    expect(users.length).toBeGreaterThan(10);
    expect(new Set(objects.map(({ recipientType }) => recipientType))).toEqual(new Set(['MailUser', 'MailContact']));
    for (const user of users)
      expect(user).toMatchObject({ accountEnabled: false, hidden: false, userPrincipalName: `${user.alias}@contoso.onmicrosoft.com` });
    const log = JSON.stringify(await world.ask('microsoft', 'log'));
    expect(log).not.toMatch(/password/i);
  });

  it('writes nothing on a second run', async () => {
    const before = await world.ask<{ writes: number }>('microsoft', 'stats');
    const job = await sync();
    expect(job.routes[0]).toMatchObject({ created: 0, updated: 0, failed: 0, unchanged: first.created });
    expect(await world.ask<{ writes: number }>('microsoft', 'stats')).toMatchObject({ writes: before.writes });
  });

  it('follows a rename and a new address', async () => {
    const [user] = (await stamped()).filter(({ recipientType }) => recipientType === 'MailUser');
    const id = sourceOf(user!);
    const { data } = await source(id);
    const primaryEmail = 'renamed.person@fabrikam.example';
    await world.control('google', {
      put: [
        {
          id,
          data: {
            ...data,
            primaryEmail,
            aliases: [data['primaryEmail']],
            name: { ...(data['name'] as object), fullName: 'Renamed Person', displayName: 'Renamed Person' },
          },
        },
      ],
    });
    expect((await sync()).routes[0]).toMatchObject({ updated: 1, failed: 0 });
    const now = await one(id);
    expect(now).toMatchObject({ id: user!.id, displayName: 'Renamed Person', userPrincipalName: user!.userPrincipalName });
    expect(now.proxyAddresses.slice(0, 2)).toEqual([`SMTP:${primaryEmail}`, `smtp:${String(data['primaryEmail'])}`]);
    expect((await sync()).routes[0]).toMatchObject({ updated: 0, unchanged: first.created });
  });

  it('deletes a leaver, and gives the same account back to who returns', async () => {
    const user = (await stamped()).filter(({ recipientType }) => recipientType === 'MailUser')[1]!;
    const id = sourceOf(user);
    const person = await source(id);
    await world.control('google', { remove: [id] });
    expect((await sync()).routes[0]).toMatchObject({ leavers: { deleted: 1 } });
    expect(await one(id)).toBeUndefined();
    await world.control('google', { put: [person] });
    expect((await sync()).routes[0]).toMatchObject({ created: 1, failed: 0 });
    expect(await one(id)).toMatchObject({
      id: user.id,
      userPrincipalName: user.userPrincipalName,
      recipientType: 'MailUser',
      accountEnabled: false,
    });
    expect((await sync()).routes[0]).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  it('a mail user that got a licence is a mailbox: released, and left alone', async () => {
    const user = (await stamped()).filter(({ recipientType }) => recipientType === 'MailUser')[2]!;
    await world.control('microsoft', {
      put: [{ id: user.id, recipientType: 'UserMailbox', accountEnabled: true, displayName: 'Own Name' }],
    });
    expect((await sync()).routes[0]).toMatchObject({ skippedBecause: { takenOver: 1 }, failed: 0 });
    const mailbox = (await world.ask<TenantObject[]>('microsoft', 'objects')).find(({ id }) => id === user.id)!;
    expect(mailbox).toMatchObject({ displayName: 'Own Name', accountEnabled: true, proxyAddresses: user.proxyAddresses });
    expect(mailbox.custom['CustomAttribute15'] ?? '').toBe('');
    await world.control('google', { remove: [sourceOf(user)] });
    expect((await sync()).routes[0]).toMatchObject({ leavers: { orphaned: 0 } });
    expect((await world.ask<TenantObject[]>('microsoft', 'objects')).find(({ id }) => id === user.id)).toEqual(mailbox);
  });

  it('becomes contacts, and mail users again, with all addresses', async () => {
    const users = (await stamped()).filter(({ recipientType }) => recipientType === 'MailUser');
    await push('contact');
    const held = await sync();
    expect(held.routes[0]).toMatchObject({ state: 'held', heldBecause: [{ breaker: 'removals' }] });
    expect(await stamped()).toEqual(expect.arrayContaining(users as TenantObject[]));
    const approval = await world.api.send('POST', `jobs/${held.id}/approve`, { route: ROUTE, plan: held.routes[0]!.plan });
    expect(approval.status).toBe(202);
    const approved = await world.until(held.id, ({ finishedAt, state }) => finishedAt !== null && state !== 'held', 120);
    expect(approved.routes[0]).toMatchObject({ state: 'completed', updated: users.length, failed: 0 });
    const contacts = await converted(users, 'MailContact');
    expect((await sync()).routes[0]).toMatchObject({ updated: 0, created: 0, failed: 0 });
    await push('mailUser');
    const back = await sync();
    expect(back.routes[0]).toMatchObject({ state: 'completed', updated: users.length, failed: 0 });
    const again = await converted(contacts, 'MailUser');
    for (const user of users)
      expect(again.find((object) => sourceOf(object) === sourceOf(user))!.proxyAddresses).toContain(`X500:${user.legacyExchangeDN}`);
    expect((await sync()).routes[0]).toMatchObject({ updated: 0, created: 0, failed: 0 });
  });

  /** One object each, with the addresses of the one before, and that one's own X500 address. */
  async function converted(before: readonly TenantObject[], type: string): Promise<readonly TenantObject[]> {
    const now = await stamped();
    for (const old of before) {
      const mine = now.filter((object) => sourceOf(object) === sourceOf(old));
      expect(mine.map(({ recipientType }) => recipientType)).toEqual([type]);
      expect(mine[0]).toMatchObject({ displayName: old.displayName, alias: old.alias, hidden: false, properties: old.properties });
      expect(mine[0]!.proxyAddresses).toEqual(expect.arrayContaining([...old.proxyAddresses, `X500:${old.legacyExchangeDN}`]));
    }
    expect(now.some(({ alias }) => /-[0-9a-f]{4}$/.test(alias))).toBe(false);
    return now.filter((object) => before.some((old) => sourceOf(old) === sourceOf(object)));
  }
});
