import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Job } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Listed<T> {
  readonly items: readonly T[];
  readonly nextLink: string | null;
}
interface ContactObject {
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

describe('two organisations in step', () => {
  let world: World;
  let first: Job;
  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 60, fabrikam: 50 } });
    first = await world.run('sync');
  });
  afterAll(() => world.stop());

  it('brings each side into the other, every entry in exactly one bucket', () => {
    expect(first.state).toBe('completed');
    expect(bucketFaults(first)).toEqual([]);
    expect(first.routes.map((route) => route.created > 30)).toEqual([true, true]);
    expect(first.progress).toMatchObject({ phase: 'done', done: first.progress.total });
  });

  it('carries one person of Google field by field into Exchange', async () => {
    const [users, tenant] = await Promise.all([
      world.ask<ContactObject[]>('google', 'objects'),
      world.ask<ContactObject[]>('microsoft', 'objects'),
    ]);
    const ben = users.find(
      (one) =>
        one.type === 'user' &&
        one.data.suspended === false &&
        (one.data.phones as unknown[])?.length === 2 &&
        one.data.aliases &&
        one.data.includeInGlobalAddressList === true,
    )!;
    const contact = tenant.find((one) => one.proxyAddresses.includes(`SMTP:${String(ben.data.primaryEmail)}`))!;
    const name = ben.data.name as { givenName: string; familyName: string; displayName: string };
    const organization = (
      ben.data.organizations as { primary: boolean; title: string; name: string; department: string; location: string }[]
    ).find((one) => one.primary)!;
    expect(contact).toMatchObject({ displayName: name.displayName, hidden: false });
    expect(contact.properties).toMatchObject({
      givenName: name.givenName,
      surname: name.familyName,
      jobTitle: organization.title,
      companyName: organization.name,
      department: organization.department,
      officeLocation: organization.location,
    });
    expect(contact.custom.CustomAttribute15).toBe(`galsync:fabrikam-to-contoso:${ben.id}`);
    expect(contact.proxyAddresses).toContain(`smtp:${String((ben.data.aliases as string[])[0])}`);
    expect(contact.proxyAddresses.join()).not.toContain('test-google-a.com');
  });

  it('carries one person of Microsoft 365 field by field into Google', async () => {
    const [workspace, tenant] = await Promise.all([
      world.ask<ContactObject[]>('google', 'objects'),
      world.ask<ContactObject[]>('microsoft', 'objects'),
    ]);
    const person = tenant.find((one) => one.type === 'user' && one.properties.country === 'France' && one.properties.mobilePhone)!;
    const contact = workspace.find((one) => one.type === 'contact' && one.xml.includes(`galsync:contoso-to-fabrikam:${person.id}`))!;
    for (const name of ['jobTitle', 'department', 'city', 'mobilePhone'] as const)
      expect(contact.xml).toContain(String(person.properties[name]).replaceAll('&', '&amp;'));
    expect(contact.xml).toContain(`address="${person.proxyAddresses[0]!.slice(5)}"`);
    expect(contact.xml).not.toContain('onmicrosoft.com');
  });

  it('writes nothing on a second run', async () => {
    const before = await Promise.all([
      world.ask<{ writes: number }>('microsoft', 'stats'),
      world.ask<{ writes: number }>('google', 'stats'),
    ]);
    const second = await world.run('sync');
    expect(second.state).toBe('completed');
    expect(bucketFaults(second)).toEqual([]);
    expect(second.routes.map((route) => [route.created, route.updated, route.failed])).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(second.routes.map((route) => route.unchanged)).toEqual(first.routes.map((route) => route.created));
    const after = await Promise.all([
      world.ask<{ writes: number }>('microsoft', 'stats'),
      world.ask<{ writes: number }>('google', 'stats'),
    ]);
    expect(after.map((one) => one.writes)).toEqual(before.map((one) => one.writes));
  });

  it('follows a rename, a leaver and a new person', async () => {
    const tenant = await world.ask<ContactObject[]>('microsoft', 'objects');
    const people = tenant.filter((one) => one.type === 'user' && one.proxyAddresses.length > 0 && !one.hidden);
    await world.control('microsoft', { put: [{ id: people[20]!.id, displayName: 'Renamed Person' }], remove: [people[21]!.id] });
    const third = await world.run('sync', { routes: ['contoso-to-fabrikam'] });
    expect(third.routes[0]).toMatchObject({ updated: 1, created: 0, leavers: { orphaned: 1, deleted: 1 } });
    expect(third.connectors.find((connector) => connector.id === 'contoso')!.mode).toBe('delta');
    const contacts = await world.ask<ContactObject[]>('google', 'objects');
    expect(contacts.filter((one) => one.xml?.includes('Renamed Person'))).toHaveLength(1);
    expect(contacts.filter((one) => one.xml?.includes(people[21]!.id))).toHaveLength(0);
  });

  it('never touches what others wrote', async () => {
    const contacts = await world.ask<ContactObject[]>('google', 'objects');
    expect(contacts.find((one) => one.xml?.includes('Taxi Central'))!.xml).toContain('keep me');
  });

  it('names the owner of an address that collides', async () => {
    const { items } = await world.api.get<
      Listed<{ address: string; change: string; reason: string; owner: { id: string; attribute: string } }>
    >(`jobs/${first.id}/changes?route=fabrikam-to-contoso&change=skip`);
    expect(items.find((one) => one.address === 'reception@fabrikam.example')).toMatchObject({
      reason: 'collision',
      owner: { attribute: 'proxyAddresses' },
    });
  });

  it('shows jobs newest first, pages them, and streams changes', async () => {
    const page = await world.api.get<Listed<Job>>('jobs?limit=1');
    expect(page.items).toHaveLength(1);
    const next = await world.api.get<Listed<Job>>(page.nextLink!.replace('/api/', ''));
    expect(next.items[0]!.createdAt < page.items[0]!.createdAt).toBe(true);
    const csv = await (await fetch(`${world.api.url}/api/jobs/${first.id}/changes`, { headers: { accept: 'text/csv' } })).text();
    expect(csv.split('\r\n')[0]).toContain('id,route,change');
    const lines = (
      await (
        await fetch(`${world.api.url}/api/jobs/${first.id}/changes?change=create`, { headers: { accept: 'application/x-ndjson' } })
      ).text()
    )
      .trim()
      .split('\n');
    expect(lines.length).toBe(first.routes.reduce((n, route) => n + route.created, 0));
    expect((await world.api.get<Listed<unknown>>(`jobs/${first.id}/log`)).items.length).toBeGreaterThan(2);
    expect((await world.api.get<Listed<unknown>>('connectors/contoso/entries?search=renamed%20person')).items).toHaveLength(1);
  });

  it('answers problems with their kind and what to do', async () => {
    const bad = await world.start({ action: 'dance', nonsense: 1 });
    expect([bad.status, (bad.body as { errors: unknown[] }).errors.length]).toEqual([400, 2]);
    expect((await world.start({ action: 'sync', routes: ['nowhere'] })).status).toBe(404);
    const missing = await fetch(`${world.api.url}/api/jobs/none`);
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    const rebound = await new Promise<number>((resolve) => {
      void import('node:http').then(({ request }) =>
        request(`${world.api.url}/api/jobs`, { headers: { host: 'evil.example' } }, (answer) => resolve(answer.statusCode ?? 0)).end(),
      );
    });
    expect(rebound).toBe(403);
  });

  it('refuses a configuration with all its faults at once and keeps the running one', async () => {
    const before = await fetch(`${world.api.url}/api/configuration`);
    const etag = before.headers.get('etag')!;
    const document = (await before.json()) as { connectors: Record<string, unknown>[]; routes: Record<string, unknown>[] };
    const broken = {
      version: 1,
      pausd: true,
      connectors: [
        {
          ...document.connectors[0],
          credential: { kind: 'clientSecret', clientId: 'x', secret: 'AzureWebJobsStorage' },
          stamp: 'customAttribute99',
          pull: { where: { attribute: 'shoeSize', operator: 'Equals', value: 'x' } },
        },
        { ...document.connectors[1], endpoints: { admin: 'http://evil.example' } },
      ],
      routes: [
        { id: 'r', from: 'contoso', to: 'nowhere' },
        {
          id: 'r',
          from: 'fabrikam',
          to: 'contoso',
          push: { as: 'sharedContact' },
          schedule: { cron: '0 0 2 * * *', timeZone: 'Mars/Olympus' },
        },
        {
          id: 's',
          from: 'fabrikam',
          to: 'contoso',
          push: { as: 'contact', set: { jobTitle: '{shoeSize}' } },
          filter: { where: { attribute: 'jobTitle', operator: 'MatchRegex', value: '(?=x)' } },
          breakers: { removals: { count: -1 } },
        },
      ],
    };
    const answer = await world.api.send('PUT', 'configuration', broken);
    expect(answer.status).toBe(400);
    const paths = (answer.body as { errors: { path: string; fix: string }[] }).errors.map((fault) => fault.path);
    for (const path of [
      '/pausd',
      '/connectors/0/credential/secret',
      '/connectors/0/stamp',
      '/connectors/1/endpoints/admin',
      '/routes/2/breakers/removals/count',
    ])
      expect(paths).toContain(path);
    expect(paths.length).toBeGreaterThanOrEqual(5);
    const second = await world.api.send('PUT', 'configuration', {
      ...document,
      connectors: [
        { ...document.connectors[0], pull: { where: { attribute: 'shoeSize', operator: 'Equals', value: 'x' } } },
        document.connectors[1]!,
      ],
      routes: broken.routes.map((route) => ({ ...route, breakers: {} })),
    });
    const more = (second.body as { errors: { path: string; message: string }[] }).errors.map((fault) => fault.path);
    for (const path of [
      '/connectors/0/pull/where/attribute',
      '/routes/0/to',
      '/routes/1/id',
      '/routes/1/push/as',
      '/routes/1/schedule/cron',
      '/routes/1/schedule/timeZone',
      '/routes/2',
      '/routes/2/push/set/jobTitle',
      '/routes/2/filter/where/value',
    ])
      expect(more).toContain(path);
    expect((await world.api.send('PUT', 'configuration', document, { 'if-match': '"stale"' })).status).toBe(412);
    expect((await fetch(`${world.api.url}/api/configuration`)).headers.get('etag')).toBe(etag);
    expect((await world.api.send('PUT', 'configuration', document, { 'if-match': etag })).status).toBe(200);
  });

  it('lets one of two jobs on a connector run, and names it to the other', async () => {
    const both = await Promise.all([world.start({ action: 'sync' }), world.start({ action: 'sync' })]);
    expect(both.map((answer) => answer.status).sort()).toEqual([202, 409]);
    const winner = both.find((answer) => answer.status === 202)!.body as Job;
    expect((both.find((answer) => answer.status === 409)!.body as { job: string }).job).toBe(winner.id);
    await world.until(winner.id, (job) => job.finishedAt !== null);
  });
});
