import type { z } from 'zod';
import { KINDS } from '../model/entry.ts';

type Shape = Readonly<Record<string, z.ZodType>>;
interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly shape?: Shape;
  readonly options?: readonly z.ZodType[];
  readonly element?: z.ZodType;
  readonly values?: readonly unknown[];
}

const CONDITION_KEYS = ['all', 'any', 'not', 'attribute', 'operator', 'value', 'caseSensitive', ...KINDS];

function definition(schema: z.ZodType): Definition {
  const found = schema._zod.def as unknown as Definition;
  return found.innerType ? definition(found.innerType) : found;
}

/** The shapes that an object may have at a schema; none where anything goes (a map, a text, a condition). */
export function shapesOf(schema: z.ZodType): readonly Shape[] {
  const { shape, options } = definition(schema);
  if (shape) return [shape];
  return options ? options.flatMap(shapesOf) : [];
}

/** The shapes whose `kind` is the given one; all of them where none is. */
export function shapesOfKind(schema: z.ZodType, kind: unknown): readonly Shape[] {
  const shapes = shapesOf(schema);
  const fitting = shapes.filter((shape) => shape['kind'] && definition(shape['kind']).values?.includes(kind));
  return fitting.length > 0 ? fitting : shapes;
}

/** The schemas that a key may have below a schema. */
export function childrenOf(schema: z.ZodType, key: PropertyKey): readonly z.ZodType[] {
  const { element } = definition(schema);
  if (element && typeof key === 'number') return [element];
  return shapesOf(schema).flatMap((shape) => (Object.hasOwn(shape, key) ? [shape[String(key)]!] : []));
}

/** The keys that an object may have at a path below a schema; those of conditions where the schema leaves off. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: readonly z.ZodType[] = [schema];
  for (const key of path) at = at.flatMap((one) => childrenOf(one, key));
  const keys = at.flatMap((one) => shapesOf(one).flatMap((shape) => Object.keys(shape)));
  return keys.length > 0 ? [...new Set(keys)] : CONDITION_KEYS;
}

/** Every place of a key below a schema, as `schedule/cron`. */
export function placesOf(schema: z.ZodType, key: string, above = ''): readonly string[] {
  return shapesOf(schema).flatMap((shape) =>
    Object.entries(shape).flatMap(([name, child]) => [
      ...(name === key ? [`${above}${name}`] : []),
      ...placesOf(child, key, `${above}${name}/`),
    ]),
  );
}
