import type { ConnectorKind, PushType } from '../model/configuration.ts';
import type { Entry, EntryPart, Kind } from '../model/entry.ts';
import type { Failure } from '../model/failure.ts';
import type { FieldName, Fields, FieldValue, Owner } from '../model/plan.ts';
import type { Copies } from './copies.ts';
import type { Uses } from './permission.ts';
import type { Probe } from './verification.ts';

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
  /**
   * What became of objects that a complete read of a set no longer shows; asked only then, and bounded in time. An id without an answer could not be
   * asked about: the next read decides. Null, or no such method: a complete read of that set is proof enough. `calls`: requests made
   * for it. Throws nothing that is expected.
   */
  confirmGone?(
    set: string,
    ids: readonly string[],
  ): Promise<{ readonly told: ReadonlyMap<string, Absence>; readonly calls: number } | null>;
  /**
   * One page of a group's direct members; `cursor` null begins. Null: the directory has no such group. Called after the sets, for the groups
   * that filters name and those within them. Throws `FailureError` (`permission`) if the group may not be read.
   */
  readMembers(group: string, cursor: string | null): Promise<MembersPage | null>;
  /** What this directory can hold for that push type; throws `FailureError` for a type that it does not have. */
  capability(as: PushType): Capability;
  /** Carries out one change. Answers failures of this object as a value; throws only what regards the whole directory. */
  write(request: WriteRequest): Promise<WriteAnswer>;
  /**
   * Carries out several changes together, where the directory takes them so. They do not depend on each other and are done in any order. One answer
   * for each, as `write` would judge it; null: this one was not made, and `write` is to be asked. What has no answer of its own is `unknown`.
   * The last look before a change is as good as `write`'s. Throws only `ThrottledError`, and only if nothing was done.
   */
  writeMany?(requests: readonly WriteRequest[]): Promise<readonly (WriteAnswer | null)[]>;
  /** The object with that immutable id as it is now, or null if the directory says "not found". Never resolves addresses. */
  get(targetId: string, as: PushType): Promise<Entry | null>;
  /** Looks up an object of ours after a lost answer: by stamp, else by alias, else by address if created since `since`. */
  find(query: FindQuery): Promise<Entry | null>;
  /** The questions that show an administrator what is wrong before the first job does, for what the configuration uses. None of them writes. */
  verify(uses: Uses): readonly Probe[];
  /** What fits into the directory in all; absent: no limit known. */
  readonly capacity?: Capacity;
  /** Copies of a route's objects in people's mailboxes: only where a push type of this directory is `virtual`. */
  readonly copies?: Copies;
}

/** `there`: the directory has it although its list does not show it. */
export type Absence = 'gone' | 'there';

/** How much of its objects a directory takes in all, whoever made them. A plan that would go beyond is held before its first write. */
export interface Capacity {
  /** In words, plural: `shared contacts`. */
  readonly what: string;
  /** `Entry.type` of the objects that count. */
  readonly types: readonly string[];
  readonly objects: number;
  readonly bytes: number;
  /** Bytes that these fields of one object take up; additive over fields. */
  sizeOf(fields: Fields): number;
}

/** What the last complete pull left behind for the next one. */
export interface PullMemory {
  /** Set → delta token (URL). Absent: the set is read in full. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Sets that were read completely before: if one is refused now, the pull fails instead of listing a loss. */
  readonly readBefore: readonly string[];
  /** The directory told its domains then: refused now, they fail the pull, too. */
  readonly domainsRead?: boolean;
}

