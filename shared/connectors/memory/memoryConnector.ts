import type { Entry, EntryPart } from '../../model/entry.ts';
import type { FieldName, FieldValue } from '../../model/plan.ts';
import type {
  Absence,
  Capability,
  Capacity,
  Connector,
  FindQuery,
  PendingParts,
  PullPage,
  WriteAnswer,
  WriteRequest,
} from '../connector.ts';
import { clash } from './memoryAddresses.ts';
import { memoryCapability, TYPES } from './memoryCapability.ts';
import { createMemoryCopies, type MemoryMailboxes } from './memoryCopies.ts';
import { forgetManager, refusedManager } from './memoryManagers.ts';
import { type MemoryGroup, readMembers } from './memoryMembers.ts';
import { type Together, writeMany } from './memoryTogether.ts';

/** A directory in a Map: the port without HTTP, for tests and benches. `entries` is the directory itself. */
export interface MemoryDirectory {
  readonly entries: Map<string, Entry>;
  readonly domains: readonly string[];
  /** Groups by id, with their direct members. */
  readonly groups: Map<string, MemoryGroup>;
  /** Pages of members read so far, by group. */
  readonly memberReads: string[];
  /** Writes carried out so far. */
  writes: number;
  /** Called before each write; may throw, or answer instead. */
  onWrite?: (request: WriteRequest) => WriteAnswer | null;
  /** Asked by id about what a complete read does not show. Absent: the read is proof enough. */
  confirm?: { readonly asked: string[]; answers: (id: string) => Absence | undefined };
  /** How much fits into it. */
  capacity?: Capacity;
  /** It takes several changes at once. */
  together?: Together;
  /** Fields (`stamp` too) of a new object that can be written only so many ms after it was made. */
  lag?: { readonly fields: readonly FieldName[]; readonly ms: number; readonly now: () => number };
  readonly made: Map<string, number>;
  pageSize: number;
  /** So many of its entries are not shown at all, and as many others are given a second time in their place, on the last page. */
  replays?: number;
  /** New objects get an X500 address of their own, as Exchange's have a legacyExchangeDN. */
  legacyNames?: boolean;
  /** False: no object can step aside for its successor. */
  stepsAside?: boolean;
  /** What is asked for; changes with rights and property lists. */
  fingerprint: string;
  /** Mailboxes of its people, for the push type `mailboxContact`. */
  mailboxes?: MemoryMailboxes;
  /** Pages read, and objects asked for one by one. */
  reads: number;
  gets: number;
  /** It keeps managers as references to its own objects (`Entry.managerRef`), as Microsoft 365 does. */
  managers?: boolean;
  /** Limits of fields that are tighter than usual. */
  limits?: { readonly displayName?: { readonly maxLength: number } };
  /** Ids that the first page of every read tells as deleted, some of whom may be among the living of a later page. */
  removed?: readonly string[];
  /** What this directory cannot do, or does its own way. */
  traits?: Partial<Pick<Capability, 'canHide' | 'uniqueAddresses' | 'knownLag' | 'fields'>>;
}

export function createMemoryDirectory(domains: readonly string[], entries: readonly Entry[] = []): MemoryDirectory {
  return {
    entries: new Map(entries.map((entry) => [entry.id, entry])),
    domains,
    groups: new Map(),
    memberReads: [],
    writes: 0,
    made: new Map(),
    pageSize: 500,
    fingerprint: 'memory',
    reads: 0,
    gets: 0,
  };
}

/** @param unique the directory keeps addresses unique, as Exchange does. */
export function createMemoryConnector(
  id: string,
  directory: MemoryDirectory,
  unique = directory.traits?.uniqueAddresses ?? true,
): Connector {
  return {
    id,
    kind: 'memory',
    sets: ['all'],
    fingerprint: directory.fingerprint,
    readPage: async (cursor) => readPage(directory, cursor),
    readMembers: async (group, cursor) => readMembers(directory, group, cursor),
    capability: memoryCapability(directory, unique),
    write: async (request) =>
      request.as === 'mailboxContact'
        ? { ok: true, targetId: request.targetId ?? request.stamp, notKept: [], note: null }
        : write(directory, request, unique),
    ...(directory.confirm ? { confirmGone: async (_set, ids) => ({ told: told(directory.confirm!, ids), calls: ids.length }) } : {}),
    ...(directory.capacity ? { capacity: directory.capacity } : {}),
    ...(directory.together
      ? { writeMany: async (requests) => writeMany(directory.together!, requests, (one) => write(directory, one, unique)) }
      : {}),
    async get(targetId) {
      directory.gets += 1;
      return directory.entries.get(targetId) ?? null;
    },
    find: async (query) => (query.as === 'mailboxContact' ? null : find(directory, query)),
    ...(directory.mailboxes ? { copies: createMemoryCopies(directory.mailboxes) } : {}),
    verify: () => [
      {
        name: 'read',
        after: [],
        run: async () => ({ result: 'pass', detail: `It holds ${directory.entries.size} entries; nothing has to be granted.` }),
      },
    ],
  };
}

function told(confirm: NonNullable<MemoryDirectory['confirm']>, ids: readonly string[]): ReadonlyMap<string, Absence> {
  confirm.asked.push(...ids);
  return new Map(ids.flatMap((id) => [[id, confirm.answers(id)] as const].filter((one): one is [string, Absence] => one[1] !== undefined)));
}

