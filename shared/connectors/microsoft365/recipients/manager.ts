import type { RefusedField, WriteRequest } from '../../connector.ts';
import { type Exchange, ExchangeError } from '../exchange.ts';
import { listOf } from '../proxies.ts';
import type { Ok } from './answers.ts';
import type { Recipients } from './lookUp.ts';
import { primaryOf } from './parameters.ts';
import type { RecipientType } from './recipientType.ts';

/** What of a change is left although it is done. */
export type Left = Pick<Ok, 'refused' | 'pending'>;

export interface ManagerDependencies {
  readonly exchange: Exchange;
  readonly recipients: Recipients;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** Exchange finds a new object within seconds to minutes. */
const AGAIN_MS = 15_000;
/** Faults that have nothing to do with the manager. */
const OF_THE_CALL: readonly ExchangeError['fault'][] = ['permission', 'missingCmdlet', 'readOnly', 'quota', 'transient'];

/** What stands for the manager in a call: undefined where the change says nothing of it, null clears. */
export function managerIdentity({ fields, manager }: WriteRequest): string | null | undefined {
  if (fields.manager === undefined || fields.manager === null) return fields.manager;
  return manager?.id;
}

/** True if the same call without the manager is worth a try. */
export function mayBeTheManager(error: unknown): error is ExchangeError {
  return error instanceof ExchangeError && !OF_THE_CALL.includes(error.fault);
}

/**
 * Set-Contact or Set-User with the manager alone, so that its refusal loses nothing else. A manager whom Exchange does not find yet waits;
 * one whom it does not take (a group) is a loss. Throws what regards the object itself or the call.
 * learn.microsoft.com/powershell/module/exchange/set-contact (and set-user), parameter Manager
 */
export async function setManager(deps: ManagerDependencies, type: RecipientType, request: WriteRequest, id: string): Promise<Left> {
  const manager = managerIdentity(request);
  if (manager === undefined) return typeof request.fields.manager === 'string' ? { refused: [nobody(request)] } : {};
  const send = (identity: string | null): Promise<unknown> =>
    deps.exchange({ name: type.person, parameters: { Identity: id, Manager: identity }, idempotent: true });
  try {
    await send(manager);
    return {};
  } catch (error) {
    if (!mayBeTheManager(error)) throw error;
    if (error.fault !== 'notFound') return { refused: [refusedManager(request, error)] };
    // Not found may be the object itself: only what is there has a manager to wait for.
    if (manager === null || (await deps.recipients.row(id)) === null) throw error;
    return (await byGuid(deps, manager, send, request)) ?? { pending: waits(deps, request) };
  }
}

/** Which ids Manager takes for an account is not documented beyond name, distinguished name and GUID: Exchange's own GUID is one of them. */
async function byGuid(
  { exchange }: ManagerDependencies,
  manager: string,
  send: (identity: string) => Promise<unknown>,
  request: WriteRequest,
): Promise<Left | null> {
  try {
    const select = ['Guid', 'ExternalDirectoryObjectId'];
    const { rows } = await exchange({ name: 'Get-Recipient', parameters: { Identity: manager }, select, idempotent: true });
    const row = rows.find((one) => listOf(one.externaldirectoryobjectid)[0]?.toLowerCase() === manager.toLowerCase());
    const guid = row && listOf(row.guid)[0];
    if (guid === undefined || guid.toLowerCase() === manager.toLowerCase()) return null;
    await send(guid);
    return {};
  } catch (error) {
    if (!mayBeTheManager(error)) throw error;
    return error.fault === 'notFound' ? null : { refused: [refusedManager(request, error)] };
  }
}

function nobody(request: WriteRequest): RefusedField {
  const message = `${nameOf(request)}: the manager ${String(request.fields.manager)} is no object that is known in the target.`;
  return { name: 'manager', absent: true, failure: { code: 'notFound', message, nextStep: 'It is written once the manager is there.' } };
}

function refusedManager(request: WriteRequest, { failure }: ExchangeError): RefusedField {
  const message = `${nameOf(request)}: ${failure.message}`.slice(0, 500);
  return { name: 'manager', failure: { code: 'refused', message, nextStep: NOT_TAKEN } };
}

const NOT_TAKEN = 'Everything else was written. Look at the object that the manager is in the target: it must be a person or a contact.';

function waits({ now }: ManagerDependencies, request: WriteRequest): NonNullable<Left['pending']> {
  const message = `${nameOf(request)}: Exchange Online does not find the manager ${String(request.fields.manager)} yet.`;
  const nextStep = 'Wait: new objects appear within minutes. The next job goes on with it.';
  return { fields: ['manager'], until: now() + AGAIN_MS, failure: { code: 'notYetVisible', message, nextStep } };
}

function nameOf({ fields, current, targetId }: WriteRequest): string {
  return primaryOf(fields) || primaryOf(current) || (targetId ?? '');
}
