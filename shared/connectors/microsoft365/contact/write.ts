import { FailureError, ThrottledError } from '../../../model/failure.ts';
import type { Owner } from '../../../model/plan.ts';
import { fieldsOf, type WriteAnswer, type WriteRequest } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Exchange, ExchangeError, type Row } from '../exchange.ts';
import { recipientId } from '../exchangeParts.ts';
import type { Graph } from '../graph.ts';
import { addressInText, holderOf } from '../owner.ts';
import { listOf } from '../proxies.ts';
import type { Contacts } from './lookUp.ts';
import {
  contactParameters,
  holdsAll,
  mailContactParameters,
  newContactParameters,
  type Parameters,
  primaryOf,
  touchesProxies,
} from './parameters.ts';

export interface WriteDependencies {
  readonly exchange: Exchange;
  readonly graph: Graph;
  readonly contacts: Contacts;
  readonly asked: Asked;
  readonly sleep: (ms: number) => Promise<void>;
}

type Ok = Extract<WriteAnswer, { ok: true }>;
type NotOk = Extract<WriteAnswer, { ok: false }>;

/** A new contact is not known to every server of the service at once: waits before the same call is made again. */
const VISIBLE_AFTER_MS = [700, 1_500];

/**
 * Carries out one change of a mail contact: new → mail fields with the stamp → person's fields (design §2, parts). The stamp goes first,
 * because an object without it is nobody's. Throws what regards the whole directory (`ThrottledError`, `unreachable`, `badAnswer`).
 */
export async function writeContact(deps: WriteDependencies, request: WriteRequest): Promise<WriteAnswer> {
  if (request.change === 'create') return create(deps, request);
  if (request.targetId === null) return failed('gone', NO_TARGET, null);
  try {
    if (request.change === 'delete') return await remove(deps, request.targetId);
    await applyFields(deps, request, request.targetId, null);
    return done(request.targetId, null);
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return (await verified(deps, request, error)) ?? refused(deps, request, error, request.targetId, primaryOf(request.fields));
  }
}

const NO_TARGET: FailureError['failure'] = {
  code: 'notFound',
  message: 'The change names no object in the target.',
  nextStep: 'The next job plans it again.',
};

async function remove(deps: WriteDependencies, id: string): Promise<WriteAnswer> {
  try {
    // Only ever by the immutable id: an address might belong to somebody living by now (case R35).
    await deps.exchange({ name: 'Remove-MailContact', parameters: { Identity: id, Confirm: false }, idempotent: true });
    return done(id, null);
  } catch (error) {
    if (error instanceof ExchangeError && error.fault === 'notFound') return done(id, 'alreadyGone');
    throw error;
  }
}

async function create(deps: WriteDependencies, request: WriteRequest): Promise<WriteAnswer> {
  const made = await makeContact(deps, request);
  if ('ok' in made) return made;
  const id = recipientId(made.row, true) ?? recipientId((await deps.contacts.ours(request.alias, request.stamp)) ?? {}, true);
  if (id === null) return failed('unknown', NO_ID, null);
  try {
    await applyFields(deps, request, id, listOf(made.row.emailaddresses));
    return done(id, made.found ? 'verified' : null);
  } catch (error) {
    // A wait: the same create finds this object by its alias or stamp.
    if (error instanceof ThrottledError || !(error instanceof FailureError)) throw error;
    if (!(error instanceof ExchangeError)) return failed('later', error.failure, id);
    const answer = await refused(deps, request, error, id, primaryOf(request.fields));
    return answer.retry === 'collision' || answer.retry === 'gone' ? { ...answer, retry: 'later' } : answer;
  }
}

const NO_ID: FailureError['failure'] = {
  code: 'notYetVisible',
  message: 'Exchange Online made the contact but told no id, and does not show it yet.',
  nextStep: 'It is looked up again by its alias at the next try.',
};

/** Step one: New-MailContact, with a suffix only if the plain name is taken; or what an earlier try of the same create left behind. */
async function makeContact(
  deps: WriteDependencies,
  request: WriteRequest,
): Promise<{ readonly row: Row; readonly found: boolean } | NotOk> {
  for (const suffix of [false, true]) {
    try {
      const { rows } = await deps.exchange({
        name: 'New-MailContact',
        parameters: newContactParameters(request, suffix),
        idempotent: false,
      });
      return { row: rows[0] ?? {}, found: false };
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (error.fault === 'transient') return failed('unknown', error.failure, null);
      const taken = error.fault === 'exists' || error.fault === 'addressInUse';
      const earlier = taken ? await deps.contacts.ours(request.alias, request.stamp) : null;
      if (earlier) return { row: earlier, found: true };
      if (error.fault !== 'exists' || suffix) return refused(deps, request, error, null, primaryOf(request.fields));
    }
  }
  return failed('later', NO_TARGET, null);
}

