import { z } from 'zod';
import type { Microsoft365Settings } from '../../../model/configuration.ts';
import type { Fields } from '../../../model/plan.ts';
import type { WriteRequest } from '../../connector.ts';
import type { Graph } from '../graph.ts';
import { graphFault, parseJson } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';
import { listOf } from '../proxies.ts';
import { failed, failureFor, type NotOk, refusalOf, refused } from './answers.ts';
import type { Guests } from './lookUp.ts';

/** Where a guest lands who redeems the invitation; nobody is sent there by us. */
const LANDING: Readonly<Record<Microsoft365Settings['cloud'], string>> = {
  global: 'https://myapplications.microsoft.com',
  usgov: 'https://myapplications.microsoft.us',
  dod: 'https://myapplications.microsoft.us',
  china: 'https://portal.partner.microsoftonline.cn',
};
const PERMISSION = PERMISSIONS.inviteGuest.permission;
const Invitation = z.object({ invitedUser: z.object({ id: z.string().min(1) }), status: z.string().nullish() });

export interface Made {
  readonly id: string;
  readonly note: 'restored' | null;
}

/**
 * Invites without mail. The same address again gives the same guest, also one that somebody else invited: whose it is must be looked at
 * before anything is written (reference §2.1). https://learn.microsoft.com/graph/api/invitation-post
 */
export async function invite(graph: Graph, settings: Microsoft365Settings, request: WriteRequest): Promise<Made | NotOk> {
  const address = primaryOf(request.fields);
  const body = { ...invitation(settings, address), invitedUserDisplayName: listOf(request.fields.displayName)[0] ?? address };
  const answer = await graph.write({ method: 'POST', path: '/invitations', body, idempotent: false });
  if (answer.status < 300) {
    const parsed = Invitation.safeParse(parseJson(answer, 'POST /invitations'));
    if (parsed.success && parsed.data.status !== 'Error') return { id: parsed.data.invitedUser.id, note: null };
    return failed(parsed.success ? 'later' : 'unknown', noGuest(address), null);
  }
  const refusal = refusalOf(answer);
  if (refusal === 'exists') {
    const id = /object id:?\s*([0-9a-f-]{36})/i.exec(graphFault(answer).message)?.[1];
    if (id) return { id, note: null };
  }
  if (refusal === 'transient') return failed('unknown', failureFor(answer, address, 'POST /invitations', PERMISSION), null);
  const answered = refused(answer, address, 'POST /invitations', PERMISSION, null);
  return refusal === 'refused' ? { ...answered, failure: { ...answered.failure, nextStep: REFUSED } } : answered;
}

const REFUSED =
  'Look at the external collaboration settings and cross-tenant access of the target (domains that may not be invited), or take the entry out of the route.';

/** Binds a guest who has not redeemed yet to another address; its mail attribute must hold it already. Answers the refusal, if it is one. */
export async function rebind(graph: Graph, settings: Microsoft365Settings, id: string, address: string): Promise<NotOk | null> {
  const body = { ...invitation(settings, address), invitedUser: { id }, resetRedemption: true };
  const answer = await graph.write({ method: 'POST', path: '/invitations', body, idempotent: true });
  return answer.status < 300 ? null : refused(answer, address, 'POST /invitations (resetRedemption)', PERMISSION, id);
}

/** Brings a deleted guest back, or answers null if it is not among the deleted ones. */
export async function restore(graph: Graph, guests: Guests, request: WriteRequest, id: string): Promise<Made | NotOk | null> {
  if (!(await guests.isDeleted(id))) return null;
  const answer = await graph.write({
    method: 'POST',
    path: `/directory/deletedItems/${encodeURIComponent(id)}/restore`,
    body: {},
    idempotent: true,
  });
  if (answer.status < 300) return { id, note: 'restored' };
  // Restored by the attempt before, or purged in between.
  if (answer.status === 404) return null;
  return refused(answer, primaryOf(request.fields), 'POST /directory/deletedItems/{id}/restore', PERMISSIONS.deleteGuest.permission, null);
}

function invitation(settings: Microsoft365Settings, address: string): Record<string, unknown> {
  return {
    invitedUserEmailAddress: address,
    inviteRedirectUrl: `${LANDING[settings.cloud]}/?tenantid=${encodeURIComponent(settings.tenant)}`,
    sendInvitationMessage: false,
    invitedUserType: 'Guest',
  };
}

function noGuest(address: string): NotOk['failure'] {
  return {
    code: 'badAnswer',
    message: `${address}: Microsoft Graph took the invitation but named no guest.`,
    nextStep: 'It is looked up again at the next try.',
  };
}

/** The primary address in a set of fields, or `''`. */
export function primaryOf(fields: Fields): string {
  return listOf(fields.addresses)[0] ?? '';
}
