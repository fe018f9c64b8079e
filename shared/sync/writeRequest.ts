import type { WriteRequest } from '../connectors/connector.ts';
import type { Link } from '../model/link.ts';
import type { Change, FieldName, FieldValue } from '../model/plan.ts';

/** What the connector is asked for a change. */
export function requestOf(change: Change, link: Link): WriteRequest {
  const fields: Partial<Record<FieldName, FieldValue>> = {};
  if (makesAnew(change))
    for (const [name, value] of Object.entries(change.desired ?? {})) {
      if (value !== null && value !== undefined) fields[name as FieldName] = value;
    }
  else for (const field of change.fields) fields[field.name] = field.after;
  const stamped =
    makesAnew(change) || change.change === 'adopt' || change.relinkFrom !== null || change.fields.some((field) => field.name === 'stamp');
  return {
    change: isRelease(change) ? 'release' : (change.change as WriteRequest['change']),
    as: change.as,
    kind: change.kind,
    targetId: change.targetId ?? link.targetId,
    fields,
    current: link.image,
    // Who releases an object looks for its own stamp there.
    stamp: change.stamp || stampBefore(change),
    ...(isRelease(change) ? { setStamp: '' } : stamped ? { setStamp: change.stamp } : {}),
    alias: change.alias ?? link.alias ?? '',
    ...sinceOf(change, link),
    ...(change.change === 'create' ? { former: link.targetId ?? link.former ?? null } : {}),
  };
}

function stampBefore(change: Change): string {
  const before = change.fields.find((field) => field.name === 'stamp')?.before;
  return typeof before === 'string' ? before : '';
}

/** A conversion makes a whole object, too; what of it waits for the target is written from there. */
function makesAnew(change: Change): boolean {
  return change.change === 'create' || change.converts !== undefined;
}

/** The stamp of what has become something else is taken off, and nothing else is touched (promise 6). */
export function isRelease(change: Change): boolean {
  return change.change === 'update' && change.reason === 'takenOver';
}

/** Since when an object without our stamp may be ours: a create's intent, also in a later change while the stamp is still to be written. */
function sinceOf(change: Change, link: Link): { since?: string } {
  const open = link.open?.fields.includes('stamp') || link.open?.change === change.id ? link.open?.since : null;
  const since = open ?? (change.change === 'create' ? link.intent?.at : null);
  return since ? { since } : {};
}

/** The parts of a change that waited for the target. */
export function restOf(change: Change, link: Link, names: readonly FieldName[]): WriteRequest {
  const { setStamp: _stamp, former: _former, fields, ...request } = requestOf(change, link);
  const rest = Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'stamp' && names.includes(name as FieldName)));
  return {
    ...request,
    change: change.change === 'create' || change.change === 'adopt' ? 'update' : request.change,
    fields: rest,
    ...(names.includes('stamp') ? { setStamp: change.stamp } : {}),
  };
}
