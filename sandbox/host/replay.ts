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
}

/** How far a replay has come: what was started, and who is told of which answer. */
interface Walk {
  readonly started: Started[];
  readonly answered: Set<number>;
  /** Number of a task → what its answer does. */
  readonly waiting: Map<number, (event: HistoryEvent) => void>;
  readonly eventWaits: Map<string, (() => void)[]>;
  /** External events that nothing waited for yet, by name. */
  readonly raised: Map<string, number>;
  /** The number of the next task. */
  counter: number;
  now: string;
}

/** Throws for what would hang the real engine or have it give wrong answers. */
export function replay(yields: readonly (readonly Action[])[], history: readonly HistoryEvent[]): Replayed {
  const now = history[0]?.Timestamp ?? new Date().toISOString();
  const walk: Walk = { started: [], answered: new Set(), waiting: new Map(), eventWaits: new Map(), raised: new Map(), counter: 0, now };
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
      current = [begin(walk, next)];
    }
  };
  advance();
  for (const event of history) {
    hear(walk, event);
    advance();
  }
  if (at < steps.length && current.some(isRetrying))
    throw new Error(
      'The orchestrator went on after a failure in Task.all while a sibling with retries was under way: on the real engine later calls would get the answers of others. Wait for every task first.',
    );
  const last = steps.find((action) => action.actionType === ACTION.continueAsNew);
  return {
    started: walk.started,
    open: walk.started.filter((one) => !walk.answered.has(one.id) && !(one.kind === 'timer' && one.cancelled)),
    continueAsNew: last ? { input: last.input } : null,
  };
}

/** Hands an event of the history to what waits for it. */
function hear(walk: Walk, event: HistoryEvent): void {
  if (event.EventType === EVENT.orchestratorStarted) walk.now = event.Timestamp;
  const id = answerOf(event);
  if (id !== null && !walk.answered.has(id)) {
    walk.answered.add(id);
    walk.waiting.get(id)?.(event);
  } else if (event.EventType === EVENT.eventRaised) {
    const name = String(event['Name']);
    // Several waits for one name are served last in, first out.
    const wait = walk.eventWaits.get(name)?.pop();
    if (wait) wait();
    else walk.raised.set(name, (walk.raised.get(name) ?? 0) + 1);
  }
}

function begin(walk: Walk, action: Action): Node {
  const node: Node = { done: false, action, children: [], attempts: 0 };
  switch (action.actionType) {
    case ACTION.all:
    case ACTION.any:
      for (const child of action.compoundActions ?? []) node.children.push(begin(walk, child));
      return node;
    case ACTION.event:
      beginEvent(walk, node);
      return node;
    case ACTION.timer:
      beginTimer(walk, node, action.fireAt!, action.isCanceled === true);
      return node;
    case ACTION.continueAsNew:
      node.done = true;
      return node;
    case ACTION.activity:
    case ACTION.activityRetry:
    case ACTION.sub:
    case ACTION.subRetry:
      beginCall(walk, node);
      return node;
    default:
      throw new Error(
        `This host does not know the durable action ${action.actionType} (entities, HTTP calls and locks are not supported here).`,
      );
  }
}

function beginEvent({ raised, eventWaits }: Walk, node: Node): void {
  const name = node.action.externalEventName!;
  const early = raised.get(name) ?? 0;
  if (early > 0) {
    raised.set(name, early - 1);
    node.done = true;
  } else eventWaits.set(name, [...(eventWaits.get(name) ?? []), () => markDone(node)]);
}

function beginTimer(walk: Walk, node: Node, fireAt: string, cancelled: boolean): void {
  const id = walk.counter++;
  walk.started.push({ kind: 'timer', id, fireAt, cancelled });
  walk.waiting.set(id, () => markDone(node));
}

function beginCall(walk: Walk, node: Node): void {
  const { action } = node;
  if (action.retryOptions?.retryTimeoutInMilliseconds !== undefined)
    throw new Error(
      `"${action.functionName}" has a retry time-out: on the real engine the orchestration would hang once it passes. Leave it out.`,
    );
  const id = walk.counter++;
  node.attempts += 1;
  const isActivity = action.actionType === ACTION.activity || action.actionType === ACTION.activityRetry;
  walk.started.push(
    isActivity
      ? { kind: 'activity', id, name: action.functionName!, input: action.input }
      : { kind: 'sub', id, name: action.functionName!, input: action.input, instanceId: action.instanceId ?? null },
  );
  walk.waiting.set(id, (event) => {
    const failed = event.EventType === EVENT.taskFailed || event.EventType === EVENT.subFailed;
    if (!failed || !action.retryOptions) node.done = true;
    else retryAfter(walk, node);
  });
}

function retryAfter(walk: Walk, node: Node): void {
  const options = node.action.retryOptions!;
  const last = node.attempts >= options.maxNumberOfAttempts;
  const delay = last
    ? 0
    : Math.min(
        options.maxRetryIntervalInMilliseconds ?? Number.MAX_SAFE_INTEGER,
        options.firstRetryIntervalInMilliseconds * (options.backoffCoefficient ?? 1) ** (node.attempts - 1),
      );
  const id = walk.counter++;
  walk.started.push({ kind: 'timer', id, fireAt: new Date(Date.parse(walk.now) + delay).toISOString(), cancelled: false });
  walk.waiting.set(id, () => (last ? markDone(node) : beginCall(walk, node)));
}

function complete(node: Node): boolean {
  if (node.action.actionType === ACTION.all) return node.children.every(complete);
  if (node.action.actionType === ACTION.any) return node.children.some(complete);
  return node.done;
}

function markDone(node: Node): void {
  node.done = true;
}

function isRetrying(node: Node): boolean {
  return node.children.some(isRetrying) || (node.action.retryOptions !== undefined && !node.done);
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
