import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';
import type { z } from 'zod';

/**
 * The thin wrapper around durable-functions 3.x (v4 changes its task fields): activities and orchestrations are called through the value
 * that registered them, so a name that is called is always a name that exists (a missing one hangs the real engine for ever).
 */
export type Steps<Result> = Generator<Task, Result, unknown>;

export interface Activity<Input, Output> {
  readonly name: string;
  /** Schedules the activity; its answer comes from `yield`. */
  task(context: OrchestrationContext, input: Input): Task;
  /** Runs the activity as a step: `const answer = yield* activity.run(context, input)`. */
  run(context: OrchestrationContext, input: Input): Steps<Output>;
}

/** Infrastructure faults only (a process died, storage hiccup): expected failures are values. Never a retry time-out: it hangs the JS side. */
const RETRIES = Object.assign(new df.RetryOptions(2_000, 4), { backoffCoefficient: 2, maxRetryIntervalInMilliseconds: 30_000 });

/** Registers an activity whose input is checked before it runs. */
export function activity<Input extends object, Output>(
  name: string,
  schema: z.ZodType<Input>,
  handler: (input: Input) => Promise<Output>,
): Activity<Input, Output> {
  df.app.activity(name, { handler: async (input: unknown) => handler(schema.parse(input)) });
  const task = (context: OrchestrationContext, input: Input): Task => context.df.callActivityWithRetry(name, RETRIES, input);
  return {
    name,
    task,
    *run(context, input) {
      return (yield task(context, input)) as Output;
    },
  };
}

export interface Orchestration<Input> {
  readonly name: string;
  task(context: OrchestrationContext, input: Input, instance: string): Task;
}

/** Registers an orchestration whose input is checked before it runs. */
export function orchestration<Input extends object>(
  name: string,
  schema: z.ZodType<Input>,
  steps: (context: OrchestrationContext, input: Input) => Steps<unknown>,
): Orchestration<Input> {
  df.app.orchestration(name, function* (context: OrchestrationContext) {
    return yield* steps(context, schema.parse(context.df.getInput()));
  });
  return { name, task: (context, input, instance) => context.df.callSubOrchestrator(name, input, instance) };
}

export type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: string };

/**
 * Runs tasks side by side and waits for every one of them. `Task.all` alone goes on at the first failure, and scheduling anything while
 * a sibling is still under way gives results to the wrong caller (reference: azure.md §1.5); an empty list fails it.
 */
export function* allSettled<T>(context: OrchestrationContext, tasks: readonly Task[]): Steps<readonly Settled<T>[]> {
  if (tasks.length === 0) return [];
  try {
    const values = (yield context.df.Task.all([...tasks])) as T[];
    return values.map((value) => ({ ok: true as const, value }));
  } catch {
    const settled: Settled<T>[] = [];
    for (const task of tasks) {
      try {
        settled.push({ ok: true, value: (yield task) as T });
      } catch (error) {
        settled.push({ ok: false, error: errorText(error) });
      }
    }
    return settled;
  }
}

/** First line of an error, cut: the engine's own texts carry kilobytes of stack. */
export function errorText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0]!.slice(0, 300);
}

/**
 * Waits until a time or an event, whichever is first, at most 2 s too long. Timers are cut to whole seconds: it goes on until then, and asks
 * for 2 s at least, because less than one fires at once and would turn round and round.
 */
export function* waitUntil(context: OrchestrationContext, until: number, event: string): Steps<'time' | 'event'> {
  for (;;) {
    const now = context.df.currentUtcDateTime.getTime();
    if (now >= until) return 'time';
    const timer = context.df.createTimer(new Date(Math.max(until, now + 2_000)));
    const raised = context.df.waitForExternalEvent(event);
    const winner = yield context.df.Task.any([raised, timer]);
    if (winner === raised) {
      if (!timer.isCompleted) timer.cancel();
      return 'event';
    }
  }
}
