import { describe, expect, it } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord } from '../../shared/model/job.ts';
import { expectQuiet, expectWhole, legacy, linked, objects, pushAs } from './conversions.ts';
import { Died, dieAtStep } from './deaths.ts';
import { person, type SyncWorld } from './world.ts';

describe('a process that dies in the middle of a conversion', () => {
  async function died(
    stepsAside: boolean,
    nth: number,
    when: 'before' | 'after',
  ): Promise<{ world: SyncWorld; contacts: readonly Entry[] }> {
    const world = await linked(1, 'contact', { stepsAside });
    const contacts = objects(world);
    pushAs(world, 'mailUser');
    const { revive } = dieAtStep(world, nth, when);
    await world.run({ action: 'sync' }).catch((error: unknown) => {
      if (!(error instanceof Died)) throw error;
    });
    revive();
    return { world, contacts };
  }

  const steps = async (stepsAside: boolean): Promise<number> => {
    const world = await linked(1, 'contact', { stepsAside });
    pushAs(world, 'mailUser');
    const seen = dieAtStep(world, -1, 'before');
    await world.run({ action: 'sync' });
    return seen.steps;
  };

  /** What dies inside the connector is an error of the change; what dies at a link row takes the activity with it. Both are repaired. */
  async function next(world: SyncWorld): Promise<JobRecord> {
    const running = (await world.store.jobs.list({}, 5, null)).items.find((one) => one.job.finishedAt === null);
    if (running) return world.resume(running.job.id, 1);
    world.clock.now += 3_600_000;
    return world.run({ action: 'sync' });
  }

  describe.each([
    ['that steps aside', true],
    ['that must go first', false],
  ])('with an old object %s', (_name, stepsAside) => {
    it('goes on from every gap', async () => {
      const all = await steps(stepsAside);
      expect(all).toBeGreaterThan(5);
      for (let nth = 1; nth <= all; nth += 1)
        for (const when of ['before', 'after'] as const) {
          const { world, contacts } = await died(stepsAside, nth, when);
          await next(world);
          await world.run({ action: 'sync' });
          const title = `${when} step ${nth} of ${all}`;
          expect(
            objects(world).map(({ type }) => type),
            title,
          ).toEqual(['MailUser']);
          expectWhole(world, 'MailUser', contacts);
          await expectQuiet(world, 1);
        }
    });

    it('is taken back from every gap when the route is changed back', async () => {
      const all = await steps(stepsAside);
      for (let nth = 1; nth <= all; nth += 1)
        for (const when of ['before', 'after'] as const) {
          const { world, contacts } = await died(stepsAside, nth, when);
          pushAs(world, 'contact');
          await next(world);
          world.clock.now += 3_600_000;
          await world.run({ action: 'sync' });
          const [now, ...more] = objects(world);
          const title = `${when} step ${nth} of ${all}`;
          expect([now?.type, more.length], title).toEqual(['MailContact', 0]);
          expect(now, title).toMatchObject({ stamp: contacts[0]!.stamp, addresses: contacts[0]!.addresses, hidden: false });
          expect([legacy(now!), ...(now!.x500 ?? [])], title).toContain(legacy(contacts[0]!));
          await expectQuiet(world, 1);
        }
    });

    it('leaves no second object behind when the person has left', async () => {
      const all = await steps(stepsAside);
      for (let nth = 1; nth <= all; nth += 1)
        for (const when of ['before', 'after'] as const) {
          const { world } = await died(stepsAside, nth, when);
          world.a.entries.set('a-7', person('a', 7));
          world.configure((document) => {
            document.routes[0]!['leavers'] = { gone: { policy: 'delete' } };
          });
          world.a.entries.delete('a-0');
          await next(world);
          world.clock.now += 3_600_000;
          await world.run({ action: 'sync' });
          expect(
            objects(world).map(({ stamp }) => stamp),
            `${when} step ${nth} of ${all}`,
          ).toEqual(['galsync:a-to-b:a-7']);
        }
    });
  });
});
