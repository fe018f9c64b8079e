import type { Microsoft365PushType, PushTypeDependencies } from '../pushType.ts';
import { createRecipients } from '../recipients/lookUp.ts';
import { MAIL_CONTACT } from '../recipients/recipientType.ts';
import { writeRecipient } from '../recipients/write.ts';
import { contactCapability } from './capability.ts';

/** Mail contacts of Exchange Online. */
export function contactPushType(deps: PushTypeDependencies): Microsoft365PushType {
  const recipients = createRecipients(deps, MAIL_CONTACT);
  return {
    capability: contactCapability(deps.settings),
    write: (request) => writeRecipient({ ...deps, recipients }, MAIL_CONTACT, request),
    get: (targetId) => recipients.get(targetId),
    find: (query) => recipients.find(query),
  };
}
