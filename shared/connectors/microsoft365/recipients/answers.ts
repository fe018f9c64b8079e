import type { FailureError } from '../../../model/failure.ts';
import type { Owner } from '../../../model/plan.ts';
import type { WriteAnswer, WriteRequest } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import type { Exchange, ExchangeError } from '../exchange.ts';
import type { Graph } from '../graph.ts';
import { addressInText, holderOf } from '../owner.ts';
import { primaryOf } from './parameters.ts';

export type Ok = Extract<WriteAnswer, { ok: true }>;
export type NotOk = Extract<WriteAnswer, { ok: false }>;

export const NO_TARGET: FailureError['failure'] = {
  code: 'notFound',
  message: 'The change names no object in the target.',
  nextStep: 'The next job plans it again.',
};

export function done(targetId: string, note: Ok['note']): Ok {
  return { ok: true, targetId, notKept: [], note };
}

export function failed(retry: NotOk['retry'], failure: NotOk['failure'], targetId: string | null, owner: Owner | null = null): NotOk {
  return { ok: false, failure, retry, targetId, owner };
}

export function isNotOk(answer: object): answer is NotOk {
  return 'ok' in answer;
}

/** What a refusal of Exchange means for the change; a taken address is told with its owner (case R21). */
export async function refused(
  deps: { readonly exchange: Exchange; readonly graph: Graph; readonly asked: Asked },
  request: WriteRequest,
  error: ExchangeError,
  targetId: string | null,
): Promise<NotOk> {
  const primary = primaryOf(request.fields);
  const name = primary || primaryOf(request.current) || (targetId ?? '');
  const failure = { ...error.failure, message: `${name}: ${error.failure.message}`.slice(0, 500) };
  if (error.fault !== 'addressInUse') return failed(RETRIES[error.fault], failure, targetId);
  const address = addressInText(error.text, primary);
  const holder = await holderOf(deps.exchange, deps.graph, deps.asked, address);
  // Given up a moment ago, held by one of ours that gives it up, or by this object itself: the service frees addresses late (case R19).
  if (holder === null) return failed('later', { ...failure, nextStep: NOBODY_SHOWS_IT }, targetId);
  if (holder.stamped || holder.owner.id === targetId) return failed('later', failure, targetId, holder.owner);
  const { owner } = holder;
  const message = `${address} is held by ${owner.displayName ?? owner.id} (${owner.kind} ${owner.id}, ${owner.attribute}).`;
  return failed('collision', { ...failure, message }, targetId, owner);
}

const NOBODY_SHOWS_IT =
  'No object shows the address: it was given up a moment ago and is tried again, or a deleted user holds it (Entra admin centre, deleted users): remove that one for good, or restore it.';

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
