import type { z } from 'zod';
import type { ConfigurationFault } from '../model/configuration.ts';
import { pointer, unknownKey } from './faults.ts';
import { childrenOf, placesOf, shapesOf, shapesOfKind } from './schemaShape.ts';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `defaults` under `own`, key by key at every depth; lists and conditions are replaced. A key of `defaults` that another kind knows
 * (`all`: the schemas of every kind) and this one does not is left out; one that nobody knows stays, and is a fault later.
 */
export function mergeDefaults(
  defaults: unknown,
  own: Record<string, unknown>,
  schema: z.ZodType,
  all: readonly z.ZodType[] = [schema],
): Record<string, unknown> {
  return isRecord(defaults) ? merge(defaults, own, [schema], all) : own;
}

/** A condition is a whole: its keys do not mix with those of another one. */
const WHOLE = new Set(['where', 'existingWhere']);

function merge(
  under: Record<string, unknown>,
  over: Record<string, unknown>,
  schemas: readonly z.ZodType[],
  all: readonly z.ZodType[],
): Record<string, unknown> {
  const kind = over['kind'] ?? under['kind'];
  const fits = new Set(schemas.flatMap((schema) => shapesOfKind(schema, kind).flatMap((shape) => Object.keys(shape))));
  const known = new Set(all.flatMap((schema) => shapesOf(schema).flatMap((shape) => Object.keys(shape))));
  const below = (list: readonly z.ZodType[], key: string): readonly z.ZodType[] => list.flatMap((schema) => childrenOf(schema, key));
  const merged: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(under)) {
    if (fits.size > 0 && !fits.has(key) && known.has(key)) continue;
    const mine = over[key];
    const joins = isRecord(value) && !WHOLE.has(key);
    if (Object.hasOwn(over, key) && !(joins && isRecord(mine))) continue;
    merged[key] = joins ? merge(value, isRecord(mine) ? mine : {}, below(schemas, key), below(all, key)) : value;
  }
  return { ...over, ...merged };
}

/** Keys in `defaults` that no kind knows, at every depth: misspelt, not "left out". */
export function strangeKeys(value: unknown, schemas: readonly z.ZodType[], start: string): readonly ConfigurationFault[] {
  if (!isRecord(value)) return [];
  const known = [...new Set(schemas.flatMap((schema) => shapesOf(schema).flatMap((shape) => Object.keys(shape))))];
  if (known.length === 0) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const at = pointer(start, [key]);
    if (!known.includes(key)) return [unknownKey(at, key, known, [...new Set(schemas.flatMap((schema) => placesOf(schema, key)))])];
    const below = schemas.flatMap((schema) => childrenOf(schema, key));
    return strangeKeys(child, below, at);
  });
}

/** A part of the document that a setting may come from, and its pointer. */
export interface Layer {
  readonly value: unknown;
  readonly at: string;
}

/** Moves each fault below `start` to the first layer that holds its value: a fault of `defaults` is told there, and once. */
export function placed(faults: readonly ConfigurationFault[], start: string, layers: readonly Layer[]): readonly ConfigurationFault[] {
  return faults.map((fault) => {
    const rest = fault.path.slice(start.length);
    const keys = rest
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const layer = layers.find(({ value }) => holds(value, keys));
    return layer ? { ...fault, path: layer.at + rest } : fault;
  });
}

function holds(value: unknown, keys: readonly string[]): boolean {
  let at = value;
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}
