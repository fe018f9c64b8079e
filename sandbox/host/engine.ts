import { randomUUID } from 'node:crypto';
import type { AppModule } from './appModule.ts';
import type { HubStore, Instance, Message } from './hubStore.ts';
import { inputFault } from './limits.ts';
import { type Action, EVENT, type HistoryEvent, nonDeterminism, type Replayed, replay, type Started } from './replay.ts';

export interface EngineOptions {
  readonly app: AppModule;
  readonly store: HubStore;
  readonly maxActivities: number;
  readonly log: (level: string, message: string) => void;
  /** The durableClient binding's JSON, for functions that have one. */
  readonly clientBinding: () => string;
}

/** A problem of a management call, with the status that the real extension answers. */
export class EngineError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Engine {
  start(name: string, instanceId: string | null, input: string | null): Promise<string>;
  raise(instanceId: string, name: string, data: string): Promise<void>;
  terminate(instanceId: string, reason: string): Promise<void>;
  purge(instanceId: string): Promise<void>;
  recover(): Promise<number>;
  stop(): void;
}

interface Live {
  readonly instance: Instance;
  history: HistoryEvent[];
  inbox: { event: HistoryEvent; key: string | null }[];
  running: boolean;
  /** Task ids that are under way in this process, and timers that are armed. */
  readonly underWay: Set<number>;
  readonly timers: Map<number, NodeJS.Timeout>;
}

const ENDED = new Set(['Completed', 'Failed', 'Terminated']);
const SCHEMA = {
  upperSchemaVersion: 2,
  upperSchemaVersionNew: 2,
  longRunningTimerIntervalDuration: '3.00:00:00',
  maximumShortTimerDuration: '6.00:00:00',
  defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
};

