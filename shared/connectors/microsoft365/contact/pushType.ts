import type { Microsoft365PushType, PushTypeDependencies } from '../pushType.ts';
import { contactCapability } from './capability.ts';
import { createContacts } from './lookUp.ts';
import { writeContact } from './write.ts';

/** Mail contacts of Exchange Online. */
export function contactPushType(deps: PushTypeDependencies): Microsoft365PushType {
  const contacts = createContacts(deps.exchange, deps.asked);
  return {
    capability: contactCapability(deps.settings),
    write: (request) => writeContact({ ...deps, contacts }, request),
    get: (targetId) => contacts.get(targetId),
    find: (query) => contacts.find(query),
  };
}
