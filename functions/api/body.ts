import type { z } from 'zod';
import { type Call, Problem } from './door.ts';

/** The JSON body, checked; all faults at once with JSON Pointers (contract, errors). */
export async function bodyOf<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await call.body());
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    path: issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    message: issue.message,
    fix: issue.code === 'unrecognized_keys' ? 'Remove it, or correct its spelling.' : 'Give a value as the API reference describes.',
  }));
  throw new Problem('invalid', 400, `The body has ${errors.length} fault(s): ${errors[0]?.path || '/'} ${errors[0]?.message}`, { errors });
}
