import { z } from 'zod';
import * as commit from '../../shared/sync/commitPull.ts';
import { pullPages as pull } from '../../shared/sync/pull.ts';
import { finishPull as finish, resumeCommit as resume } from '../../shared/sync/pullProgress.ts';
import { activity } from '../durable.ts';
import { syncContext } from '../wiring.ts';

const Of = z.object({ job: z.string(), connector: z.string() });
const Range = z.object({ from: z.number().int(), to: z.number().int() });
const SetState = z.object({
  mode: z.enum(['full', 'delta']),
  token: z.string().nullable(),
  count: z.number().nullable(),
  finished: z.boolean(),
});
export const PullPosition = Of.extend({
  pull: z.string(),
  cursor: z.string().nullable(),
  sequence: z.number().int(),
  read: z.number(),
  calls: z.number(),
  sets: z.record(z.string(), SetState),
  domains: z.array(z.string()).nullable(),
  losses: z.array(z.string()),
  asked: z.object({ fingerprint: z.string(), withhold: z.string() }).nullable(),
  lastCursors: z.array(z.string()),
});
const Totals = z.object({
  counts: z.record(z.string(), z.number()),
  unstamped: z.record(z.string(), z.number()),
  unconfirmed: z.number(),
  calls: z.number(),
  held: z.object({ objects: z.number(), bytes: z.number() }),
  restore: z.array(z.string()).readonly(),
});

export const pullPages = activity('pullPages', PullPosition, (input) => pull(syncContext(), input));
export const resumeCommit = activity('resumeCommit', Of, (input) => resume(syncContext(), input));
export const beginCommit = activity('beginCommit', PullPosition, (input) => commit.beginCommit(syncContext(), input));
export const commitRange = activity('commitRange', Of.extend({ round: z.number().int(), range: Range }), (input) =>
  commit.commitRange(syncContext(), input),
);
export const finishCommit = activity('finishCommit', Of.extend({ round: z.number().int(), totals: z.array(Totals) }), (input) =>
  commit.finishCommit(syncContext(), input),
);
export const finishPull = activity(
  'finishPull',
  Of.extend({ calls: z.number(), failure: z.object({ code: z.string(), message: z.string(), nextStep: z.string() }).nullable() }),
  (input) => finish(syncContext(), input),
);
