import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMicrosoft365, type Tenant } from '../../sandbox/directories/microsoft365/microsoft365.ts';
import type { TenantObject } from '../../sandbox/directories/microsoft365/model.ts';
import type { DirectoryServer } from '../../sandbox/directories/server.ts';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

type PushType = 'contact' | 'mailUser' | 'guest' | 'mailboxContact';
interface Item {
  readonly type: 'folder' | 'contact';
  readonly properties: { readonly displayName?: string; readonly emailAddresses?: readonly { readonly address: string }[] };
  readonly extended: Record<string, string>;
}
/** What somebody's object looks like at the other side. */
interface Seen {
  readonly name: string | undefined;
  readonly addresses: readonly string[];
  readonly hidden: boolean;
}

const PEOPLE = 8;
const address = (tenant: string, n: number | string): string => `p${n}@${tenant}.example`;

/** A small tenant: people with a mailbox each, nothing else. */
function tenantOf(name: string): Tenant {
  const objects = Array.from({ length: PEOPLE }, (_, n): TenantObject => {
    const digits = String(n).padStart(12, '0');
    const head = name === 'north' ? '11111111' : '22222222';
    return {
      id: `${head}-0000-4000-8000-${digits}`,
      guid: `${head}-0000-4000-9000-${digits}`,
      type: 'user',
      displayName: `Person ${n} of ${name}`,
      mail: address(name, n),
      proxyAddresses: [`SMTP:${address(name, n)}`],
      userPrincipalName: address(name, n),
      alias: `p${n}`,
      name: `p${n}`,
      recipientType: 'UserMailbox',
      userType: 'Member',
      accountEnabled: true,
      hidden: false,
      createdAt: '2021-03-01T08:00:00Z',
      legacyExchangeDN: `/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=${digits}-${name}`,
      properties: { givenName: 'Person', surname: String(n) },
      custom: {},
    };
  });
  const roles = { graph: ['User.Read.All', 'GroupMember.Read.All', 'Organization.Read.All'], exchange: ['Exchange.ManageAsApp'] };
  const domains = [`${name}.example`, `${name}.onmicrosoft.com`];
  return { tenant: `${name}.onmicrosoft.com`, clientId: `${name}-app`, clientSecret: `${name}-secret`, roles, domains, objects };
}

const LOOSE = { removals: { count: 500, percent: 100, max: 500 }, sourceShrinkPercent: 100, addressChangesPercent: 100 };

