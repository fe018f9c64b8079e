import type { Connector, RefusedField, WriteAnswer, WriteRequest } from '../connectors/connector.ts';
import { addressKey } from '../connectors/connector.ts';
import type { Failure } from '../model/failure.ts';
import type { Change } from '../model/plan.ts';
import type { FoundManager, ManagerFinder } from './managerFinder.ts';
import type { WriteContext } from './written.ts';

/** When a manager who is made in the same job is looked for again. */
const AGAIN_MS = 3_000;

/**
 * The context of one change in which managers are objects: the connector is told whom the address means; who has no object yet is left out of
 * the write and waits for the job's last wave (`pending`), and who does not come is a loss of a change that is done (`refused`).
 */
export function withManagers(context: WriteContext, find: ManagerFinder, change: Pick<Change, 'route'>): WriteContext {
  const { connector } = context;
  const managerIds = new Map<string, string>();
  const write = async (request: WriteRequest): Promise<WriteAnswer> => {
    const { manager, ...fields } = request.fields;
    const { fields: held, holdsAccount } = connector.capability(request.as);
    if (typeof manager !== 'string' || !held.manager?.reference) return connector.write(request);
    const found = await find(change.route, manager, { account: holdsAccount === true });
    if (found.object) {
      managerIds.set(addressKey(manager), found.object.id);
      return connector.write({ ...request, manager: found.object });
    }
    return withoutManager(await writeRest(connector, { ...request, fields }), found, manager, context.now().getTime());
  };
  return { ...context, connector: { ...connector, write }, managerIds };
}

/** True if a request names a manager who must be an object of the target: it is looked for first. */
export function namesManager(connector: Connector, { as, fields }: WriteRequest): boolean {
  return typeof fields.manager === 'string' && connector.capability(as).fields.manager?.reference === true;
}

/** What is left of a request; an update of nothing is no call. */
async function writeRest(connector: Connector, request: WriteRequest): Promise<WriteAnswer> {
  const empty = request.change === 'update' && Object.keys(request.fields).length === 0;
  if (!empty || request.targetId === null || request.setStamp !== undefined || request.setAlias !== undefined)
    return connector.write(request);
  return { ok: true, targetId: request.targetId, notKept: [], note: null };
}

function withoutManager(answer: WriteAnswer, found: Extract<FoundManager, { object: null }>, address: string, now: number): WriteAnswer {
  if (!answer.ok) return answer;
  if (!found.waits) {
    const refused: RefusedField = { name: 'manager', failure: notThere(address), absent: true };
    return { ...answer, refused: [...(answer.refused ?? []), refused] };
  }
  const until = Math.max(answer.pending?.until ?? 0, now + AGAIN_MS);
  const fields = [...(answer.pending?.fields ?? []), 'manager' as const];
  return { ...answer, pending: { fields, until, failure: answer.pending?.failure ?? notYetThere(address) } };
}

function notYetThere(address: string): Failure {
  return {
    code: 'notYetVisible',
    message: `The manager ${address} has no object in the target yet.`,
    nextStep: 'It is written once the manager is there: in this job, else in the next one.',
  };
}

function notThere(address: string): Failure {
  return {
    code: 'notFound',
    message: `The manager ${address} has no object in the target.`,
    nextStep: 'It is written once the manager is there; look at what became of the manager in this job.',
  };
}
