import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveConfiguration } from '../../sandbox/configurationFile.ts';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Simulated {
  readonly id: string;
  readonly type: string;
  readonly displayName: string;
  readonly proxyAddresses: readonly string[];
  readonly properties: Record<string, unknown>;
  readonly custom: Record<string, string>;
  readonly hidden: boolean;
  readonly xml: string;
  readonly data: Record<string, unknown>;
}
interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
}
const OUT = 'contoso-to-fabrikam';
const BACK = 'fabrikam-to-contoso';

/** A person's way through both directories: renamed, gone, back. One object all along, and as many writes as there are changes. */
describe('Microsoft 365 and Google, there and back', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 40, fabrikam: 40 } });
    expect((await world.run('sync')).state).toBe('completed');
  });
  beforeEach(async () => {
    for (const side of ['microsoft', 'google'] as const) await world.control(side, { clearLog: true });
  });
  afterAll(() => world.stop());

  const objects = (side: 'microsoft' | 'google'): Promise<readonly Simulated[]> => world.ask(side, 'objects');
  const writes = async (side: 'microsoft' | 'google'): Promise<number> => (await world.ask<{ writes: number }>(side, 'stats')).writes;
  const sync = async (route: string): Promise<Job['routes'][number]> => {
    const job = await world.run('sync', { routes: [route] });
    expect([job.state, bucketFaults(job)]).toEqual(['completed', []]);
    return job.routes[0]!;
  };
  const configure = async (change: (document: Document) => void): Promise<void> => {
    const document = structuredClone(world.samples.document) as Document;
    change(document);
    expect(await saveConfiguration(world.api, document)).toEqual([]);
  };
  const shared = async (person: string): Promise<readonly Simulated[]> =>
    (await objects('google')).filter((one) => one.type === 'contact' && one.xml.includes(`galsync:${OUT}:${person}"`));
  const contacts = async (person: string): Promise<readonly Simulated[]> =>
    (await objects('microsoft')).filter((one) => one.custom?.['CustomAttribute15'] === `galsync:${BACK}:${person}`);
  const employees = async (): Promise<readonly Simulated[]> => {
    const ours = new Set((await objects('google')).flatMap((one) => /galsync:contoso-to-fabrikam:([^"]+)"/.exec(one.xml ?? '')?.[1] ?? []));
    return (await objects('microsoft')).filter((one) => one.type === 'user' && ours.has(one.id));
  };
  const colleagues = async (): Promise<readonly Simulated[]> => {
    const stamps = new Set((await objects('microsoft')).map((one) => one.custom?.['CustomAttribute15']));
    return (await objects('google')).filter((one) => one.type === 'user' && stamps.has(`galsync:${BACK}:${one.id}`));
  };

  describe('from Microsoft 365 into Google', () => {
    it('a new name and a new primary address: the same contact, one write, the old address further down', async () => {
      const person = (await employees())[5]!;
      const [before] = await shared(person.id);
      const old = person.proxyAddresses[0]!.slice(5);
      const proxyAddresses = ['SMTP:zoë.new@contoso.example'.replace('ë', 'e'), `smtp:${old}`];
      await world.control('microsoft', {
        put: [{ id: person.id, displayName: 'Zoë Ünal-山田 👩‍💻', mail: 'zoe.new@contoso.example', proxyAddresses }],
      });
      expect(await sync(OUT)).toMatchObject({ updated: 1, created: 0, leavers: { orphaned: 0 } });
      const after = await shared(person.id);
      expect(after.map((one) => one.id)).toEqual([before!.id]);
      expect(after[0]!.xml).toContain('Zoë Ünal-山田 👩‍💻');
      const emails = [...after[0]!.xml.matchAll(/<gd:email[^>]*>/g)].map(([email]) => email);
      expect(emails.find((email) => email.includes('primary="true"'))).toContain('address="zoe.new@contoso.example"');
      expect(emails.join()).toContain(`address="${old}"`);
      expect(await writes('google')).toBe(1);
    });

    it('who leaves goes, who returns comes back, once each', async () => {
      const person = (await employees())[6]!;
      await world.control('microsoft', { remove: [person.id] });
      expect((await sync(OUT)).leavers).toMatchObject({ orphaned: 1, deleted: 1 });
      expect(await shared(person.id)).toEqual([]);
      await world.control('microsoft', { put: [person] });
      expect(await sync(OUT)).toMatchObject({ created: 1, updated: 0 });
      expect(await shared(person.id)).toHaveLength(1);
      expect(await writes('google')).toBe(2);
      expect(await sync(OUT)).toMatchObject({ created: 0, updated: 0, failed: 0 });
      expect(await writes('google')).toBe(2);
    });

    it('with days of grace: the contact stays, and who returns meanwhile keeps it', async () => {
      await configure((document) => {
        const route = document.routes.find((one) => one['id'] === OUT)!;
        route['leavers'] = { gone: { policy: 'hideThenDelete', days: 30 } };
      });
      const person = (await employees())[7]!;
      const [before] = await shared(person.id);
      await world.control('microsoft', { remove: [person.id] });
      expect((await sync(OUT)).leavers).toMatchObject({ orphaned: 1, deleted: 0, kept: 1 });
      await world.control('microsoft', { put: [{ ...person, displayName: 'Back Again' }] });
      expect(await sync(OUT)).toMatchObject({ created: 0, updated: 1, leavers: { orphaned: 0 } });
      const after = await shared(person.id);
      expect(after.map((one) => one.id)).toEqual([before!.id]);
      expect(after[0]!.xml).toContain('Back Again');
      expect(await writes('google')).toBe(1);
      await configure(() => undefined);
    });
  });

  describe('what Google says and does', () => {
    afterEach(() => world.control('google', { faults: {} }));

    it('R27 "already exists", but the change was made: done, and the next run writes nothing', async () => {
      const person = (await employees())[9]!;
      await world.control('microsoft', { put: [{ id: person.id, displayName: 'Conflicting Person' }] });
      await world.control('google', { faults: { conflictAfterWrite: true, batch: { status: 404 } } });
      expect(await sync(OUT)).toMatchObject({ updated: 1, failed: 0 });
      await world.control('google', { clearLog: true, faults: {} });
      expect(await sync(OUT)).toMatchObject({ updated: 0, failed: 0 });
      expect([(await shared(person.id)).length, await writes('google')]).toEqual([1, 0]);
    });

    it('R31 an element was dropped without a word: failed, then one update and no second contact', async () => {
      const person = (await employees())[10]!;
      await world.control('microsoft', { remove: [person.id] });
      await sync(OUT);
      await world.control('microsoft', { put: [person] });
      await world.control('google', { faults: { dropElement: 'gd:email' } });
      const dropped = await world.run('sync', { routes: [OUT] });
      expect([dropped.routes[0]!.failed, dropped.routes[0]!.created, bucketFaults(dropped)]).toEqual([1, 0, []]);
      const [there] = await shared(person.id);
      await world.control('google', { faults: {} });
      expect(await sync(OUT)).toMatchObject({ updated: 1, created: 0, failed: 0 });
      const after = await shared(person.id);
      expect(after.map((one) => one.id)).toEqual([there!.id]);
      expect(after[0]!.xml).toContain('<gd:email');
    });
  });

  describe('from Google into Microsoft 365', () => {
    it('a rename keeps the old address as an alias: the same contact under the new one', async () => {
      const person = (await colleagues())[4]!;
      const [before] = await contacts(person.id);
      const old = String(person.data['primaryEmail']);
      const data = {
        ...person.data,
        primaryEmail: 'new.name@fabrikam.example',
        aliases: [...((person.data['aliases'] as string[] | undefined) ?? []), old],
        name: { givenName: 'نور', familyName: "O'Brien & Söhne", fullName: "نور O'Brien & Söhne" },
      };
      await world.control('google', { put: [{ id: person.id, type: 'user', data }] });
      expect(await sync(BACK)).toMatchObject({ updated: 1, created: 0, leavers: { orphaned: 0 } });
      const after = await contacts(person.id);
      expect(after.map((one) => one.id)).toEqual([before!.id]);
      expect(after[0]).toMatchObject({ displayName: "نور O'Brien & Söhne", hidden: false });
      expect(after[0]!.proxyAddresses).toEqual(expect.arrayContaining(['SMTP:new.name@fabrikam.example', `smtp:${old}`]));
      expect(await writes('google')).toBe(0);
    });

    it.each([
      ['suspended', { suspended: true }],
      ['hidden from the directory', { includeInGlobalAddressList: false }],
      ['moved into a unit that is left out', { orgUnitPath: '/Left/Out' }],
    ])('who is %s is hidden there, and shown again afterwards', async (_what, change) => {
      await configure((document) => {
        document.routes.find((one) => one['id'] === BACK)!['filter'] = { orgUnits: { exclude: ['/Left'] } };
      });
      const person = (await colleagues())[5]!;
      const [before] = await contacts(person.id);
      await world.control('google', { put: [{ id: person.id, type: 'user', data: { ...person.data, ...change } }] });
      expect((await sync(BACK)).leavers).toMatchObject({ orphaned: 1, hidden: 1, deleted: 0 });
      expect((await contacts(person.id)).map((one) => [one.id, one.hidden])).toEqual([[before!.id, true]]);
      await world.control('google', { put: [person] });
      expect(await sync(BACK)).toMatchObject({ created: 0, updated: 1, leavers: { orphaned: 0 } });
      expect(await contacts(person.id)).toEqual([expect.objectContaining({ id: before!.id, hidden: false })]);
    });

    it('who is deleted is hidden in the same job, confirmed among the deleted; who is restored is shown again', async () => {
      const person = (await colleagues())[6]!;
      const [before] = await contacts(person.id);
      await world.control('google', { remove: [person.id] });
      const job = await world.run('sync', { routes: [BACK] });
      expect(job.routes[0]!.leavers).toMatchObject({ orphaned: 1, hidden: 1 });
      const asked = await world.ask<{ path: string; query: string }[]>('google', 'log');
      expect(asked.filter((one) => one.query.includes('showDeleted=true'))).toHaveLength(1);
      // Every request of the pull is counted, the question about the deleted among them.
      const calls = asked.filter((one) => !one.path.endsWith('/token')).length;
      const counted = job.connectors.find((one) => one.id === 'fabrikam')!.calls;
      expect([counted >= calls, counted - calls < 8]).toEqual([true, true]);
      await world.control('google', { put: [person] });
      expect(await sync(BACK)).toMatchObject({ created: 0, updated: 1 });
      expect(await contacts(person.id)).toEqual([expect.objectContaining({ id: before!.id, hidden: false })]);
    });

    it('custom attributes choose people; a misspelt one fails the route, naming what there is', async () => {
      const filtered = (name: string): Promise<void> =>
        configure((document) => {
          const where = { user: { attribute: name, operator: 'DoesNotEqual', value: 'CC0' } };
          document.routes.find((one) => one['id'] === BACK)!['filter'] = { where };
        });
      await filtered('raw.customSchemas.hr.costCentre');
      const job = await world.run('simulate', { routes: [BACK] });
      expect([job.state, ...job.connectors.map((one) => one.cause), job.routes[0]!.cause]).toEqual(['completed', null, null, null]);
      const leaving = (await colleagues()).filter((one) => JSON.stringify(one.data['customSchemas'] ?? '').includes('"CC0"'));
      expect(leaving.length).toBeGreaterThan(0);
      expect(job.routes[0]!.leavers.orphaned).toBe(leaving.length);
      await filtered('raw.customSchemas.hr.costCenter');
      const refused = await world.run('simulate', { routes: [BACK] });
      expect(refused.state).toBe('failed');
      expect(refused.routes[0]!.cause).toMatch(/costCenter.*raw\.customSchemas\.hr\.costCentre/);
      await configure(() => undefined);
    });
  });

  it('ends as it began: nobody changed, so nothing is written', async () => {
    await world.run('sync');
    for (const side of ['microsoft', 'google'] as const) await world.control(side, { clearLog: true });
    const job = await world.run('sync');
    expect(job.routes.map((route) => [route.created, route.updated, route.failed, route.leavers.orphaned - route.leavers.kept])).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect([await writes('microsoft'), await writes('google')]).toEqual([0, 0]);
  });
});
