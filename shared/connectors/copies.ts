import type { Failure } from '../model/failure.ts';
import type { Fields } from '../model/plan.ts';

/**
 * The port for copies: a folder of ours in people's mailboxes. All calls name a mailbox by the immutable id of its account. They throw
 * `FailureError` for what regards the whole mailbox (`notFound`, `permission`, `quota` …) and `ThrottledError` for a long wait of the tenant;
 * everything may be called again at any time. Contacts and folders without our marks are never named in a call.
 */
export interface Copies {
  /** Which mailboxes an address, an id or a group stands for now; groups with all that is nested in them. */
  resolve(names: readonly string[]): Promise<readonly ResolvedName[]>;
  /** One call: our folder, and whether anything in it changed since `token`. */
  look(query: FolderQuery): Promise<FolderSight>;
  makeFolder(mailbox: string, mark: string, name: string): Promise<CopyFolder>;
  renameFolder(mailbox: string, folder: string, name: string): Promise<void>;
  /** Removes a folder that holds nothing any more; gone already is fine. */
  removeFolder(mailbox: string, folder: string): Promise<void>;
  /** One page of a folder. Those without a stamp of ours come too: they say that the folder is not empty. */
  list(mailbox: string, folder: string, cursor: string | null): Promise<CopyPage>;
  /** Contacts of a folder by their stamps, at most `writesAtOnce` of them; what is not there is left out. */
  find(mailbox: string, folder: string, stamps: readonly string[]): Promise<readonly CopyContact[]>;
  /** At most `writesAtOnce` acts, answered one by one in their order. */
  write(mailbox: string, folder: string, acts: readonly CopyAct[]): Promise<readonly CopyAnswer[]>;
  readonly writesAtOnce: number;
  /** Contacts on one page of `list`. */
  readonly pageSize: number;
  /**
   * One page of what changed in a folder since a token (null: from the beginning; then only the new token is of use). null: this directory
   * keeps no such record, or not so far back.
   */
  changes(
    mailbox: string,
    folder: string,
    from: { readonly token: string | null } | { readonly cursor: string },
  ): Promise<ChangesPage | null>;
  /** What the folder can hold of an object's fields, as `list` will show it. */
  shown(fields: Fields): Fields;
  /** Lanes that work on different mailboxes at a time. */
  readonly lanes: number;
}

export type ResolvedName =
  | { readonly name: string; readonly ok: true; readonly mailboxes: readonly { readonly id: string; readonly address: string }[] }
  | { readonly name: string; readonly ok: false; readonly failure: Failure };

export interface FolderQuery {
  readonly mailbox: string;
  readonly mark: string;
  /** As last known. */
  readonly folder: string | null;
  readonly token: string | null;
}

export interface CopyFolder {
  readonly id: string;
  readonly name: string;
}

export interface FolderSight {
  readonly folder: CopyFolder | null;
  /** Other folders with our mark (an answer was lost, or somebody moved ours): emptied of our contacts. */
  readonly others: readonly string[];
  /** True only if the directory says that nothing in `query.folder` changed since `query.token`. */
  readonly unchanged: boolean;
  /** The token that says so from now on. */
  readonly token: string | null;
}

/** One contact of a folder. `version` changes with every change of it. */
export interface CopyContact {
  readonly id: string;
  readonly version: string;
  readonly stamp: string | null;
  /** What we noted when we wrote it last; opaque. */
  readonly note: string | null;
  readonly fields: Fields;
}

export interface CopyPage {
  readonly contacts: readonly CopyContact[];
  readonly cursor: string | null;
}

export type CopyAct =
  | { readonly act: 'create'; readonly stamp: string; readonly note: string; readonly fields: Fields }
  /** `fields`: those that change; `whole`: all that the contact shall hold, for what must be sent together. */
  | { readonly act: 'update'; readonly id: string; readonly note: string; readonly fields: Fields; readonly whole: Fields }
  | { readonly act: 'delete'; readonly id: string };

export type CopyAnswer =
  /** `contact` as the directory keeps it; null after a delete, or where it does not tell. */
  | { readonly ok: true; readonly id: string; readonly contact: CopyContact | null }
  /** Not done: this mailbox asks to wait. */
  | { readonly ok: false; readonly waitMs: number }
  | { readonly ok: false; readonly waitMs: null; readonly failure: Failure };

export interface ChangesPage {
  readonly changes: readonly { readonly id: string; readonly version: string | null }[];
  readonly cursor: string | null;
  /** On the last page. */
  readonly token: string | null;
}

/** Thrown when one mailbox asks to wait (too many calls at a time); nobody else need wait for it. */
export class MailboxBusy extends Error {
  readonly waitMs: number;
  constructor(mailbox: string, waitMs: number) {
    super(`The mailbox ${mailbox} asks to wait ${waitMs} ms.`);
    this.name = 'MailboxBusy';
    this.waitMs = waitMs;
  }
}
