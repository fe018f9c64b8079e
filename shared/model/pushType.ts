import type { PushType } from './configuration.ts';
import type { Kind } from './entry.ts';

/**
 * What an entry of a kind becomes on a route with that `as` (contract, push): `as` says what a USER becomes; every other kind becomes a
 * contact. Where a directory has one kind of object only (mailboxContact, sharedContact), everything becomes that.
 */
export function pushTypeOf(as: PushType, kind: Kind): PushType {
  return kind !== 'user' && (as === 'guest' || as === 'mailUser') ? 'contact' : as;
}

/** Every push type that objects of such a route have, the one of users first. */
export function pushTypesOf(as: PushType): readonly PushType[] {
  return [...new Set([as, pushTypeOf(as, 'group')])];
}
