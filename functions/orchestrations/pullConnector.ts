import type { OrchestrationContext } from 'durable-functions';
import { z } from 'zod';
import { CANCEL_EVENT } from '../../shared/sync/cancel.ts';
import type { CommitStep } from '../../shared/sync/commitPull.ts';
import { type PullPosition, startPull } from '../../shared/sync/pull.ts';
import type { Range } from '../../shared/sync/ranges.ts';
import { beginCommit, commitRange, finishCommit, finishPull, pullPages, resumeCommit } from '../activities/pull.ts';
import { allSettled, errorText, orchestration, type Steps, waitUntil } from '../durable.ts';
import { LONGEST_WAIT_MS } from './waits.ts';

const Input = z.object({ job: z.string(), round: z.number().int(), connector: z.string() });
type Input = z.infer<typeof Input>;
type Failure = { code: string; message: string; nextStep: string };

const RANGES_AT_ONCE = 2;

/** Reads one connector once: pages until complete, then moves them into the snapshot. Answers whether the read counts. */
export const pullConnector = orchestration('pullConnector', Input, function* (context, input): Steps<{
  ok: boolean;
  failure: Failure | null;
}> {
  let calls = 0;
  let failure: Failure | null = null;
  try {
    const left = yield* resumeCommit.run(context, { job: input.job, connector: input.connector });
    if (left.length > 0) {
      const moved = yield* moveRanges(context, input, left);
      failure = moved.failure;
      calls += moved.calls;
    }
    if (!failure) {
      const read = yield* readPages(context, input);
      calls += read.calls;
      const moved = read.failure ? { failure: read.failure, calls: 0 } : yield* commit(context, input, read.position);
      failure = moved.failure;
      calls += moved.calls;
    }
  } catch (error) {
    failure = { code: 'internal', message: errorText(error), nextStep: 'Look for this text in the log; the next job tries again.' };
  }
  yield* finishPull.run(context, { job: input.job, connector: input.connector, calls, failure });
  return { ok: failure === null, failure };
});

function* readPages(
  context: OrchestrationContext,
  input: Input,
): Steps<{ position: PullPosition; calls: number; failure: Failure | null }> {
  let position = startPull(input.job, input.connector, input.round);
  for (;;) {
    const step = yield* pullPages.run(context, position as never);
    if (!step.ok) return { position, calls: step.calls, failure: step.failure };
    position = step.position;
    if (step.done) return { position, calls: position.calls, failure: null };
    if (step.waitUntil === null) continue;
    // A directory that wants more fails the pull, and the next job begins again.
    if (!step.ours && step.waitUntil - context.df.currentUtcDateTime.getTime() > LONGEST_WAIT_MS) {
      const until = new Date(step.waitUntil).toISOString();
      return {
        position,
        calls: position.calls,
        failure: {
          code: 'throttled',
          message: `Connector "${input.connector}" asks to wait until ${until}.`,
          nextStep: 'The next job reads again.',
        },
      };
    }
    yield* waitUntil(context, step.waitUntil, CANCEL_EVENT);
  }
}

/** What a commit came to, and the calls that were made to the directory for it. */
type Moved = { failure: Failure | null; calls: number };

function* commit(context: OrchestrationContext, input: Input, position: PullPosition): Steps<Moved> {
  const begun = yield* beginCommit.run(context, position as never);
  return begun.ok ? yield* moveRanges(context, input, begun.ranges) : { failure: begun.failure, calls: 0 };
}

function* moveRanges(context: OrchestrationContext, input: Input, ranges: readonly Range[]): Steps<Moved> {
  const of = { job: input.job, connector: input.connector };
  const totals = [];
  let calls = 0;
  for (let n = 0; n < ranges.length; n += RANGES_AT_ONCE) {
    const tasks = ranges.slice(n, n + RANGES_AT_ONCE).map((range) => commitRange.task(context, { ...of, round: input.round, range }));
    for (const settled of yield* allSettled<CommitStep>(context, tasks)) {
      if (!settled.ok)
        return { failure: { code: 'internal', message: settled.error, nextStep: 'The next job finishes this commit.' }, calls };
      if (!settled.value.ok) return { failure: settled.value.failure, calls };
      totals.push(settled.value.totals);
      calls += settled.value.totals.calls;
    }
  }
  const finished = yield* finishCommit.run(context, { ...of, round: input.round, totals });
  return { failure: finished.ok ? null : finished.failure, calls };
}
