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
});
