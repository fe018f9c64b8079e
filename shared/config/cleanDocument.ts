import type { ConfigurationFault } from '../model/configuration.ts';
import { pointer } from './faults.ts';

/** Keys that mean something to JavaScript's own objects: never a name of the document, never copied. */
const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);
/** Deeper than any document that means something. */
export const MAX_DEPTH = 40;

/** A copy of the document without unsafe keys and without what is nested too deep; each is a fault. */
export function cleanDocument(value: unknown, path: string, faults: ConfigurationFault[], depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) {
    faults.push({ path, message: `The document is nested deeper than ${MAX_DEPTH} levels.`, fix: 'Flatten it.' });
    return null;
  }
  if (Array.isArray(value)) return value.map((child, n) => cleanDocument(child, `${path}/${n}`, faults, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const at = pointer(path, [key]);
    if (UNSAFE.has(key)) faults.push({ path: at, message: `There is no key "${key}" here.`, fix: 'Remove it.' });
    else copy[key] = cleanDocument(child, at, faults, depth + 1);
  }
  return copy;
}
