import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord } from '../../shared/model/job.ts';
import { startUndo } from '../../shared/sync/startErrand.ts';
import { expectQuiet, legacy, linked, objects, pushAs } from './conversions.ts';
import { Died, dieAtStep } from './deaths.ts';
import { sums, undo } from './errands.ts';
import type { SyncWorld } from './world.ts';

const asked = { trigger: 'api' as const, by: 'test', dryRun: false };

/** The newest job, given up: nobody goes on with it. */
async function givenUp(world: SyncWorld): Promise<JobRecord> {
  const [newest] = (await world.store.jobs.list({}, 1, null)).items;
  if (newest!.job.finishedAt !== null) return newest!;
  return world.store.jobs.update(newest!.job.id, (one) => ({ ...one, job: { ...one.job, state: 'failed' } }));
}

const unlessDied = (error: unknown): undefined => {
  if (!(error instanceof Died)) throw error;
};

/** One contact as it was, with every address that replies need, and a link that says so. */
async function expectContact(world: SyncWorld, [old]: readonly Entry[], title: string): Promise<void> {
  const [now, ...more] = objects(world);
  expect([now?.type, more.length], title).toEqual(['MailContact', 0]);
  expect(now, title).toMatchObject({ stamp: old!.stamp, addresses: old!.addresses, hidden: false, attributes: old!.attributes });
  expect([legacy(now!), ...(now!.x500 ?? [])], title).toContain(legacy(old!));
  const link = await world.store.links.get('a-to-b', 'a-0');
  expect(link, title).toMatchObject({ state: 'linked', as: 'contact', targetId: now!.id });
  expect(link!.converting ?? null, title).toBeNull();
}

interface Begun {
  readonly world: SyncWorld;
  readonly contacts: readonly Entry[];
}

async function begun(stepsAside: boolean): Promise<Begun> {
  const world = await linked(1, 'contact', { stepsAside });
  return { world, contacts: objects(world) };
}

/** Runs the conversion until its n-th step dies (never: without one); answers the job. */
async function convert(world: SyncWorld, nth: number, when: 'before' | 'after'): Promise<{ job: string; steps: number }> {
  pushAs(world, 'mailUser');
  const death = dieAtStep(world, nth, when);
  await world.run({ action: 'sync' }).catch(unlessDied);
  death.revive();
  return { job: (await givenUp(world)).job.id, steps: death.steps };
}

/** The same for the undo of a job. */
async function takeBack(world: SyncWorld, job: string, nth: number, when: 'before' | 'after'): Promise<number> {
  world.clock.now += 60_000;
  const record = await startUndo(world.context, world.instances, job, {}, asked);
  const death = dieAtStep(world, nth, when);
  await world.round(record.job.id, 1).catch(unlessDied);
  death.revive();
  return death.steps;
}

describe.each([
  ['steps aside', true],
  ['must go first', false],
])('a conversion, where the old object %s,', (_name, stepsAside) => {
  it('that died in any gap is undone: there is the contact as it was, and nothing else', async () => {
    const { steps } = await convert((await begun(stepsAside)).world, -1, 'before');
    expect(steps).toBeGreaterThan(5);
    for (let nth = 1; nth <= steps; nth += 1)
      for (const when of ['before', 'after'] as const) {
        const title = `${when} step ${nth} of ${steps}`;
        const { world, contacts } = await begun(stepsAside);
        const { job } = await convert(world, nth, when);
        const record = await undo(world, job);
        expect(sums(record), title).toMatchObject({ state: 'completed', failed: 0, leavers: { kept: 0 } });
        await expectContact(world, contacts, title);
        pushAs(world, 'contact');
        await expectQuiet(world, 1);
      }
  });

  it.each([
    ['another undo of the same job', async (world: SyncWorld, job: string) => undo(world, job)],
    [
      'the same undo, gone on with',
      async (world: SyncWorld, job: string) => {
        const running = (await world.store.jobs.list({}, 1, null)).items.find((one) => one.job.finishedAt === null);
        return running ? world.resume(running.job.id, 1) : undo(world, job);
      },
    ],
  ])('whose undo died in any gap is undone by %s', async (_how, again) => {
    const whole = await begun(stepsAside);
    const steps = await takeBack(whole.world, (await convert(whole.world, -1, 'before')).job, -1, 'before');
    expect(steps).toBeGreaterThan(5);
    for (let nth = 1; nth <= steps; nth += 1)
      for (const when of ['before', 'after'] as const) {
        const title = `${when} step ${nth} of ${steps}`;
        const { world, contacts } = await begun(stepsAside);
        const { job } = await convert(world, -1, 'before');
        await takeBack(world, job, nth, when);
        if (again.length > 1 && _how.startsWith('another')) await givenUp(world);
        const record = await again(world, job);
        expect(sums(record), title).toMatchObject({ failed: 0, leavers: { kept: 0 } });
        await expectContact(world, contacts, title);
        pushAs(world, 'contact');
        await expectQuiet(world, 1);
      }
  });

  it('whose undo died in any gap is whole again after a sync of the route that still says mail users', async () => {
    const whole = await begun(stepsAside);
    const steps = await takeBack(whole.world, (await convert(whole.world, -1, 'before')).job, -1, 'before');
    for (let nth = 1; nth <= steps; nth += 1)
      for (const when of ['before', 'after'] as const) {
        const { world, contacts } = await begun(stepsAside);
        const { job } = await convert(world, -1, 'before');
        await takeBack(world, job, nth, when);
        await givenUp(world);
        for (let n = 0; n < 2; n += 1) {
          world.clock.now += 3_600_000;
          await world.run({ action: 'sync' });
        }
        const title = `${when} step ${nth} of ${steps}`;
        const [now, ...more] = objects(world);
        expect([now?.type, more.length, now?.addresses], title).toEqual(['MailUser', 0, contacts[0]!.addresses]);
        expect([legacy(now!), ...(now!.x500 ?? [])], title).toContain(legacy(contacts[0]!));
        await expectQuiet(world, 1);
      }
  });
});
