/** Orchestrations of the test app, one for each thing the engine must do. Activities write what they do to the TRACE file. */
import { appendFileSync } from 'node:fs';
import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';

type Steps = Generator<Task, unknown, unknown>;
/** What the tests start orchestrations with; what is left out is 0, false or empty. */
interface Input {
  readonly n: number;
  readonly count: number;
  readonly ms: number;
  readonly upTo: number;
  readonly wait: boolean;
  readonly fail: boolean;
  readonly kind: string;
  readonly seen: readonly number[];
}
const NOTHING: Input = { n: 0, count: 0, ms: 0, upTo: 0, wait: false, fail: false, kind: '', seen: [] };

const trace = (line: string): void => appendFileSync(process.env['TRACE'] ?? '', `${line}\n`);
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const orchestration = (name: string, steps: (context: OrchestrationContext, input: Input) => Steps): void => {
  df.app.orchestration(name, function* (context: OrchestrationContext) {
    const given = context.df.getInput();
    return yield* steps(context, typeof given === 'object' ? { ...NOTHING, ...given } : NOTHING);
  });
};
const soon = (context: OrchestrationContext, ms: number): Date => new Date(context.df.currentUtcDateTime.getTime() + ms);
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();

interface Work {
  readonly tag?: string;
  readonly n: number;
  readonly ms?: number;
  readonly fail?: boolean;
}

let atOnce = 0;
df.app.activity('work', {
  handler: async ({ tag, n, ms, fail }: Work) => {
    atOnce += 1;
    trace(`begin ${tag} ${n} ${atOnce}`);
    await sleep(ms ?? 0);
    atOnce -= 1;
    if (fail) throw new Error(`work ${n} failed`);
    trace(`end ${tag} ${n}`);
    return n * n;
  },
});
const attempts = new Map<string, number>();
df.app.activity('flaky', {
  handler: ({ key, failures }: { key: string; failures: number }) => {
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    if (attempt <= failures) throw new Error(`attempt ${attempt} failed`);
    return attempt;
  },
});
df.app.activity('typeOf', { handler: (value: unknown) => `${typeof value} ${JSON.stringify(value)}` });
df.app.activity('give', { handler: ({ kind }: { kind: string }) => GIFTS[kind] as string });
const GIFTS: Readonly<Record<string, unknown>> = {
  bytes: Buffer.from([1, 2]),
  none: undefined,
  flag: true,
  text: '{"a":1}',
  bad: 'a\uffffb',
};

