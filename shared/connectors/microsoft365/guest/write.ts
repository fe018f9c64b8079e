import type { HttpAnswer } from '../../../http/http.ts';
import { FailureError, ThrottledError } from '../../../model/failure.ts';
import type { FieldName, Owner } from '../../../model/plan.ts';
import { looksStamped } from '../../../model/stamp.ts';
import type { WriteAnswer, WriteRequest } from '../../connector.ts';
import { ExchangeError } from '../exchange.ts';
import { holderOf } from '../owner.ts';
import { PERMISSIONS } from '../permissions.ts';
import type { PushTypeDependencies } from '../pushType.ts';
import { failed, type NotOk, type Ok, type Refused, refusalOf, refused, waits } from './answers.ts';
import { sensitiveOf } from './fields.ts';
import { invite, type Made, primaryOf, rebind, restore } from './invite.ts';
import { type Guests, type GuestUser, madeSince } from './lookUp.ts';
import { writeManager } from './manager.ts';
import { patchProfile, patchSensitive } from './profile.ts';
import { setHidden, wantedHidden } from './visibility.ts';

export interface GuestDependencies extends PushTypeDependencies {
  readonly guests: Guests;
}

/** A new guest is not known to every server of the service at once: waits before it is looked at again. */
const VISIBLE_AFTER_MS = [500, 1_000, 2_000];
/** When parts that could not be written yet are tried again: Graph shows a guest within seconds, Exchange within minutes. */
const GRAPH_AGAIN_MS = 10_000;
const EXCHANGE_AGAIN_MS = 15_000;
const UPDATE = PERMISSIONS.updateGuest.permission;

/**
 * Carries out one change of a guest in parts (design §2): invite, or restore who was here before → profile and stamp → address → sensitive
 * properties → manager → visibility in Exchange. What the service does not show yet waits (`pending`); what it refuses for this one account is a
 * loss (`refused`). Throws what regards the whole directory (`ThrottledError`, `unreachable`, `badAnswer`).
 */
export async function writeGuest(deps: GuestDependencies, request: WriteRequest): Promise<WriteAnswer> {
  if (request.change === 'create') return create(deps, request);
  if (request.targetId === null) return failed('gone', NO_TARGET, null);
  if (request.change === 'delete') return remove(deps, request, request.targetId);
  if (request.change === 'adopt' || (request.since !== undefined && request.setStamp !== undefined))
    return onNewGuest(deps, request, { id: request.targetId, note: null });
  return writeParts(deps, request, { id: request.targetId, note: null }, null);
}

const NO_TARGET: NotOk['failure'] = {
  code: 'notFound',
  message: 'The change names no object in the target.',
  nextStep: 'The next job plans it again.',
};

async function create(deps: GuestDependencies, request: WriteRequest): Promise<WriteAnswer> {
  const back = request.former ? await restore(deps.graph, deps.guests, request, request.former) : null;
  const invited = back ?? (await invite(deps.graph, deps.settings, request));
  const made = !back && 'ok' in invited && refusalIsOwned(invited) ? ((await broughtBack(deps, request)) ?? invited) : invited;
  if ('ok' in made) return refusalIsOwned(made) ? withOwner(deps, made, request, null) : made;
  try {
    return await onNewGuest(deps, request, made);
  } catch (error) {
    // A wait: the same create finds this guest again.
    if (error instanceof ThrottledError || !(error instanceof FailureError)) throw error;
    return failed('later', error.failure, made.id);
  }
}

/** The address is held by a guest of this very entry that was deleted, and whose link is lost: it comes back. Null if there is none. */
async function broughtBack(deps: GuestDependencies, request: WriteRequest): Promise<Made | NotOk | null> {
  const deleted = await deps.guests.deletedHolding(primaryOf(request.fields), request.stamp);
  return deleted?.entry.stamp === request.stamp ? restore(deps.graph, deps.guests, request, deleted.id) : null;
}

/** Before the first write the guest is looked at: the invitation may have given us one that was somebody else's long before. */
async function onNewGuest(deps: GuestDependencies, request: WriteRequest, made: Made): Promise<WriteAnswer> {
  const user = await visible(deps, made.id);
  if (!user) {
    if (request.change === 'adopt') return failed('gone', NO_TARGET, made.id);
    return notShown(deps, request, made, allFields(request));
  }
  const why = notOurs(user, request);
  if (why === null) return writeParts(deps, request, made, user);
  const owner: Owner = { id: user.id, kind: user.entry.external ? 'guest' : 'user', attribute: 'mail', ...namePart(user) };
  const message = `${nameOf(request, made.id)} is ${why}: ${user.entry.userPrincipalName ?? user.id}. It was left as it is.`;
  const nextStep = 'Let the route adopt it ("existing"), or take the entry out of the route.';
  return failed('collision', { code: 'addressInUse', message, nextStep }, null, owner);
}

