/**
 * The host's half of an orchestration: walks the actions that the orchestrator returned, with the history, and says what must be started.
 * Both sides must number tasks alike: one counter, in the order calls are started; a retry takes a number for its timer and one for the
 * next attempt; external events take none (reference: embedded-host.md §2.3).
 */
export interface Action {
  readonly actionType: number;
  readonly functionName?: string;
  readonly input?: unknown;
  readonly instanceId?: string;
  readonly retryOptions?: {
    readonly firstRetryIntervalInMilliseconds: number;
    readonly maxNumberOfAttempts: number;
    readonly backoffCoefficient?: number;
    readonly maxRetryIntervalInMilliseconds?: number;
    readonly retryTimeoutInMilliseconds?: number;
  };
  readonly fireAt?: string;
  readonly isCanceled?: boolean;
  readonly externalEventName?: string;
  readonly compoundActions?: readonly Action[];
}

export interface HistoryEvent {
  readonly EventType: number;
  readonly EventId: number;
  readonly Timestamp: string;
  IsPlayed: boolean;
  readonly [field: string]: unknown;
}

export const EVENT = {
  executionStarted: 0,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  subCreated: 7,
  subCompleted: 8,
  subFailed: 9,
  timerCreated: 10,
  timerFired: 11,
  orchestratorStarted: 12,
  orchestratorCompleted: 13,
  eventRaised: 15,
} as const;
const ACTION = { activity: 0, activityRetry: 1, sub: 2, subRetry: 3, continueAsNew: 4, timer: 5, event: 6, any: 11, all: 12 } as const;

export type Started =
  | { readonly kind: 'activity'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly kind: 'sub'; readonly id: number; readonly name: string; readonly input: unknown; readonly instanceId: string | null }
  | { readonly kind: 'timer'; readonly id: number; readonly fireAt: string; readonly cancelled: boolean };

export interface Replayed {
  readonly started: readonly Started[];
  /** Started, not answered yet, and not a cancelled timer: the orchestration cannot end before them. */
  readonly open: readonly Started[];
  readonly continueAsNew: { readonly input: unknown } | null;
}

interface Node {
  done: boolean;
  readonly action: Action;
  readonly children: Node[];
  attempts: number;
  current: number;
}

function markDone(node: Node): void {
  node.done = true;
}

function isRetrying(node: Node): boolean {
  return node.children.some(isRetrying) || (node.action.retryOptions !== undefined && !node.done);
}