orchestration('input', function* (context) {
  yield context.df.callActivity('work', { n: 0 });
  return context.df.getInput() ?? null;
});
orchestration('fanOut', function* (context, { count, ms }) {
  context.df.setCustomStatus({ phase: 'out' });
  const tag = context.df.instanceId;
  const squares = yield context.df.Task.all(Array.from({ length: count }, (_, n) => context.df.callActivity('work', { tag, n, ms })));
  context.df.setCustomStatus({ phase: 'in' });
  return (squares as number[]).reduce((sum, one) => sum + one, 0);
});
orchestration('sequence', function* (context, { count, ms }) {
  let sum = 0;
  for (let n = 0; n < count; n += 1) sum += (yield context.df.callActivity('work', { tag: context.df.instanceId, n, ms })) as number;
  return sum;
});
orchestration('values', function* (context) {
  const out: Record<string, unknown> = {};
  for (const value of ['abc', '123', 5, true, null, { a: [1, null] }, '{"a":1}'])
    out[JSON.stringify(value)] = yield context.df.callActivity('typeOf', value);
  for (const kind of ['bytes', 'none', 'flag', 'text']) out[kind] = yield context.df.callActivity('give', { kind });
  return out;
});
orchestration('child', function* (context, { n, wait, fail }) {
  if (wait) yield context.df.waitForExternalEvent('go');
  const square = yield context.df.callActivity('work', { tag: context.df.instanceId, n });
  if (fail) throw new Error('the child failed');
  return { square, child: context.df.instanceId, parent: context.df.parentInstanceId };
});
orchestration('parent', function* (context) {
  const named = context.df.callSubOrchestrator('child', { n: 3 }, `${context.df.instanceId}-named`);
  return yield context.df.Task.all([named, context.df.callSubOrchestrator('child', { n: 4 })]);
});
orchestration('manyChildren', function* (context, { count }) {
  const all = yield context.df.Task.all(
    Array.from({ length: count }, (_, n) => context.df.callSubOrchestrator('child', { n, wait: true }, `${context.df.instanceId}-${n}`)),
  );
  return (all as { square: number }[]).reduce((sum, { square }) => sum + square, 0);
});
orchestration('catching', function* (context) {
  const caught: string[] = [];
  const tasks = [context.df.callActivity('work', { n: 1, fail: true }), context.df.callSubOrchestrator('child', { n: 1, fail: true })];
  for (const task of tasks) {
    try {
      yield task;
    } catch (error) {
      caught.push(textOf(error));
    }
  }
  return caught;
});
orchestration('failing', function* (context) {
  yield context.df.callActivity('work', { n: 1 });
  throw new Error('it went wrong');
});
orchestration('retries', function* (context) {
  const options = Object.assign(new df.RetryOptions(20, 3), { backoffCoefficient: 2 });
  const key = context.df.instanceId;
  const good = yield context.df.callActivityWithRetry('flaky', options, { key: `${key}a`, failures: 2 });
  try {
    yield context.df.callActivityWithRetry('flaky', options, { key: `${key}b`, failures: 9 });
  } catch (error) {
    return { good, error: textOf(error) };
  }
  return 'it did not fail';
});
orchestration('besideRetry', function* (context) {
  const options = new df.RetryOptions(60_000, 3);
  try {
    yield context.df.Task.all([
      context.df.callActivity('work', { n: 1, fail: true }),
      context.df.callActivityWithRetry('flaky', options, { key: context.df.instanceId, failures: 9 }),
    ]);
  } catch {
    return yield context.df.callActivity('work', { n: 2 });
  }
  return 'it did not fail';
});
orchestration('timer', function* (context, { ms }) {
  const due = soon(context, ms);
  yield context.df.createTimer(due);
  return context.df.currentUtcDateTime.getTime() - due.getTime();
});
orchestration('approval', function* (context, { ms }) {
  context.df.setCustomStatus('waiting');
  const timer = context.df.createTimer(soon(context, ms));
  const event = context.df.waitForExternalEvent('approve');
  const winner = yield context.df.Task.any([timer, event]);
  if (winner === timer) return 'too late';
  timer.cancel();
  return (event as Task & { result: unknown }).result;
});
orchestration('gather', function* (context, { count }) {
  const got: unknown[] = [];
  for (let n = 0; n < count; n += 1) got.push(yield context.df.waitForExternalEvent('item'));
  return got;
});
/** Each generation calls a child and an activity with the numbers of the generation before, and leaves a slow call behind. */
orchestration('generations', function* (context, { n, seen, upTo }) {
  const child = (yield context.df.callSubOrchestrator('child', { n })) as { square: number };
  const slow = context.df.callActivity('work', { tag: 'slow', n: 1_000 + n, ms: 150 });
  const quick = context.df.callActivity('work', { tag: 'quick', n: 10 + n });
  yield context.df.Task.any([quick, slow]);
  const all = [...seen, child.square, (quick as Task & { result: number }).result];
  if (n === upTo) return all;
  context.df.continueAsNew({ n: n + 1, seen: all, upTo });
  return null;
});
orchestration('waiting', function* (context) {
  yield context.df.waitForExternalEvent('never');
  return null;
});
orchestration('parentOfWaiting', function* (context) {
  return yield context.df.callSubOrchestrator('waiting', {}, `${context.df.instanceId}-child`);
});

orchestration('badCall', function* (context, { kind }) {
  try {
    return yield BAD[kind]!(context);
  } catch (error) {
    return `caught ${textOf(error)}`;
  }
});
const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const BAD: Readonly<Record<string, (context: OrchestrationContext) => Task>> = {
  activity: (context) => context.df.callActivity('noSuchActivity', 1),
  orchestrator: (context) => context.df.callSubOrchestrator('noSuchOrchestrator', 1),
  ownId: (context) => context.df.callSubOrchestrator('child', { n: 1 }, context.df.instanceId),
  oddId: (context) => context.df.callSubOrchestrator('child', { n: 1 }, "a'b"),
  usedId: (context) => context.df.callSubOrchestrator('child', { n: 1 }, 'in-use'),
  deep: (context) => context.df.callActivity('typeOf', deep(65)),
  large: (context) => context.df.callActivity('typeOf', 'x'.repeat(61_000)),
  noCharacter: (context) => context.df.callActivity('typeOf', { text: 'a\uffffb' }),
  reference: (context) => context.df.callActivity('typeOf', { $ref: '#', b: 1 }),
  result: (context) => context.df.callActivity('give', { kind: 'bad' }),
  retryTimeout: (context) =>
    context.df.callActivityWithRetry('work', Object.assign(new df.RetryOptions(10, 2), { retryTimeoutInMilliseconds: 50 }), { n: 1 }),
  http: (context) => context.df.callHttp({ method: 'GET', url: 'http://127.0.0.1:9/' }),
  status: (context) => {
    context.df.setCustomStatus('x'.repeat(9_000));
    return context.df.callActivity('work', { n: 1 });
  },
};

/** Calls something else at each replay. */
let runs = 0;
orchestration('clockwork', function* (context, { kind }) {
  runs += 1;
  const odd = runs % 2 === 1;
  const first: Readonly<Record<string, () => Task>> = {
    name: () => context.df.callActivity(odd ? 'work' : 'typeOf', { n: 1 }),
    kind: () => (odd ? context.df.callActivity('work', { n: 1 }) : context.df.callSubOrchestrator('child', { n: 1 })),
    due: () => context.df.createTimer(new Date(Date.now() + 40)),
  };
  if (kind === 'fewer' && !odd) return 'nothing called this time';
  yield (first[kind] ?? first['name']!)();
  yield context.df.callActivity('work', { n: 2 });
  return 'not detected';
});