/** Why a user that the service gave us is not ours to write, or null. */
function notOurs({ entry }: GuestUser, request: WriteRequest): string | null {
  if (!entry.external) return 'a member of that directory';
  if (entry.readOnly) return 'mastered in another directory';
  if (entry.stamp === request.stamp) return null;
  if (looksStamped(entry.stamp)) return 'kept by another route';
  if (entry.stampPlace !== undefined) return 'a guest whose stamp place holds something else';
  if (request.change === 'adopt' || madeSince(entry, request.since)) return null;
  return 'a guest there already, invited by somebody else';
}

/** Every part is tried, so that one that fails loses nothing of the others; the first failure is told. */
async function writeParts(deps: GuestDependencies, request: WriteRequest, made: Made, user: GuestUser | null): Promise<WriteAnswer> {
  const { id, note } = made;
  const name = nameOf(request, id);
  const profile = await patchProfile(deps.graph, deps.asked, request, id, name);
  if (profile.ended) return ended(deps, request, made, profile.ended, allFields(request));
  const address = await writeAddress(deps, request, id, user);
  const sensitive = await patchSensitive(deps.graph, request, id, name);
  const phones = sensitive.ended ? ended(deps, request, made, sensitive.ended, sensitiveOf(request.fields)) : null;
  const manager = await writeManager(deps, request, id, name);
  const visibility = await writeVisibility(deps, request, id, name);
  const failure = [address, phones, manager, visibility].find((answer) => answer?.ok === false);
  if (failure) return failure;
  const waiting = [visibility, phones, manager].flatMap((answer) => (answer?.ok && answer.pending ? [answer.pending] : []));
  const lost: Refused = [...profile.refused, ...sensitive.refused, ...((manager?.ok && manager.refused) || [])];
  return {
    ...done(id, note),
    ...(lost.length > 0 ? { refused: lost } : {}),
    ...(waiting[0] ? { pending: { ...waiting[0], fields: waiting.flatMap(({ fields }) => fields) } } : {}),
  };
}

/** A part that was not taken. Shown by one server, unknown to the next one (microsoft-graph-docs 15839): a new guest is not gone. */
function ended(deps: GuestDependencies, request: WriteRequest, made: Made, answer: HttpAnswer, fields: readonly FieldName[]): WriteAnswer {
  if (request.since !== undefined && refusalOf(answer) === 'notFound') return notShown(deps, request, made, fields);
  return refused(answer, nameOf(request, made.id), 'PATCH /users/{id}', UPDATE, made.id);
}

function notShown(deps: GuestDependencies, request: WriteRequest, { id, note }: Made, fields: readonly FieldName[]): Ok {
  return { ...done(id, note), pending: waits(nameOf(request, id), 'Microsoft Graph', fields, deps.now() + GRAPH_AGAIN_MS) };
}

function allFields(request: WriteRequest): readonly FieldName[] {
  return [...new Set([...Object.keys(request.fields), ...(request.setStamp === undefined ? [] : ['stamp'])] as FieldName[])];
}

/** Another primary address. The service keeps the old one as a second address; who has not redeemed yet is invited under the new one. */
async function writeAddress(deps: GuestDependencies, request: WriteRequest, id: string, known: GuestUser | null): Promise<NotOk | null> {
  const address = primaryOf(request.fields);
  if (address === '') return null;
  const user = known ?? (await deps.guests.user(id));
  if (!user || user.mail.toLowerCase() === address.toLowerCase()) return null;
  const answer = await deps.graph.write({
    method: 'PATCH',
    path: `/users/${encodeURIComponent(id)}`,
    body: { mail: address },
    idempotent: true,
  });
  if (answer.status >= 300) {
    const refusal = refused(answer, address, 'PATCH /users/{id} (mail)', UPDATE, id);
    return refusalIsOwned(refusal) ? withOwner(deps, refusal, request, id) : refusal;
  }
  return user.pending ? rebind(deps.graph, deps.settings, id, address) : null;
}

