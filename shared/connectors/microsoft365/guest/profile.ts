import type { HttpAnswer } from '../../../http/http.ts';
import type { FieldName, Fields } from '../../../model/plan.ts';
import type { WriteRequest } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Graph, graphFault } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';
import { failureFor, type Refused, refusalOf } from './answers.ts';
import { type Patch, patchOf, sensitiveOf, without } from './fields.ts';

/** What came of the parts: what was refused for this object alone, and the answer that ended it, if one did. */
export interface Patched {
  readonly refused: Refused;
  readonly ended: HttpAnswer | null;
}

const NOTHING: Patched = { refused: [], ended: null };

/**
 * The profile with the stamp in one PATCH, so that a new guest is ours with the first call that can say so. A property that Graph names as
 * wrong is left out and the rest is sent again.
 */
export async function patchProfile(graph: Graph, asked: Asked, request: WriteRequest, id: string, name: string): Promise<Patched> {
  const stamp = request.setStamp ?? (request.fields.stamp === null ? '' : request.fields.stamp);
  const place = typeof stamp === 'string' ? { path: asked.stampPath, value: stamp === '' ? null : stamp } : undefined;
  const refused: Refused[number][] = [];
  for (let fields = request.fields; ; ) {
    const patch = patchOf(fields, 'profile', place);
    const answer = await send(graph, id, patch);
    if (!answer || answer.status < 300) return { refused, ended: null };
    const wrong = refusalOf(answer) === 'refused' ? wrongField(answer, patch) : null;
    if (wrong === null || wrong === 'stamp') return { refused, ended: answer };
    refused.push({ name: wrong, failure: failureFor(answer, name, `PATCH /users/{id} (${wrong})`, PERMISSIONS.updateGuest.permission) });
    fields = without(fields, [wrong]);
  }
}

/**
 * Phones: Graph refuses them for accounts with an administrator's role, whatever the application may do otherwise. Sent apart, so that one
 * refusal loses nothing else; then one by one, so that it loses only what is refused.
 */
export async function patchSensitive(graph: Graph, request: WriteRequest, id: string, name: string): Promise<Patched> {
  const whole = patchOf(request.fields, 'sensitive');
  const answer = await send(graph, id, whole);
  if (!answer || answer.status < 300) return NOTHING;
  if (!isOfTheObject(answer)) return { refused: [], ended: answer };
  const refused: Refused[number][] = [];
  for (const attribute of sensitiveOf(request.fields)) {
    const only: Fields = { [attribute]: request.fields[attribute] ?? null };
    const single = whole.names.size === 1 ? answer : await send(graph, id, patchOf(only, 'sensitive'));
    if (!single || single.status < 300) continue;
    if (!isOfTheObject(single)) return { refused, ended: single };
    const failure = failureFor(single, name, `PATCH /users/{id} (${attribute})`, PERMISSIONS.updateGuest.permission);
    refused.push({ name: attribute, failure: single.status === 403 ? { ...failure, nextStep: PRIVILEGED } : failure });
  }
  return { refused, ended: null };
}

const PRIVILEGED =
  'The account has an administrator role, so Graph keeps its phones from applications without a higher one: nothing needs to be done.';

function isOfTheObject(answer: HttpAnswer): boolean {
  return answer.status === 400 || answer.status === 403;
}

async function send(graph: Graph, id: string, { body }: Patch): Promise<HttpAnswer | null> {
  if (Object.keys(body).length === 0) return null;
  return graph.write({ method: 'PATCH', path: `/users/${encodeURIComponent(id)}`, body, idempotent: true });
}

/** Graph names the property in its text: `Invalid value specified for property 'employeeId' of resource 'User'.` */
function wrongField(answer: HttpAnswer, { names }: Patch): FieldName | null {
  const { message } = graphFault(answer);
  for (const [property, name] of names) if (new RegExp(`['"\`]${property}['"\`]`, 'i').test(message)) return name;
  return null;
}
