import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExplanationAnswer, X500AnswerSchema } from '../../functions/api/answers.ts';
import type { Job } from '../../shared/model/job.ts';
import type { Explanation } from '../../shared/sync/explanation.ts';
import type { Preview } from '../../shared/sync/preview.ts';
import { startWorld, type World } from './harness.ts';

interface TenantObject {
  readonly id: string;
  readonly type: string;
  readonly displayName: string;
  readonly proxyAddresses: readonly string[];
  readonly hidden: boolean;
  readonly properties: Readonly<Record<string, unknown>>;
}

const NAME = '<img src=q onerror=alert(7)>';
let world: World;
let people: readonly TenantObject[];
let job: Job;

beforeAll(async () => {
  world = await startWorld({ people: { contoso: 60, fabrikam: 40 } });
  const objects = await world.ask<TenantObject[]>('microsoft', 'objects');
  people = objects.filter(
    (one) => one.type === 'user' && !one.hidden && one.proxyAddresses.some((address) => /^SMTP:.*@contoso\.example$/.test(address)),
  );
  await world.control('microsoft', {
    put: [{ id: people[0]!.id, displayName: NAME, properties: { ...people[0]!.properties, jobTitle: '[click](javascript:alert(1))' } }],
  });
  job = await world.run('sync');
});
afterAll(async () => world?.stop());

async function explain(query: string, route = 'contoso-to-fabrikam'): Promise<Explanation> {
  const response = await fetch(`${world.api.url}/api/routes/${route}/explain?${query}`);
  expect([response.status, response.headers.get('content-type'), response.headers.get('content-security-policy')]).toEqual([
    200,
    'application/json; charset=utf-8',
    "default-src 'none'",
  ]);
  const told = (await response.json()) as Explanation;
  ExplanationAnswer.parse(told);
  return told;
}

