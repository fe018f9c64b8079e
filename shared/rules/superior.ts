import type { Link } from '../model/link.ts';
import type { Fields } from '../model/plan.ts';
import { hashValue, sameValue } from './diff.ts';
import type { Projection } from './project.ts';
import type { PlanContext, TargetView } from './view.ts';

/** What is said of a manager who has no object at the target. */
export const NO_MANAGER_THERE = 'manager: not in the target';

/** The mark in `Link.notKept` of a manager who was waited for and did not come: written once there is an object. */
export function absentMark(hash: string): string {
  return `absent:${hash}`;
}

export function isAbsent(mark: string | undefined): boolean {
  return mark?.startsWith('absent:') ?? false;
}

/** True if the target keeps managers as references to its own objects. */
export function keepsManagers(context: Pick<PlanContext, 'capabilityOf'>, as: Projection['as']): boolean {
  return context.capabilityOf(as).fields.manager?.reference === true;
}

/** The manager's address that must be an object of the target, or null. */
export function namedManager(context: Pick<PlanContext, 'capabilityOf'>, { as, fields }: Projection): string | null {
  return typeof fields.manager === 'string' && keepsManagers(context, as) ? fields.manager : null;
}

/** A manager who is not at the target, and does not come there by this plan, cannot be held: dropped before anything is compared, a loss. */
export function settleManager(context: Pick<PlanContext, 'capabilityOf'>, projection: Projection, view: TargetView): Projection {
  const manager = namedManager(context, projection);
  if (manager === null || view.manager(manager)) return projection;
  return { ...projection, fields: { ...projection.fields, manager: null }, losses: [...projection.losses, NO_MANAGER_THERE] };
}

/**
 * What is compared of the manager: the same object under another address is no difference, another object under the same address is one.
 * @param current what the target shows, `held` the object that it names there
 */
export function comparedManager(desired: Fields, current: Fields, held: string | null | undefined, view: TargetView): Fields {
  const wanted = desired.manager;
  const id = typeof wanted === 'string' ? (view.manager(wanted)?.id ?? null) : null;
  if (wanted === undefined || id === null || !held || !current.manager) return current;
  if (id === held) return { ...current, manager: wanted };
  return sameValue('manager', wanted, current.manager) ? { ...current, manager: null } : current;
}

/** A manager who was waited for in vain is not written again before there is an object. */
export function absentManager(desired: Fields, marks: Link['notKept'], view: TargetView): Link['notKept'] {
  const wanted = desired.manager;
  if (typeof wanted !== 'string' || marks.manager !== absentMark(hashValue(wanted)) || view.manager(wanted)?.id !== null) return marks;
  return { ...marks, manager: hashValue(wanted) };
}

/** The same manager under a new address: nothing is written, but the link remembers the new one, so that the entry comes to rest. */
export function followManager(link: Link, refreshed: Link | null, known: Fields, compared: Fields): Link | null {
  const { manager } = compared;
  if (typeof manager !== 'string' || manager === known.manager) return refreshed;
  const kept = refreshed ?? link;
  const ours = kept.written.manager === hashValue(known.manager ?? null);
  const written = ours ? { ...kept.written, manager: hashValue(manager) } : kept.written;
  return { ...kept, image: { ...kept.image, manager }, written };
}
