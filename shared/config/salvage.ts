import type { z } from 'zod';
import type { ConfigurationFault } from '../model/configuration.ts';
import { faultsOf } from './faults.ts';

/** Stands for a required text that is wrong or missing while the rest is judged. Fits every pattern of the document. */
export const STAND_IN = 'galsync.stand-in';

/** Stands for a list's element that is an object: a condition, or a rule of `withhold`. The keys that do not fit are taken out again. */
const ELEMENT = { all: [], attributes: ['displayName'] };

type Holder = Record<PropertyKey, unknown>;

/**
 * Parses a part of the document. If its shape is wrong, the faulty values are replaced and it is read once more, so that what is right can
 * still be checked against the rest: all faults are told at once, not the next one after each correction.
 * List elements are replaced, not removed: the paths of later faults stay those of the document.
 * @param standIns values for required objects at the top of the part. @returns null if nothing could be saved.
 */
export function parseAll<T>(
  schema: z.ZodType<T>,
  value: Record<string, unknown>,
  start: string,
  faults: ConfigurationFault[],
  standIns: Readonly<Record<string, unknown>> = {},
): T | null {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  faults.push(...faultsOf(parsed.error, start, schema));
  const rest = structuredClone(value);
  const tries = new Map<string, number>();
  let error: z.ZodError = parsed.error;
  for (let round = 0; round < 12; round += 1) {
    for (const issue of error.issues) {
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) delete (at(rest, issue.path) as Holder | undefined)?.[key];
      else replace(rest, issue.path, tries, standIns);
    }
    const again = schema.safeParse(rest);
    if (again.success) return again.data;
    error = again.error;
  }
  return null;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (holder, key) => (typeof holder === 'object' && holder !== null ? (holder as Holder)[key] : undefined),
    value,
  );
}

/** First the default, then a stand-in, then the same one level higher: each try at a path goes further than the one before. */
function replace(
  value: Record<string, unknown>,
  path: readonly PropertyKey[],
  tries: Map<string, number>,
  standIns: Readonly<Record<string, unknown>>,
): void {
  const key = path.at(-1);
  if (key === undefined) return;
  const name = JSON.stringify(path);
  const count = tries.get(name) ?? 0;
  tries.set(name, count + 1);
  const parent = at(value, path.slice(0, -1)) as Holder | undefined;
  if (count >= 2 && path.length === 1 && Object.hasOwn(standIns, key)) value[String(key)] = structuredClone(standIns[String(key)]);
  else if (count >= 2 || typeof parent !== 'object' || parent === null) replace(value, path.slice(0, -1), tries, standIns);
  else if (Array.isArray(parent)) (parent as unknown as Holder)[key] = count === 0 ? STAND_IN : structuredClone(ELEMENT);
  else if (count === 0) delete parent[key];
  else parent[key] = STAND_IN;
}

/** The faults of later checks that do not stand at (or below) a place whose shape was wrong: those would judge a stand-in. */
export function unlessAt(shape: readonly ConfigurationFault[], later: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  return later.filter((fault) => !shape.some(({ path }) => fault.path === path || fault.path.startsWith(`${path}/`)));
}
