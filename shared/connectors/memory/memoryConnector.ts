import type { AttributeName } from '../../model/attributes.ts';
import type { Entry, EntryPart } from '../../model/entry.ts';
import type { FieldName, FieldValue } from '../../model/plan.ts';
import {
  addressKey,
  type Capability,
  type Connector,
  type FindQuery,
  type PullPage,
  type WriteAnswer,
  type WriteRequest,
} from '../connector.ts';

/** A directory in a Map: the port without HTTP, for tests and benches. `entries` is the directory itself. */
export interface MemoryDirectory {
  readonly entries: Map<string, Entry>;
  readonly domains: readonly string[];
  /** Writes carried out so far. */
  writes: number;
  /** Called before each write; may throw, or answer instead. */
  onWrite?: (request: WriteRequest) => WriteAnswer | null;
  pageSize: number;
  /** What is asked for; changes with rights and property lists. */
  fingerprint: string;
  /** Pages read, and objects asked for one by one. */
  reads: number;
  gets: number;
  /** What this directory cannot do, or does its own way. */
  traits?: Partial<Pick<Capability, 'canHide' | 'uniqueAddresses' | 'knownLag'>>;
}

export function createMemoryDirectory(domains: readonly string[], entries: readonly Entry[] = []): MemoryDirectory {
  return {
    entries: new Map(entries.map((entry) => [entry.id, entry])),
    domains,
    writes: 0,
    pageSize: 500,
    fingerprint: 'memory',
    reads: 0,
    gets: 0,
  };
}

const NAMES: readonly AttributeName[] = [
  'givenName',
  'surname',
  'companyName',
  'department',
  'jobTitle',
  'officeLocation',
  'businessPhones',
  'mobilePhone',
  'city',
  'country',
];

/** @param unique the directory keeps addresses unique, as Exchange does. */
export function createMemoryConnector(
  id: string,
  directory: MemoryDirectory,
  unique = directory.traits?.uniqueAddresses ?? true,
): Connector {
  const capability: Capability = {
    as: 'contact',
    types: ['MailContact'],
    needs: [],
    canHide: true,
    uniqueAddresses: unique,
    knownLag: false,
    lanes: 2,
    fields: {
      displayName: { maxLength: 256 },
      addresses: { maxValues: 200 },
      deliveryAddress: {},
      x500: { maxValues: 100 },
      hidden: {},
      stamp: {},
      ...Object.fromEntries(NAMES.map((name) => [name, { maxLength: 128, maxValues: 5 }])),
    },
    normalise: (_name, value) => value,
    ...directory.traits,
  };
  return {
    id,
    kind: 'memory',
    sets: ['all'],
    fingerprint: directory.fingerprint,
    readPage: async (cursor) => readPage(directory, cursor),
    capability: () => capability,
    write: async (request) => write(directory, request, unique),
    async get(targetId) {
      directory.gets += 1;
      return directory.entries.get(targetId) ?? null;
    },
    find: async (query) => find(directory, query),
  };
}

function readPage(directory: MemoryDirectory, cursor: string | null): PullPage {
  directory.reads += 1;
  const all = [...directory.entries.values()];
  const start = Number(cursor ?? 0);
  const some = all.slice(start, start + directory.pageSize);
  const end = start + some.length >= all.length;
  const parts = some.map(({ id, ...fields }): EntryPart => ({ id, primary: true, fields }));
  return {
    set: 'all',
    mode: 'full',
    parts,
    removed: [],
    restarted: false,
    cursor: end ? null : String(start + some.length),
    finished: end ? { token: null, count: all.length } : null,
    domains: directory.domains,
    read: some.length,
    calls: 1,
  };
}

function write(directory: MemoryDirectory, request: WriteRequest, unique: boolean): WriteAnswer {
  const answer = directory.onWrite?.(request);
  if (answer) return answer;
  if (request.change === 'delete') {
    const there = directory.entries.delete(request.targetId!);
    directory.writes += 1;
    return { ok: true, targetId: request.targetId!, notKept: [], note: there ? null : 'alreadyGone' };
  }
  const known = request.change === 'create' ? null : directory.entries.get(request.targetId!);
  if (known === undefined) return refused('notFound', 'gone', `There is no object ${request.targetId}.`);
  const id = known?.id ?? `m-${directory.entries.size}-${directory.writes}`;
  const entry = applied(known ?? null, id, request);
  const taken = unique
    ? [...directory.entries.values()].find(
        (other) =>
          other.id !== id && other.addresses.some((address) => entry.addresses.some((own) => addressKey(own) === addressKey(address))),
      )
    : undefined;
  if (taken)
    return {
      ...refused('addressInUse', 'collision', `An address of ${request.alias} is used by ${taken.id}.`),
      owner: { id: taken.id, kind: taken.type, attribute: 'proxyAddresses' },
    };
  directory.entries.set(id, entry);
  directory.writes += 1;
  return { ok: true, targetId: id, notKept: [], note: null };
}

function refused(code: 'notFound' | 'addressInUse', retry: 'gone' | 'collision', message: string): Extract<WriteAnswer, { ok: false }> {
  return { ok: false, failure: { code, message, nextStep: 'Look at that object.' }, retry, targetId: null, owner: null };
}

function applied(known: Entry | null, id: string, request: WriteRequest): Entry {
  const base: Entry = known ?? {
    id,
    kind: 'contact',
    type: 'MailContact',
    addresses: [],
    enabled: true,
    external: false,
    hidden: false,
    attributes: { alias: request.alias },
    createdAt: new Date(0).toISOString(),
  };
  const attributes: Record<string, FieldValue> = { ...base.attributes };
  const own: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request.fields) as [FieldName, FieldValue][]) {
    if (name === 'hidden') own['hidden'] = value === 'true';
    else if (name === 'addresses' || name === 'x500' || name === 'deliveryAddress' || name === 'sip')
      own[name] = value ?? (name === 'addresses' ? [] : undefined);
    else if (name !== 'stamp') attributes[name] = value;
  }
  for (const [name, value] of Object.entries(attributes)) if (value === null) delete attributes[name];
  const { stamp: _stamp, ...unstamped } = { ...base, ...own, attributes } as Entry;
  if (request.setStamp === undefined) return { ...unstamped, ...(base.stamp ? { stamp: base.stamp } : {}) } as Entry;
  return (request.setStamp === '' ? unstamped : { ...unstamped, stamp: request.setStamp }) as Entry;
}

function find(directory: MemoryDirectory, query: FindQuery): Entry | null {
  for (const entry of directory.entries.values())
    if (entry.stamp === query.stamp || (query.alias !== '' && entry.attributes.alias === query.alias)) return entry;
  return null;
}