/** Throws for what would hang the real engine or have it give wrong answers. */
export function replay(yields: readonly (readonly Action[])[], history: readonly HistoryEvent[]): Replayed {
  const started: Started[] = [];
  const answered = new Set<number>();
  const waiting = new Map<number, (event: HistoryEvent) => void>();
  const eventWaits = new Map<string, (() => void)[]>();
  const raised = new Map<string, number>();
  let counter = 0;
  let now = history[0]?.Timestamp ?? new Date().toISOString();

  const begin = (action: Action): Node => {
    const node: Node = { done: false, action, children: [], attempts: 0, current: -1 };
    switch (action.actionType) {
      case ACTION.all:
      case ACTION.any:
        for (const child of action.compoundActions ?? []) node.children.push(begin(child));
        return node;
      case ACTION.event:
        beginEvent(node);
        return node;
      case ACTION.timer:
        beginTimer(node, action.fireAt!, action.isCanceled === true);
        return node;
      case ACTION.continueAsNew:
        node.done = true;
        return node;
      case ACTION.activity:
      case ACTION.activityRetry:
      case ACTION.sub:
      case ACTION.subRetry:
        beginCall(node);
        return node;
      default:
        throw new Error(
          `This host does not know the durable action ${action.actionType} (entities, HTTP calls and locks are not supported here).`,
        );
    }
  };
  const beginEvent = (node: Node): void => {
    const name = node.action.externalEventName!;
    const early = raised.get(name) ?? 0;
    if (early > 0) {
      raised.set(name, early - 1);
      node.done = true;
    } else eventWaits.set(name, [...(eventWaits.get(name) ?? []), () => markDone(node)]);
  };
  const beginTimer = (node: Node, fireAt: string, cancelled: boolean): void => {
    const id = counter++;
    started.push({ kind: 'timer', id, fireAt, cancelled });
    waiting.set(id, () => markDone(node));
  };
  const beginCall = (node: Node): void => {
    const { action } = node;
    if (action.retryOptions?.retryTimeoutInMilliseconds !== undefined)
      throw new Error(
        `"${action.functionName}" has a retry time-out: on the real engine the orchestration would hang once it passes. Leave it out.`,
      );
    const id = counter++;
    node.current = id;
    node.attempts += 1;
    const isActivity = action.actionType === ACTION.activity || action.actionType === ACTION.activityRetry;
    started.push(
      isActivity
        ? { kind: 'activity', id, name: action.functionName!, input: action.input }
        : { kind: 'sub', id, name: action.functionName!, input: action.input, instanceId: action.instanceId ?? null },
    );
    waiting.set(id, (event) => {
      const failed = event.EventType === EVENT.taskFailed || event.EventType === EVENT.subFailed;
      if (!failed || !action.retryOptions) node.done = true;
      else retryAfter(node);
    });
  };
  const retryAfter = (node: Node): void => {
    const options = node.action.retryOptions!;
    const last = node.attempts >= options.maxNumberOfAttempts;
    const delay = last
      ? 0
      : Math.min(
          options.maxRetryIntervalInMilliseconds ?? Number.MAX_SAFE_INTEGER,
          options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** (node.attempts - 1),
        );
    const id = counter++;
    started.push({ kind: 'timer', id, fireAt: new Date(Date.parse(now) + delay).toISOString(), cancelled: false });
    waiting.set(id, () => (last ? markDone(node) : beginCall(node)));
  };
  const complete = (node: Node): boolean => {
    if (node.action.actionType === ACTION.all) return node.children.every(complete);
    if (node.action.actionType === ACTION.any) return node.children.some(complete);
    return node.done;
  };

  // The library answers one inner list that holds one action for each yield: the next one begins when the one before is answered.
  const steps = yields.flat();
  let at = 0;
  let current: Node[] = [];
  const advance = (): void => {
    for (;;) {
      if (!current.every(complete)) return;
      const next = steps[at];
      if (!next) return;
      at += 1;
      current = [begin(next)];
    }
  };
  advance();
  for (const event of history) {
    if (event.EventType === EVENT.orchestratorStarted) now = event.Timestamp;
    const id = answerOf(event);
    if (id !== null && !answered.has(id)) {
      answered.add(id);
      waiting.get(id)?.(event);
    } else if (event.EventType === EVENT.eventRaised) {
      const name = String(event['Name']);
      const waits = eventWaits.get(name);
      // Several waits for one name are served last in, first out.
      const wait = waits?.pop();
      if (wait) wait();
      else raised.set(name, (raised.get(name) ?? 0) + 1);
    }
    advance();
  }
  if (at < steps.length && current.some(isRetrying))
    throw new Error(
      'The orchestrator went on after a failure in Task.all while a sibling with retries was under way: on the real engine later calls would get the answers of others. Wait for every task first.',
    );
  const last = steps.find((action) => action.actionType === ACTION.continueAsNew);
  return {
    started,
    open: started.filter((one) => !answered.has(one.id) && !(one.kind === 'timer' && one.cancelled)),
    continueAsNew: last ? { input: last.input } : null,
  };
}

/** The number of the task that an event answers, if it does. */
export function answerOf(event: HistoryEvent): number | null {
  if (event.EventType === EVENT.timerFired) return Number(event['TimerId']);
  const answers: readonly number[] = [EVENT.taskCompleted, EVENT.taskFailed, EVENT.subCompleted, EVENT.subFailed];
  return answers.includes(event.EventType) ? Number(event['TaskScheduledId']) : null;
}

const SCHEDULING: readonly number[] = [EVENT.taskScheduled, EVENT.subCreated, EVENT.timerCreated];

/** Numbers of the tasks that a history has as scheduled. */
export function scheduledIds(history: readonly HistoryEvent[]): ReadonlySet<number> {
  return new Set(history.filter((event) => SCHEDULING.includes(event.EventType)).map((event) => event.EventId));
}

/** Compares what an orchestrator asks for now with what its history says it asked for: a difference means non-deterministic code. */
export function nonDeterminism(started: readonly Started[], history: readonly HistoryEvent[]): string | null {
  const before = new Map<number, string>();
  for (const event of history) {
    if (event.EventType === EVENT.taskScheduled) before.set(event.EventId, `activity "${String(event['Name'])}"`);
    else if (event.EventType === EVENT.subCreated) before.set(event.EventId, `sub-orchestration "${String(event['Name'])}"`);
    else if (event.EventType === EVENT.timerCreated) before.set(event.EventId, `timer due ${String(event['FireAt'])}`);
  }
  const now = new Map(
    started.map((one) => [
      one.id,
      one.kind === 'timer' ? `timer due ${one.fireAt}` : `${one.kind === 'activity' ? 'activity' : 'sub-orchestration'} "${one.name}"`,
    ]),
  );
  for (const [id, was] of before) {
    const is = now.get(id);
    if (is !== was)
      return `Non-Deterministic workflow detected: step ${id} was ${was} when it was first run, and is ${is ?? 'missing'} now. Orchestrators must not use clocks, random values or I/O.`;
  }
  return null;
}
