import { describe, expect, it } from 'vitest';
import type { Configuration } from '../../shared/model/configuration.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import { createOrganisations, resultOf } from './organisations.ts';
import { person } from './world.ts';

const adopting = (configuration: Configuration): Configuration => ({
  ...configuration,
  routes: configuration.routes.map((route) => ({ ...route, push: { ...route.push, existing: 'adopt' as const } })),
});

describe('the first run of a route', () => {
  it('"hold" also holds a first plan that only adopts, and carries it out once it is approved', async () => {
    const of = createOrganisations(['a', 't'], {
      routes: [{ id: 'a-to-t', from: 'a', to: 't', breakers: { firstRun: 'hold' } }],
      adjust: adopting,
    });
    for (const n of [1, 2]) {
      of.put('a', person('a', n));
      of.put('t', person('t', n, { id: `there-${n}`, kind: 'contact', type: 'MailContact', addresses: [`p${n}@a.example`] }));
    }
    const held = await of.run({ action: 'sync' });
    expect(resultOf(held, 'a-to-t')).toMatchObject({ state: 'held', held: 2, heldBecause: [{ breaker: 'firstRun', value: 2, limit: 0 }] });
    expect(resultOf(held, 'a-to-t').heldBecause[0]!.nextStep).toMatch(/adopt or take over \(2\)/);
    expect(of.directories['t']!.writes).toBe(0);
    await approveJob(of.context, of.instances, held.job.id, { route: 'a-to-t', plan: resultOf(held, 'a-to-t').plan! }, 'me');
    const done = await of.round(held.job.id, 2);
    expect(resultOf(done, 'a-to-t')).toMatchObject({ state: 'completed', adopted: 2 });
    expect(Object.keys(of.ours('t')).sort()).toEqual(['galsync-adopted:a-to-t:a-1', 'galsync-adopted:a-to-t:a-2']);
  });
});
