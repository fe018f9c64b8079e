import type { AttributeName } from './attributes.ts';
import type { PushType } from './configuration.ts';
import type { Kind } from './entry.ts';
import type { Failure } from './failure.ts';

/** What the diff compares and a write carries: attributes plus what the entry holds beside them. `userPrincipalName` is set by creates only. */
export type FieldName =
  | AttributeName
  | 'addresses'
  | 'deliveryAddress'
  | 'x500'
  | 'sip'
  | 'hidden'
  | 'stamp'
  | 'userPrincipalName'
  | 'signIn';
/** null means empty. `hidden` is `'true' | 'false'`, `signIn` `'blocked' | 'allowed'`. Lists keep their order; the first address is the primary one. */
export type FieldValue = string | readonly string[] | null;
export type Fields = Readonly<Partial<Record<FieldName, FieldValue>>>;

/** A field's value as a list; empty where there is none. */
export function textsOf(value: FieldValue | undefined): readonly string[] {
  return value === null || value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

export interface FieldChange {
  readonly name: FieldName;
  readonly before: FieldValue;
  readonly after: FieldValue;
}

export const CHANGE_KINDS = ['create', 'update', 'hide', 'delete', 'adopt', 'skip', 'keep'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** What a change is shown as (contract, "A change"). */
export const RESULTS = ['planned', 'done', 'failed', 'held', 'skipped', 'kept'] as const;

export const SKIP_REASONS = [
  'stamped',
  'invalid',
  'kind',
  'disabled',
  'external',
  'hidden',
  'noAddress',
  'internalOnly',
  'domain',
  'orgUnit',
  'exceptMember',
  'notMember',
  'where',
  'ownedElsewhere',
  'targetsOwn',
  'takenOver',
  'collision',
  'claimed',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** `changedSince`: only in an undo, of what is no longer as the undone job left it. */
export const KEPT_REASONS = ['policy', 'grace', 'adopted', 'unlinked', 'staleSource', 'unconfirmed', 'changedSince'] as const;
export type KeptReason = (typeof KEPT_REASONS)[number];

/** Why a removal, or any change that is not plain: `gone`, `outOfScope:where`, `missingInTarget`, `addressClaimed`, `returned` … */
export type ChangeReason = string;

export interface Owner {
  readonly id: string;
  readonly kind: string;
  /** The attribute of the owner that holds the address, in the target's own words. */
  readonly attribute: string;
  readonly displayName?: string | undefined;
}

/**
 * One change of one entry, as planned. `skip` and `keep` rows are kept for people (collisions, claims, kept leavers), never carried out.
 * `orphan` marks the acts on managed objects whose source is gone or out of scope: they are counted under `leavers`, not above.
 */
export interface Change {
  /** `<job>.<round>.<sequence>`; unique in the installation. */
  readonly id: string;
  readonly route: string;
  readonly change: ChangeKind;
  readonly kind: Kind;
  /** Push type of the target object that is written. */
  readonly as: PushType;
  readonly sourceId: string;
  readonly targetId: string | null;
  readonly address: string;
  readonly displayName: string;
  readonly reason: ChangeReason;
  readonly orphan: boolean;
  readonly fields: readonly FieldChange[];
  /** create: everything the object shall hold. */
  readonly desired: Fields | null;
  readonly stamp: string;
  readonly alias: string | null;
  readonly owner: Owner | null;
  /** Delete after a hide that was counted then: does not count for the removals breaker again. */
  readonly countedBefore: boolean;
  /** Addresses (keys) this change takes and gives up at the target: settled by `claims`. */
  readonly takes: readonly string[];
  readonly releases: readonly string[];
  /**
   * The object is replaced by one of the push type `as` (reason `converted`): what it is until then. `begun`: an earlier job began it.
   * `removesAccount`: with the old object goes an account, which counts as a removal. `before` is absent in plans of older versions.
   */
  readonly converts?: {
    readonly from: PushType;
    readonly begun: boolean;
    readonly removesAccount: boolean;
    readonly before?: BeforeConversion;
  };
  /** The source must be re-linked from this old source id (same person, new id). */
  readonly relinkFrom: string | null;
  /** For `hide`/`delete`: when the leaving began. */
  readonly since: string | null;
  /** Part of the ordered lane: releases before takes. 0 = no order needed. */
  readonly order: number;
  /** Carried out, neither counted nor shown: the first of two writes that cut a cycle, or the stamp of what was taken over going. */
  readonly firstPart?: boolean;
  /** What the link row says after it, where that does not follow from the kind of change (undo). */
  readonly restores?: LinkRestored;
}

/** What a conversion replaces, so that it can be undone (promise 10): its successor may not be able to hold all of it. */
export interface BeforeConversion {
  readonly image: Fields;
  /** Fields of the image that galsync wrote; the others are other people's. */
  readonly own: readonly FieldName[];
  /** Why it was leaving, if it was. */
  readonly leaving: 'gone' | 'outOfScope' | null;
}

/** The parts of a link row that an undo puts back. */
export interface LinkRestored {
  /** `since` null: the leaving begins anew with this change, so that its days count from now. */
  readonly leaving: { readonly reason: 'gone' | 'outOfScope'; readonly since: string | null } | null;
  readonly hidden: boolean;
  readonly adopted: boolean;
  /** Of an object that is made in another's place: fields that count as written by galsync. Absent: what the row says by itself. */
  readonly own?: readonly FieldName[];
}

export type OutcomeResult = 'done' | 'failed' | 'held' | 'skipped';

/** What became of one change. */
export interface Outcome {
  readonly result: OutcomeResult;
  readonly at: string;
  readonly targetId: string | null;
  readonly failure: Failure | null;
  readonly retryAt: string | null;
  readonly owner: Owner | null;
  /** `alreadyGone`, `foundAgain` … for people. */
  readonly note: string | null;
  /** Written but for parts that wait for the target: looked at again in the job's last wave, and true if that never comes. */
  readonly provisional?: boolean;
  /** True if the change turned out to be a collision, so it counts as skipped. */
  readonly collision?: boolean;
}

/** Up to 20 changes of one plan that one activity carries out; outcomes are filled in as they become known. */
export interface Batch {
  readonly job: string;
  readonly round: number;
  readonly route: string;
  readonly lane: number;
  readonly sequence: number;
  readonly changes: readonly Change[];
  /** By change id. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}
