import type { Link } from '../model/link.ts';
import type { TargetSide } from './planning.ts';

/** Where writes show late: what was read may be older than a write within this time (promise 5). */
const LAG_MS = 24 * 3_600_000;

/** True if we wrote the object so short a time ago that a service with known lag may not show it as it is. */
export function writtenLately(link: Pick<Link, 'writtenAt'> | null, now: Date): boolean {
  return link?.writtenAt != null && now.getTime() - Date.parse(link.writtenAt) < LAG_MS;
}

/** The same for a target that may have no such lag. */
export function mayShowLate({ capabilityOf, now }: Pick<TargetSide, 'capabilityOf' | 'now'>, link: Link | null): boolean {
  return link !== null && capabilityOf(link.as).knownLag && writtenLately(link, now);
}
