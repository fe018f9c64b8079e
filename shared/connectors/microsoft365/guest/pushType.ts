import type { Microsoft365PushType, PushTypeDependencies } from '../pushType.ts';
import { guestCapability } from './capability.ts';
import { createGuests } from './lookUp.ts';
import { writeGuest } from './write.ts';

/** Guests (B2B users) of Entra ID, shown in Exchange Online's address lists. */
export function guestPushType(deps: PushTypeDependencies): Microsoft365PushType {
  const guests = createGuests(deps.graph, deps.exchange, deps.asked);
  return {
    capability: guestCapability(deps.settings),
    write: (request) => writeGuest({ ...deps, guests }, request),
    get: (targetId) => guests.get(targetId),
    find: (query) => guests.find(query),
  };
}
