import { z } from 'zod';
import { KINDS } from '../../shared/model/entry.ts';
import { ACTIONS, BREAKERS, JOB_STATES } from '../../shared/model/job.ts';
import { CHANGE_KINDS, RESULTS } from '../../shared/model/plan.ts';

/** What the calls answer, as schemas: published in the API's description, and held against real answers by tests. */
const At = z.string().describe('ISO 8601, UTC');
const Numbers = z.record(z.string(), z.number());
const Text = z.string().nullable();

export const ProblemAnswer = z
  .looseObject({
    type: z.string().describe('a stable URI, one for each kind of error'),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().describe('which object, and what to do next'),
    instance: z.string(),
    errors: z
      .array(z.object({ path: z.string().describe('JSON Pointer'), message: z.string(), fix: z.string() }))
      .optional()
      .describe('all faults at once, for bad input'),
  })
  .describe('RFC 9457');

const Trip = z.strictObject({
  breaker: z.enum(BREAKERS),
  kind: z.enum(KINDS).nullable(),
  before: z.number().nullable(),
  after: z.number().nullable(),
  value: z.number(),
  limit: z.number().describe('the largest value that would have passed'),
  nextStep: z.string(),
});

export const CountsAnswer = z.object({
  pulled: z.number(),
  created: z.number(),
  updated: z.number(),
  adopted: z.number(),
  unchanged: z.number(),
  skipped: z.number(),
  failed: z.number(),
  held: z.number(),
  skippedBecause: Numbers,
  leavers: z.object({
    orphaned: z.number(),
    hidden: z.number(),
    deleted: z.number(),
    kept: z.number(),
    failed: z.number(),
    held: z.number(),
    keptBecause: Numbers,
  }),
});

const Copies = z
  .strictObject({
    mailboxes: z.number().describe('mailboxes that the route serves'),
    written: z.number().describe('contacts made, changed and removed in them; in a simulation: that would be'),
    failed: z.number().describe('mailboxes that failed'),
    joined: z.number(),
    left: z.number(),
    problems: z.array(z.strictObject({ mailbox: z.string(), address: z.string(), cause: z.string(), nextStep: z.string() })),
  })
  .describe('only of routes whose objects are copied into mailboxes');

const RouteResult = z.strictObject({
  id: z.string(),
  state: z.enum(['queued', 'running', 'waiting', 'completed', 'completedWithErrors', 'held', 'failed']),
  cause: Text,
  plan: Text,
  ...CountsAnswer.shape,
  heldBecause: z.array(Trip),
  heldBy: Text,
  newer: z.record(z.string(), z.unknown()).nullable(),
  decision: z
    .object({ what: z.enum(['approved', 'rejected', 'resolved', 'expired']), by: z.string(), at: At, reason: z.string().optional() })
    .nullable(),
  warnings: z.array(z.string()),
  losses: Numbers,
  copies: Copies.optional(),
});

export const JobAnswer = z.strictObject({
  id: z.string(),
  action: z.enum(ACTIONS),
  state: z.enum(JOB_STATES),
  cause: Text.describe('<code>: <sentence>'),
  trigger: z.enum(['schedule', 'api', 'console', 'startup', 'retry']),
  startedBy: z.string(),
  reason: Text,
  undoes: z.string().optional().describe('undo: the job whose changes it takes back'),
  objects: z.enum(['keep', 'delete']).optional().describe('retire: what becomes of the objects'),
  dryRun: z.boolean().optional().describe('undo, retire, relink: it only shows its plan'),
  createdAt: At,
  startedAt: At.nullable(),
  finishedAt: At.nullable(),
  durationMs: z.number().nullable(),
  configurationVersion: z.string(),
  connectors: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      cause: Text,
      pulled: z.number(),
      read: z.number(),
      mode: z.enum(['full', 'delta']),
      complete: z.boolean(),
      calls: z.number(),
    }),
  ),
  routes: z.array(RouteResult),
  progress: z.object({
    phase: z.enum(['pull', 'plan', 'push', 'done']),
    done: z.number(),
    total: z.number(),
    ratePerMinute: z.number().nullable(),
    secondsLeft: z.number().nullable(),
    waitingUntil: At.nullable(),
  }),
});

export const ChangeAnswer = z.object({
  id: z.string(),
  route: z.string(),
  change: z.enum(CHANGE_KINDS),
  kind: z.enum(KINDS),
  object: z.string().describe('id in the source'),
  target: Text.describe('id in the target'),
  address: z.string(),
  displayName: z.string(),
  reason: z.string(),
  fields: z.array(z.object({ name: z.string(), before: z.unknown(), after: z.unknown() })),
  result: z.enum(RESULTS),
  cause: Text,
  nextStep: Text,
  retryAt: At.nullable(),
  since: Text,
  owner: z.object({ id: z.string(), kind: z.string(), attribute: z.string(), displayName: z.string().optional() }).nullable(),
});

const Other = z.strictObject({
  connector: z.string(),
  object: z.string(),
  kind: z.string(),
  address: z.string(),
  displayName: z.string(),
  text: z.string(),
});

export const ExplanationAnswer = z.strictObject({
  route: z.string(),
  from: z.string(),
  to: z.string(),
  asked: z.object({ address: z.string().optional(), object: z.string().optional() }),
  at: At,
  found: z.enum(['entry', 'leaver', 'history', 'targetObject', 'nothing']),
  object: Text.describe('id in the source'),
  target: Text.describe('id in the target'),
  kind: z.enum(KINDS).nullable(),
  address: Text,
  displayName: Text,
  answer: z.string().describe('is it there, and if not, why not'),
  next: z.string().describe('what the next run would do'),
  steps: z.array(
    z.strictObject({
      step: z.string(),
      verdict: z.enum(['ok', 'note', 'stop']),
      text: z.string(),
      data: z.record(z.string(), z.unknown()),
    }),
  ),
  others: z.array(Other),
});

export const X500AnswerSchema = z.strictObject({
  asked: z.object({ address: z.string().optional(), imceaex: z.string().optional() }),
  x500: z.array(z.string()),
  bouncedAt: Text,
  answer: z.string(),
  was: z.array(
    z.strictObject({
      route: z.string(),
      object: z.string(),
      target: Text,
      address: z.string(),
      displayName: z.string(),
      state: z.string(),
      endedBecause: Text,
    }),
  ),
  now: z.array(
    z.strictObject({
      connector: z.string(),
      object: z.string(),
      kind: z.string(),
      type: z.string(),
      address: z.string(),
      displayName: z.string(),
      holds: z.array(z.string()),
      lacks: z.array(z.string()),
    }),
  ),
  add: z.array(z.strictObject({ connector: z.string(), object: z.string(), value: z.string(), text: z.string(), command: Text })),
  complete: z.boolean(),
});

const Check = z.strictObject({
  name: z.string(),
  result: z.enum(['pass', 'fail', 'warning']),
  detail: z.string(),
  fix: z.string().optional(),
});

export const ChecksAnswer = z.strictObject({ checks: z.array(Check) });

/** A page of a list. */
export function listAnswer(item: z.ZodType): z.ZodType {
  return z.object({ items: z.array(item), nextLink: z.string().nullable() });
}

/** What is not described further: fields as the reference names them. */
export const Anything = z.record(z.string(), z.unknown());
