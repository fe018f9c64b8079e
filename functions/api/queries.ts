import { z } from 'zod';
import { KINDS } from '../../shared/model/entry.ts';
import { ACTIONS, JOB_STATES } from '../../shared/model/job.ts';
import { CHANGE_KINDS, RESULTS } from '../../shared/model/plan.ts';

const text = (description: string): z.ZodType => z.string().describe(description);
const flag = (description: string): z.ZodType => z.boolean().describe(description);
const time = (description: string): z.ZodType =>
  z
    .string()
    .refine((value) => /^\d{4}-\d\d-\d\d(T.*)?$/.test(value) && !Number.isNaN(Date.parse(value)))
    .describe(description);
const page = {
  limit: z.number().int().min(1).max(1000).describe('a whole number from 1 to 1000: items of one page; default 100'),
  cursor: text('what nextLink gives'),
};
const dryRun = { dryRun: flag('true: the job shows its plan and changes nothing') };

/** What each call takes after `?`, by the door's name: published in the API's description, and what is refused is judged by it. */
export const QUERIES: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  listJobs: {
    route: text('id of a route'),
    connector: text('id of a connector'),
    action: z.enum(ACTIONS),
    state: z.enum(JOB_STATES).describe('state of the job'),
    from: time('ISO 8601 time, inclusive; in a URL "+" is written %2B'),
    to: time('ISO 8601 time, exclusive; in a URL "+" is written %2B'),
    ...page,
  },
  getJobChanges: {
    route: text('id of a route'),
    change: z.enum(CHANGE_KINDS),
    kind: z.enum(KINDS),
    result: z.enum(RESULTS),
    reason: text('reason, or its first part'),
    new: flag('true: only what did not fail in the job before'),
    address: text('primary address'),
    object: text('id in the source'),
    ...page,
  },
  getJobLog: { level: z.enum(['info', 'warning', 'error']), ...page },
  undoJob: dryRun,
  retireRoute: dryRun,
  relinkRoute: dryRun,
  getConfiguration: { expanded: flag('true: with defaults and meshes worked out') },
  putConfiguration: { dryRun: flag('true: checks only') },
  listConnectors: page,
  listEntries: { search: text('text in any value'), kind: z.enum(KINDS), filter: text('as search'), ...page },
  listRoutes: page,
  explainRoute: { address: text('an address of the person'), object: text('or an id, of the source or of the target') },
  findX500: { address: text('X500 address, or mail address of the person'), imceaex: text('or the bounced address') },
};

export interface QueryFault {
  /** `?` and the parameter's name. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/**
 * Everything that is wrong after the `?` of a call. What is misspelt is refused, not passed over: `?dryrun=true` would write, `?stat=failed`
 * would show all. A filter without a value filters nothing; a flag or number without one is a fault.
 */
export function queryFaults(door: string, query: URLSearchParams): readonly QueryFault[] {
  const known = QUERIES[door] ?? {};
  return [...query].flatMap(([name, value]): QueryFault[] => {
    const schema = Object.hasOwn(known, name) ? known[name]! : null;
    if (!schema) return [unknown(name, Object.keys(known))];
    const typed = typedOf(schema, value);
    if ((typed === '' && !(schema instanceof z.ZodBoolean)) || schema.safeParse(typed).success) return [];
    return [{ path: `?${name}`, message: `"${name}" cannot be "${value.slice(0, 60)}".`, fix: wanted(schema) }];
  });
}

function unknown(name: string, known: readonly string[]): QueryFault {
  const fix = known.length > 0 ? `This call takes ${known.join(', ')}; case counts.` : 'This call takes none.';
  return { path: `?${name.slice(0, 60)}`, message: `There is no parameter "${name.slice(0, 60)}" here.`, fix };
}

function typedOf(schema: z.ZodType, value: string): unknown {
  if (schema instanceof z.ZodBoolean) return value === 'true' ? true : value === 'false' ? false : value;
  if (schema instanceof z.ZodNumber) return /^\d{1,9}$/.test(value) ? Number(value) : null;
  return value;
}

function wanted(schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return `Use one of ${schema.options.join(', ')}.`;
  if (schema instanceof z.ZodBoolean) return 'Use true or false.';
  return `Give ${schema.description}.`;
}
