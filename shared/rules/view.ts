import type { Capability } from '../connectors/connector.ts';
import type { PushType, RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { Change, KeptReason, SkipReason } from '../model/plan.ts';
import type { Projection } from './project.ts';
import type { Selected } from './select.ts';

/** What is known of one object of the target. `entry` null: unchanged since the link's image was taken. */
export type Sight = { readonly there: false } | { readonly there: true; readonly entry: Entry | null; readonly hash: string | null };

/** Whom an address means at a target that keeps managers as references. `id` null: it has no object yet, and this very plan makes it. */
export interface ManagerSight {
  readonly id: string | null;
}

/** The target as planning sees it: preloaded, no I/O. */
export interface TargetView {
  sight(targetId: string): Sight;
  /** Objects that hold a key (`addressKey`, `stamp:…`). */
  hits(key: string): readonly Entry[];
  /** The living link of this route that names an object which carries no stamp (it was emptied), or null. */
  linkOf(targetId: string): Pick<Link, 'sourceId' | 'adopted'> | null;
  /** True if the source's complete read holds this id. */
  sourceHas(id: string): boolean;
  /** Whom a manager's address means; null: nobody there, and nobody comes. Known for the addresses that the plan's entries name. */
  manager(address: string): ManagerSight | null;
}

/** From a snapshot of the source that is older nothing is hidden or deleted. */
export const STALE_MS = 24 * 3_600_000;

export interface PlanContext {
  readonly route: RouteSettings;
  /** What the target holds of each push type that the route's objects have. */
  readonly capabilityOf: (as: PushType) => Capability;
  readonly select: (entry: Entry) => Selected;
  /** Onto what the target holds of that push type. */
  readonly project: (entry: Entry, as: PushType) => Projection;
  /** Losses of a linked entry whose object is as it would be made, found without a projection; null: it must be planned. */
  readonly settled: (entry: Entry, link: Link, sight: Sight, manager: TargetView['manager']) => readonly string[] | null;
  /** Compiled `existingWhere`; true without one. */
  readonly existingWhere: (entry: Entry) => boolean;
  /** The source's snapshot is older than `STALE_MS`. */
  readonly sourceStale: boolean;
  /** Ids of all configured routes: a stamp of any other one belongs to somebody else (promise 1). Absent: every stamp counts as ours. */
  readonly routes?: ReadonlySet<string>;
  readonly now: Date;
}

/** A managed object of another entry that holds an address (`key`). Its stamp names the link it belongs to. */
export interface Holder {
  readonly key: string;
  readonly targetId: string;
  readonly stamp?: string | undefined;
}

/** A change before sealing: id and order come later. `holders`: managed objects that hold an address it takes. */
export interface DraftChange extends Omit<Change, 'id' | 'order'> {
  readonly holders: readonly Holder[];
}

/** What one entry (or one leaver) comes to. */
export interface Planned {
  readonly bucket: 'unchanged' | 'skipped' | 'change' | 'orphan' | 'none';
  readonly skipReason: SkipReason | null;
  readonly keptReason: KeptReason | null;
  readonly change: DraftChange | null;
  /** A second change, neither counted nor shown: our stamp is taken off what is released. */
  readonly also?: DraftChange;
  /** To be stored by a push or sync although nothing is written to the target: refreshed image, leaving noted, link ended. */
  readonly link: Link | null;
  readonly losses: readonly string[];
}

export const NOTHING: Planned = { bucket: 'none', skipReason: null, keptReason: null, change: null, link: null, losses: [] };
