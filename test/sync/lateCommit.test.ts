import { describe, expect, it } from 'vitest';
import type { Connector } from '../../shared/connectors/connector.ts';
import { beginCommit, finishCommit } from '../../shared/sync/commitPull.ts';
import { pullPages, startPull } from '../../shared/sync/pull.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createWorld, type SyncWorld } from './world.ts';

/** A job that read everything of `a` and ended without its commit, as one whose host was lost. */
async function readOnly(world: SyncWorld) {
  const { job } = await startJob(world.context, world.instances, { action: 'pull' }, 'api', 'test');
  const step = await pullPages(world.context, startPull(job.id, 'a', 1));
  if (!step.ok || !step.done) throw new Error('not read');
  for (const connector of ['a', 'b'] satisfies Connector['id'][]) await world.store.leases.release(connector, `${job.id}.1`);
  return step.position;
}

describe('a commit that comes late, of a job whose connector was taken over', () => {
  it('is not announced: the pages that it would move are gone, and people with them', async () => {
    const world = createWorld({ a: 30 });
    const late = await readOnly(world);
    await world.run({ action: 'sync' });
    expect(await beginCommit(world.context, late)).toMatchObject({ ok: false, failure: { code: 'hostLost' } });
    expect(await world.store.snapshots.pending('a')).toBeNull();
    expect((await world.run({ action: 'sync' })).job.routes[0]).toMatchObject({ pulled: 30, unchanged: 30 });
  });

  it('is not finished over the one that another job has announced', async () => {
    const world = createWorld({ a: 30 });
    const late = await readOnly(world);
    const { job } = await startJob(world.context, world.instances, { action: 'pull' }, 'api', 'test');
    const step = await pullPages(world.context, startPull(job.id, 'a', 1));
    if (!step.ok || !(await beginCommit(world.context, step.position)).ok) throw new Error('not announced');
    const finished = await finishCommit(world.context, { job: late.job, round: 1, connector: 'a', totals: [] });
    expect(finished).toMatchObject({ ok: false, failure: { code: 'hostLost' } });
    expect([await world.store.snapshots.state('a'), (await world.store.snapshots.pending('a'))?.pull]).toEqual([null, `${job.id}.1`]);
  });
});
