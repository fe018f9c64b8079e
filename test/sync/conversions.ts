import { expect } from 'vitest';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { approveJob } from '../../shared/sync/decide.ts';
import type { Step } from './inProcess.ts';
import { createWorld, type SyncWorld } from './world.ts';

export type As = 'contact' | 'mailUser';

export function pushAs(world: SyncWorld, as: As | 'guest'): void {
  world.configure((document) => {
    document.routes[0]!['push'] = { as };
  });
}

/** A world whose people of `a` are objects of `as` in `b`, with one X500 address of the directory's own each. */
export async function linked(people: number, as: As | 'guest', options: { step?: Step; stepsAside?: boolean } = {}): Promise<SyncWorld> {
  const world = createWorld({ a: people, ...(options.step ? { step: options.step } : {}) });
  world.b.legacyNames = true;
  if (options.stepsAside === false) world.b.stepsAside = false;
  pushAs(world, as);
  await world.run({ action: 'sync' });
  return world;
}

export async function approved(world: SyncWorld, held: JobRecord): Promise<RouteResult> {
  const { plan } = held.job.routes[0]!;
  await approveJob(world.context, world.instances, held.job.id, { route: 'a-to-b', plan: plan! }, 'me');
  return (await world.round(held.job.id, 2)).job.routes[0]!;
}

export const objects = (world: SyncWorld): readonly Entry[] => [...world.b.entries.values()];
export const legacy = (entry: Entry): string => `/o=memory/cn=${entry.id}`;

/** One object for each person: of that type, with its stamp, addresses, and every X500 address that there ever was. */
export function expectWhole(world: SyncWorld, type: string, former: readonly Entry[]): void {
  const now = objects(world);
  expect(now.map((entry) => entry.type)).toEqual(former.map(() => type));
  for (const old of former) {
    const entry = now.find(({ stamp }) => stamp === old.stamp)!;
    expect(entry).toMatchObject({ addresses: old.addresses, hidden: old.hidden, attributes: old.attributes });
    expect(entry.x500).toEqual(expect.arrayContaining([legacy(old), ...(old.x500 ?? [])]));
  }
}

export async function expectQuiet(world: SyncWorld, people: number): Promise<void> {
  const { job } = await world.run({ action: 'sync' });
  expect(job).toMatchObject({ state: 'completed', routes: [{ updated: 0, created: 0, failed: 0, unchanged: people }] });
}