export interface PullPage {
  readonly set: string;
  readonly mode: 'full' | 'delta';
  readonly parts: readonly EntryPart[];
  /** Ids that the directory says are gone (delta only). */
  readonly removed: readonly string[];
  /** Ids of objects that are there but are no entries: left out, and yet part of the directory's own count. */
  readonly leftOut?: readonly string[];
  /** The set starts over (expired token, 410): what this pull staged of the set so far is void. */
  readonly restarted: boolean;
  /** null: the pull is complete. Opaque to everybody else, ≤ 16 KiB. */
  readonly cursor: string | null;
  /** Present on the last page of a set. `count`: the directory's own number of objects in the set, `leftOut` among them; null if it gives none. */
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

/** Direct members of a group, one page of them. */
export interface MembersPage {
  /** By the ids that member lists use: `Entry.id`, or `Entry.memberId` where an entry has one. */
  readonly members: readonly { readonly id: string; readonly group: boolean }[];
  /** Everybody of the directory's own people is a member (Google's type CUSTOMER). */
  readonly everyUser: boolean;
  /** Opaque; null on the last page. Kept with the page, never in an orchestration. */
  readonly next: string | null;
  /** Why the list is known to lack members, in words; null: it is complete as far as anybody can tell. */
  readonly lacking: string | null;
}

export interface FieldCapability {
  /** In UTF-16 units; absent: no limit known. */
  readonly maxLength?: number;
  /** For lists. */
  readonly maxValues?: number;
  /** What an object holds beyond `maxValues` is the directory's own: neither compared nor given up. */
  readonly keepsOthers?: boolean;
  /** The value is an address, what is kept is an object of that directory: it must be there, and be no group (`manager`). */
  readonly reference?: boolean;
}

/** What a target can hold, as data: rules project onto it before anything is compared. */
export interface Capability {
  readonly as: PushType;
  /** `Entry.type` of the objects that this push type makes: what `existing` may adopt. */
  readonly types: readonly string[];
  /** `Entry.type` that such an object may show until every part of the directory knows it: no proof that it has become something else. */
  readonly unsettledTypes?: readonly string[];
  /** Its objects are accounts: with one go memberships and rights, so a conversion away from it counts as a removal, too. */
  readonly holdsAccount?: boolean;
  readonly fields: Readonly<Partial<Record<FieldName, FieldCapability>>>;
  readonly canHide: boolean;
  /** Addresses, alias and name of such an object can be changed, so that it steps aside for its successor. Absent: it must go first. */
  readonly stepsAside?: boolean;
  /** The directory keeps addresses unique: a taken one is refused. */
  readonly uniqueAddresses: boolean;
  /** What is written is not visible at once; an object written within 24 h counts as there. */
  readonly knownLag: boolean;
  /** Sets without which this directory cannot be a target: what is not read cannot be matched, and would be made twice. */
  readonly needs: readonly string[];
  /** Lanes per job that this directory bears. */
  readonly lanes: number;
  /**
   * The target object is the link row itself: `write` makes no call, nothing of the directory is matched, and what people see are copies
   * (`Connector.copies`) that are brought in step after the plan was carried out.
   */
  readonly virtual?: boolean;
  /** The value as the directory will return it (country names, case of domains, phone formats); null: cannot be held. */
  normalise(name: FieldName, value: string): string | null;
  /** The only fields of which `normalise` may change a printable line without blanks around it; of all others it leaves that as it is. */
  readonly respells: ReadonlySet<FieldName>;
  /** Why an object of a fitting type is none of this push type any more (a guest that has become a member), or null. */
  outgrown?(entry: Entry): string | null;
  /** Checks beyond single fields (2 KB per shared contact …): what is left, the very `fields` if all fits. What fits, fits with fewer fields. */
  fit?(fields: Fields): { readonly fields: Fields; readonly lost: readonly FieldName[] };
}

/** An object of the directory that a field refers to (`FieldCapability.reference`). */
export interface Referenced {
  readonly id: string;
  /** The id by which the directory's groups list it, where that is not `id`. */
  readonly memberId?: string;
}

export interface WriteRequest {
  /** `release`: only takes our stamp off, whatever the object has become. */
  readonly change: 'create' | 'update' | 'hide' | 'delete' | 'adopt' | 'release';
  readonly as: PushType;
  readonly kind: Kind;
  readonly targetId: string | null;
  /** create: all fields. update, hide, adopt: only those that change. null clears. */
  readonly fields: Fields;
  /** The object that the address in `fields.manager` means, where the directory keeps managers as references. */
  readonly manager?: Referenced;
  /** The target's fields as last known; for what must be sent whole. */
  readonly current: Fields;
  readonly stamp: string;
  /** `''` removes the stamp (release). Absent: leave it as it is. */
  readonly setStamp?: string;
  /**
   * update: the object is renamed to this alias, its name and sign-in name with it (`userPrincipalName` among the fields: to that one); so its
   * successor can have them (conversion). Absent: it keeps them.
   */
  readonly setAlias?: string;
  readonly alias: string;
  /** delete: not into a recycle bin that keeps the addresses: a successor of another push type needs them (conversion). */
  readonly forGood?: boolean;
  /** Of a create, its later parts included: when it was announced first (ISO). What the directory made before that is not ours. */
  readonly since?: string;
  /** create: the object that this person had before, if any; a directory that keeps deleted objects brings it back. */
  readonly former?: string | null;
}

/** Parts of a change that wait for the target: an update with just these fields follows in the job's last wave, else in a later job. */
export interface PendingParts {
  /** `stamp` among them: the object does not carry it yet. */
  readonly fields: readonly FieldName[];
  /** Epoch ms before which it is of no use to try. */
  readonly until: number;
  /** What is said of the change while they are open. */
  readonly failure: Failure;
}

export interface RefusedField {
  readonly name: FieldName;
  readonly failure: Failure;
  /** What it refers to is not there: written once it is. */
  readonly absent?: boolean;
}

export type WriteAnswer =
  | {
      readonly ok: true;
      readonly targetId: string;
      /** Fields that the answer proves were not kept. */
      readonly notKept: readonly FieldName[];
      readonly note: 'alreadyGone' | 'verified' | 'restored' | null;
      /** Fields that this object is not allowed to have: a loss, written again only when their value differs. */
      readonly refused?: readonly RefusedField[];
      readonly pending?: PendingParts;
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
  if (entry.kind === 'user') fields.signIn = entry.enabled ? 'allowed' : 'blocked';
  if (entry.stamp ?? entry.stampPlace) fields.stamp = entry.stamp ?? entry.stampPlace ?? null;
  return fields;
}
