import { checkConfiguration } from '../../shared/config/checkConfiguration.ts';
import { createMemoryDirectory, type MemoryDirectory } from '../../shared/connectors/memory/memoryConnector.ts';
import type { Configuration } from '../../shared/model/configuration.ts';
import type { Entry } from '../../shared/model/entry.ts';
import { createMemoryStore } from '../../shared/store/memory/memoryStore.ts';
import { createInProcess, type InProcess, type Step } from './inProcess.ts';

export interface SyncWorld extends InProcess {
  readonly a: MemoryDirectory;
  readonly b: MemoryDirectory;
  readonly store: ReturnType<typeof createMemoryStore>;
  configure(change: (document: Document) => void): void;
}

interface Document {
  connectors: Record<string, unknown>[];
  routes: Record<string, unknown>[];
  [key: string]: unknown;
}

/** One believable person of a directory. */
export function person(domain: string, n: number, more: Partial<Entry> = {}): Entry {
  return {
    id: `${domain}-${n}`,
    kind: 'user',
    type: 'UserMailbox',
    addresses: [`p${n}@${domain}.example`],
    enabled: true,
    external: false,
    hidden: false,
    attributes: { displayName: `Person ${n}`, givenName: `P${n}`, surname: domain, jobTitle: 'Engineer' },
    ...more,
  };
}

/** Two directories in memory, one route from a to b (and back if asked), the steps of a sync without an engine. */
export function createWorld(people: {
  a: number;
  b?: number;
  both?: boolean;
  step?: Step;
  /** Changes the checked configuration: for values that documents may not ask for yet. */
  adjust?: (configuration: Configuration) => Configuration;
}): SyncWorld {
  const a = createMemoryDirectory(
    ['a.example'],
    Array.from({ length: people.a }, (_, n) => person('a', n)),
  );
  const b = createMemoryDirectory(
    ['b.example'],
    Array.from({ length: people.b ?? 0 }, (_, n) => person('b', n)),
  );
  const document: Document = {
    version: 1,
    connectors: ['a', 'b'].map((id) => ({
      id,
      kind: 'microsoft365',
      tenant: `${id}.example`,
      credential: { kind: 'clientSecret', clientId: 'x', secret: 'A_SECRET' },
    })),
    routes: [
      { id: 'a-to-b', from: 'a', to: 'b', push: { as: 'contact' } },
      ...(people.both ? [{ id: 'b-to-a', from: 'b', to: 'a', push: { as: 'contact' } }] : []),
    ],
  };
  const adjust = people.adjust ?? ((one: Configuration): Configuration => one);
  let configuration = adjust(checked(document));
  const store = createMemoryStore();
  const steps = createInProcess(store, () => configuration, { a, b }, people.step);
  return {
    ...steps,
    a,
    b,
    store,
    configure(change) {
      change(document);
      configuration = adjust(checked(document));
    },
  };
}

function checked(document: Document): Configuration {
  const result = checkConfiguration(document, { local: true, allowedHosts: [] });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.configuration;
}
