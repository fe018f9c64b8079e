import { FailureError } from '../../model/failure.ts';
import type { Fields } from '../../model/plan.ts';
import type { Copies, CopyAct, CopyAnswer, CopyContact, ResolvedName } from '../copies.ts';

export interface MemoryFolder {
  readonly id: string;
  name: string;
  mark: string | null;
  readonly contacts: Map<string, CopyContact>;
  /** Every change of the folder, for its record: contact and version (null: removed). */
  readonly record: { readonly id: string; readonly version: string | null }[];
}

/** A mailbox in a Map. `fault`: thrown by every call about it. */
export interface MemoryMailbox {
  readonly address: string;
  readonly folders: Map<string, MemoryFolder>;
  fault: FailureError | null;
}

/** The mailboxes of a directory in memory, and what was asked of them. */
export interface MemoryMailboxes {
  readonly mailboxes: Map<string, MemoryMailbox>;
  /** Address of a group → ids of its members. */
  readonly groups: Map<string, readonly string[]>;
  calls: number;
  writes: number;
  /** Called before each write; may throw, or answer instead. */
  onWrite?: (mailbox: string, act: CopyAct) => CopyAnswer | null;
  /** What the mailbox makes of written fields (spelling, what it drops). */
  keeps?: (fields: Fields) => Fields;
  pageSize: number;
  /** Thrown by the next `resolve`. */
  resolveFault?: Error;
}

export function createMemoryMailboxes(ids: readonly string[]): MemoryMailboxes {
  const mailboxes = ids.map((id) => [id, { address: `${id}@b.example`, folders: new Map(), fault: null }] as const);
  return { mailboxes: new Map(mailboxes), groups: new Map(), calls: 0, writes: 0, pageSize: 100 };
}

let counter = 0;
const next = (): string => {
  counter += 1;
  return `v${counter}`;
};

/** Changes a contact as its owner would: everything but our marks may differ, and the record shows it. */
export function editContact(folder: MemoryFolder, id: string, change: (contact: CopyContact) => CopyContact | null): void {
  const changed = change(folder.contacts.get(id)!);
  const version = changed ? next() : null;
  if (changed) folder.contacts.set(id, { ...changed, version: version! });
  else folder.contacts.delete(id);
  folder.record.push({ id, version });
}

/** The port for copies without HTTP. Tokens are positions in a folder's record. */
export function createMemoryCopies(state: MemoryMailboxes): Copies {
  return {
    writesAtOnce: 20,
    pageSize: state.pageSize,
    lanes: 2,
    shown: ({ x500: _x500, hidden: _hidden, stamp: _stamp, ...fields }) => fields,
    async resolve(names) {
      const { resolveFault } = state;
      delete state.resolveFault;
      if (resolveFault) throw resolveFault;
      return names.map((name) => resolved(state, name));
    },
    ...folders(state),
    ...contacts(state),
  };
}

function folders(state: MemoryMailboxes): Pick<Copies, 'look' | 'makeFolder' | 'renameFolder' | 'removeFolder'> {
  return {
    async look({ mailbox, mark, folder: known, token }) {
      const marked = [...mailboxOf(state, mailbox).folders.values()].filter((one) => one.mark === mark);
      const chosen = marked.find((one) => one.id === known) ?? marked[0] ?? null;
      const unchanged = token !== null && chosen?.id === known && Number(token) === chosen.record.length;
      return {
        folder: chosen && { id: chosen.id, name: chosen.name },
        others: marked.filter((one) => one !== chosen).map((one) => one.id),
        unchanged,
        token: unchanged ? token : null,
      };
    },
    async makeFolder(mailbox, mark, name) {
      const made: MemoryFolder = { id: `f-${next()}`, name, mark, contacts: new Map(), record: [] };
      mailboxOf(state, mailbox).folders.set(made.id, made);
      return { id: made.id, name };
    },
    async renameFolder(mailbox, folder, name) {
      folderOf(state, mailbox, folder).name = name;
    },
    async removeFolder(mailbox, folder) {
      mailboxOf(state, mailbox).folders.delete(folder);
    },
  };
}

function contacts(state: MemoryMailboxes): Pick<Copies, 'list' | 'find' | 'write' | 'changes'> {
  return {
    async list(mailbox, folder, cursor) {
      const all = [...folderOf(state, mailbox, folder).contacts.values()];
      const start = Number(cursor ?? 0);
      const end = start + state.pageSize;
      return { contacts: all.slice(start, end), cursor: end < all.length ? String(end) : null };
    },
    async find(mailbox, folder, stamps) {
      const all = [...folderOf(state, mailbox, folder).contacts.values()];
      return all.filter((contact) => contact.stamp !== null && stamps.includes(contact.stamp));
    },
    async write(mailbox, folder, acts) {
      const into = folderOf(state, mailbox, folder);
      return acts.map((act) => state.onWrite?.(mailbox, act) ?? carriedOut(state, into, act));
    },
    async changes(mailbox, folder, from) {
      const { record } = folderOf(state, mailbox, folder);
      const start = 'cursor' in from ? Number(from.cursor) : Number(from.token ?? 0);
      return { changes: record.slice(start), cursor: null, token: String(record.length) };
    },
  };
}

/** Each look into a mailbox counts as a call. */
function mailboxOf(state: MemoryMailboxes, id: string): MemoryMailbox {
  state.calls += 1;
  const found = state.mailboxes.get(id);
  if (found?.fault) throw found.fault;
  if (!found) throw gone(`The account ${id} has no mailbox.`);
  return found;
}

function folderOf(state: MemoryMailboxes, mailbox: string, id: string): MemoryFolder {
  const found = mailboxOf(state, mailbox).folders.get(id);
  if (!found) throw gone(`There is no folder ${id}.`);
  return found;
}

function gone(message: string): FailureError {
  return new FailureError({ code: 'notFound', message, nextStep: 'Look at that mailbox.' });
}

function resolved(state: MemoryMailboxes, name: string): ResolvedName {
  const of = (id: string): { id: string; address: string } => ({ id, address: `${id}@b.example` });
  const members = state.groups.get(name);
  if (members) return { name, ok: true, mailboxes: members.map(of) };
  const id = [...state.mailboxes.keys()].find((one) => one === name || `${one}@b.example` === name);
  return id ? { name, ok: true, mailboxes: [of(id)] } : { name, ok: false, failure: gone(`There is no ${name}.`).failure };
}

function carriedOut(state: MemoryMailboxes, folder: MemoryFolder, act: CopyAct): CopyAnswer {
  state.writes += 1;
  if (act.act === 'delete') {
    if (folder.contacts.delete(act.id)) folder.record.push({ id: act.id, version: null });
    return { ok: true, id: act.id, contact: null };
  }
  const known = act.act === 'update' ? folder.contacts.get(act.id) : undefined;
  if (act.act === 'update' && !known) return { ok: false, waitMs: null, failure: gone(`There is no contact ${act.id}.`).failure };
  const wanted = { ...known?.fields, ...act.fields };
  const full = Object.fromEntries(Object.entries(state.keeps?.(wanted) ?? wanted).filter(([, value]) => value !== null));
  const contact: CopyContact = {
    id: known?.id ?? `c-${next()}`,
    version: next(),
    stamp: act.act === 'create' ? act.stamp : known!.stamp,
    note: act.note,
    fields: full,
  };
  folder.contacts.set(contact.id, contact);
  folder.record.push({ id: contact.id, version: contact.version });
  return { ok: true, id: contact.id, contact };
}
