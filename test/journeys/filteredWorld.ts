import { expect } from 'vitest';
import type { GroupObject, WorkspaceObject } from '../../sandbox/directories/google/model.ts';
import type { TenantObject } from '../../sandbox/directories/microsoft365/model.ts';
import type { Job, RouteResult } from '../../shared/model/job.ts';
import { bucketFaults, startWorld, type World } from './harness.ts';

interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
}
interface Planned {
  readonly change: string;
  readonly object: string;
  readonly kind: string;
}
export interface Settings {
  /** `pull` of Contoso and Fabrikam, `filter` of the route from each. */
  readonly contoso?: { readonly pull?: object; readonly filter?: object };
  readonly fabrikam?: { readonly pull?: object; readonly filter?: object };
}

export const OUT = 'contoso-to-fabrikam';
export const BACK = 'fabrikam-to-contoso';

/** Two directories whose filters are tried by simulation: the directories' own objects beside what the plans make of them. */
export interface FilteredWorld {
  readonly world: World;
  readonly tenant: readonly TenantObject[];
  readonly workspace: readonly WorkspaceObject[];
  /** Source ids that a plan without any filter creates. */
  readonly base: { readonly out: ReadonlySet<string>; readonly back: ReadonlySet<string> };
  configure(settings: Settings): Promise<void>;
  simulate(settings: Settings, ...routes: string[]): Promise<Job>;
  /** Ids of the sources that the job would create on a route. */
  created(job: Job, route: string): Promise<string[]>;
  /** Simulates both routes: whom each creates. */
  both(settings: Settings): Promise<{ out: string[]; back: string[]; job: Job }>;
  named(name: string): TenantObject;
  group(alias: string): GroupObject;
  /** Members by walking the directories' own lists. */
  membersOf(id: string, nested?: boolean): Set<string>;
  /** Takes every fault off both directories. */
  noFaults(): Promise<void>;
}

/** Starts it, and plans once without any filter. */
export async function startFilteredWorld(): Promise<FilteredWorld> {
  const world = await startWorld({ people: { contoso: 60, fabrikam: 50 } });
  try {
    return await filteredWorld(world);
  } catch (error) {
    await world.stop();
    throw error;
  }
}

async function filteredWorld(world: World): Promise<FilteredWorld> {
  const tenant = await world.ask<readonly TenantObject[]>('microsoft', 'objects');
  const workspace = await world.ask<readonly WorkspaceObject[]>('google', 'objects');
  const plans = simulations(world, (await world.api.get('configuration')) as Document);
  const plain = await plans.both({});
  const base = { out: new Set(plain.out), back: new Set(plain.back) };
  expect([base.out.size > 40, base.back.size > 40]).toEqual([true, true]);
  return {
    world,
    tenant,
    workspace,
    base,
    ...plans,
    named: (name) => tenant.find((one) => one.displayName === name)!,
    group: (alias) =>
      workspace.find((one): one is GroupObject => one.type === 'group' && one.data['email'] === `${alias}@fabrikam.example`)!,
    membersOf: (id, nested = true) => membersOf(tenant, workspace, id, nested),
    async noFaults() {
      await world.control('microsoft', { faults: {} });
      await world.control('google', { faults: {} });
    },
  };
}

function simulations(world: World, original: Document): Pick<FilteredWorld, 'configure' | 'simulate' | 'created' | 'both'> {
  async function configure(settings: Settings): Promise<void> {
    const document = structuredClone(original);
    for (const [n, id] of (['contoso', 'fabrikam'] as const).entries()) {
      document.connectors[n] = { ...document.connectors[n], ...(settings[id]?.pull ? { pull: settings[id].pull } : {}) };
      document.routes[n] = { ...document.routes[n], ...(settings[id]?.filter ? { filter: settings[id].filter } : {}) };
    }
    const saved = await world.api.send('PUT', 'configuration', document);
    expect([saved.status, saved.body]).toMatchObject([200, {}]);
  }
  async function simulate(settings: Settings, ...routes: string[]): Promise<Job> {
    await configure(settings);
    const job = await world.run('simulate', routes.length > 0 ? { routes } : {});
    expect(bucketFaults(job)).toEqual([]);
    return job;
  }
  async function created(job: Job, route: string): Promise<string[]> {
    const answer = await fetch(`${world.api.url}/api/jobs/${job.id}/changes?route=${route}&change=create`, {
      headers: { accept: 'application/x-ndjson' },
    });
    const lines = (await answer.text()).trim().split('\n').filter(Boolean);
    return lines.map((line) => (JSON.parse(line) as Planned).object).sort();
  }
  const both = async (settings: Settings): Promise<{ out: string[]; back: string[]; job: Job }> => {
    const job = await simulate(settings);
    expect(job.routes.map((route) => route.cause)).toEqual([null, null]);
    return { out: await created(job, OUT), back: await created(job, BACK), job };
  };
  return { configure, simulate, created, both };
}

function membersOf(tenant: readonly TenantObject[], workspace: readonly WorkspaceObject[], id: string, nested: boolean): Set<string> {
  const found = new Set<string>();
  const walk = (at: string): void => {
    const ms = tenant.find((one) => one.id === at);
    const google = workspace.find((one) => one.id === at) as GroupObject | undefined;
    for (const member of ms?.members ?? google?.members?.map((one) => one.id ?? '') ?? []) {
      if (found.has(member)) continue;
      found.add(member);
      if (nested) walk(member);
    }
  };
  walk(id);
  found.delete(id);
  return found;
}

export function result(job: Job, route: string): RouteResult {
  return job.routes.find((one) => one.id === route)!;
}

/** Those of a plan that are members, in order. */
export function within(of: ReadonlySet<string>, members: ReadonlySet<string>): string[] {
  return [...of].filter((id) => members.has(id)).sort();
}

/** Those of a plan that are no members, in order. */
export function without(of: ReadonlySet<string>, members: ReadonlySet<string>): string[] {
  return [...of].filter((id) => !members.has(id)).sort();
}