/** Faults of Set-MailContact that a list of addresses can be the reason of. */
const OVER_ADDRESSES: readonly ExchangeError['fault'][] = ['addressInUse', 'exists', 'tooManyAddresses', 'refused'];

/** Steps two and three, only with what changes. `proxies`: the contact's addresses if they are known already. */
async function applyFields(deps: WriteDependencies, request: WriteRequest, id: string, proxies: readonly string[] | null): Promise<void> {
  const list = touchesProxies(request.fields) ? (proxies ?? (await currentProxies(deps, id))) : null;
  const mail = mailContactParameters(request, deps.asked.stampProperty, list);
  let refusal: ExchangeError | null = null;
  try {
    await set(deps, 'Set-MailContact', id, mail);
  } catch (error) {
    if (request.change !== 'create' || !(error instanceof ExchangeError) || !OVER_ADDRESSES.includes(error.fault)) throw error;
    // One address is refused: the new object gets its stamp and everything else now, so that it is ours and is not made again.
    const { EmailAddresses: _, ...rest } = mail;
    await set(deps, 'Set-MailContact', id, rest);
    refusal = error;
  }
  await set(deps, 'Set-Contact', id, contactParameters(request));
  if (refusal) throw refusal;
}

async function currentProxies(deps: WriteDependencies, id: string): Promise<readonly string[]> {
  const row = await deps.contacts.row(id);
  if (row) return listOf(row.emailaddresses);
  throw new ExchangeError('notFound', 404, '', {
    code: 'notFound',
    message: `The mail contact ${id} is not there.`,
    nextStep: 'The next job looks again and plans what is right then.',
  });
}

async function set(deps: WriteDependencies, name: 'Set-MailContact' | 'Set-Contact', id: string, parameters: Parameters): Promise<void> {
  if (Object.keys(parameters).length === 0) return;
  for (let attempt = 0; ; attempt += 1) {
    try {
      await deps.exchange({ name, parameters: { Identity: id, ...parameters }, idempotent: true });
      return;
    } catch (error) {
      const wait = VISIBLE_AFTER_MS[attempt];
      if (wait === undefined || !(error instanceof ExchangeError) || error.fault !== 'notFound') throw error;
      await deps.sleep(wait);
    }
  }
}

/** A conflict may mean that an earlier try of this very change succeeded: the object is read, and judged by what it holds (case R27). */
async function verified(deps: WriteDependencies, request: WriteRequest, error: ExchangeError): Promise<Ok | null> {
  if (error.fault !== 'addressInUse' && error.fault !== 'exists') return null;
  const entry = await deps.contacts.get(request.targetId!);
  return entry && holdsAll(request.fields, fieldsOf(entry)) ? done(request.targetId!, 'verified') : null;
}

async function refused(
  deps: WriteDependencies,
  request: WriteRequest,
  error: ExchangeError,
  targetId: string | null,
  primary: string,
): Promise<NotOk> {
  const name = primary || primaryOf(request.current) || (targetId ?? '');
  const failure = { ...error.failure, message: `${name}: ${error.failure.message}`.slice(0, 500) };
  if (error.fault !== 'addressInUse') return failed(RETRIES[error.fault], failure, targetId);
  const address = addressInText(error.text, primary);
  const holder = await holderOf(deps.exchange, deps.graph, deps.asked, address);
  // Given up a moment ago, held by one of ours that gives it up, or by this object itself: the service frees addresses late (case R19).
  if (holder === null || holder.stamped || holder.owner.id === targetId) return failed('later', failure, targetId, holder?.owner ?? null);
  const { owner } = holder;
  const message = `${address} is held by ${owner.displayName ?? owner.id} (${owner.kind} ${owner.id}, ${owner.attribute}).`;
  return failed('collision', { ...failure, message }, targetId, owner);
}

const RETRIES: Readonly<Record<Exclude<ExchangeError['fault'], 'addressInUse'>, NotOk['retry']>> = {
  permission: 'permission',
  missingCmdlet: 'permission',
  notFound: 'gone',
  exists: 'later',
  readOnly: 'never',
  tooManyAddresses: 'never',
  quota: 'later',
  transient: 'later',
  refused: 'never',
};

function done(targetId: string, note: Ok['note']): Ok {
  return { ok: true, targetId, notKept: [], note };
}

function failed(retry: NotOk['retry'], failure: NotOk['failure'], targetId: string | null, owner: Owner | null = null): NotOk {
  return { ok: false, failure, retry, targetId, owner };
}
