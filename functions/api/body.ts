import type { z } from 'zod';
import { faultsOf } from '../../shared/config/faults.ts';
import { type Call, Problem } from './door.ts';

/** The JSON body, checked; all faults at once with JSON Pointers (contract, errors). */
export async function bodyOf<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await call.body());
  if (parsed.success) return parsed.data;
  const errors = faultsOf(parsed.error, '', schema);
  throw new Problem('invalid', 400, `The body has ${errors.length} fault(s): ${errors[0]?.path || '/'} ${errors[0]?.message}`, { errors });
}
