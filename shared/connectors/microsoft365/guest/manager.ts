import type { HttpAnswer } from '../../../http/http.ts';
import type { Referenced, WriteAnswer, WriteRequest } from '../../connector.ts';
import { endpointsOf } from '../clouds.ts';
import { PERMISSIONS } from '../permissions.ts';
import type { PushTypeDependencies } from '../pushType.ts';
import { failed, failureFor, type Ok, refusalOf, refused } from './answers.ts';
import type { Guests } from './lookUp.ts';

/** Graph shows a new account to all its servers within seconds. */
const AGAIN_MS = 10_000;
const { permission: PERMISSION } = PERMISSIONS.guestManager;

/**
 * A guest's manager is a link to another object, apart from the profile. Who is not there yet waits (`pending`), one whom Graph does not take
 * for this guest is a loss (`refused`). Null: done, or nothing to do. learn.microsoft.com graph/api/user-post-manager, user-delete-manager
 */
export async function writeManager(
  deps: PushTypeDependencies & { readonly guests: Guests },
  request: WriteRequest,
  id: string,
  name: string,
): Promise<WriteAnswer | null> {
  const { manager } = request.fields;
  if (manager === undefined) return null;
  const path = `/users/${encodeURIComponent(id)}/manager/$ref`;
  if (manager === null) {
    const answer = await deps.graph.write({ method: 'DELETE', path, idempotent: true });
    // Not found: there is no manager any more.
    return answer.status < 300 || answer.status === 404 ? null : judged(answer, `DELETE ${CALL}`, id, name);
  }
  if (!request.manager) return { ...done(id), refused: [{ name: 'manager', failure: nobody(name, String(manager)), absent: true }] };
  const body = { '@odata.id': linkTo(deps, request.manager) };
  const answer = await deps.graph.write({ method: 'PUT', path, body, idempotent: true });
  if (answer.status < 300) return null;
  if (refusalOf(answer) !== 'notFound') return judged(answer, `PUT ${CALL}`, id, name);
  // Either of the two may be unknown to the server that answered; a guest that is gone has nothing to wait for.
  if (request.since === undefined && !(await deps.guests.user(id)))
    return failed('gone', failureFor(answer, name, `PUT ${CALL}`, PERMISSION), id);
  const message = `${name}: Microsoft Graph does not show the manager ${String(manager)} yet, or not the guest.`;
  const failure = {
    code: 'notYetVisible',
    message,
    nextStep: 'Wait: new objects appear within minutes. The next job goes on with it.',
  } as const;
  return { ...done(id), pending: { fields: ['manager'], until: deps.now() + AGAIN_MS, failure } };
}

const CALL = '/users/{id}/manager/$ref';

/** The address by which Graph reads the object: a contact goes by the id that groups list it by. */
function linkTo({ settings }: PushTypeDependencies, { id, memberId }: Referenced): string {
  const base = `${endpointsOf(settings).graph}/v1.0`;
  return memberId === undefined ? `${base}/users/${encodeURIComponent(id)}` : `${base}/contacts/${encodeURIComponent(memberId)}`;
}

function judged(answer: HttpAnswer, what: string, id: string, name: string): WriteAnswer {
  const refusal = refusalOf(answer);
  const ofTheManager = answer.status === 403 || refusal === 'refused' || refusal === 'readOnly';
  if (!ofTheManager) return refused(answer, name, what, PERMISSION, id);
  const failure = failureFor(answer, name, what, PERMISSION);
  return { ...done(id), refused: [{ name: 'manager', failure: { ...failure, nextStep: NOT_TAKEN } }] };
}

const NOT_TAKEN =
  'Everything else was written. The manager must be a user or a contact of the target; an account with an administrator role, and a contact as manager, may need more rights than User.ReadWrite.All.';

function nobody(name: string, manager: string): { code: 'notFound'; message: string; nextStep: string } {
  const message = `${name}: the manager ${manager} is no object that is known in the target.`;
  return { code: 'notFound', message, nextStep: 'It is written once the manager is there.' };
}

function done(targetId: string): Ok {
  return { ok: true, targetId, notKept: [], note: null };
}
