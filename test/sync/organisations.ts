import { checkConfiguration } from '../../shared/config/checkConfiguration.ts';
import { createMemoryDirectory, type MemoryDirectory } from '../../shared/connectors/memory/memoryConnector.ts';
import type { Configuration } from '../../shared/model/configuration.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { JobRecord, RouteResult } from '../../shared/model/job.ts';
import { createMemoryStore } from '../../shared/store/memory/memoryStore.ts';
import { createInProcess, type InProcess } from './inProcess.ts';

export interface Organisations extends InProcess {
  readonly store: ReturnType<typeof createMemoryStore>;
  readonly directories: Readonly<Record<string, MemoryDirectory>>;
  /** Changes the document; it must stay right. */
  configure(change: (document: OrganisationsDocument) => void): void;
  /** Addresses of an organisation's directory by stamp: what our objects hold there. */
  ours(id: string): Readonly<Record<string, readonly string[]>>;
  put(id: string, entry: Entry): void;
}

export interface OrganisationsDocument {
  connectors: Record<string, unknown>[];
  meshes?: Record<string, unknown>[];
  routes: Record<string, unknown>[];
  defaults?: { route: Record<string, unknown> };
  [key: string]: unknown;
}

/** Any number of organisations, each with the domain `<id>.example`, in memory, and a sync without an engine over them. */
export function createOrganisations(
  ids: readonly string[],
  plan: {
    routes?: readonly (Record<string, unknown> & { id: string; from: string; to: string })[];
    mesh?: boolean;
    /** Settings beyond what a document may say today. */
    adjust?: (configuration: Configuration) => Configuration;
  },
): Organisations {
  const directories = Object.fromEntries(ids.map((id) => [id, createMemoryDirectory([`${id}.example`])]));
  const document: OrganisationsDocument = {
    version: 1,
    connectors: ids.map((id) => ({
      id,
      kind: 'microsoft365',
      tenant: `${id}.example`,
      credential: { kind: 'clientSecret', clientId: 'x', secret: 'A_SECRET' },
      pull: { contacts: true },
    })),
    defaults: { route: { push: { as: 'contact' } } },
    ...(plan.mesh ? { meshes: [{ id: 'group', connectors: [...ids] }] } : {}),
    routes: [...(plan.routes ?? [])],
  };
  let configuration = checked(document);
  const store = createMemoryStore();
  return {
    ...createInProcess(store, () => plan.adjust?.(configuration) ?? configuration, directories),
    store,
    directories,
    configure(change) {
      change(document);
      configuration = checked(document);
    },
    ours: (id) =>
      Object.fromEntries([...directories[id]!.entries.values()].flatMap((one) => (one.stamp ? [[one.stamp, one.addresses]] : []))),
    put: (id, entry) => void directories[id]!.entries.set(entry.id, entry),
  };
}

/** A route's result; its buckets must add up. */
export function resultOf(record: JobRecord, id: string): RouteResult {
  const found = record.job.routes.find((one) => one.id === id);
  if (!found) throw new Error(`job ${record.job.id} has no route ${id}`);
  const sum = found.created + found.updated + found.adopted + found.unchanged + found.skipped + found.failed + found.held;
  const { leavers: l } = found;
  if (sum !== found.pulled || l.hidden + l.deleted + l.kept + l.failed + l.held !== l.orphaned)
    throw new Error(`The buckets of ${id} do not add up: ${JSON.stringify(found)}`);
  return found;
}

function checked(document: OrganisationsDocument): Configuration {
  const result = checkConfiguration(structuredClone(document), { local: true, allowedHosts: [] });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.configuration;
}
