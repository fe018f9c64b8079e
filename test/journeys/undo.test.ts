import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveConfiguration } from '../../sandbox/configurationFile.ts';
import type { Job } from '../../shared/model/job.ts';
import { TERMINAL } from '../../shared/model/job.ts';
import type { ChangeView } from '../../shared/sync/changes.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Simulated {
  readonly id: string;
  readonly type: string;
  readonly displayName: string;
  readonly proxyAddresses: readonly string[];
  readonly properties: Record<string, unknown>;
  readonly custom: Record<string, string>;
  readonly hidden: boolean;
  readonly manager?: string;
  readonly xml: string;
  readonly data: Record<string, unknown>;
}
interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
}

describe('undo and retire over HTTP, Microsoft 365 and Google as targets', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ people: { contoso: 25, fabrikam: 25 } });
    expect((await world.run('sync')).state).toBe('completed');
  });
  afterAll(() => world.stop());

  const errand = async (path: string, body: object): Promise<Job> => {
    const answer = await world.api.send('POST', path, body);
    if (answer.status !== 202) throw new Error(`POST ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const job = await world.until((answer.body as Job).id, (one) => TERMINAL.has(one.state), 120);
    expect(bucketFaults(job)).toEqual([]);
    return job;
  };
  const writes = async (): Promise<readonly number[]> =>
    Promise.all((['microsoft', 'google'] as const).map(async (side) => (await world.ask<{ writes: number }>(side, 'stats')).writes));
  const changes = async (job: string): Promise<readonly ChangeView[]> =>
    (await world.api.get<{ items: ChangeView[] }>(`jobs/${job}/changes?limit=1000`)).items;
  /** Both targets without what is the services' own: ids, times, versions. */
  const picture = async (): Promise<unknown> => {
    const contacts = (await world.ask<Simulated[]>('microsoft', 'objects')).filter((one) => one.type === 'contact');
    const shared = (await world.ask<Simulated[]>('google', 'objects')).filter((one) => one.type === 'contact');
    const own = /<(id|updated|published|app:edited|link|title)\b[^>]*(\/>|>[^<]*<\/\1>)/g;
    return {
      microsoft: contacts
        .map(({ displayName, proxyAddresses, properties, custom, hidden }) =>
          JSON.stringify({
            displayName,
            proxyAddresses: [...proxyAddresses].sort(),
            properties: Object.entries(properties)
              .filter(([, v]) => v)
              .sort(),
            custom,
            hidden,
          }),
        )
        .sort(),
      google: shared
        .map(({ xml }) =>
          [...xml.replace(own, '').matchAll(/<[^/][^>]*>[^<]*/g)]
            .map(([part]) => part)
            .sort()
            .join('\n'),
        )
        .sort(),
    };
  };
  const save = async (change: (document: Document) => void): Promise<readonly { message: string }[]> => {
    const document = structuredClone(world.samples.document) as Document;
    change(document);
    return saveConfiguration(world.api, document);
  };

  it('takes a day back in both directories: renamed, hidden, deleted and new people', async () => {
    const before = await picture();
    const objects = await world.ask<Simulated[]>('microsoft', 'objects');
    // Who manages others changes them, too, when they leave.
    const managers = new Set(objects.map((one) => one.manager));
    const tenant = objects.filter((one) => one.type === 'user' && one.proxyAddresses.length > 0 && !one.hidden && !managers.has(one.id));
    const linked = (await changes((await world.api.get<{ items: Job[] }>('jobs?action=sync')).items[0]!.id)).filter(
      (row) => row.result === 'done',
    );
    const mine = linked.filter((row) => row.route === 'contoso-to-fabrikam' && tenant.some((one) => one.id === row.object));
    const theirs = linked.filter((row) => row.route === 'fabrikam-to-contoso' && row.kind === 'user');
    const people = await world.ask<Simulated[]>('google', 'objects');
    const renamed = people.find((one) => one.id === theirs[1]!.object)!;
    await world.control('microsoft', { put: [{ id: mine[0]!.object, displayName: 'Renamed Person' }], remove: [mine[1]!.object] });
    const name = { ...(renamed.data.name as object), fullName: 'Other Name', displayName: 'Other Name' };
    await world.control('google', { remove: [theirs[0]!.object], put: [{ ...renamed, data: { ...renamed.data, name } }] });
    const day = await world.run('sync');
    expect(day.routes.find((route) => route.id === 'contoso-to-fabrikam')).toMatchObject({ updated: 1, leavers: { deleted: 1 } });
    expect(day.routes.find((route) => route.id === 'fabrikam-to-contoso')).toMatchObject({ updated: 1, leavers: { hidden: 1 } });
    expect(await picture()).not.toEqual(before);

    const sent = await writes();
    const shown = await errand(`jobs/${day.id}/undo?dryRun=true`, {});
    expect((await changes(shown.id)).map((row) => `${row.change} ${row.result}`).sort()).toEqual([
      'create planned',
      ...Array(3).fill('update planned'),
    ]);
    expect(await writes()).toEqual(sent);

    const job = await errand(`jobs/${day.id}/undo`, { reason: 'wrong filter' });
    expect(job).toMatchObject({ action: 'undo', undoes: day.id, state: 'completed', reason: 'wrong filter' });
    expect(job.routes.map((route) => [route.created, route.updated, route.failed, route.warnings.length > 0])).toEqual([
      [1, 1, 0, true],
      [0, 2, 0, true],
    ]);
    expect(await picture()).toEqual(before);
    // Sources are neither held nor read: each connector is here as a target.
    expect(job.connectors.map((connector) => connector.state)).toEqual(['completed', 'completed']);
    const again = await errand(`jobs/${job.id}/undo`, { routes: ['fabrikam-to-contoso'] });
    expect(again.routes).toMatchObject([{ id: 'fabrikam-to-contoso', updated: 2 }]);
  }, 240_000);

  it('answers in words what cannot be undone', async () => {
    expect(await world.api.send('POST', 'jobs/nothing/undo', {})).toMatchObject({ status: 404 });
    const pull = await world.run('pull');
    expect(await world.api.send('POST', `jobs/${pull.id}/undo`, {})).toMatchObject({ status: 422, body: { title: 'wrote nothing' } });
    expect(await world.api.send('POST', `jobs/${pull.id}/undo`, { object: ['x'] })).toMatchObject({ status: 400 });
    expect(await world.api.send('POST', 'routes/nothing/relink', {})).toMatchObject({ status: 404 });
    expect(await world.api.send('POST', 'routes/contoso-to-fabrikam/retire', {})).toMatchObject({ status: 400 });
    expect(await world.api.send('POST', 'routes/contoso-to-fabrikam/retire?dryRun=maybe', { objects: 'keep' })).toMatchObject({
      status: 400,
    });
  }, 120_000);

  it('relinks without writing to a directory', async () => {
    const before = await writes();
    const job = await errand('routes/contoso-to-fabrikam/relink', {});
    expect(job).toMatchObject({ action: 'relink', state: 'completed', routes: [{ updated: 0, skipped: 0 }] });
    expect(job.routes[0]!.unchanged).toBeGreaterThan(10);
    expect(await writes()).toEqual(before);
  }, 120_000);

  it('retires a disabled route, stamps gone and objects kept; then it can be dropped', async () => {
    const without = (document: Document): void => {
      document.routes = document.routes.filter((route) => route.id !== 'contoso-to-fabrikam');
    };
    const disabled = (document: Document): void => {
      for (const route of document.routes) if (route.id === 'contoso-to-fabrikam') route.enabled = false;
    };
    expect((await save(without)).map((fault) => fault.message).join()).toContain('stillManages');
    expect(await save(disabled)).toEqual([]);
    const contacts = async (): Promise<readonly Simulated[]> =>
      (await world.ask<Simulated[]>('google', 'objects')).filter((one) => one.type === 'contact');
    const before = await contacts();
    const stamped = before.filter((one) => one.xml.includes('galsync:contoso-to-fabrikam')).length;
    const job = await errand('routes/contoso-to-fabrikam/retire', { objects: 'keep' });
    expect(job).toMatchObject({
      action: 'retire',
      state: 'completed',
      routes: [{ leavers: { orphaned: stamped, keptBecause: { policy: stamped } } }],
    });
    const after = await contacts();
    expect([after.length, after.filter((one) => one.xml.includes('galsync:')).length]).toEqual([before.length, 0]);
    expect(await save(without)).toEqual([]);
  }, 240_000);

  it('retires another with its objects, once an approver says so', async () => {
    const route = 'fabrikam-to-contoso';
    const job = await errand(`routes/${route}/retire`, { objects: 'delete' });
    expect(job).toMatchObject({ state: 'held', routes: [{ heldBecause: [{ breaker: 'removals' }] }] });
    const before = (await world.ask<Simulated[]>('microsoft', 'objects')).filter((one) =>
      one.custom.CustomAttribute15?.startsWith('galsync:'),
    );
    expect(before.length).toBeGreaterThan(10);
    const approved = await world.api.send('POST', `jobs/${job.id}/approve`, { route, plan: job.routes[0]!.plan });
    expect(approved.status).toBe(202);
    const done = await world.until(job.id, (one) => TERMINAL.has(one.state), 120);
    expect(bucketFaults(done)).toEqual([]);
    expect(done).toMatchObject({ state: 'completed', routes: [{ leavers: { deleted: before.length, failed: 0, held: 0 } }] });
    const left = await world.ask<Simulated[]>('microsoft', 'objects');
    expect(left.filter((one) => one.custom.CustomAttribute15?.startsWith('galsync:'))).toEqual([]);
  }, 240_000);
});