async function get(path: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${world.api.url}/api/${path}`);
  return { status: response.status, body: await response.json() };
}

const addressOf = (one: TenantObject): string => one.proxyAddresses.find((address) => address.startsWith('SMTP:'))!.slice(5);

describe('explain, preview, x500 and openapi over the sample organisations', () => {
  it('R57 · explains somebody whose name is markup: literal texts in JSON', async () => {
    const told = await explain(`address=${encodeURIComponent(addressOf(people[0]!))}`);
    expect(told).toMatchObject({ found: 'entry', object: people[0]!.id, displayName: NAME });
    expect(told.answer).toContain(`"${NAME}"`);
    expect(told.next).toContain('write nothing');
    expect(told.steps.find((step) => step.step === 'target')!.data['there']).toBe(true);
    expect(told.steps.find((step) => step.step === 'history')!.data['jobs']).toMatchObject([
      { job: job.id, change: { change: 'create', result: 'done' } },
    ]);
  });

  it('R57 · plan, entry, log and table of changes hold the same text, as data that no browser renders or runs', async () => {
    const read = async (path: string, accept = 'application/json'): Promise<string> => {
      const response = await fetch(`${world.api.url}/api/${path}`, { headers: { accept } });
      expect(response.status, path).toBe(200);
      expect(response.headers.get('content-type'), path).toMatch(/^(application\/(json|x-ndjson)|text\/csv)/);
      expect(response.headers.get('content-security-policy'), path).toBe("default-src 'none'");
      expect(response.headers.get('x-content-type-options'), path).toBe('nosniff');
      return response.text();
    };
    const one = `jobs/${job.id}/changes?object=${people[0]!.id}`;
    expect(JSON.parse(await read(one)).items).toMatchObject([{ displayName: NAME }]);
    expect(JSON.parse(await read(one, 'application/x-ndjson'))).toMatchObject({ displayName: NAME });
    expect(await read(one, 'text/csv')).toContain(`,${NAME},`);
    const { items } = JSON.parse(await read(`connectors/contoso/entries?search=${encodeURIComponent('javascript:alert(1)')}`));
    expect(items.find((entry: { id: string }) => entry.id === people[0]!.id)).toMatchObject({
      attributes: { displayName: NAME, jobTitle: '[click](javascript:alert(1))' },
    });
    // The log holds no text of people at all.
    expect(await read(`jobs/${job.id}/log?limit=1000`)).not.toContain('onerror');
  });

  it('refuses what is asked wrongly, all of it at once, and pages lists to their end', async () => {
    const wrong = await get(`jobs/${job.id}/changes?kind=person&limit=1001&rout=x`);
    expect(wrong).toMatchObject({
      status: 400,
      body: { type: expect.stringMatching(/invalid$/), errors: [{ path: '?kind' }, { path: '?limit' }, { path: '?rout' }] },
    });
    expect(await world.api.send('PUT', 'configuration?dryrun=true', {})).toMatchObject({
      status: 400,
      body: { errors: [{ path: '?dryrun' }] },
    });
    expect(await get('jobs?cursor=zzz')).toMatchObject({ status: 400 });
    for (const list of [`jobs/${job.id}/changes?limit=7`, 'connectors/contoso/entries?limit=9', 'connectors?limit=1', 'routes?limit=1']) {
      const ids: string[] = [];
      for (let next: string | null = list; next !== null; ) {
        const page: { items: { id: string }[]; nextLink: string | null } = await world.api.get(next);
        ids.push(...page.items.map((item) => item.id));
        next = page.nextLink?.replace('/api/', '') ?? null;
      }
      const { items } = await world.api.get<{ items: { id: string }[] }>(list.replace(/limit=\d/, 'limit=1000'));
      expect(ids, list).toEqual(items.map((item) => item.id));
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('explains by the id of the target object, and the same person on the way back', async () => {
    const first = await explain(`object=${people[1]!.id}`);
    expect(first.target).not.toBeNull();
    await world.run('simulate');
    expect(await explain(`object=${encodeURIComponent(first.target!)}`)).toMatchObject({ found: 'entry', object: people[1]!.id });
    const back = await explain(`object=${encodeURIComponent(first.target!)}`, 'fabrikam-to-contoso');
    expect(back.answer).toContain('stamped');
  });

  it('explains the collision that the job reported, with the same owner', async () => {
    const { items } = await world.api.get<{ items: { object: string; owner: { id: string } }[] }>(
      `jobs/${job.id}/changes?route=fabrikam-to-contoso&reason=collision`,
    );
    const told = await explain(`object=${encodeURIComponent(items[0]!.object)}`, 'fabrikam-to-contoso');
    expect(told.answer).toContain('collision');
    expect(told.steps.find((step) => step.step === 'match')!.data).toMatchObject({ match: 'collision', owner: { id: items[0]!.owner.id } });
  });

  it('explains every entry of both directories as the next simulation counts it', async () => {
    const { items } = await world.api.get<{ items: { id: string }[] }>('connectors/contoso/entries?limit=1000');
    const counts: Record<string, number> = {};
    for (const { id } of items) {
      const told = await explain(`object=${encodeURIComponent(id)}`);
      expect(told.object).toBe(id);
      const select = told.steps.find((step) => step.step === 'select')!;
      const reason =
        select.verdict === 'stop'
          ? String(select.data['reason'])
          : told.next.includes('write nothing')
            ? 'unchanged'
            : (/skip it \((\w+)\)/.exec(told.next)?.[1] ?? 'change');
      counts[reason] = (counts[reason] ?? 0) + 1;
    }
    const simulation = await world.run('simulate');
    const route = simulation.routes.find((one) => one.id === 'contoso-to-fabrikam')!;
    const { unchanged = 0, change = 0, ...skipped } = counts;
    expect(skipped).toEqual(route.skippedBecause);
    expect(unchanged).toBe(route.unchanged);
    expect(change).toBe(route.created + route.updated + route.adopted);
  });

  it('says where an address is that nobody of the source has, and answers problems', async () => {
    expect(await explain('address=nobody@nowhere.example')).toMatchObject({ found: 'nothing', object: null });
    const problem = async (path: string): Promise<number> => (await fetch(`${world.api.url}/api/${path}`)).status;
    expect(await problem('routes/nowhere/explain?address=x@y.example')).toBe(404);
    expect(await problem('routes/contoso-to-fabrikam/explain')).toBe(400);
    expect(await problem('x500?address=nonsense')).toBe(400);
  });

  it('previews a filter as what a simulation with it then counts, and saves nothing', async () => {
    const before = await fetch(`${world.api.url}/api/configuration`);
    const document = (await before.json()) as { routes: Record<string, unknown>[] };
    const next = structuredClone(document);
    const route = next.routes.find((one) => one['id'] === 'contoso-to-fabrikam')!;
    route['filter'] = {
      ...(route['filter'] as object),
      groups: false,
      where: { user: { attribute: 'displayName', operator: 'DoesNotContain', value: 'a' } },
    };
    const answer = await world.api.send('POST', 'configuration/preview', next);
    expect(answer.status).toBe(200);
    const preview = answer.body as Preview;
    expect(preview).toMatchObject({ wouldBeSaved: true, complete: true });
    const shown = preview.routes.find((one) => one.id === 'contoso-to-fabrikam')!;
    expect(shown.difference!.entries.removes).toBeGreaterThan(3);
    expect(shown.samples.removes!.length).toBeGreaterThan(0);
    expect((await fetch(`${world.api.url}/api/configuration`)).headers.get('etag')).toBe(before.headers.get('etag'));
    expect((await world.api.send('PUT', 'configuration', next)).status).toBe(200);
    const simulation = await world.run('simulate', { routes: ['contoso-to-fabrikam'] });
    const { pulled, created, updated, adopted, unchanged, skipped, skippedBecause, leavers, heldBecause } = simulation.routes[0]!;
    expect(shown.after).toMatchObject({ pulled, created, updated, adopted, unchanged, skipped, skippedBecause, leavers });
    expect(shown.heldBecause.map((trip) => [trip.breaker, trip.value, trip.limit])).toEqual(
      heldBecause.map((trip) => [trip.breaker, trip.value, trip.limit]),
    );
    expect((await world.api.send('PUT', 'configuration', document)).status).toBe(200);
    const faulty = await world.api.send('POST', 'configuration/preview', { ...document, pausd: true });
    expect([faulty.status, (faulty.body as { errors: { path: string }[] }).errors.map((fault) => fault.path)]).toEqual([400, ['/pausd']]);
  });

  it('finds whose an X500 address is, from the text of a bounce', async () => {
    const objects = await world.ask<TenantObject[]>('microsoft', 'objects');
    const holder = objects.find((one) => one.proxyAddresses.some((address) => /^x500:/i.test(address)) && one.type === 'user');
    const x500 = holder?.proxyAddresses.find((address) => /^x500:/i.test(address))?.slice(5) ?? '/o=Nobody/cn=Recipients/cn=x';
    const encoded = [...x500]
      .map((char) => (char === '/' ? '_' : /[A-Za-z0-9=.-]/.test(char) ? char : `+${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
      .join('');
    const text = `Your message did not reach: 'x' (IMCEAEX-${encoded}@mgd.contoso.example)`;
    const answer = X500AnswerSchema.parse(await world.api.get(`x500?imceaex=${encodeURIComponent(text)}`));
    expect(answer.x500).toEqual([x500]);
    expect(answer.now.some((one) => one.object === holder?.id)).toBe(holder !== undefined);
  });

  it('serves its own description', async () => {
    const described = await world.api.get<{ openapi: string; paths: Record<string, object> }>('openapi.json');
    expect(described.openapi).toBe('3.1.0');
    expect(Object.keys(described.paths)).toContain('/api/routes/{id}/explain');
  });
});
