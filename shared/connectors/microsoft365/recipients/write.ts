import { FailureError, ThrottledError } from '../../../model/failure.ts';
import { fieldsOf, type WriteAnswer, type WriteRequest } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Exchange, ExchangeError, type Row } from '../exchange.ts';
import { recipientId } from '../exchangeParts.ts';
import type { Graph } from '../graph.ts';
import { listOf } from '../proxies.ts';
import { done, failed, isNotOk, NO_TARGET, type NotOk, refused } from './answers.ts';
import type { Recipients } from './lookUp.ts';
import { type Left, managerIdentity, mayBeTheManager, setManager } from './manager.ts';
import { holdsAll, mailParameters, newRecipientParameters, type Parameters, personParameters, touchesProxies } from './parameters.ts';
import type { RecipientType } from './recipientType.ts';

export interface WriteDependencies {
  readonly exchange: Exchange;
  readonly graph: Graph;
  readonly recipients: Recipients;
  readonly asked: Asked;
  readonly sleep: (ms: number) => Promise<void>;
  readonly now: () => number;
  /** What a create needs beyond the names and addresses of every recipient (mail users: sign-in name and password). */
  readonly newParameters?: (request: WriteRequest) => Promise<Parameters>;
  /** What else a new alias changes. */
  readonly renamed?: (request: WriteRequest) => Promise<Parameters>;
  /** What an earlier object of ours left behind that stands in the way of a create: brought back, it is what was wanted. Its id, or null. */
  readonly bringBack?: (request: WriteRequest) => Promise<string | null>;
  /** A last step of creates and updates that Exchange has no cmdlet for. */
  readonly lastStep?: (request: WriteRequest, id: string) => Promise<void>;
}

/** A new object is not known to every server of the service at once: waits before the same call is made again. */
const VISIBLE_AFTER_MS = [700, 1_500];

/**
 * Carries out one change of a mail contact or mail user: new → mail fields with the stamp → person's fields (design §2, parts). The stamp
 * goes first, because an object without it is nobody's. Throws what regards the whole directory (`ThrottledError`, `unreachable`, `badAnswer`).
 */
export async function writeRecipient(deps: WriteDependencies, type: RecipientType, request: WriteRequest): Promise<WriteAnswer> {
  if (request.change === 'create') return create(deps, type, request);
  if (request.targetId === null) return failed('gone', NO_TARGET, null);
  try {
    if (request.change === 'delete') return await remove(deps, type, request.targetId);
    const left = await applyFields(deps, type, request, request.targetId, null);
    return { ...done(request.targetId, null), ...left };
  } catch (error) {
    if (!(error instanceof ExchangeError)) throw error;
    return (await verified(deps, type, request, error)) ?? refused(deps, request, error, request.targetId);
  }
}

async function remove(deps: WriteDependencies, type: RecipientType, id: string): Promise<WriteAnswer> {
  try {
    // Only ever by the immutable id: an address might belong to somebody living by now (case R35).
    await deps.exchange({ name: type.remove, parameters: { Identity: id, Confirm: false }, idempotent: true });
    return done(id, null);
  } catch (error) {
    if (error instanceof ExchangeError && error.fault === 'notFound') return done(id, 'alreadyGone');
    throw error;
  }
}

async function create(deps: WriteDependencies, type: RecipientType, request: WriteRequest): Promise<WriteAnswer> {
  const made = await make(deps, type, request);
  if (isNotOk(made)) return made;
  const id = idOf(type, made.row) ?? (await idLater(deps, type, request));
  if (id === null) return failed('unknown', noId(type), null);
  try {
    const proxies = made.row.emailaddresses === undefined ? null : listOf(made.row.emailaddresses);
    const left = await applyFields(deps, type, request, id, proxies);
    return { ...done(id, made.found ? 'verified' : null), ...left };
  } catch (error) {
    // A wait: the same create finds this object by its alias or stamp.
    if (error instanceof ThrottledError || !(error instanceof FailureError)) throw error;
    if (!(error instanceof ExchangeError)) return failed(error.failure.code === 'permission' ? 'permission' : 'later', error.failure, id);
    const answer = await refused(deps, request, error, id);
    return answer.retry === 'collision' || answer.retry === 'gone' ? { ...answer, retry: 'later' } : answer;
  }
}

function idOf(type: RecipientType, row: Row): string | null {
  const id = recipientId(row, type.ownId);
  return id === '' ? null : id;
}

/** The id that the answer did not tell: of the object with our alias, once that shows it. */
async function idLater(deps: WriteDependencies, type: RecipientType, request: WriteRequest): Promise<string | null> {
  for (let attempt = 0; ; attempt += 1) {
    const row = await deps.recipients.ours(request.alias, request.stamp);
    const id = row ? idOf(type, row) : null;
    const wait = VISIBLE_AFTER_MS[attempt];
    if (id !== null || wait === undefined || type.ownId) return id;
    await deps.sleep(wait);
  }
}

function noId(type: RecipientType): FailureError['failure'] {
  return {
    code: 'notYetVisible',
    message: `Exchange Online made the ${type.noun} but told no id, and does not show it yet.`,
    nextStep: 'It is looked up again by its alias at the next try.',
  };
}

interface Made {
  readonly row: Row;
  readonly found: boolean;
}