function readPage(directory: MemoryDirectory, cursor: string | null): PullPage {
  directory.reads += 1;
  const there = [...directory.entries.values()];
  const shown = there.slice(0, there.length - (directory.replays ?? 0));
  const all = [...shown, ...shown.slice(0, directory.replays ?? 0)];
  const start = Number(cursor ?? 0);
  const some = all.slice(start, start + directory.pageSize);
  const end = start + some.length >= all.length;
  const parts = some.map(({ id, ...fields }): EntryPart => ({ id, primary: true, fields }));
  return {
    set: 'all',
    mode: 'full',
    parts,
    removed: start === 0 ? (directory.removed ?? []) : [],
    restarted: false,
    cursor: end ? null : String(start + some.length),
    finished: end ? { token: null, count: there.length } : null,
    domains: directory.domains,
    read: some.length,
    calls: 1,
  };
}

function write(directory: MemoryDirectory, asked: WriteRequest, unique: boolean): WriteAnswer {
  const answer = directory.onWrite?.(asked);
  if (answer) return answer;
  const noManager = refusedManager(directory, asked);
  if (noManager) return noManager;
  const { request, pending } = partsNow(directory, asked);
  if (request.change === 'delete') {
    const there = directory.entries.delete(request.targetId!);
    forgetManager(directory, request.targetId!);
    directory.writes += 1;
    return { ok: true, targetId: request.targetId!, notKept: [], note: there ? null : 'alreadyGone' };
  }
  const known = request.change === 'create' ? null : directory.entries.get(request.targetId!);
  if (known === undefined) return refused('notFound', 'gone', `There is no object ${request.targetId}.`);
  const id = known?.id ?? `m-${directory.entries.size}-${directory.writes}`;
  const written = applied(known ?? null, id, request);
  const own = directory.legacyNames && !known ? [`/o=memory/cn=${id}`] : [];
  const entry = own.length > 0 ? { ...written, x500: [...own, ...(written.x500 ?? [])] } : written;
  const taken = unique ? [...directory.entries.values()].find((other) => other.id !== id && clash(other, entry)) : undefined;
  if (taken)
    return {
      ...refused('addressInUse', 'collision', `An address of ${request.alias} is used by ${taken.id}.`),
      owner: { id: taken.id, kind: taken.type, attribute: 'proxyAddresses' },
    };
  directory.entries.set(id, entry);
  directory.writes += 1;
  if (!known && directory.lag) directory.made.set(id, directory.lag.now());
  return { ok: true, targetId: id, notKept: [], note: null, ...(pending ? { pending } : {}) };
}

/** What of a request the directory takes now, and what it takes later. */
function partsNow(directory: MemoryDirectory, request: WriteRequest): { request: WriteRequest; pending: PendingParts | null } {
  const { lag } = directory;
  if (!lag || request.change === 'delete') return { request, pending: null };
  const now = lag.now();
  const until = (directory.made.get(request.targetId ?? '') ?? (request.change === 'create' ? now : 0)) + lag.ms;
  const { setStamp, fields, ...rest } = request;
  const waits = (name: string): boolean => lag.fields.includes(name as FieldName);
  const later = [...Object.keys(fields), ...(setStamp === undefined ? [] : ['stamp'])].filter(waits) as FieldName[];
  if (now >= until || later.length === 0) return { request, pending: null };
  const failure = { code: 'notYetVisible', message: 'The object is not visible yet.', nextStep: 'Wait.' } as const;
  return {
    request: {
      ...rest,
      fields: Object.fromEntries(Object.entries(fields).filter(([name]) => !waits(name))),
      ...(setStamp === undefined || waits('stamp') ? {} : { setStamp }),
    },
    pending: { fields: later, until, failure },
  };
}

function refused(code: 'notFound' | 'addressInUse', retry: 'gone' | 'collision', message: string): Extract<WriteAnswer, { ok: false }> {
  return { ok: false, failure: { code, message, nextStep: 'Look at that object.' }, retry, targetId: null, owner: null };
}

function applied(known: Entry | null, id: string, request: WriteRequest): Entry {
  const base: Entry = known ?? {
    id,
    kind: request.as === 'guest' || request.as === 'mailUser' ? 'user' : 'contact',
    type: TYPES[request.as],
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
    else if (name === 'signIn') own['enabled'] = value !== 'blocked';
    else if (name === 'userPrincipalName') own[name] = value;
    else if (name === 'x500') own[name] = [...new Set([...(base.x500 ?? []), ...((value as readonly string[] | null) ?? [])])];
    else if (name === 'addresses' || name === 'deliveryAddress' || name === 'sip')
      own[name] = value ?? (name === 'addresses' ? [] : undefined);
    else if (name === 'manager' && request.manager) own['managerRef'] = request.manager.id;
    else if (name === 'manager' && value === null) own['managerRef'] = undefined;
    else if (name !== 'stamp') attributes[name] = value;
  }
  if (request.setAlias !== undefined) attributes['alias'] = request.setAlias;
  for (const [name, value] of Object.entries(attributes)) if (value === null) delete attributes[name];
  const { stamp: _stamp, ...unstamped } = { ...base, ...own, attributes } as Entry;
  if (request.setStamp === undefined) return { ...unstamped, ...(base.stamp ? { stamp: base.stamp } : {}) } as Entry;
  return (request.setStamp === '' ? unstamped : { ...unstamped, stamp: request.setStamp }) as Entry;
}

function find(directory: MemoryDirectory, query: FindQuery): Entry | null {
  for (const entry of directory.entries.values())
    if (entry.type === TYPES[query.as] && (entry.stamp === query.stamp || (query.alias !== '' && entry.attributes.alias === query.alias)))
      return entry;
  return null;
}
