import { describe, expect, it } from 'vitest';
import { TERMINAL } from '../../shared/model/job.ts';
import { groups, scheduleTick } from '../../shared/sync/schedule.ts';
import { startJob } from '../../shared/sync/startJob.ts';
import { createOrganisations, type Organisations } from './organisations.ts';
import { person } from './world.ts';

const HOURLY = { cron: '0 * * * *', timeZone: 'Europe/Berlin' };
const HOUR = 3_600_000;

async function scheduled(routes: readonly (readonly [string, string])[]): Promise<Organisations> {
  const ids = [...new Set(routes.flat())];
  const of = createOrganisations(ids, { routes: routes.map(([from, to]) => ({ id: `${from}-to-${to}`, from, to, schedule: HOURLY })) });
  for (const id of ids) of.put(id, person(id, 0));
  await scheduleTick(of.context, of.instances);
  return of;
}

/** Runs every job that is not over, and names the routes of each. */
async function runStarted(of: Organisations): Promise<readonly string[]> {
  const open = (await of.store.jobs.list({}, 100, null)).items.filter((record) => !TERMINAL.has(record.job.state));
  for (const record of open) await of.round(record.job.id, record.round);
  return open.map((record) => [...record.roundRoutes].sort().join(' ')).sort();
}

describe('the tick', () => {
  it('starts nothing for a route that has just come, and one job when it is due, however often it ticks', async () => {
    const of = await scheduled([['a', 'b']]);
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 0 });
    of.clock.now += HOUR;
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 1 });
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 0 });
    expect(await runStarted(of)).toEqual(['a-to-b']);
  });

  it('R43 catches up once what was missed for half a day', async () => {
    const of = await scheduled([['a', 'b']]);
    of.clock.now += 12.5 * HOUR;
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 1 });
    await runStarted(of);
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 0 });
  });

  it('a run that lasts into the next one is not started twice: the route stays due, and is caught up when it is over', async () => {
    const of = await scheduled([['a', 'b']]);
    const long = await startJob(of.context, of.instances, { action: 'sync' }, 'api', 'me');
    for (let n = 0; n < 3; n += 1) {
      of.clock.now += HOUR;
      expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 0 });
    }
    await of.round(long.job.id, 1);
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 1 });
    await runStarted(of);
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 0 });
  });

  it('routes that share a connector form one job, the others one of their own', async () => {
    const of = await scheduled([
      ['a', 'b'],
      ['c', 'd'],
      ['b', 'e'],
    ]);
    of.clock.now += HOUR;
    expect(await scheduleTick(of.context, of.instances)).toEqual({ started: 2 });
    expect(await runStarted(of)).toEqual(['a-to-b b-to-e', 'c-to-d']);
    for (const id of ['b', 'd', 'e']) expect(of.directories[id]!.writes).toBeGreaterThan(0);
  });

  it('groups are joined by a route that bridges them, whatever the order', () => {
    const route = (id: string) => ({ id, from: id[0]!, to: id[1]! }) as Parameters<typeof groups>[0][number];
    const names = (...ids: string[]) =>
      groups(ids.map(route)).map((group) =>
        group
          .map((one) => one.id)
          .sort()
          .join(),
      );
    expect(names('ab', 'cd', 'bc')).toEqual(['ab,bc,cd']);
    expect(names('ab', 'cd')).toEqual(['ab', 'cd']);
  });
});