/** Step one: New-…, with a suffix only if the plain name is taken; or what an earlier try of the same create left behind. */
async function make(deps: WriteDependencies, type: RecipientType, request: WriteRequest): Promise<Made | NotOk> {
  const more = await deps.newParameters?.(request);
  for (const suffix of [false, true]) {
    try {
      const parameters = { ...newRecipientParameters(request, suffix), ...more };
      const { rows } = await deps.exchange({ name: type.create, parameters, idempotent: false });
      return { row: rows[0] ?? {}, found: false };
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (error.fault === 'transient') return failed('unknown', error.failure, null);
      const taken = error.fault === 'exists' || error.fault === 'addressInUse';
      const earlier = taken ? await earlierOne(deps, request, error) : null;
      if (earlier && isNotOk(earlier)) return earlier;
      if (earlier) return { row: earlier, found: true };
      if (error.fault !== 'exists' || suffix) return refused(deps, request, error, null);
    }
  }
  return failed('later', NO_TARGET, null);
}

async function earlierOne(deps: WriteDependencies, request: WriteRequest, error: ExchangeError): Promise<Row | NotOk | null> {
  const there = await deps.recipients.ours(request.alias, request.stamp);
  if (there || !deps.bringBack) return there;
  // A name that a stranger has is no reason to look among the deleted ones.
  if (error.fault !== 'addressInUse' && !/user ?(principal)? ?name|microsoft online services id/i.test(error.text)) return null;
  try {
    const id = await deps.bringBack(request);
    return id === null ? null : { externaldirectoryobjectid: id };
  } catch (failure) {
    // Not allowed to restore: that regards who returns, not the others of this directory.
    if (failure instanceof ThrottledError || !(failure instanceof FailureError)) throw failure;
    return failed('later', failure.failure, null);
  }
}

/** Faults of Set-MailContact and Set-MailUser that a list of addresses can be the reason of. */
const OVER_ADDRESSES: readonly ExchangeError['fault'][] = ['addressInUse', 'exists', 'tooManyAddresses', 'refused'];

/** Steps two and three, only with what changes. `proxies`: the object's addresses if they are known already. */
async function applyFields(
  deps: WriteDependencies,
  type: RecipientType,
  request: WriteRequest,
  id: string,
  proxies: readonly string[] | null,
): Promise<Left> {
  const list = touchesProxies(request.fields) ? (proxies ?? (await currentProxies(deps, type, id))) : null;
  const more = request.setAlias === undefined ? {} : await deps.renamed?.(request);
  const mail = { ...mailParameters(request, deps.asked.stampProperty, list), ...more };
  let refusal: ExchangeError | null = null;
  try {
    await set(deps, type.mail, id, mail);
  } catch (error) {
    if (request.change !== 'create' || !(error instanceof ExchangeError) || !OVER_ADDRESSES.includes(error.fault)) throw error;
    // One address is refused: the new object gets its stamp and everything else now, so that it is ours and is not made again.
    const { EmailAddresses: _, ...rest } = mail;
    await set(deps, type.mail, id, rest);
    refusal = error;
  }
  const left = await setPerson(deps, type, request, id);
  await deps.lastStep?.(request, id);
  if (refusal) throw refusal;
  return left;
}

/** The person's fields and the manager in one call; in two if that is refused, so that a manager who is not taken loses nothing else. */
async function setPerson(deps: WriteDependencies, type: RecipientType, request: WriteRequest, id: string): Promise<Left> {
  const person = personParameters(request);
  const manager = managerIdentity(request);
  if (manager !== undefined && Object.keys(person).length > 0) {
    try {
      await deps.exchange({ name: type.person, parameters: { Identity: id, ...person, Manager: manager }, idempotent: true });
      return {};
    } catch (error) {
      if (!mayBeTheManager(error)) throw error;
    }
  }
  await set(deps, type.person, id, person);
  return setManager(deps, type, request, id);
}

async function currentProxies(deps: WriteDependencies, type: RecipientType, id: string): Promise<readonly string[]> {
  for (let attempt = 0; ; attempt += 1) {
    const row = await deps.recipients.row(id);
    if (row) return listOf(row.emailaddresses);
    const wait = VISIBLE_AFTER_MS[attempt];
    if (wait === undefined || type.ownId) break;
    await deps.sleep(wait);
  }
  throw new ExchangeError('notFound', 404, '', {
    code: 'notFound',
    message: `The ${type.noun} ${id} is not there.`,
    nextStep: 'The next job looks again and plans what is right then.',
  });
}

async function set(deps: WriteDependencies, name: string, id: string, parameters: Parameters): Promise<void> {
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
async function verified(
  deps: WriteDependencies,
  type: RecipientType,
  request: WriteRequest,
  error: ExchangeError,
): Promise<WriteAnswer | null> {
  if (error.fault !== 'addressInUse' && error.fault !== 'exists') return null;
  const id = request.targetId!;
  const entry = await deps.recipients.get(id);
  const { manager: _last, ...fields } = request.fields;
  if (!entry || !holdsAll(fields, fieldsOf(entry))) return null;
  // The manager is told in the directory's own words, and is written once more.
  try {
    return { ...done(id, 'verified'), ...(await setManager(deps, type, request, id)) };
  } catch (failure) {
    if (!(failure instanceof ExchangeError)) throw failure;
    return refused(deps, request, failure, id);
  }
}
