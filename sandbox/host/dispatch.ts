import { randomUUID } from 'node:crypto';
import { bindingOf, type EngineState, hasEnded, insist, type Live, liveOf } from './engineState.ts';
import { deliver, tellParent } from './episodes.ts';
import type { Instance } from './hubStore.ts';
import { textFault } from './limits.ts';
import { resultText, startedEvent } from './orchestratorCall.ts';
import { EVENT, type HistoryEvent, type Replayed, type Started } from './replay.ts';

const LONGEST_TIMER_MS = 2_000_000_000;

/** Starts what an episode asked for and is not under way yet; timers that were cancelled are stopped. */
export function dispatch(engine: EngineState, one: Live, replayed: Replayed): void {
  for (const [id, timer] of one.timers) {
    if (replayed.open.some((open) => open.id === id)) continue;
    clearTimeout(timer);
    one.timers.delete(id);
  }
  for (const started of replayed.open) {
    if (one.underWay.has(started.id)) continue;
    one.underWay.add(started.id);
    if (started.kind === 'timer') armTimer(engine, one, started);
    else if (started.kind === 'activity') {
      engine.queue.push(() => runActivity(engine, one, started));
      drain(engine);
    } else void insist(engine, `sub-orchestration ${started.name} of ${one.instance.instanceId}`, () => startChild(engine, one, started));
  }
}

function drain(engine: EngineState): void {
  while (!engine.stopped && engine.busy < engine.maxActivities && engine.queue.length > 0) {
    engine.busy += 1;
    void engine.queue.shift()!().finally(() => {
      engine.busy -= 1;
      drain(engine);
    });
  }
}

function armTimer(engine: EngineState, one: Live, timer: Extract<Started, { kind: 'timer' }>): void {
  const wait = Date.parse(timer.fireAt) - Date.now();
  if (wait < 1_000) {
    one.timers.delete(timer.id);
    deliver(
      engine,
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
  // The real engine is told whole seconds, cut off, so its timers fire up to one second early. Node's own know at most
  // 24 days: looked at again on waking.
  one.timers.set(
    timer.id,
    setTimeout(() => armTimer(engine, one, timer), Math.min(Math.floor(wait / 1_000) * 1_000, LONGEST_TIMER_MS)),
  );
}

async function runActivity(engine: EngineState, one: Live, activity: Extract<Started, { kind: 'activity' }>): Promise<void> {
  const { instance } = one;
  const event = await activityEvent(engine, instance, activity);
  // After continueAsNew the number means another task.
  if (!engine.stopped && one.instance.executionId === instance.executionId) deliver(engine, one, event, null);
}

async function activityEvent(
  engine: EngineState,
  instance: Instance,
  activity: Extract<Started, { kind: 'activity' }>,
): Promise<HistoryEvent> {
  const { input, name } = activity;
  const data = input === undefined || input === null ? {} : { string: inputText(input) };
  const base = { EventId: -1, IsPlayed: false, TaskScheduledId: activity.id };
  try {
    const answer = await engine.app.invoke(
      name,
      [{ name: bindingOf(engine.app, name, 'activityTrigger'), data }, ...clientInputs(engine, name)],
      { instanceId: { string: instance.instanceId } },
    );
    const result = resultText(answer);
    const fault = textFault(`The result of "${name}"`, result ?? '');
    if (fault !== null) throw new Error(fault);
    return { ...base, EventType: EVENT.taskCompleted, Timestamp: new Date().toISOString(), Result: result };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    engine.log(
      'warning',
      `activity ${name} of ${instance.instanceId} failed: ${error instanceof Error ? (error.stack ?? message) : message}`,
    );
    return {
      ...base,
      EventType: EVENT.taskFailed,
      Timestamp: new Date().toISOString(),
      Reason: `Activity function '${name}' failed: ${message.slice(0, 2_000)}`,
      Details: '',
    };
  }
}

/** As the real engine hands it over: texts are JSON already, a bare boolean arrives as .NET's text. */
function inputText(input: unknown): string {
  if (typeof input === 'boolean') return input ? 'True' : 'False';
  return typeof input === 'string' ? input : JSON.stringify(input);
}

function clientInputs(engine: EngineState, name: string): readonly { name: string; data: { string: string } }[] {
  const found = engine.app.functions.find((candidate) => candidate.name === name);
  const clients = Object.entries(found?.bindings ?? {}).filter(([, binding]) => binding.type === 'durableClient');
  return clients.map(([key]) => ({ name: key, data: { string: engine.clientBinding() } }));
}

async function startChild(engine: EngineState, one: Live, sub: Extract<Started, { kind: 'sub' }>): Promise<void> {
  const { instance } = one;
  const instanceId = sub.instanceId ?? `${instance.executionId}-${sub.id.toString(16)}`;
  const parent = { instanceId: instance.instanceId, taskId: sub.id, executionId: instance.executionId };
  const known = await engine.store.get(instanceId);
  if (known?.parent?.executionId === parent.executionId && known.parent.taskId === parent.taskId) {
    if (hasEnded(known)) await tellParent(engine, known);
    return;
  }
  if (engine.starting.has(instanceId) || (known && !hasEnded(known))) return deliver(engine, one, inUse(sub, instanceId), null);
  engine.starting.add(instanceId);
  try {
    if (known) await engine.store.purge(instanceId);
    await begin(engine, sub.name, instanceId, sub.input === undefined ? null : JSON.stringify(sub.input), parent);
  } finally {
    engine.starting.delete(instanceId);
  }
}

function inUse(sub: Extract<Started, { kind: 'sub' }>, instanceId: string): HistoryEvent {
  return {
    EventType: EVENT.subFailed,
    EventId: -1,
    Timestamp: new Date().toISOString(),
    IsPlayed: false,
    TaskScheduledId: sub.id,
    Reason: `Sub-orchestration "${sub.name}" cannot start: an instance "${instanceId}" is running already. Give it an id of its own.`,
    Details: '',
  };
}

/** Creates an instance and runs its first episode. */
export async function begin(
  engine: EngineState,
  name: string,
  instanceId: string,
  input: string | null,
  parent: Instance['parent'],
): Promise<void> {
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
  await engine.store.create(instance);
  const one = liveOf(instance, []);
  engine.live.set(instanceId, one);
  deliver(engine, one, startedEvent(instance), null);
}
