import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMicrosoft365 } from '../../sandbox/directories/microsoft365/microsoft365.ts';
import type { DirectoryServer } from '../../sandbox/directories/server.ts';
import { CONTOSO, createContoso } from '../../sandbox/organisations/contoso.ts';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface TenantObject {
  readonly id: string;
  readonly type: string;
  readonly guid: string;
  readonly displayName: string;
  readonly mail: string | null;
  readonly recipientType: string | null;
  readonly manager?: string;
  readonly custom: Readonly<Record<string, string>>;
}

const TARGETS = ['guest', 'contact', 'mailUser'] as const;
const tenantOf = (as: string): string => `${as.toLowerCase()}s.onmicrosoft.com`;

/** A tenant of its own for each push type, with one person who has nothing to do with Contoso. */
function startTarget(as: string): Promise<DirectoryServer> {
  const contoso = createContoso(2);
  const domain = `${as.toLowerCase()}s.example`;
  const native = contoso.objects[0]!;
  const own = {
    displayName: 'Native',
    mail: `native@${domain}`,
    proxyAddresses: [`SMTP:native@${domain}`],
    userPrincipalName: `native@${domain}`,
  };
  return startMicrosoft365({ ...contoso, tenant: tenantOf(as), domains: [domain, tenantOf(as)], objects: [{ ...native, ...own }] }, {});
}

