import { createHash } from 'node:crypto';
import { addressKey } from '../connectors/connector.ts';
import type { PushSettings } from '../model/configuration.ts';
import { type FieldChange, type FieldName, type Fields, type FieldValue, textsOf } from '../model/plan.ts';
import { comparable } from './texts.ts';

export interface DiffOptions {
  readonly emptyFields: PushSettings['emptyFields'];
  readonly drift: PushSettings['drift'];
  /** Per field, the hash of the value that galsync wrote last. */
  readonly written: Readonly<Partial<Record<FieldName, string>>>;
  /** Per field, the hash of a wanted value that the target took twice and shows not: written no more until it differs (promise 15). */
  readonly notKept?: Readonly<Partial<Record<FieldName, string>>>;
}

/**
 * What becomes of one field: `same`; `write`; or it differs and is left: `notCleared` (the source is empty, `emptyFields`), `drift` (edited
 * in the target, `drift`), `notKept` (the target took the value twice and does not show it).
 */
export type FieldVerdict = 'same' | 'write' | 'notCleared' | 'drift' | 'notKept';

export interface JudgedField extends FieldChange {
  readonly verdict: FieldVerdict;
}

/** Fields that differ between what the target shall hold and what it holds, normalised to what it returns. */
export function diffFields(desired: Fields, current: Fields, options: DiffOptions): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  for (const name of Object.keys(desired) as FieldName[])
    if (verdictOf(name, desired, current, options) === 'write') changes.push(fieldChange(name, desired, current));
  return changes;
}

/** Every field with its verdict, those that stay as they are too: what `diffFields` decides, for people. */
export function judgeFields(desired: Fields, current: Fields, options: DiffOptions): readonly JudgedField[] {
  return (Object.keys(desired) as FieldName[]).map((name) => ({
    ...fieldChange(name, desired, current),
    verdict: verdictOf(name, desired, current, options),
  }));
}

function verdictOf(name: FieldName, desired: Fields, current: Fields, options: DiffOptions): FieldVerdict {
  const wanted = desired[name] ?? null;
  const there = current[name] ?? null;
  if (sameValue(name, wanted, there)) return 'same';
  if (wanted === null && !mayClear(name, there, options)) return 'notCleared';
  if (leavesDrift(name, there, options)) return 'drift';
  return options.notKept?.[name] !== undefined && options.notKept[name] === hashValue(wanted) ? 'notKept' : 'write';
}

function fieldChange(name: FieldName, desired: Fields, current: Fields): FieldChange {
  const wanted = desired[name] ?? null;
  const there = current[name] ?? null;
  return { name, before: there, after: name === 'x500' ? joinX500(wanted, there) : wanted };
}

/** Equal as the target sees it: composed texts, addresses by key, lists without order (but the primary address), X500 only ever added. */
export function sameValue(name: FieldName, wanted: FieldValue, there: FieldValue): boolean {
  // Nearly every field of a quiet night is equal to the letter.
  if (wanted === there || isSameList(wanted, there)) return true;
  if (name === 'x500') return textsOf(wanted).every((value) => textsOf(there).some((known) => known.toLowerCase() === value.toLowerCase()));
  return canonical(name, wanted) === canonical(name, there);
}

/** True if both are lists with the same texts in the same order, letter by letter. */
export function isSameList(wanted: FieldValue, there: FieldValue): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(there) || wanted.length !== there.length) return false;
  for (let n = 0; n < wanted.length; n += 1) if (wanted[n] !== there[n]) return false;
  return true;
}

/** What `written` keeps: a hash of a value as it is compared, so that our value is told from an edit. */
export function hashValue(value: FieldValue): string {
  return createHash('sha256')
    .update(JSON.stringify(Array.isArray(value) ? [...value].map(comparable).sort() : comparable(String(value ?? ''))))
    .digest('hex')
    .slice(0, 16);
}

function canonical(name: FieldName, value: FieldValue): string {
  if (name === 'addresses') {
    const keys = textsOf(value).map(addressKey);
    return JSON.stringify([keys[0] ?? '', ...keys.slice(1).sort()]);
  }
  if (name === 'deliveryAddress' || name === 'manager') return textsOf(value).map(addressKey).join();
  if (name === 'otherAddresses' || name === 'sip') return JSON.stringify(textsOf(value).map(addressKey).sort());
  return JSON.stringify(
    textsOf(value)
      .map(comparable)
      .filter((text) => text !== '')
      .sort(),
  );
}

/** X500 addresses are only ever added (promise 8): those that are there, and the wanted ones that are not. */
export function joinX500(wanted: FieldValue | undefined, there: FieldValue | undefined): readonly string[] {
  const known = new Set(textsOf(there).map((value) => value.toLowerCase()));
  return [...textsOf(there), ...textsOf(wanted).filter((value) => !known.has(value.toLowerCase()))];
}

/** `own`: only a value that galsync wrote, and that nobody edited since. */
function mayClear(name: FieldName, there: FieldValue, options: DiffOptions): boolean {
  if (name === 'addresses' || name === 'displayName') return false;
  // No delivery address of its own means: to the primary one. Mail that goes elsewhere is no empty field.
  if (name === 'deliveryAddress') return true;
  if (options.emptyFields === 'never') return false;
  if (options.emptyFields === 'always') return true;
  return options.written[name] !== undefined && options.written[name] === hashValue(there);
}

/** `leave`: a field whose value in the target is not what galsync wrote last stays until both agree again. */
function leavesDrift(name: FieldName, there: FieldValue, options: DiffOptions): boolean {
  const listed = options.drift.except.includes(name);
  const leave = options.drift.default === 'leave' ? !listed : listed;
  const written = options.written[name];
  return leave && written !== undefined && written !== hashValue(there);
}