/** Runs orchestrations and activities of one app. A development engine: one process, at-least-once activities, state in the hub's tables. */
export function createEngine(options: EngineOptions): Engine {
  const { app, store, log } = options;
  const live = new Map<string, Live>();
  const orchestrators = namesOf(app, 'orchestrationTrigger');
  const activities = namesOf(app, 'activityTrigger');
  const queue: (() => Promise<void>)[] = [];
  let busy = 0;
  let stopped = false;

  const drain = (): void => {
    while (!stopped && busy < options.maxActivities && queue.length > 0) {
      busy += 1;
      void queue.shift()!().finally(() => {
        busy -= 1;
        drain();
      });
    }
  };

  const deliver = (one: Live, event: HistoryEvent, key: string | null): void => {
    one.inbox.push({ event, key });
    void pump(one);
  };

  const pump = async (one: Live): Promise<void> => {
    if (one.running || stopped) return;
    one.running = true;
    try {
      while (one.inbox.length > 0 && !stopped && !ENDED.has(one.instance.status)) await episode(one);
    } catch (error) {
      log('error', `orchestration ${one.instance.instanceId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      if (!stopped) setTimeout(() => void pump(one), 500);
    } finally {
      one.running = false;
    }
    if (one.inbox.length > 0 && !ENDED.has(one.instance.status) && !stopped) void pump(one);
  };

  const episode = async (one: Live): Promise<void> => {
    const taken = [...one.inbox];
    const { instance } = one;
    const terminated = taken.find(({ event }) => event.EventType === 3);
    const now = new Date().toISOString();
    const fresh: HistoryEvent[] = [
      { EventType: EVENT.orchestratorStarted, EventId: -1, Timestamp: now, IsPlayed: false },
      ...taken.map(({ event }) => ({ ...event, IsPlayed: false })),
    ];
    const keys = taken.flatMap(({ key }) => (key ? [key] : []));
    if (terminated) {
      await end(one, 'Terminated', terminated.event['Reason'], fresh, keys);
      one.inbox = one.inbox.slice(taken.length);
      return;
    }
    const history = [...one.history.map((event) => ({ ...event, IsPlayed: true })), ...fresh];
    const outcome = await runOrchestrator(options, instance, history);
    const asked = judge(outcome, history);
    if (asked.fault) await end(one, 'Failed', asked.fault, fresh, keys);
    else await settle(one, outcome, asked.replayed!, fresh, keys, now);
    one.inbox = one.inbox.slice(taken.length);
  };

  const judge = (outcome: Outcome, history: readonly HistoryEvent[]): { fault: string | null; replayed: Replayed | null } => {
    try {
      const replayed = replay(outcome.actions, history);
      const fault = nonDeterminism(replayed.started, history) ?? unknownName(replayed.started) ?? inputFault(replayed.started, log);
      return { fault, replayed };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : String(error), replayed: null };
    }
  };

  const unknownName = (started: readonly Started[]): string | null => {
    for (const one of started) {
      if (one.kind === 'activity' && !activities.has(one.name))
        return `There is no activity "${one.name}". On the real engine this orchestration would hang for ever.`;
      if (one.kind === 'sub' && !orchestrators.has(one.name))
        return `There is no orchestrator "${one.name}". On the real engine this orchestration would hang for ever.`;
    }
    return null;
  };

  /** Commits the episode, then starts what it asked for. */
  const settle = async (
    one: Live,
    outcome: Outcome,
    replayed: Replayed,
    fresh: HistoryEvent[],
    keys: readonly string[],
    now: string,
  ): Promise<void> => {
    const { instance } = one;
    if (outcome.customStatus !== undefined) {
      if (JSON.stringify(outcome.customStatus).length * 2 > 16 * 1024)
        return end(one, 'Failed', 'The custom status is larger than 16 KB.', fresh, keys);
      instance.customStatus = outcome.customStatus;
    }
    if (outcome.isDone && replayed.continueAsNew) return renew(one, replayed.continueAsNew.input, keys);
    if (outcome.isDone && replayed.open.length === 0)
      return outcome.error === undefined
        ? end(one, 'Completed', outcome.output ?? null, fresh, keys)
        : end(one, 'Failed', outcome.error, fresh, keys);
    const known = new Set(
      [...one.history, ...fresh]
        .filter(
          (event) =>
            event.EventType === EVENT.taskScheduled || event.EventType === EVENT.subCreated || event.EventType === EVENT.timerCreated,
        )
        .map((event) => event.EventId),
    );
    const scheduled = replayed.started.filter((started) => !known.has(started.id)).map((started) => scheduledEvent(instance, started, now));
    const events = [...fresh, ...scheduled, { EventType: EVENT.orchestratorCompleted, EventId: -1, Timestamp: now, IsPlayed: false }];
    instance.status = 'Running';
    instance.lastUpdatedTime = now;
    instance.episodes += 1;
    await store.commit(instance, events, keys);
    one.history.push(...events);
    dispatch(one, replayed);
  };

  const dispatch = (one: Live, replayed: Replayed): void => {
    for (const [id, timer] of one.timers) {
      if (replayed.open.some((open) => open.id === id)) continue;
      clearTimeout(timer);
      one.timers.delete(id);
    }
    for (const started of replayed.open) {
      if (one.underWay.has(started.id)) continue;
      one.underWay.add(started.id);
      if (started.kind === 'timer') armTimer(one, started);
      else if (started.kind === 'activity') {
        queue.push(() => runActivity(one, started));
        drain();
      } else void startChild(one, started);
    }
  };

  const armTimer = (one: Live, timer: Extract<Started, { kind: 'timer' }>): void => {
    const wait = Date.parse(timer.fireAt) - Date.now();
    if (wait <= 0) {
      one.timers.delete(timer.id);
      deliver(
        one,
        {
          EventType: EVENT.timerFired,
          EventId: -1,
          Timestamp: new Date().toISOString(),
          IsPlayed: false,
          TimerId: timer.id,
          FireAt: timer.fireAt,
        },
        null,
      );
      return;
    }
    // Node's timers may fire a millisecond early and know at most 24 days: looked at again on waking.
    one.timers.set(
      timer.id,
      setTimeout(() => armTimer(one, timer), Math.min(wait, 2_000_000_000)),
    );
  };

  const runActivity = async (one: Live, activity: Extract<Started, { kind: 'activity' }>): Promise<void> => {
    const { instance } = one;
    const generation = instance.generation;
    const data =
      activity.input === undefined || activity.input === null
        ? {}
        : { string: typeof activity.input === 'string' ? activity.input : JSON.stringify(activity.input) };
    const base = { EventId: -1, IsPlayed: false, TaskScheduledId: activity.id };
    let event: HistoryEvent;
    try {
      const binding = bindingOf(app, activity.name, 'activityTrigger');
      const answer = await app.invoke(activity.name, [{ name: binding, data }, ...clientInputs(activity.name)], {
        instanceId: { string: instance.instanceId },
      });
      event = { ...base, EventType: EVENT.taskCompleted, Timestamp: new Date().toISOString(), Result: resultText(answer) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log(
        'warning',
        `activity ${activity.name} of ${instance.instanceId} failed: ${error instanceof Error ? (error.stack ?? message) : message}`,
      );
      event = {
        ...base,
        EventType: EVENT.taskFailed,
        Timestamp: new Date().toISOString(),
        Reason: `Activity function '${activity.name}' failed: ${message.slice(0, 2_000)}`,
        Details: '',
      };
    }
    if (!stopped && instance.generation === generation) deliver(one, event, null);
  };

  const clientInputs = (name: string): readonly { name: string; data: { string: string } }[] => {
    const found = app.functions.find((candidate) => candidate.name === name);
    return Object.entries(found?.bindings ?? {})
      .filter(([, binding]) => binding.type === 'durableClient')
      .map(([key]) => ({ name: key, data: { string: options.clientBinding() } }));
  };

  const startChild = async (one: Live, sub: Extract<Started, { kind: 'sub' }>): Promise<void> => {
    const { instance } = one;
    const instanceId = sub.instanceId ?? `${instance.executionId}-${sub.id.toString(16)}`;
    if (instanceId === instance.instanceId)
      return end(one, 'Failed', `"${sub.name}" was started with the id of its own parent; on the real engine it would hang.`, [], []);
    const parent = { instanceId: instance.instanceId, taskId: sub.id, executionId: instance.executionId };
    const known = await store.get(instanceId);
    if (known?.parent?.executionId === parent.executionId && known.parent.taskId === parent.taskId) {
      if (ENDED.has(known.status)) await tellParent(known);
      return;
    }
    await begin(sub.name, instanceId, sub.input === undefined ? null : JSON.stringify(sub.input), parent);
  };

  /** A child's end is a durable message to its parent: it survives the death of this process. */
  const tellParent = async (child: Instance): Promise<void> => {
    const { parent } = child;
    if (!parent) return;
    const done = child.status === 'Completed';
    const result = done
      ? { EventType: EVENT.subCompleted, Result: JSON.stringify(child.output ?? null) }
      : {
          EventType: EVENT.subFailed,
          Reason: `Orchestrator function '${child.name}' failed: ${String(child.output).slice(0, 2_000)}`,
          Details: '',
        };
    const message: Message = {
      key: `m.sub.${String(parent.taskId).padStart(8, '0')}.${child.executionId}`,
      event: { EventId: -1, Timestamp: new Date().toISOString(), IsPlayed: false, TaskScheduledId: parent.taskId, ...result },
    };
    await store.putMessage(parent.instanceId, message);
    const one = live.get(parent.instanceId);
    if (one && one.instance.executionId === parent.executionId && !one.inbox.some(({ key }) => key === message.key))
      deliver(one, message.event, message.key);
  };

  const end = async (
    one: Live,
    status: 'Completed' | 'Failed' | 'Terminated',
    output: unknown,
    fresh: readonly HistoryEvent[],
    keys: readonly string[],
  ): Promise<void> => {
    const { instance } = one;
    Object.assign(instance, {
      status,
      output,
      lastUpdatedTime: new Date().toISOString(),
      episodes: instance.episodes + (fresh.length > 0 ? 1 : 0),
    });
    for (const timer of one.timers.values()) clearTimeout(timer);
    await store.commit(instance, fresh, keys);
    live.delete(instance.instanceId);
    if (status === 'Failed')
      log('warning', `orchestration ${instance.instanceId} (${instance.name}) failed: ${String(output).slice(0, 500)}`);
    await tellParent(instance);
  };

  const renew = async (one: Live, input: unknown, keys: readonly string[]): Promise<void> => {
    for (const timer of one.timers.values()) clearTimeout(timer);
    one.timers.clear();
    one.underWay.clear();
    Object.assign(one.instance, {
      generation: one.instance.generation + 1,
      episodes: 0,
      status: 'Running',
      input: JSON.stringify(input ?? null),
      customStatus: null,
      lastUpdatedTime: new Date().toISOString(),
    });
    one.history = [];
    const first = startedEvent(one.instance);
    await store.commit(one.instance, [], keys);
    one.inbox.push({ event: first, key: null });
  };

  const begin = async (name: string, instanceId: string, input: string | null, parent: Instance['parent']): Promise<void> => {
    const now = new Date().toISOString();
    const instance: Instance = {
      instanceId,
      name,
      executionId: randomUUID(),
      input,
      status: 'Pending',
      customStatus: null,
      output: null,
      createdTime: now,
      lastUpdatedTime: now,
      generation: 0,
      episodes: 0,
      parent,
    };
    await store.create(instance);
    const one: Live = { instance, history: [], inbox: [], running: false, underWay: new Set(), timers: new Map() };
    live.set(instanceId, one);
    deliver(one, startedEvent(instance), null);
  };

  const revive = async (instance: Instance): Promise<void> => {
    const one: Live = {
      instance,
      history: await store.history(instance),
      inbox: [],
      running: false,
      underWay: new Set(),
      timers: new Map(),
    };
    live.set(instance.instanceId, one);
    for (const message of await store.messages(instance.instanceId)) one.inbox.push({ event: message.event, key: message.key });
    if (one.history.length === 0) one.inbox.unshift({ event: startedEvent(instance), key: null });
    else {
      const outcome = await runOrchestrator(options, instance, withTurn(one.history));
      const asked = judge(outcome, one.history);
      if (asked.fault) return end(one, 'Failed', asked.fault, [], []);
      dispatch(one, asked.replayed!);
    }
    void pump(one);
  };

  return {
    async start(name, instanceId, input) {
      const id = instanceId ?? randomUUID().replaceAll('-', '');
      if (!orchestrators.has(name)) throw new EngineError(400, `The orchestrator function "${name}" doesn't exist.`);
      if (!/^[A-Za-z0-9._-]{1,256}$/.test(id))
        throw new EngineError(400, `Instance ids have letters, digits, ".", "_" and "-" only: "${id.slice(0, 80)}".`);
      const known = await store.get(id);
      if (known && !ENDED.has(known.status)) throw new EngineError(409, `An instance "${id}" is running already.`);
      if (known) await store.purge(id);
      await begin(name, id, input, null);
      return id;
    },
    async raise(instanceId, name, data) {
      const instance = await found(store, instanceId);
      const event: HistoryEvent = {
        EventType: EVENT.eventRaised,
        EventId: -1,
        Timestamp: new Date().toISOString(),
        IsPlayed: false,
        Name: name,
        Input: data,
      };
      const message: Message = { key: `m.event.${Date.now()}.${randomUUID()}`, event };
      await store.putMessage(instance.instanceId, message);
      const one = live.get(instanceId);
      if (one) deliver(one, event, message.key);
    },
    async terminate(instanceId, reason) {
      const instance = await found(store, instanceId);
      const message: Message = {
        key: 'm.terminate',
        event: { EventType: 3, EventId: -1, Timestamp: new Date().toISOString(), IsPlayed: false, Reason: reason },
      };
      await store.putMessage(instance.instanceId, message);
      const one = live.get(instanceId);
      if (one) deliver(one, message.event, message.key);
    },
    async purge(instanceId) {
      const instance = await store.get(instanceId);
      if (!instance) throw new EngineError(404, `No instance "${instanceId}".`);
      if (!ENDED.has(instance.status))
        throw new EngineError(412, `Instance "${instanceId}" is ${instance.status}: only ended ones can be purged.`);
      await store.purge(instanceId);
    },
    async recover() {
      const active = await store.active();
      for (const instance of active) await revive(instance);
      return active.length;
    },
    stop() {
      stopped = true;
      for (const one of live.values()) for (const timer of one.timers.values()) clearTimeout(timer);
    },
  };
}

async function found(store: HubStore, instanceId: string): Promise<Instance> {
  const instance = await store.get(instanceId);
  if (!instance) throw new EngineError(404, `No instance "${instanceId}".`);
  if (ENDED.has(instance.status)) throw new EngineError(410, `Instance "${instanceId}" is ${instance.status}.`);
  return instance;
}

function namesOf(app: AppModule, type: string): ReadonlySet<string> {
  return new Set(
    app.functions.filter((one) => Object.values(one.bindings).some((binding) => binding.type === type)).map((one) => one.name),
  );
}

function bindingOf(app: AppModule, name: string, type: string): string {
  const found = app.functions.find((one) => one.name === name)!;
  return Object.entries(found.bindings).find(([, binding]) => binding.type === type)![0];
}

function startedEvent(instance: Instance): HistoryEvent {
  return {
    EventType: EVENT.executionStarted,
    EventId: -1,
    Timestamp: instance.createdTime,
    IsPlayed: false,
    Name: instance.name,
    Version: '',
    Input: instance.input,
    OrchestrationInstance: { InstanceId: instance.instanceId, ExecutionId: instance.executionId },
    ParentInstance: instance.parent ? { OrchestrationInstance: { InstanceId: instance.parent.instanceId } } : null,
    Tags: null,
  };
}

function scheduledEvent(instance: Instance, started: Started, now: string): HistoryEvent {
  const base = { EventId: started.id, Timestamp: now, IsPlayed: false };
  if (started.kind === 'timer') return { ...base, EventType: EVENT.timerCreated, FireAt: started.fireAt };
  if (started.kind === 'activity') return { ...base, EventType: EVENT.taskScheduled, Name: started.name, Version: '', Input: null };
  return {
    ...base,
    EventType: EVENT.subCreated,
    Name: started.name,
    Version: '',
    InstanceId: started.instanceId ?? `${instance.executionId}-${started.id.toString(16)}`,
    Input: null,
  };
}

function withTurn(history: readonly HistoryEvent[]): HistoryEvent[] {
  return [
    ...history.map((event) => ({ ...event, IsPlayed: true })),
    {
      EventType: EVENT.orchestratorStarted,
      EventId: -1,
      Timestamp: history.at(-1)?.Timestamp ?? new Date().toISOString(),
      IsPlayed: false,
    },
  ];
}

interface Outcome {
  readonly isDone: boolean;
  readonly actions: readonly (readonly Action[])[];
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly error: string | undefined;
}

async function runOrchestrator(options: EngineOptions, instance: Instance, history: readonly HistoryEvent[]): Promise<Outcome> {
  const input = instance.input === null ? null : (JSON.parse(instance.input) as unknown);
  const request = JSON.stringify({
    history,
    input,
    instanceId: instance.instanceId,
    isReplaying: history.some((event) => event.EventType === EVENT.executionStarted && event.IsPlayed),
    parentInstanceId: instance.parent?.instanceId ?? null,
    ...SCHEMA,
  });
  try {
    const answer = await options.app.invoke(
      instance.name,
      [{ name: bindingOf(options.app, instance.name, 'orchestrationTrigger'), data: { string: request } }],
      {},
    );
    const result = JSON.parse(answer?.json ?? answer?.string ?? '{}') as {
      isDone: boolean;
      actions: Action[][];
      output?: unknown;
      customStatus?: unknown;
    };
    return {
      isDone: result.isDone,
      actions: result.actions ?? [],
      output: result.output,
      customStatus: result.customStatus,
      error: undefined,
    };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const at = text.indexOf('$OutOfProcData$:');
    if (at < 0) return { isDone: true, actions: [], output: null, customStatus: undefined, error: text.slice(0, 2_000) };
    const result = JSON.parse(text.slice(at + '$OutOfProcData$:'.length)) as {
      actions: Action[][];
      error?: string;
      customStatus?: unknown;
    };
    return {
      isDone: true,
      actions: result.actions ?? [],
      output: null,
      customStatus: result.customStatus,
      error: result.error ?? 'failed',
    };
  }
}

function resultText(
  answer: { string?: string; json?: string; int?: number; double?: number; bytes?: Uint8Array } | undefined,
): string | null {
  if (!answer) return null;
  if (answer.json !== undefined) return answer.json;
  if (answer.string !== undefined) return JSON.stringify(answer.string);
  if (answer.int !== undefined) return String(answer.int);
  if (answer.double !== undefined) return String(answer.double);
  return answer.bytes ? JSON.stringify(Buffer.from(answer.bytes).toString('base64')) : null;
}
