import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketFaults, startWorld, type World } from './harness.ts';

/** Directories that lie: whatever they say, nobody is removed, nothing is made twice, and the job says why. */
describe('directories that lie', () => {
  let world: World;
  let objects: { microsoft: number; google: number };
  const count = async (): Promise<{ microsoft: number; google: number }> => ({
    microsoft: (await world.ask<unknown[]>('microsoft', 'objects')).length,
    google: (await world.ask<unknown[]>('google', 'objects')).length,
  });
  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 60, fabrikam: 50 } });
    expect((await world.run('sync')).state).toBe('completed');
    objects = await count();
  });
  beforeEach(async () => {
    await world.control('microsoft', { faults: {} });
    await world.control('google', { faults: {} });
  });
  afterAll(() => world.stop());

  const cases: readonly [string, 'microsoft' | 'google', object, RegExp][] = [
    ['truncated JSON from Google', 'google', { lie: 'truncatedJson', lieAbout: 'users' }, /badAnswer/],
    ['HTML with 200 from Google', 'google', { lie: 'html', lieAbout: 'users' }, /badAnswer/],
    ['R05 paging that never advances, Google', 'google', { lie: 'stuckPaging', pageSize: 10 }, /pagingStuck/],
    ['truncated JSON from Graph', 'microsoft', { lie: 'truncatedJson', lieAbout: 'users' }, /badAnswer/],
    ['HTML with 200 from Exchange', 'microsoft', { lie: 'html', lieAbout: 'Get-Recipient' }, /badAnswer/],
    ['rights on Exchange taken away', 'microsoft', { forbidden: ['exchange'] }, /permission|incompleteRead/],
    ['rights on users taken away', 'microsoft', { forbidden: ['users'] }, /permission/],
    ['scope of the contacts feed taken away', 'google', { forbidden: ['contacts'] }, /permission/],
  ];
  it.each(cases)('%s: the routes fail with the cause, nothing is removed', async (_name, side, faults, cause) => {
    await world.control(side, { faults });
    const job = await world.run('sync');
    expect(job.state).toBe('failed');
    expect(job.routes.every((route) => route.state === 'failed' && cause.test(route.cause ?? ''))).toBe(true);
    expect(await count()).toEqual(objects);
  });

  it('people whom Google’s list leaves out although they are there stay; who is deleted goes in the same job', async () => {
    const users = (await world.ask<{ id: string; type: string }[]>('google', 'objects')).filter((one) => one.type === 'user');
    const unlisted = users.slice(3, 6).map(({ id }) => id);
    await world.control('google', { faults: { unlisted } });
    const job = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect([job.state, job.routes[0]!.leavers.orphaned]).toEqual(['completed', 0]);
    expect(job.routes[0]!.warnings.join()).toMatch(/3 object\(s\) were missing from the last read of "fabrikam"/);
    expect(bucketFaults(job)).toEqual([]);
    expect(await count()).toEqual(objects);
    await world.control('google', { faults: {} });
    expect((await world.run('sync', { routes: ['fabrikam-to-contoso'] })).routes[0]!.warnings).toEqual([]);
  });

  it('a full read of Google that comes empty is held, run after run', async () => {
    await world.control('google', { faults: { lie: 'emptyPage', lieAbout: 'users' } });
    for (let run = 0; run < 2; run += 1) {
      const job = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
      expect(job.state).toBe('held');
      expect(job.routes[0]!.heldBecause.map((trip) => trip.breaker)).toContain('sourceShrinkPercent');
      expect(bucketFaults(job)).toEqual([]);
    }
    expect(await count()).toEqual(objects);
  });

  it('R03 a read that shrinks and stays small is measured against the last accepted one', async () => {
    await world.control('google', { faults: { shrinkTo: 10 } });
    for (let run = 0; run < 2; run += 1) {
      const job = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
      expect(job.state).toBe('held');
      expect(job.routes[0]!.heldBecause.find((trip) => trip.kind === 'user')).toMatchObject({ before: 51, after: 10 });
    }
    expect(await count()).toEqual(objects);
  });

  it('replays change nothing, and people whom they would hide are noticed', async () => {
    const full = async (faults: object): Promise<void> => {
      for (const id of ['contoso', 'fabrikam']) await world.api.send('DELETE', `connectors/${id}/cache`, null);
      await world.control('microsoft', { faults: { ...faults, pageSize: 20 } });
    };
    await full({ replays: 30 });
    const replayed = await world.run('sync');
    expect(replayed.state).toBe('completed');
    expect(replayed.routes.map((route) => [route.created, route.updated, route.leavers.orphaned])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    await full({ replays: 30, shrinkTo: 40 });
    const short = await world.run('sync', { routes: ['contoso-to-fabrikam'] });
    expect(short.state).toBe('failed');
    expect(short.routes[0]!.cause).toMatch(/incompleteRead/);
    expect(await count()).toEqual(objects);
  });

  it('a delta that comes in every hard way at once, from the start and for what changed, changes nothing', async () => {
    const people = (await world.ask<{ id: string; type: string; userType?: string }[]>('microsoft', 'objects')).filter(
      (one) => one.type === 'user' && one.userType === 'Member',
    );
    const delta = { replayEvery: 2, outOfOrder: 8, emptyPages: true, tombstones: true, withoutNulls: true, ends: 410 };
    for (const cleared of [true, false]) {
      if (cleared) expect((await world.api.send('DELETE', 'connectors/contoso/cache', null)).status).toBe(204);
      // Said again as it is: a change of nothing.
      else await world.control('microsoft', { put: people.slice(0, 30) });
      await world.control('microsoft', { faults: { delta: { ...delta }, pageSize: 15 } });
      for (const side of ['microsoft', 'google'] as const) await world.control(side, { clearLog: true });
      const job = await world.run('sync');
      expect([job.state, bucketFaults(job)]).toEqual(['completed', []]);
      for (const side of ['microsoft', 'google'] as const)
        expect((await world.ask<{ wrote: boolean; what: string }[]>(side, 'log')).filter((one) => one.wrote)).toEqual([]);
      expect(await count()).toEqual(objects);
    }
  });

  it('a target whose read shrinks: linked objects are asked for by id, none is made twice', async () => {
    await world.control('google', { faults: { shrinkContactsTo: 5 } });
    const job = await world.run('sync', { routes: ['contoso-to-fabrikam'] });
    expect(bucketFaults(job)).toEqual([]);
    expect(job.routes[0]!.created).toBe(0);
    await world.control('microsoft', { faults: { shrinkContactsTo: 5 } });
    const other = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect(other.routes[0]!.created).toBe(0);
    expect(await count()).toEqual(objects);
  });

  it('410 in the middle: the read begins again in full', async () => {
    await world.control('microsoft', { faults: { lie: 'gone410' } });
    const job = await world.run('sync', { routes: ['contoso-to-fabrikam'] });
    expect(job.state).toBe('completed');
    expect(job.connectors.find((connector) => connector.id === 'contoso')!.mode).toBe('full');
    expect(await count()).toEqual(objects);
  });

  it('R53 objects that come as bare ids fail the pull as a missing permission', async () => {
    await fetch(`${world.api.url}/api/connectors/contoso/cache`, { method: 'DELETE' });
    await world.control('microsoft', { faults: { lie: 'idOnly' } });
    const job = await world.run('sync', { routes: ['contoso-to-fabrikam'] });
    expect(job.routes[0]).toMatchObject({ state: 'failed' });
    expect(job.routes[0]!.cause).toContain('User.Read.All');
    await world.control('microsoft', { faults: {} });
    const after = await world.run('sync');
    expect(after.routes.map((route) => [route.created, route.updated, route.leavers.orphaned])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('a create whose answer was lost is found again, not made twice', async () => {
    for (const n of [1, 2]) {
      await world.control('google', {
        put: [
          {
            id: `90000000000000000000${n}`,
            type: 'user',
            data: {
              id: `90000000000000000000${n}`,
              primaryEmail: `late${n}@fabrikam.example`,
              name: { givenName: 'Late', familyName: `Comer ${n}`, fullName: `Late Comer ${n}` },
            },
          },
        ],
      });
      await world.control('microsoft', {
        put: [
          {
            id: `late-${n}`,
            type: 'user',
            guid: `late-guid-${n}`,
            displayName: `Late Person ${n}`,
            mail: `late${n}@contoso.example`,
            proxyAddresses: [`SMTP:late${n}@contoso.example`],
            alias: `late${n}`,
            name: `late${n}`,
            recipientType: 'UserMailbox',
            hidden: false,
            createdAt: '2026-01-01T00:00:00Z',
            userPrincipalName: `late${n}@contoso.example`,
            userType: 'Member',
            accountEnabled: true,
            properties: {},
            custom: {},
          },
        ],
      });
    }
    await world.control('google', { faults: { loseAnswer: { match: 'full POST', times: 1 } } });
    await world.control('microsoft', { faults: { loseAnswer: { match: 'New-MailContact', times: 1 } } });
    const job = await world.run('sync');
    expect(bucketFaults(job)).toEqual([]);
    const again = await world.run('sync');
    expect(again.routes.map((route) => route.failed)).toEqual([0, 0]);
    const contacts = await world.ask<{ type: string; xml: string }[]>('google', 'objects');
    for (const n of [1, 2]) expect(contacts.filter((one) => one.xml?.includes(`late${n}@contoso.example`))).toHaveLength(1);
    const tenant = await world.ask<{ type: string; proxyAddresses: string[] }[]>('microsoft', 'objects');
    for (const n of [1, 2])
      expect(tenant.filter((one) => one.type === 'contact' && one.proxyAddresses.includes(`SMTP:late${n}@fabrikam.example`))).toHaveLength(
        1,
      );
  });
});
