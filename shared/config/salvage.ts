import type { z } from 'zod';
import type { ConfigurationFault } from '../model/configuration.ts';
import { faultsOf } from './faults.ts';

/**
 * Parses a part of the document. If its shape is wrong, the faulty values are taken out and it is read once more, so that what is right can
 * still be checked against the rest: all faults are told at once, not the next one after each correction.
 */
export function parseAll<T>(
  schema: z.ZodType<T>,
  value: Record<string, unknown>,
  start: string,
  faults: ConfigurationFault[],
): { readonly value: T | null; readonly whole: boolean } {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data, whole: true };
  faults.push(...faultsOf(parsed.error, start));
  let rest = structuredClone(value);
  let error = parsed.error;
  for (let round = 0; round < 4; round += 1) {
    for (const issue of error.issues) takeOut(rest, issue);
    const again = schema.safeParse(rest);
    if (again.success) return { value: again.data, whole: false };
    error = again.error;
    rest = structuredClone(rest);
  }
  return { value: null, whole: false };
}

function takeOut(value: Record<string, unknown>, issue: z.core.$ZodIssue): void {
  const parent = issue.path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const key = issue.path.at(-1);
  if (issue.code === 'unrecognized_keys') {
    const holder = issue.path.reduce<unknown>((at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part], value);
    if (typeof holder === 'object' && holder !== null) for (const name of issue.keys) delete (holder as Record<string, unknown>)[name];
    return;
  }
  if (typeof parent !== 'object' || parent === null || key === undefined) return;
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  // A required text that is missing gets a stand-in, so that the rest can be judged; the fault itself was told already.
  else if (issue.code === 'invalid_type' && (parent as Record<PropertyKey, unknown>)[key] === undefined && issue.expected === 'string')
    (parent as Record<PropertyKey, unknown>)[key] = 'missing';
  else delete (parent as Record<PropertyKey, unknown>)[key];
}
