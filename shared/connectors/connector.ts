import type { ConnectorKind, PushType } from '../model/configuration.ts';
import type { Entry, EntryPart, Kind } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { FieldName, Fields, FieldValue, Owner } from '../model/plan.ts';

/**
 * The port every directory implements. A connector knows nothing of routes, stores or other connectors: it reads pages and carries out
 * single changes. It throws `FailureError` for what is expected in the field and `ThrottledError` when the service asks for a long wait.
 */
export interface Connector {
  readonly id: string;
  readonly kind: ConnectorKind | 'memory';
  /** The sets that describe its objects, in the order in which `mergeParts` joins them. */
  readonly sets: readonly string[];
  /** Hash over what is asked for (property lists, sets). When it differs from the last pull's, absences wait for the next read. */
  readonly fingerprint: string;
  /**
   * Reads one page. `cursor` null begins a pull; the answer's cursor goes into the next call, in any process.
   * One call makes one request to the directory (plus details of that page's objects where the directory needs them).
   */
  readPage(cursor: string | null, memory: PullMemory): Promise<PullPage>;
  /** What this directory can hold for that push type; throws `FailureError` for a type that it does not have. */
  capability(as: PushType): Capability;
  /** Carries out one change. Answers failures of this object as a value; throws only what regards the whole directory. */
  write(request: WriteRequest): Promise<WriteAnswer>;
  /** The object with that immutable id as it is now, or null if the directory says "not found". Never resolves addresses. */
  get(targetId: string, as: PushType): Promise<Entry | null>;
  /** Looks up an object of ours after a lost answer: by stamp, else by alias, else by address if created since `since`. */
  find(query: FindQuery): Promise<Entry | null>;
}

/** What the last complete pull left behind for the next one. */
export interface PullMemory {
  /** Set → delta token (URL). Absent: the set is read in full. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Sets that were read completely before: if one is refused now, the pull fails instead of listing a loss. */
  readonly readBefore: readonly string[];
}

export interface PullPage {
  readonly set: string;
  readonly mode: 'full' | 'delta';
  readonly parts: readonly EntryPart[];
  /** Ids that the directory says are gone (delta only). */
  readonly removed: readonly string[];
  /** The set starts over (expired token, 410): what this pull staged of the set so far is void. */
  readonly restarted: boolean;
  /** null: the pull is complete. Opaque to everybody else, ≤ 16 KiB. */
  readonly cursor: string | null;
  /** Present on the last page of a set. `count`: the directory's own number of objects in the set, null if it gives none. */
  readonly finished: { readonly token: string | null; readonly count: number | null } | null;
  /** Verified domains of the directory, where this page told them. */
  readonly domains?: readonly string[];
  /** A set that was never granted: left out, a listed loss. */
  readonly losses?: readonly string[];
  /** Objects received, all kinds. */
  readonly read: number;
  /** HTTP calls made. */
  readonly calls: number;
}

export interface FieldCapability {
  /** In UTF-16 units; absent: no limit known. */
  readonly maxLength?: number;
  /** For lists. */
  readonly maxValues?: number;
}

/** What a target can hold, as data: rules project onto it before anything is compared. */
export interface Capability {
  readonly as: PushType;
  /** `Entry.type` of the objects that this push type makes: what `existing` may adopt. */
  readonly types: readonly string[];
  readonly fields: Readonly<Partial<Record<FieldName, FieldCapability>>>;
  readonly canHide: boolean;
  /** The directory keeps addresses unique: a taken one is refused. */
  readonly uniqueAddresses: boolean;
  /** What is written is not visible at once; an object written within 24 h counts as there. */
  readonly knownLag: boolean;
  /** Sets without which this directory cannot be a target: what is not read cannot be matched, and would be made twice. */
  readonly needs: readonly string[];
  /** Lanes per job that this directory bears. */
  readonly lanes: number;
  /** The value as the directory will return it (country names, case of domains, phone formats); null: cannot be held. */
  normalise(name: FieldName, value: string): string | null;
  /** Checks beyond single fields (2 KB per shared contact …): fields to drop, or null if all fits. */
  fit?(fields: Fields): { readonly fields: Fields; readonly lost: readonly FieldName[] };
}

export interface WriteRequest {
  readonly change: 'create' | 'update' | 'hide' | 'delete' | 'adopt';
  readonly as: PushType;
  readonly kind: Kind;
  readonly targetId: string | null;
  /** create: all fields. update, hide, adopt: only those that change. null clears. */
  readonly fields: Fields;
  /** The target's fields as last known; for what must be sent whole. */
  readonly current: Fields;
  readonly stamp: string;
  /** `''` removes the stamp (release). Absent: leave it as it is. */
  readonly setStamp?: string;
  readonly alias: string;
}

export type WriteAnswer =
  | {
      readonly ok: true;
      readonly targetId: string;
      /** Fields that the answer proves were not kept. */
      readonly notKept: readonly FieldName[];
      readonly note: 'alreadyGone' | 'verified' | null;
    }
  | {
      readonly ok: false;
      readonly failure: Failure;
      /**
       * `later`: this object is not ready (address not freed, not visible yet) · `never`: wait for a change · `unknown`: the answer was
       * lost, the change may have been made · `permission`: has nothing to do with the object · `collision`: somebody else's object.
       */
      readonly retry: 'later' | 'never' | 'unknown' | 'permission' | 'collision' | 'gone';
      /** The object that this write made or found before it failed. */
      readonly targetId: string | null;
      readonly owner: Owner | null;
    };

export interface FindQuery {
  readonly as: PushType;
  readonly stamp: string;
  readonly alias: string;
  readonly address: string;
  /** ISO time of the intent: an unstamped object older than this is not ours. */
  readonly since: string;
}

const ASCII = /^[!-~]+$/;

/** A comparable key of a mail address: trimmed, NFC, lower case; dots folded in gmail.com only (case R25). */
export function addressKey(address: string): string {
  // Most addresses are ASCII without blanks: there is nothing to trim or to compose.
  const text = (ASCII.test(address) ? address : address.trim().normalize('NFC')).toLowerCase();
  if (!text.endsWith('@gmail.com') && !text.endsWith('@googlemail.com')) return text;
  return `${text.slice(0, text.lastIndexOf('@')).replaceAll('.', '')}@gmail.com`;
}

/** The fields of an entry as the diff compares them. */
export function fieldsOf(entry: Entry): Fields {
  const fields: Partial<Record<FieldName, FieldValue>> = { ...entry.attributes, addresses: entry.addresses, hidden: String(entry.hidden) };
  if (entry.deliveryAddress) fields.deliveryAddress = entry.deliveryAddress;
  if (entry.x500?.length) fields.x500 = entry.x500;
  if (entry.sip?.length) fields.sip = entry.sip;
  if (entry.stamp ?? entry.stampPlace) fields.stamp = entry.stamp ?? entry.stampPlace ?? null;
  return fields;
}