async function writeVisibility(deps: GuestDependencies, request: WriteRequest, id: string, name: string): Promise<WriteAnswer | null> {
  const hidden = wantedHidden(request.change, request.fields);
  if (hidden === null) return null;
  try {
    // Exchange never knows a guest at once: the last wave asks it.
    if (request.change !== 'create' && (await setHidden(deps.exchange, id, hidden))) return null;
    return { ...done(id, null), pending: waits(name, 'Exchange Online', ['hidden'], deps.now() + EXCHANGE_AGAIN_MS) };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    const retry = { permission: 'permission', missingCmdlet: 'permission', readOnly: 'never', refused: 'never' } as const;
    const failure = { ...error.failure, message: `${name}: ${error.failure.message}`.slice(0, 500) };
    return failed(retry[error.fault as keyof typeof retry] ?? 'later', failure, id);
  }
}

async function remove(deps: GuestDependencies, request: WriteRequest, id: string): Promise<WriteAnswer> {
  const user = await deps.guests.user(id);
  if (!user) return request.forGood ? purge(deps, request, id) : done(id, 'alreadyGone');
  // An account with access rights: what it is now counts, not what the last read showed (promise 1).
  const unstamped = user.entry.stamp === undefined && user.entry.stampPlace === undefined && madeSince(user.entry, request.since);
  if ((user.entry.stamp !== request.stamp && !unstamped) || !user.entry.external || user.entry.readOnly) {
    const message = `${nameOf(request, id)} is not deleted: it is no guest with our stamp any more.`;
    return failed('later', { code: 'conflict', message, nextStep: 'The next job looks again and releases it.' }, id);
  }
  const answer = await deps.graph.write({ method: 'DELETE', path: `/users/${encodeURIComponent(id)}`, idempotent: true });
  if (answer.status < 300) return request.forGood ? purge(deps, request, id) : done(id, null);
  return answer.status === 404
    ? done(id, 'alreadyGone')
    : refused(answer, nameOf(request, id), 'DELETE /users/{id}', PERMISSIONS.deleteGuest.permission, id);
}

/** A deleted guest keeps its address for 30 days: its successor of another type can have it only once the guest is gone for good. */
async function purge(deps: GuestDependencies, request: WriteRequest, id: string): Promise<WriteAnswer> {
  const path = `/directory/deletedItems/${encodeURIComponent(id)}`;
  const answer = await deps.graph.write({ method: 'DELETE', path, idempotent: true });
  if (answer.status < 300) return done(id, null);
  return answer.status === 404
    ? done(id, 'alreadyGone')
    : refused(answer, nameOf(request, id), 'DELETE /directory/deletedItems/{id}', PERMISSIONS.purgeGuest.permission, id);
}

async function visible(deps: GuestDependencies, id: string): Promise<GuestUser | null> {
  for (let attempt = 0; ; attempt += 1) {
    const user = await deps.guests.user(id);
    const wait = VISIBLE_AFTER_MS[attempt];
    if (user || wait === undefined) return user;
    await deps.sleep(wait);
  }
}

function done(targetId: string, note: Ok['note']): Ok {
  return { ok: true, targetId, notKept: [], note };
}

function refusalIsOwned(answer: NotOk): boolean {
  return answer.failure.code === 'addressInUse';
}

/** Names who holds the address: a recipient, a user, a deleted user. */
async function withOwner(deps: GuestDependencies, answer: NotOk, request: WriteRequest, own: string | null): Promise<NotOk> {
  const address = primaryOf(request.fields);
  const holder = await holderOf(deps.exchange, deps.graph, deps.asked, address);
  const deleted = holder ? null : await deps.guests.deletedHolding(address, request.stamp);
  // Given up a moment ago, held by one of ours that gives it up, or by this very guest: the service frees addresses late (case R19).
  if (!deleted && (holder === null || holder.stamped || holder.owner.id === own))
    return { ...answer, retry: 'later', owner: holder?.owner ?? null };
  const owner: Owner = deleted ? { id: deleted.id, kind: 'deletedUser', attribute: 'mail', ...namePart(deleted) } : holder!.owner;
  const message = `${address} is held by ${owner.displayName ?? owner.id} (${owner.kind} ${owner.id}, ${owner.attribute}).`;
  const nextStep = deleted ? 'Restore that deleted user, or remove it for good (Entra ID, Deleted users).' : answer.failure.nextStep;
  return { ...answer, retry: 'collision', failure: { ...answer.failure, message, nextStep }, owner };
}

function namePart({ entry }: GuestUser): { displayName?: string } {
  return typeof entry.attributes.displayName === 'string' ? { displayName: entry.attributes.displayName } : {};
}

/** What people call the object. */
function nameOf(request: WriteRequest, id: string): string {
  return primaryOf(request.fields) || primaryOf(request.current) || id;
}
