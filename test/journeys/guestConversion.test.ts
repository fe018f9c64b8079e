import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface TenantObject {
  readonly id: string;
  readonly displayName: string;
  readonly mail: string;
  readonly proxyAddresses: readonly string[];
  readonly recipientType: string | null;
  readonly legacyExchangeDN?: string;
  readonly custom: Record<string, string>;
  readonly hidden: boolean;
}

const ROUTE = 'fabrikam-to-contoso';

describe('contacts become guests, and contacts again', () => {
  let world: World;
  let contacts: readonly TenantObject[];
  const people = async (): Promise<readonly TenantObject[]> =>
    (await world.ask<TenantObject[]>('microsoft', 'objects')).filter((one) => stampOf(one).startsWith(`galsync:${ROUTE}:`));
  const stampOf = (object: TenantObject): string => object.custom['CustomAttribute15'] ?? '';
  const push = async (as: string): Promise<void> => {
    const document = (await (await fetch(`${world.api.url}/api/configuration`)).json()) as { routes: { id: string; push: object }[] };
    const routes = document.routes.map((route) => (route.id === ROUTE ? { ...route, push: { ...route.push, as } } : route));
    const saved = await world.api.send('PUT', 'configuration', { ...document, routes });
    if (saved.status !== 200) throw new Error(JSON.stringify(saved.body));
  };
  const sync = async (): Promise<Job> => {
    const job = await world.run('sync', { routes: [ROUTE] });
    expect(bucketFaults(job)).toEqual([]);
    return job;
  };
  /** A job that accounts would go with, once somebody let it go on. */
  const approved = async (held: Job): Promise<Job> => {
    expect(held.routes[0]).toMatchObject({ state: 'held', heldBecause: [{ breaker: 'removals' }] });
    const approval = await world.api.send('POST', `jobs/${held.id}/approve`, { route: ROUTE, plan: held.routes[0]!.plan });
    expect(approval.status).toBe(202);
    return world.until(held.id, ({ finishedAt, state }) => finishedAt !== null && state !== 'held', 120);
  };

  beforeAll(async () => {
    world = await startWorld({
      people: { contoso: 10, fabrikam: 12 },
      configure: (document) => {
        const route = document.routes.find(({ id }) => id === ROUTE)!;
        route['filter'] = { groups: false, rooms: false };
      },
    });
    expect((await sync()).state).toBe('completed');
    contacts = await people();
    expect(contacts.length).toBeGreaterThan(5);
  });
  afterAll(() => world.stop());

  it('R29: where the invitation is refused, exactly the contact is there, with all it had', async () => {
    await world.control('microsoft', { faults: { notInvitable: [contacts[0]!.mail.split('@')[1]] } });
    await push('guest');
    const job = await sync();
    await world.control('microsoft', { faults: {} });
    expect(job.routes[0]).toMatchObject({ state: 'completedWithErrors', failed: contacts.length, updated: 0 });
    const { items } = await world.api.get<{ items: { reason: string; cause: string; nextStep: string; retryAt: string | null }[] }>(
      `jobs/${job.id}/changes?route=${ROUTE}&result=failed`,
    );
    expect(items[0]).toMatchObject({
      reason: 'converted',
      cause: expect.stringContaining('invited'),
      nextStep: expect.stringMatching(/./),
    });
    const now = await people();
    expect(now).toHaveLength(contacts.length);
    for (const old of contacts) {
      const mine = now.find((object) => stampOf(object) === stampOf(old))!;
      expect(mine).toMatchObject({ recipientType: 'MailContact', displayName: old.displayName, hidden: false, mail: old.mail });
      expect([...mine.proxyAddresses].sort()).toEqual([...old.proxyAddresses].sort());
      expect([`X500:${mine.legacyExchangeDN}`, ...mine.proxyAddresses]).toContain(`X500:${old.legacyExchangeDN}`);
    }
  });

  it('becomes guests once they may be invited, and is quiet then', async () => {
    expect((await sync()).routes[0]).toMatchObject({ updated: contacts.length, failed: 0 });
    const guests = await people();
    expect(guests.map(({ recipientType }) => recipientType)).toEqual(contacts.map(() => 'GuestMailUser'));
    for (const old of contacts)
      expect(guests.find((guest) => stampOf(guest) === stampOf(old))).toMatchObject({ mail: old.mail, hidden: false });
    expect((await sync()).routes[0]).toMatchObject({ updated: 0, created: 0, failed: 0, unchanged: contacts.length });
  });

  it('becomes contacts again after approval: an account goes, so it counts as a removal; replies still find them', async () => {
    await push('contact');
    const done = await approved(await sync());
    expect(done.routes[0]).toMatchObject({ state: 'completed', updated: contacts.length, failed: 0 });
    const now = await people();
    expect(now.map(({ recipientType }) => recipientType)).toEqual(contacts.map(() => 'MailContact'));
    for (const old of contacts)
      expect(now.find((object) => stampOf(object) === stampOf(old))!.proxyAddresses).toEqual(
        expect.arrayContaining([...old.proxyAddresses, `X500:${old.legacyExchangeDN}`]),
      );
    expect((await sync()).routes[0]).toMatchObject({ updated: 0, created: 0, failed: 0, unchanged: contacts.length });
  });

  it('becomes guests, and the job is undone: after approval the contacts are there with all they had', async () => {
    const before = await people();
    await push('guest');
    const wrong = await sync();
    expect(wrong.routes[0]).toMatchObject({ updated: contacts.length, failed: 0 });
    const { status, body } = await world.api.send('POST', `jobs/${wrong.id}/undo`, { reason: 'wrong push type' });
    expect(status).toBe(202);
    const undone = await approved(await world.until((body as Job).id, ({ finishedAt }) => finishedAt !== null, 120));
    expect(undone.routes[0]).toMatchObject({ state: 'completed', updated: contacts.length, failed: 0 });
    const now = await people();
    expect(now).toHaveLength(before.length);
    for (const old of before) {
      const mine = now.find((object) => stampOf(object) === stampOf(old))!;
      expect(mine).toMatchObject({ recipientType: 'MailContact', displayName: old.displayName, mail: old.mail, hidden: old.hidden });
      expect(mine.proxyAddresses).toEqual(expect.arrayContaining([...old.proxyAddresses, `X500:${old.legacyExchangeDN}`]));
    }
    await push('contact');
    expect((await sync()).routes[0]).toMatchObject({ updated: 0, created: 0, failed: 0, unchanged: contacts.length });
  });
});
