import { describe, expect, it } from 'vitest';
import { putConfiguration, shortTag } from '../../shared/sync/putConfiguration.ts';
import { createWorld } from './world.ts';

describe('what is refused at the door', () => {
  it('a pull of some entries: it reads its directories whole', async () => {
    const world = createWorld({ a: 3 });
    await expect(world.run({ action: 'pull', only: ['p1@a.example'] })).rejects.toMatchObject({ status: 422, type: 'invalid' });
    expect((await world.run({ action: 'simulate', only: ['p1@a.example'] })).job.routes[0]).toMatchObject({ pulled: 1, created: 1 });
  });

  it('a configuration that was changed meanwhile: any of the tags will do, "*" only where there is one', async () => {
    const world = createWorld({ a: 1 });
    const text = JSON.stringify({ version: 1, connectors: [], routes: [] });
    const put = (ifMatch: readonly string[] | null) =>
      putConfiguration(world.context, text, { ifMatch, dryRun: false, local: true, allowedHosts: [] });
    await expect(put(['*'])).rejects.toMatchObject({ status: 412 });
    await expect(put(['abc'])).rejects.toMatchObject({ status: 412 });
    const first = await put(null);
    expect(first.etag).toBe(shortTag((await world.store.configuration.read())!.etag));
    await expect(put(['other'])).rejects.toMatchObject({ status: 412 });
    const second = await put(['other', first.etag!]);
    await expect(put([first.etag!])).rejects.toMatchObject({ status: 412 });
    expect((await put(['*'])).etag).not.toBe(second.etag);
  });

  it('a route that still manages objects and other faults are told at once; what only follows from another fault is not', async () => {
    const world = createWorld({ a: 3 });
    await world.run({ action: 'sync' });
    const connector = (id: string) => ({
      id,
      kind: 'microsoft365',
      tenant: `${id}.example`,
      credential: { kind: 'clientSecret', clientId: 'x', secret: 'A_SECRET' },
    });
    const route = { id: 'a-to-b', from: 'a', to: 'b', push: { as: 'contact' } };
    const right = { version: 1, connectors: [connector('a'), connector('b')], routes: [route] };
    const put = (document: object) =>
      putConfiguration(world.context, JSON.stringify(document), { ifMatch: null, dryRun: false, local: true, allowedHosts: [] });
    await put(right);
    const faults = async (document: object): Promise<readonly string[]> =>
      put({ ...right, ...document }).then(
        () => [],
        (error) => error.extra.errors.map((fault: { path: string; message: string }) => `${fault.path} ${fault.message.split(':')[0]}`),
      );
    expect(await faults({ routes: [] })).toEqual(['/routes stillManages']);
    expect(await faults({ routes: [], pausd: true })).toEqual(['/pausd There is no key "pausd" here.', '/routes stillManages']);
    expect(await faults({ routes: [{ ...route, from: 'b', to: 'a' }], x: 1 })).toEqual([
      '/x There is no key "x" here.',
      '/routes/0 stillManages',
    ]);
    const moved = [connector('a'), { ...connector('b'), stamp: 'customAttribute3' }];
    expect(await faults({ connectors: moved, x: 1 })).toEqual(['/x There is no key "x" here.', '/connectors/1/stamp stillManages']);
    for (const broken of [
      { routes: [{ ...route, id: 'a b' }] },
      { routes: [{ ...route, from: 5 }] },
      { routes: ['a-to-b'] },
      { routes: 'none' },
      { meshes: [{}], routes: [] },
      { connectors: [connector('a'), { ...connector('b'), stamp: 'customAttribute16' }] },
    ]) {
      const found = await faults(broken);
      expect(found.length, JSON.stringify(broken)).toBeGreaterThan(0);
      expect(
        found.filter((fault) => fault.includes('stillManages')),
        JSON.stringify(broken),
      ).toEqual([]);
    }
  });
});