/** People of Contoso have managers; each of three other tenants gets them as objects of another kind. */
describe('managers from Microsoft 365 to Microsoft 365', () => {
  let world: World;
  const servers = new Map<string, DirectoryServer>();
  beforeAll(async () => {
    for (const as of TARGETS) servers.set(as, await startTarget(as));
    world = await startWorld({
      people: { contoso: 30, fabrikam: 4 },
      configure(document) {
        document.connectors.find(({ id }) => id === 'contoso')!['pull'] = { contacts: true };
        for (const [as, { url }] of servers) {
          document.connectors.push({
            id: as.toLowerCase(),
            kind: 'microsoft365',
            tenant: tenantOf(as),
            credential: { kind: 'clientSecret', clientId: CONTOSO.clientId, secret: 'CONTOSO_SECRET' },
            endpoints: { login: `${url}/login`, graph: `${url}/graph`, exchange: `${url}/exchange` },
          });
          const leavers = { gone: { policy: 'delete' } };
          document.routes.push({
            id: `to-${as.toLowerCase()}`,
            from: 'contoso',
            to: as.toLowerCase(),
            push: { as },
            leavers,
            breakers: LOOSE,
          });
        }
      },
    });
  });
  afterAll(async () => {
    await world.stop();
    for (const server of servers.values()) await server.stop();
  });

  const source = (): Promise<TenantObject[]> => world.ask<TenantObject[]>('microsoft', 'objects');
  const edit = (...put: object[]): Promise<unknown> => world.control('microsoft', { put });

  describe.each(TARGETS)('as %s', (as) => {
    const route = `to-${as.toLowerCase()}`;
    const at = async <T>(path: string): Promise<T> =>
      (await (await fetch(`http://127.0.0.1:${servers.get(as)!.port}/control/${path}`)).json()) as T;
    const writes = async (): Promise<number> => (await at<{ writes: number }>('stats')).writes;
    const written = async (): Promise<readonly string[]> =>
      (await at<{ method: string; what: string; wrote: boolean }[]>('log')).flatMap((one) =>
        one.wrote ? [`${one.method} ${one.what}`] : [],
      );
    const sourceId = (object: TenantObject | undefined): string | undefined => object?.custom['CustomAttribute15']?.split(':')[2];
    const sync = async (): Promise<Job['routes'][number]> => {
      const job = await world.run('sync', { routes: [route] });
      expect(bucketFaults(job)).toEqual([]);
      expect(job.routes[0]).toMatchObject({ failed: 0 });
      return job.routes[0]!;
    };
    /** Person → manager in the target, both by the id that they have in Contoso (a native one by name). */
    const managers = async (): Promise<ReadonlyMap<string, string | undefined>> => {
      const objects = await at<TenantObject[]>('objects');
      const byId = new Map(objects.map((one) => [one.id, one]));
      const nameOf = (one: TenantObject | undefined): string | undefined => sourceId(one) ?? one?.displayName;
      return new Map(objects.flatMap((one) => (sourceId(one) ? [[sourceId(one)!, nameOf(byId.get(one.manager ?? ''))]] : [])));
    };
    /** What the target should show: the manager of whoever is there, if the manager is there, too. */
    const expected = async (): Promise<ReadonlyMap<string, string | undefined>> => {
      const there = await managers();
      const people = new Map((await source()).map((one) => [one.type === 'contact' ? one.guid : one.id, one]));
      const idOf = (id: string | undefined): string | undefined => [...people].find(([, one]) => one.id === id)?.[0];
      return new Map(
        [...there.keys()].map((id) => [id, there.has(idOf(people.get(id)?.manager) ?? '') ? idOf(people.get(id)?.manager) : undefined]),
      );
    };
    /** Somebody in the target with a manager there, who manages nobody: as Contoso has them. */
    const someone = async (): Promise<{ readonly person: TenantObject; readonly others: readonly TenantObject[] }> => {
      const there = await managers();
      const people = (await source()).filter((one) => one.type === 'user' && there.has(one.id));
      const person = people.findLast((one) => there.get(one.id) && !people.some((other) => other.manager === one.id))!;
      return { person, others: people.filter((one) => one.id !== person.id && one.id !== person.manager) };
    };

    it('are set by the job that makes both; the second run writes nothing', async () => {
      const first = await sync();
      const found = await managers();
      expect(first.created).toBe(found.size);
      expect([...found.values()].filter(Boolean).length).toBeGreaterThan(10);
      expect([...found].sort()).toEqual([...(await expected())].sort());
      const before = await writes();
      expect(await sync()).toMatchObject({ created: 0, updated: 0, unchanged: first.unchanged + first.created });
      expect(await writes()).toBe(before);
    });

    it('follow a new manager by one write, and a manager’s other address by none', async () => {
      const { person, others } = await someone();
      await edit({ id: person.id, manager: others[0]!.id });
      const before = await written();
      expect(await sync()).toMatchObject({ updated: 1 });
      expect((await managers()).get(person.id)).toBe(others[0]!.id);
      const call = { guest: /^PUT .*\/manager\/\$ref$/, contact: /Set-Contact$/, mailUser: /Set-User$/ }[as];
      expect((await written()).slice(before.length)).toEqual([expect.stringMatching(call)]);
      const address = `moved.${as.toLowerCase()}@contoso.example`;
      await edit({ id: others[0]!.id, mail: address, proxyAddresses: [`SMTP:${address}`] });
      expect(await sync()).toMatchObject({ updated: 1 });
      expect((await managers()).get(person.id)).toBe(others[0]!.id);
    });

    it('are contacts, too, and are set again where somebody took them away', async () => {
      const { person } = await someone();
      const press = (await source()).find((one) => one.displayName === 'Press Agency')!;
      await edit({ id: person.id, manager: press.id });
      expect(await sync()).toMatchObject({ updated: 1 });
      expect((await managers()).get(person.id)).toBe(press.guid);
      const object = (await at<TenantObject[]>('objects')).find((one) => sourceId(one) === person.id)!;
      const control = { method: 'POST', body: JSON.stringify({ put: [{ id: object.id, manager: null }] }) };
      await fetch(`http://127.0.0.1:${servers.get(as)!.port}/control`, control);
      expect(await sync()).toMatchObject({ updated: 1 });
      expect((await managers()).get(person.id)).toBe(press.guid);
      const before = await writes();
      expect(await sync()).toMatchObject({ updated: 0 });
      expect(await writes()).toBe(before);
    });

    it('who leave are cleared, and so are those whom nobody manages any more', async () => {
      const { person, others } = await someone();
      await edit({ id: person.id, manager: others.at(-1)!.id });
      await sync();
      expect((await managers()).get(person.id)).toBe(others.at(-1)!.id);
      await world.control('microsoft', { remove: [others.at(-1)!.id] });
      expect(await sync()).toMatchObject({ leavers: { deleted: 1 } });
      expect((await managers()).get(person.id)).toBeUndefined();
      const next = await someone();
      await edit({ id: next.person.id, manager: null });
      expect(await sync()).toMatchObject({ updated: 1 });
      expect((await managers()).get(next.person.id)).toBeUndefined();
      expect([...(await managers())].sort()).toEqual([...(await expected())].sort());
      const before = await writes();
      await sync();
      expect(await writes()).toBe(before);
    });

    it('stay with their people when all of these become objects of another kind', async () => {
      if (as !== 'contact') return;
      const document = (await (await fetch(`${world.api.url}/api/configuration`)).json()) as { routes: { id: string; push: object }[] };
      const routes = document.routes.map((one) => (one.id === route ? { ...one, push: { ...one.push, as: 'guest' } } : one));
      expect((await world.api.send('PUT', 'configuration', { ...document, routes })).status).toBe(200);
      const before = await managers();
      expect([...before.values()].filter(Boolean).length).toBeGreaterThan(10);
      expect((await sync()).updated).toBeGreaterThan(10);
      await sync();
      expect([...(await managers())].sort()).toEqual([...before].sort());
      const writesBefore = await writes();
      expect(await sync()).toMatchObject({ updated: 0 });
      expect(await writes()).toBe(writesBefore);
    });
  });

  it('from Google Workspace are addresses, and become references', async () => {
    const people = (await world.ask<{ id: string; type: string; data: Record<string, unknown> }[]>('google', 'objects')).filter(
      ({ type, data }) => type === 'user' && data['suspended'] === false,
    );
    const [person, boss] = people;
    const relations = [{ type: 'manager', value: String(boss!.data['primaryEmail']) }];
    await world.control('google', { put: [{ id: person!.id, data: { ...person!.data, relations } }] });
    const job = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect(job.routes[0]).toMatchObject({ failed: 0 });
    const objects = await source();
    const of = (id: string): TenantObject =>
      objects.find((one) => one.custom['CustomAttribute15'] === `galsync:fabrikam-to-contoso:${id}`)!;
    expect(of(person!.id).manager).toBe(of(boss!.id).id);
    const again = await world.run('sync', { routes: ['fabrikam-to-contoso'] });
    expect(again.routes[0]).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });
});

/** Nothing here is about breakers. */
const LOOSE = { removals: { count: 50, percent: 100, max: 500 }, addressChangesPercent: 100, clearedPercent: 100, sourceShrinkPercent: 90 };
