import type { Microsoft365PushType, PushTypeDependencies } from '../pushType.ts';
import { mailboxContactCapability } from './capability.ts';

/**
 * Contacts in people's mailboxes. The target object of an entry is its link row (docs/decisions/0008-mailbox-contacts.md): writing makes no
 * call and cannot fail, and nothing can be found or got in the tenant. The copies in the mailboxes are `Connector.copies`.
 */
export function mailboxContactPushType(deps: PushTypeDependencies): Microsoft365PushType {
  return {
    capability: mailboxContactCapability(deps.settings),
    write: async (request) => ({ ok: true, targetId: request.targetId ?? request.stamp, notKept: [], note: null }),
    get: async () => null,
    find: async () => null,
  };
}
