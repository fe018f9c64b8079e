import { describe, expect, it } from 'vitest';
import { type Preview, previewConfiguration } from '../../shared/sync/preview.ts';
import { createWorld, type SyncWorld } from './world.ts';

const CLERKS = { where: { attribute: 'displayName', operator: 'Contains', value: 'Person 1' } };

/** Twenty people, of whom only eleven (1 and 10 to 19) are pushed; the target takes so many contacts. */
async function narrow(objects: number): Promise<SyncWorld> {
  const world = createWorld({ a: 20 });
  const length = (value: unknown): number => JSON.stringify(value ?? '').length;
  world.b.capacity = {
    what: 'contacts',
    types: ['MailContact'],
    objects,
    bytes: 1e9,
    sizeOf: ({ hidden: _hidden, ...fields }) => Object.values(fields).reduce<number>((n, value) => n + length(value), 0),
  };
  world.configure((document) => void Object.assign(document.routes[0]!, { filter: CLERKS }));
  expect((await world.run({ action: 'sync' })).job).toMatchObject({ state: 'completed', routes: [{ created: 11 }] });
  return world;
}

/** What it would come to if everybody were pushed, or the same people with another change. */
async function preview(world: SyncWorld, change: (route: Record<string, unknown>) => void): Promise<Preview> {
  let text = '';
  world.configure((document) => {
    const copy = structuredClone(document);
    change(copy.routes[0]!);
    text = JSON.stringify(copy);
  });
  return previewConfiguration(world.context, text, { local: true, allowedHosts: [], budgetMs: 60_000 });
}

const everybody = (route: Record<string, unknown>): void => void delete route['filter'];

describe('a preview of what would not fit into the target', () => {
  it('says so with the numbers by which the run is held, also before the target was read again', async () => {
    const world = await narrow(19);
    const { routes, answer } = await preview(world, everybody);
    const trip = { breaker: 'capacity', before: 11, after: 20, value: 20, limit: 19 };
    expect(routes[0]!.heldBecause).toMatchObject([trip]);
    expect(answer).toContain('It would be held: capacity 20 of at most 19.');
    world.configure((document) => everybody(document.routes[0]!));
    const held = await world.run({ action: 'sync' });
    expect(held.job).toMatchObject({ state: 'held', routes: [{ heldBecause: [trip] }] });
    expect(routes[0]!.heldBecause[0]).toEqual(held.job.routes[0]!.heldBecause[0]);
  });

  it('is silent where it just fits, and where nothing is added to a target that is too full', async () => {
    const world = await narrow(20);
    expect((await preview(world, everybody)).routes[0]!.heldBecause).toEqual([]);
    world.b.capacity = { ...world.b.capacity!, objects: 5 };
    const fewer = await preview(world, (route) => {
      route['filter'] = { where: { attribute: 'displayName', operator: 'DoesNotEqual', value: 'Person 11' } };
      route['leavers'] = { outOfScope: { policy: 'delete' } };
    });
    expect(fewer.routes[0]!.heldBecause).toMatchObject([{ breaker: 'capacity', after: 19, limit: 5 }]);
    const same = await preview(world, (route) => {
      route['filter'] = { where: { all: [CLERKS.where, { attribute: 'displayName', operator: 'DoesNotEqual', value: 'Person 11' }] } };
      route['leavers'] = { outOfScope: { policy: 'delete' } };
    });
    expect(same.routes[0]).toMatchObject({ heldBecause: [], difference: { deletes: 1 } });
  });

  it('counts bytes too, although the preview keeps no texts', async () => {
    const world = await narrow(1000);
    world.b.capacity = { ...world.b.capacity!, bytes: 1 };
    const { routes } = await preview(world, (route) => {
      route['push'] = { as: 'contact', set: { companyName: 'Contoso' } };
    });
    const [trip] = routes[0]!.heldBecause;
    expect(trip).toMatchObject({ breaker: 'capacity', limit: 1 });
    // "Contoso" in place of nothing, eleven times, as this directory counts.
    expect(trip!.after! - trip!.before!).toBe(11 * ('"Contoso"'.length - '""'.length));
  });
});
