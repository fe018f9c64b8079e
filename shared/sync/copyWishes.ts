import type { Copies } from '../connectors/copies.ts';
import type { RouteSettings } from '../model/configuration.ts';
import type { Fields } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { addToDigest, startDigest } from '../rules/copies.ts';
import { SHARDS } from '../store/store.ts';
import type { SyncContext } from './context.ts';

/** What each mailbox of a route shall hold, and a digest of it by which a mailbox in step is known without reading it. */
export interface WishList {
  readonly wishes: ReadonlyMap<string, Fields>;
  /** `<rules>.<list>`. */
  readonly digest: string;
  /** Stamp → when its link row was written last (epoch ms), ended ones too. */
  readonly writtenAt: ReadonlyMap<string, number>;
}

/** Goes up when the same fields would be written in another way. */
const FORM = 1;

/** The link rows of a route as a folder shall show them: every linked entry, those in their grace included. */
export async function loadWishes(context: SyncContext, route: RouteSettings, copies: Copies): Promise<WishList> {
  const wishes = new Map<string, Fields>();
  const writtenAt = new Map<string, number>();
  const rules = startDigest([FORM, route.push.drift, route.push.emptyFields]).digest('base64url').slice(0, 8);
  const digest = startDigest(rules);
  for await (const link of context.store.links.range(route.id, 0, SHARDS)) {
    const stamp = formatStamp({ route: route.id, sourceId: link.sourceId, adopted: false });
    if (link.writtenAt !== null) writtenAt.set(stamp, Date.parse(link.writtenAt));
    if (link.state !== 'linked') continue;
    const fields = copies.shown(link.image);
    wishes.set(stamp, fields);
    addToDigest(digest, stamp, fields);
  }
  return { wishes, writtenAt, digest: `${rules}.${digest.digest('base64url').slice(0, 22)}` };
}

/** The mark of a route's folder; contacts in it carry the stamp of their entry. */
export function folderMark(route: string): string {
  return `galsync-folder:${route}`;
}

/** What the stamps of a route's contacts begin with. */
export function stampPrefix(route: string): string {
  return formatStamp({ route, sourceId: '', adopted: false });
}

/** True if two digests differ in the list alone, not in the rules by which a folder is compared. */
export function sameRules(one: string | null, other: string): boolean {
  return one?.split('.')[0] === other.split('.')[0];
}