describe.each([
  { there: 'contact', back: 'guest' },
  { there: 'mailUser', back: 'mailboxContact' },
] as const)('two tenants, $there there and $back back', ({ there, back }) => {
  const servers = new Map<string, DirectoryServer>();
  let world: World;
  const sides: readonly { readonly from: string; readonly to: string; readonly as: PushType }[] = [
    { from: 'north', to: 'south', as: there },
    { from: 'south', to: 'north', as: back },
  ];

  const control = async (tenant: string, command: object): Promise<unknown> => {
    const url = `http://127.0.0.1:${servers.get(tenant)!.port}/control`;
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(command) });
    expect(response.status).toBe(200);
    return response.json();
  };
  const show = async <T>(tenant: string, what: string): Promise<T> =>
    (await (await fetch(`http://127.0.0.1:${servers.get(tenant)!.port}/control/${what}`)).json()) as T;
  const objects = (tenant: string): Promise<readonly TenantObject[]> => show(tenant, 'objects');
  const writes = async (): Promise<number> => {
    const counts = await Promise.all(['north', 'south'].map((one) => show<{ writes: number }>(one, 'stats')));
    return counts.reduce((sum, one) => sum + one.writes, 0);
  };
  const person = async (tenant: string, n: number): Promise<TenantObject> =>
    (await objects(tenant)).find(({ userPrincipalName }) => userPrincipalName === address(tenant, n))!;
  const sync = async (): Promise<Job> => {
    const job = await world.run('sync');
    const failed = await world.api.get<{ items: { address: string; cause: string }[] }>(`jobs/${job.id}/changes?result=failed`);
    expect(failed.items.map(({ address, cause }) => [address, cause])).toEqual([]);
    expect(job.routes.map((route) => [route.state, route.cause])).toEqual(sides.map(() => ['completed', null]));
    expect(bucketFaults(job)).toEqual([]);
    return job;
  };
  /** Everybody's object at the other side, by the id of the person. */
  const seen = async ({ from, to, as }: (typeof sides)[number]): Promise<ReadonlyMap<string, Seen>> => {
    const stamp = `galsync:${from}-to-${to}:`;
    if (as === 'mailboxContact') {
      const items = (await control(to, { show: 'mailboxes' })) as readonly Item[];
      return new Map(
        items.flatMap(({ type, properties, extended }) => {
          const mark = Object.entries(extended).find(([id]) => id.endsWith('Name GalsyncStamp'))?.[1] ?? '';
          if (type !== 'contact' || !mark.startsWith(stamp)) return [];
          const addresses = (properties.emailAddresses ?? []).map((one) => one.address);
          return [[mark.slice(stamp.length), { name: properties.displayName, addresses, hidden: false }] as const];
        }),
      );
    }
    const ours = (await objects(to)).filter(({ custom }) => custom['CustomAttribute15']?.startsWith(stamp));
    return new Map(
      ours.map((one) => [
        one.custom['CustomAttribute15']!.slice(stamp.length),
        {
          name: one.displayName,
          addresses: one.proxyAddresses.flatMap((text) => (/^smtp:/i.test(text) ? [text.slice(5)] : [])),
          hidden: one.hidden,
        },
      ]),
    );
  };

  beforeAll(async () => {
    for (const name of ['north', 'south']) servers.set(name, await startMicrosoft365(tenantOf(name), {}));
    world = await startWorld({
      people: { contoso: 1, fabrikam: 1 },
      settings: () => ({ NORTH_SECRET: 'north-secret', SOUTH_SECRET: 'south-secret' }),
      configure(document) {
        document.connectors = ['north', 'south'].map((id) => ({
          id,
          kind: 'microsoft365',
          tenant: `${id}.onmicrosoft.com`,
          credential: { kind: 'clientSecret', clientId: `${id}-app`, secret: `${id.toUpperCase()}_SECRET` },
          endpoints: Object.fromEntries(['login', 'graph', 'exchange'].map((part) => [part, `${servers.get(id)!.url}/${part}`])),
        }));
        document.routes = sides.map(({ from, to, as }) => ({
          id: `${from}-to-${to}`,
          from,
          to,
          push: { as, ...(as === 'mailboxContact' ? { mailboxes: { of: [address(to, 0)] } } : {}) },
          leavers: { gone: { policy: 'delete' } },
          breakers: LOOSE,
        }));
      },
    });
  });
  afterAll(async () => {
    await world?.stop();
    for (const server of servers.values()) await server.stop();
  });

  it('everybody is there within one job, and nobody of them comes back home; a second run writes nothing', async () => {
    const first = await sync();
    expect(first.routes.map((route) => route.created)).toEqual([PEOPLE, PEOPLE]);
    for (const side of sides)
      for (let n = 0; n < PEOPLE; n += 1) {
        const { id } = await person(side.from, n);
        const one = (await seen(side)).get(id)!;
        expect([one.name, one.hidden], `${side.as} ${n}`).toEqual([`Person ${n} of ${side.from}`, false]);
        expect(one.addresses[0]).toBe(address(side.from, n));
      }
    // Exchange alone knows it, and replies to old mail go to it.
    const own = (await objects('north')).flatMap(({ legacyExchangeDN, userType }) =>
      userType === 'Member' ? [`X500:${legacyExchangeDN}`] : [],
    );
    const held = (await objects('south')).flatMap(({ proxyAddresses }) => proxyAddresses.filter((text) => text.startsWith('X500:')));
    expect(own.length).toBe(PEOPLE);
    expect(held).toEqual(expect.arrayContaining(own));
    const before = await writes();
    expect((await sync()).routes.map((route) => [route.created, route.updated, route.unchanged])).toEqual(sides.map(() => [0, 0, PEOPLE]));
    expect(await writes()).toBe(before);
  });

  it('a rename, another address, a swap of addresses, a leaver and an object that somebody hid: one job each way', async () => {
    for (const { from, to, as } of sides) {
      const all = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => person(from, n)));
      const mail = (n: number, to: string): object => ({ id: all[n]!.id, mail: to, proxyAddresses: [`SMTP:${to}`] });
      await control(from, {
        put: [
          { id: all[0]!.id, displayName: `Renamed of ${from}` },
          mail(1, address(from, 'new')),
          mail(2, address(from, 3)),
          mail(3, address(from, 2)),
        ],
        remove: [all[4]!.id],
      });
      const hidden = (await objects(to)).find(({ custom }) => custom['CustomAttribute15'] === `galsync:${from}-to-${to}:${all[5]!.id}`);
      if (as !== 'mailboxContact') await control(to, { put: [{ id: hidden!.id, hidden: true }] });
    }
    const ids = await Promise.all(sides.map(({ from }) => Promise.all([0, 1, 2, 3, 5].map((n) => person(from, n)))));
    const job = await sync();
    for (const [k, side] of sides.entries()) {
      const route = job.routes.find(({ id }) => id === `${side.from}-to-${side.to}`)!;
      const now = await seen(side);
      const of = (n: number): Seen | undefined => now.get(ids[k]![n]!.id);
      expect([of(0)!.name, of(1)!.addresses[0], of(4)!.hidden], side.as).toEqual([
        `Renamed of ${side.from}`,
        address(side.from, 'new'),
        false,
      ]);
      expect(of(2)!.addresses[0], side.as).toBe(address(side.from, 3));
      if (side.as === 'guest') {
        // A guest's old address stays its second one: who takes it over has no room, and is told so.
        expect([route.leavers.deleted, route.skippedBecause.claimed, of(3)]).toEqual([2, 1, undefined]);
        expect(of(2)!.addresses).toEqual([address(side.from, 3), address(side.from, 2)]);
      } else {
        expect([route.leavers.deleted, route.skippedBecause.claimed, of(3)!.addresses[0]], side.as).toEqual([
          1,
          undefined,
          address(side.from, 2),
        ]);
      }
    }
    const before = await writes();
    expect((await sync()).routes.map((route) => [route.created, route.updated])).toEqual(sides.map(() => [0, 0]));
    expect(await writes()).toBe(before);
  });

  it('who left comes back, as the same person, and all is quiet', async () => {
    for (const { from } of sides) {
      const gone = tenantOf(from).objects[4]!;
      await control(from, { put: [gone] });
    }
    expect((await sync()).routes.map((route) => [route.created, route.failed])).toEqual(sides.map(() => [1, 0]));
    for (const side of sides) {
      const one = (await seen(side)).get(tenantOf(side.from).objects[4]!.id)!;
      expect([one.addresses[0], one.hidden], side.as).toEqual([address(side.from, 4), false]);
    }
    const before = await writes();
    expect((await sync()).routes.map((route) => [route.created, route.updated])).toEqual(sides.map(() => [0, 0]));
    expect(await writes()).toBe(before);
  });

  it('deliverTo: mail goes to the address of that domain where the target has a place for it; elsewhere it is a listed loss', async () => {
    const deliver = async (on: boolean): Promise<void> => {
      const document = await world.api.get<{ routes: { from: string; push: Record<string, unknown> }[] }>('configuration');
      for (const { from, push } of document.routes) push['addresses'] = { deliverTo: on ? [`mail.${from}.example`] : [] };
      expect((await world.api.send('PUT', 'configuration', document)).status).toBe(200);
    };
    const mailOf = (from: string, n: number): string => `p${n}@mail.${from}.example`;
    const give = async (from: string, n: number, ...more: readonly string[]): Promise<void> => {
      const { id, mail } = (await person(from, n))!;
      await control(from, { put: [{ id, proxyAddresses: [`SMTP:${mail}`, ...more.map((one) => `smtp:${one}`)] }] });
    };
    /** The shown address of somebody's object, and where its mail goes. */
    const delivery = async (n: number): Promise<readonly (string | null | undefined)[]> => {
      const id = (await person('north', n)).id;
      const one = (await objects('south')).find(({ custom }) => custom['CustomAttribute15'] === `galsync:north-to-south:${id}`)!;
      expect(one.proxyAddresses.filter((text) => text.startsWith('SMTP:'))).toEqual([`SMTP:${one.mail}`]);
      return [one.mail, one.externalEmailAddress];
    };
    await deliver(true);
    for (const { from } of sides) await give(from, 0, mailOf(from, 0));
    // Somebody of the target has it already.
    const theirs = { ...(await person('south', 7)), id: 'theirs', guid: 'theirs', alias: 'theirs', name: 'theirs' };
    const address7 = mailOf('north', 7);
    const proxies = { proxyAddresses: [`SMTP:${address7}`], mail: address7, userPrincipalName: address7 };
    await control('south', { put: [{ ...theirs, ...proxies, hidden: true }] });
    await give('north', 7, mailOf('north', 7));
    const job = await sync();
    const [out, home] = sides.map(({ from, to }) => job.routes.find(({ id }) => id === `${from}-to-${to}`)!);
    expect(await delivery(0)).toEqual([address('north', 0), mailOf('north', 0)]);
    expect([out!.skippedBecause['collision'], out!.losses['deliverTo']]).toEqual([1, undefined]);
    expect(await delivery(7)).toEqual([address('north', 7), address('north', 7)]);
    expect(home!.losses['deliverTo'], back).toBe(1);
    const before = await writes();
    expect((await sync()).routes.map((route) => [route.created, route.updated])).toEqual(sides.map(() => [0, 0]));
    expect(await writes()).toBe(before);
    // Another one; then none.
    await give('north', 0, mailOf('north', 100));
    await sync();
    expect(await delivery(0)).toEqual([address('north', 0), mailOf('north', 100)]);
    await give('north', 7);
    await deliver(false);
    await sync();
    expect(await delivery(0)).toEqual([address('north', 0), address('north', 0)]);
    const last = await writes();
    expect((await sync()).routes.map((route) => [route.created, route.updated])).toEqual(sides.map(() => [0, 0]));
    expect(await writes()).toBe(last);
  });
});
