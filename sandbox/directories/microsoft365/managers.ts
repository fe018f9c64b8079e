import type { Objects } from '../objects.ts';
import type { Call, Reply } from '../server.ts';
import { type ExchangeOptions, fault, find, missing } from './exchange.ts';
import { error, type GraphOptions, notFound } from './graph.ts';
import { shown } from './graphWrites.ts';
import type { TenantObject } from './model.ts';

/** When an object's manager changed, who it was before, and when anything else changed: delta tells the two apart. */
export interface ManagerHistory {
  readonly at: number;
  readonly was?: string;
  readonly restAt: number;
}

/** Objects that remember when their manager changed; with an object goes what others say of it as their manager. */
export function rememberManagers(objects: Objects<TenantObject>): Objects<TenantObject> {
  // A test takes a manager away with null.
  const put = (object: TenantObject): void => objects.put(marked(objects, object.manager ? object : withManager(object, null)));
  return {
    ...objects,
    put,
    remove(id, reason) {
      objects.remove(id, reason);
      for (const one of objects.all()) if (one.manager === id) put(withManager(one, null));
    },
  };
}

function marked(objects: Objects<TenantObject>, object: TenantObject): TenantObject {
  const known = objects.get(object.id);
  if (!known || known.manager === object.manager) return object;
  const at = objects.sequence() + 1;
  const before = known.managed?.at === objects.changedAt(known.id) ? known.managed.restAt : objects.changedAt(known.id);
  const rest = (one: TenantObject): string => JSON.stringify({ ...one, manager: '', managed: '' });
  const was = known.manager === undefined ? {} : { was: known.manager };
  return { ...object, managed: { at, restAt: rest(known) === rest(object) ? before : at, ...was } };
}

export function withManager(object: TenantObject, manager: string | null): TenantObject {
  const { manager: _old, ...rest } = object;
  return manager === null ? rest : { ...rest, manager };
}

/** A row of an answer, made when it is told. */
export type Row = () => object;

/**
 * The rows of a round of delta about users. If managers are asked for, the first round tells some with the person and some in a row apart at
 * its end; later ones tell a manager only if it has changed, and nothing but that if nothing else has.
 */
export function deltaRows(
  objects: Objects<TenantObject>,
  users: readonly TenantObject[],
  { from, managers }: { readonly from: number; readonly managers: boolean },
  view: (user: TenantObject) => object,
): { readonly told: readonly Row[]; readonly apart: readonly Row[] } {
  const odd = ({ id }: TenantObject): boolean => Number.parseInt(id.slice(-1), 16) % 2 === 1;
  const manager = (user: TenantObject): object => (managers ? managerSaid(objects, user, from) : {});
  const alone = (user: TenantObject): object => ({ id: user.id, ...manager(user) });
  if (from > 0) {
    const isAlone = ({ managed }: TenantObject): boolean =>
      managers && managed !== undefined && managed.at > from && managed.restAt <= from;
    return { told: users.map((user) => () => (isAlone(user) ? alone(user) : { ...view(user), ...manager(user) })), apart: [] };
  }
  const apart = users.filter((user) => managers && odd(user) && user.manager !== undefined && objects.get(user.manager));
  return {
    told: users.map((user) => () => ({ ...view(user), ...(odd(user) ? {} : manager(user)) })),
    apart: apart.map((user) => () => alone(user)),
  };
}

function managerSaid(objects: Objects<TenantObject>, { manager, managed }: TenantObject, from: number): object {
  const there = manager === undefined ? undefined : objects.get(manager);
  const now = there ? [reference(there)] : [];
  if (from === 0) return there ? { 'manager@delta': now } : {};
  if (!managed || managed.at <= from) return {};
  const gone = managed.was === undefined ? [] : [{ ...typed('user'), id: managed.was, '@removed': { reason: 'deleted' } }];
  return { 'manager@delta': [...gone, ...now] };
}

/** `$expand=manager` of a user: absent where there is none. */
export function expandedManager(objects: Objects<TenantObject>, user: TenantObject, call: Call): object {
  if (!/^manager\b/.test(call.url.searchParams.get('$expand') ?? '')) return {};
  const there = user.manager === undefined ? undefined : objects.get(user.manager);
  return there ? { manager: reference(there) } : {};
}

function reference(object: TenantObject): object {
  return { ...typed(object.type), id: object.id };
}

function typed(type: TenantObject['type']): object {
  return { '@odata.type': `#microsoft.graph.${type === 'contact' ? 'orgContact' : type}` };
}

/** `PUT` and `DELETE /users/{id}/manager/$ref`. */
export function managerRef(options: GraphOptions, call: Call, user: TenantObject, body: Record<string, unknown>): Reply {
  if (call.method === 'DELETE') {
    if (user.manager === undefined) return notFound(`${user.id}/manager`);
    options.objects.put(withManager(user, null));
    return { status: 204, body: '', wrote: true };
  }
  const [, place, id] = /\/v1\.0\/(users|contacts|directoryObjects)\/([^/]+)$/.exec(String(body['@odata.id'] ?? '')) ?? [];
  if (call.method !== 'PUT' || id === undefined) return error(400, 'Request_BadRequest', 'Invalid value for @odata.id.');
  const manager = options.objects.get(decodeURIComponent(id));
  const fits = place === 'directoryObjects' || place === `${manager?.type}s`;
  if (!manager || !fits || !shown(manager)) return notFound(id);
  if (manager.type === 'group') return error(400, 'Request_BadRequest', "A group cannot be the reference 'manager'.");
  options.objects.put(withManager(user, manager.id));
  return { status: 204, body: '', wrote: true };
}

/** Parameter Manager of Set-Contact and Set-User: a user or a contact that Exchange knows. */
export function setExchangeManager(options: ExchangeOptions, next: TenantObject, identity: string): Reply | null {
  const manager = identity === '' ? null : find(options, identity);
  if (manager === undefined || (manager?.exchangeFrom ?? 0) > Date.now()) return missing(identity);
  if (manager?.type === 'group')
    return fault(400, '', 'RecipientTaskException', `"${manager.name}" cannot be a manager: it is neither a user nor a contact.`);
  if (manager) next.manager = manager.id;
  else delete next.manager;
  return null;
}

/** Who the manager is, by name, as Get-Contact and Get-User tell it. */
export function managerColumn(objects: Objects<TenantObject>, object: TenantObject, cmdlet: string): object {
  if (cmdlet !== 'Get-Contact' && cmdlet !== 'Get-User') return {};
  return { Manager: (object.manager === undefined ? undefined : objects.get(object.manager))?.name ?? '' };
}
