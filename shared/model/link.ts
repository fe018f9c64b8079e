import type { PushType } from './configuration.ts';
import type { Kind } from './entry.ts';
import type { FieldName, Fields } from './plan.ts';

/**
 * "This source object is that target object", by immutable ids (design §2). Keyed by route and source id; never deleted: it becomes `ended`.
 *
 * - `intent`  a create was announced and its answer is not known yet; the write step looks the object up before it repeats anything
 * - `linked`  the target object is ours (or adopted) and is kept up to date
 * - `ended`   the target object is gone or released; X500 addresses and history stay
 */
export interface Link {
  readonly route: string;
  readonly sourceId: string;
  readonly state: 'intent' | 'linked' | 'ended';
  readonly kind: Kind;
  /** What the target object is: its push type when we made or adopted it, whatever the route says by now. */
  readonly as: PushType;
  readonly targetId: string | null;
  /** The target object that the person had before a create: a directory that keeps deleted objects can bring it back. */
  readonly former?: string | null;
  /** Parts of the change `change` that wait for the target (until: epoch ms): not in `image` yet, planned again by any later job. */
  readonly open?: {
    readonly change: string;
    readonly fields: readonly FieldName[];
    readonly until: number;
    readonly since: string | null;
  } | null;
  readonly adopted: boolean;
  /** The change (by id) that was announced last, and when (ISO): what a re-run compares with before it calls the target. */
  readonly intent: {
    readonly change: string;
    readonly at: string;
    readonly what: 'create' | 'update' | 'hide' | 'delete' | 'adopt';
    readonly alias: string | null;
  } | null;
  /** The change that was carried out last: a re-run of it is `done` without a call. */
  readonly doneChange: string | null;
  /** The target object's fields as last known (read, or expected after our own write). */
  readonly image: Fields;
  /** Hash of the target entry that `image` was taken from; null after our own write, until a read confirms it. */
  readonly imageHash: string | null;
  /** The object of the target that `image.manager` names, where the target keeps managers as references; its addresses may change. */
  readonly managerId?: string | null;
  /** Per field, a hash of the value that galsync wrote last: tells our value from an edit, and what we may clear. */
  readonly written: Readonly<Partial<Record<FieldName, string>>>;
  /** Fields that the target answered "done" for but does not show; reported once, not written for ever. */
  readonly notKept: Readonly<Partial<Record<FieldName, string>>>;
  /** Set while the source is gone or out of scope. `since` is when the leaving began (hide done, or first found). */
  readonly leaving: { readonly reason: 'gone' | 'outOfScope'; readonly since: string } | null;
  /** True once the target object was hidden because of `leaving`. */
  readonly hidden: boolean;
  /** Fixed at create; what we named the object there. */
  readonly alias: string | null;
  /** Last primary address and display name: what a person calls it when everything else is gone. */
  readonly address: string;
  readonly displayName: string;
  /** Every X500 address ever seen of the person or of its target object. */
  readonly x500: readonly string[];
  /** When the target object was last written by us (ISO): on a service with known lag it counts as there for 24 h. */
  readonly writtenAt: string | null;
  /** Waiting to be tried again after a failure that has to do with this object. */
  readonly retry: { readonly at: string; readonly tries: number } | null;
  readonly endedBecause: string | null;
  /** A conversion that was begun and not finished: there may be two objects, or one that stepped aside. */
  readonly converting?: Converting | null;
}

/** What a conversion needs to be finished or taken back after a death in any gap. */
export interface Converting {
  readonly from: PushType;
  readonly to: PushType;
  /** The object that is replaced; `targetId` of the link is this one until its successor is there. */
  readonly oldId: string;
  /** What the old object was before anything was done to it. */
  readonly image: Fields;
}
