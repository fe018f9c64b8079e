import { isAttributeName } from '../model/attributes.ts';
import type { Link } from '../model/link.ts';
import type { FieldName, Fields, FieldValue } from '../model/plan.ts';
import { hashValue, sameValue } from './diff.ts';
import type { UndoContext } from './undoRow.ts';

/**
 * True if a field no longer holds what a job wrote. A value that the target spells its own way is still ours while the link says so and
 * no other job wrote since.
 */
export function isTouched(job: string, name: FieldName, wrote: FieldValue, current: Fields, link: Link | null): boolean {
  const there = current[name] ?? null;
  if (sameValue(name, wrote, there)) return false;
  const lastWriter = link?.doneChange?.startsWith(`${job}.`) ?? false;
  return !(lastWriter && link?.written[name] !== undefined && link.written[name] === hashValue(there));
}

/** Fields of an object that a job made, which are not as it made them; those that somebody filled beside them included. */
export function touchedFields(
  context: Pick<UndoContext, 'capability'>,
  made: { readonly job: string },
  desired: Fields,
  current: Fields,
  link: Link | null,
): readonly FieldName[] {
  const names = new Set([...Object.keys(desired), ...Object.keys(current)]) as Set<FieldName>;
  return [...names].filter((name) => isNotAsMade(context, made, name, desired, current, link));
}

function isNotAsMade(
  context: Pick<UndoContext, 'capability'>,
  made: { readonly job: string },
  name: FieldName,
  desired: Fields,
  current: Fields,
  link: Link | null,
): boolean {
  const wrote = desired[name] ?? null;
  if (name === 'hidden') return current.hidden === 'true' && wrote !== 'true';
  if (isOthers(context, name, wrote, current)) return true;
  if (wrote === null || name === 'stamp' || !isTouched(made.job, name, wrote, current, link)) return false;
  // A value that the target never kept was never there to be changed.
  const lastWriter = link?.doneChange?.startsWith(`${made.job}.`) ?? false;
  return !(lastWriter && link?.written[name] === undefined && (current[name] ?? null) === null);
}

/** A value where we wrote none. What the service fills by itself (its own addresses, its alias) is nobody's edit. */
function isOthers(context: Pick<UndoContext, 'capability'>, name: FieldName, wrote: FieldValue, current: Fields): boolean {
  if (wrote !== null || (current[name] ?? null) === null || name === 'alias') return false;
  return isAttributeName(name) && context.capability.fields[name] !== undefined;
}
