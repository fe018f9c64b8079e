import { randomUUID } from 'node:crypto';
import { begin, dispatch } from './dispatch.ts';
import { type EngineOptions, type EngineState, hasEnded, liveOf, namesOf, stopTimers } from './engineState.ts';
import { deliver, end, INSTANCE_ID, judge, pump } from './episodes.ts';
import type { Instance, Message } from './hubStore.ts';
import { textFault, valueFault } from './limits.ts';
import { runOrchestrator, startedEvent, withTurn } from './orchestratorCall.ts';
import { EVENT, type HistoryEvent } from './replay.ts';

/** A problem of a management call, with the status that the real extension answers. */
export class EngineError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What the durable client may ask for. */
export interface Engine {
  start(name: string, instanceId: string | null, input: string | null): Promise<string>;
  raise(instanceId: string, name: string, data: string): Promise<void>;
  terminate(instanceId: string, reason: string): Promise<void>;
  purge(instanceId: string): Promise<void>;
  /** Goes on with every instance that a dead process left; answers how many. */
  recover(): Promise<number>;
  stop(): void;
}

/** Runs orchestrations and activities of one app. A development engine: one process, at-least-once activities, state in the hub's tables. */
export function createEngine(options: EngineOptions): Engine {
  const engine: EngineState = {
    ...options,
    live: new Map(),
    starting: new Set(),
    queue: [],
    busy: 0,
    stopped: false,
    orchestrators: namesOf(options.app, 'orchestrationTrigger'),
    activities: namesOf(options.app, 'activityTrigger'),
  };
  return {
    start: (name, instanceId, input) => start(engine, name, instanceId, input),
    raise: (instanceId, name, data) => raise(engine, instanceId, name, data),
    terminate: (instanceId, reason) => send(engine, instanceId, 'm.terminate', { EventType: 3, Reason: reason }),
    purge: (instanceId) => purge(engine, instanceId),
    async recover() {
      const active = await engine.store.active();
      for (const instance of active) await revive(engine, instance);
      return active.length;
    },
    stop() {
      engine.stopped = true;
      for (const one of engine.live.values()) stopTimers(one);
    },
  };
}

async function start(engine: EngineState, name: string, instanceId: string | null, input: string | null): Promise<string> {
  const id = instanceId ?? randomUUID().replaceAll('-', '');
  if (!engine.orchestrators.has(name)) throw new EngineError(400, `The orchestrator function "${name}" doesn't exist.`);
  if (!INSTANCE_ID.test(id)) throw new EngineError(400, `Instance ids have letters, digits, ".", "_" and "-" only: "${id.slice(0, 80)}".`);
  const fault = valueFault(`The input of "${name}"`, parsed(input));
  if (fault !== null) throw new EngineError(400, fault);
  if (engine.starting.has(id)) throw new EngineError(409, `An instance "${id}" is being started already.`);
  engine.starting.add(id);
  try {
    const known = await engine.store.get(id);
    if (known && !hasEnded(known)) throw new EngineError(409, `An instance "${id}" with the status ${known.status} exists already.`);
    if (known) await engine.store.purge(id);
    await begin(engine, name, id, input, null);
  } finally {
    engine.starting.delete(id);
  }
  return id;
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    throw new EngineError(400, 'Invalid JSON content.');
  }
}

let raised = 0;

function raise(engine: EngineState, instanceId: string, name: string, data: string): Promise<void> {
  const fault = valueFault(`The value of event "${name}"`, parsed(data)) ?? textFault(`The name of event "${name}"`, name);
  if (fault !== null) throw new EngineError(400, fault);
  raised += 1;
  // Keys in the order of arrival: a revived instance reads them in this order.
  const key = `m.event.${String(Date.now()).padStart(15, '0')}.${String(raised).padStart(9, '0')}`;
  return send(engine, instanceId, key, { EventType: EVENT.eventRaised, Name: name, Input: data });
}

/** A message is durable before it is acknowledged. */
async function send(
  engine: EngineState,
  instanceId: string,
  key: string,
  content: Readonly<Record<string, unknown>> & { readonly EventType: number },
): Promise<void> {
  const instance = await engine.store.get(instanceId);
  if (!instance) throw new EngineError(404, `No instance "${instanceId}".`);
  if (hasEnded(instance)) throw new EngineError(410, `Instance "${instanceId}" is ${instance.status}.`);
  const event: HistoryEvent = { EventId: -1, Timestamp: new Date().toISOString(), IsPlayed: false, ...content };
  const message: Message = { key, event };
  await engine.store.putMessage(instanceId, message);
  const one = engine.live.get(instanceId);
  if (one) deliver(engine, one, event, key);
}

async function purge(engine: EngineState, instanceId: string): Promise<void> {
  const instance = await engine.store.get(instanceId);
  if (!instance) throw new EngineError(404, `No instance "${instanceId}".`);
  if (!hasEnded(instance)) throw new EngineError(412, `Instance "${instanceId}" is ${instance.status}: only ended ones can be purged.`);
  await engine.store.purge(instanceId);
}

/** Loads an instance of a dead process, replays it, and starts again everything without an outcome. */
async function revive(engine: EngineState, instance: Instance): Promise<void> {
  const one = liveOf(instance, await engine.store.history(instance));
  // Messages that come meanwhile wait.
  one.running = true;
  engine.live.set(instance.instanceId, one);
  for (const message of await engine.store.messages(instance.instanceId)) deliver(engine, one, message.event, message.key);
  if (one.history.length === 0) one.inbox.unshift({ event: startedEvent(instance), key: null });
  else {
    const judged = judge(engine, instance, await runOrchestrator(engine, instance, withTurn(one.history)), one.history);
    if (judged.fault !== null) return end(engine, one, 'Failed', judged.fault, null);
    dispatch(engine, one, judged.replayed);
  }
  one.running = false;
  void pump(engine, one);
}
