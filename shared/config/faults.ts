import type { z } from 'zod';
import type { ConfigurationFault } from '../model/configuration.ts';
import { keysAt, placesOf } from './schemaShape.ts';

/** A JSON Pointer (RFC 6901) below `start`. */
export function pointer(start: string, path: readonly PropertyKey[]): string {
  return start + path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** zod's issues as faults: unknown keys one by one with the nearest one known there, unions as their best-fitting branch. */
export function faultsOf(error: z.ZodError, start: string, schema: z.ZodType): readonly ConfigurationFault[] {
  return error.issues.flatMap((issue) => issueFaults(issue, start, [], schema));
}

function issueFaults(
  issue: z.core.$ZodIssue,
  start: string,
  above: readonly PropertyKey[],
  schema: z.ZodType,
): readonly ConfigurationFault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(pointer(start, [...path, key]), key, keysAt(schema, path), placesOf(schema, key)));
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // The branch that got furthest says what was meant; branches that fail at their own key say nothing.
    const best = [...issue.errors].sort((a, b) => weight(a) - weight(b))[0]!;
    return best.flatMap((inner) => issueFaults(inner, start, path, schema));
  }
  return [{ path: pointer(start, path), ...words(issue, path) }];
}

function weight(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce(
    (n, issue) => n + (issue.code === 'invalid_type' && issue.path.length === 0 ? 5 : 1) - Math.min(2, issue.path.length),
    0,
  );
}

/**
 * The fault of a key that is not known where it stands.
 * @param known the keys that are. @param places where else the key is known, as `schedule/cron`.
 */
export function unknownKey(path: string, key: string, known: readonly string[], places: readonly string[] = []): ConfigurationFault {
  const near = nearest(key, known);
  const fix = near
    ? `Did you mean "${near}"? Otherwise remove it.`
    : places.length > 0
      ? `Remove it here; "${key}" has its place at ${places.slice(0, 3).join(', ')}.`
      : 'Remove it.';
  return { path, message: `There is no key "${key.slice(0, 80)}" here.`, fix };
}

function words(issue: z.core.$ZodIssue, path: readonly PropertyKey[]): { message: string; fix: string } {
  const name = String(path.at(-1) ?? 'document');
  if (/received undefined$/.test(issue.message) && typeof path.at(-1) === 'string')
    return { message: `"${name}" is missing.`, fix: `Add "${name}".` };
  const discriminator = /^Invalid discriminator value. Expected (.+)$/.exec(issue.message)?.[1];
  if (discriminator)
    return { message: `There is no such ${name}.`, fix: `Use one of ${discriminator.replaceAll("'", '').replaceAll(' | ', ', ')}.` };
  const message = issue.message.replace(/^Invalid input: /, '').replace(/^./, (first) => first.toUpperCase());
  return { message, fix: fixFor(issue) };
}

function fixFor(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `Use one of ${issue.values.map(String).join(', ')}.`;
  if (issue.code === 'invalid_type') return `Give a value of type ${issue.expected}.`;
  if (issue.code === 'too_big') return `At most ${String(issue.maximum)}.`;
  if (issue.code === 'too_small') return `At least ${String(issue.minimum)}.`;
  return 'Correct the value as the configuration reference describes.';
}

/** The known text with the fewest edits, if it is another one and near enough to be meant. */
export function nearest(text: string, among: readonly string[]): string | null {
  if (text.length > 80) return null;
  let best: { known: string; edits: number } | null = null;
  for (const known of among) {
    if (known === text) continue;
    const edits = distance(text.toLowerCase(), known.toLowerCase());
    if (!best || edits < best.edits) best = { known, edits };
  }
  return best && best.edits <= Math.max(1, Math.floor(text.length / 3)) ? best.known : null;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
