import { dispatch } from './dispatch.ts';
import { type EngineState, hasEnded, type Live, stopTimers } from './engineState.ts';
import type { Instance, Message } from './hubStore.ts';
import { inputFault } from './limits.ts';
import { type Outcome, runOrchestrator, scheduledEvent, startedEvent } from './orchestratorCall.ts';
import { EVENT, type HistoryEvent, nonDeterminism, type Replayed, replay, type Started } from './replay.ts';

const TERMINATED = 3;

/** Gives an instance a message and works on it. */
export function deliver(engine: EngineState, one: Live, event: HistoryEvent, key: string | null): void {
  one.inbox.push({ event, key });
  void pump(engine, one);
}

/** Runs episodes of an instance, one after the other, until its inbox is empty. */
export async function pump(engine: EngineState, one: Live): Promise<void> {
  if (one.running || engine.stopped) return;
  one.running = true;
  try {
    while (one.inbox.length > 0 && !engine.stopped && !hasEnded(one.instance)) await episode(engine, one);
  } catch (error) {
    engine.log(
      'error',
      `orchestration ${one.instance.instanceId}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    if (!engine.stopped) setTimeout(() => void pump(engine, one), 500);
    return;
  } finally {
    one.running = false;
  }
  // A message that came while the last episode ended.
  if (one.inbox.length > 0 && !engine.stopped && !hasEnded(one.instance)) void pump(engine, one);
}

async function episode(engine: EngineState, one: Live): Promise<void> {
  const taken = [...one.inbox];
  const now = new Date().toISOString();
  const turn: HistoryEvent = { EventType: EVENT.orchestratorStarted, EventId: -1, Timestamp: now, IsPlayed: false };
  const fresh = [turn, ...taken.map(({ event }) => ({ ...event, IsPlayed: false }))];
  const keys = taken.flatMap(({ key }) => (key ? [key] : []));
  const terminated = taken.find(({ event }) => event.EventType === TERMINATED);
  if (terminated) await end(engine, one, 'Terminated', terminated.event['Reason'], fresh, keys);
  else {
    const history = [...one.history.map((event) => ({ ...event, IsPlayed: true })), ...fresh];
    const outcome = await runOrchestrator(engine, one.instance, history);
    const judged = judge(engine, outcome, history);
    if (judged.fault !== null) await end(engine, one, 'Failed', judged.fault, fresh, keys);
    else await settle(engine, one, outcome, judged.replayed, fresh, keys, now);
  }
  one.inbox = one.inbox.slice(taken.length);
}

export type Judged = { readonly fault: string } | { readonly fault: null; readonly replayed: Replayed };

/** Replays the host's half and refuses at once what would hang or corrupt the real engine. */
export function judge(engine: EngineState, outcome: Outcome, history: readonly HistoryEvent[]): Judged {
  try {
    const replayed = replay(outcome.actions, history);
    const fault =
      nonDeterminism(replayed.started, history) ?? unknownName(engine, replayed.started) ?? inputFault(replayed.started, engine.log);
    return fault === null ? { fault, replayed } : { fault };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function unknownName(engine: EngineState, started: readonly Started[]): string | null {
  for (const one of started) {
    if (one.kind === 'activity' && !engine.activities.has(one.name))
      return `There is no activity "${one.name}". On the real engine this orchestration would hang for ever.`;
    if (one.kind === 'sub' && !engine.orchestrators.has(one.name))
      return `There is no orchestrator "${one.name}". On the real engine this orchestration would hang for ever.`;
  }
  return null;
}

/** Commits the episode, then starts what it asked for. */
async function settle(
  engine: EngineState,
  one: Live,
  outcome: Outcome,
  replayed: Replayed,
  fresh: HistoryEvent[],
  keys: readonly string[],
  now: string,
): Promise<void> {
  const { instance } = one;
  if (outcome.customStatus !== undefined) {
    if (JSON.stringify(outcome.customStatus).length * 2 > 16 * 1024)
      return end(engine, one, 'Failed', 'The custom status is larger than 16 KB.', fresh, keys);
    instance.customStatus = outcome.customStatus;
  }
  if (outcome.isDone && replayed.continueAsNew) return renew(engine, one, replayed.continueAsNew.input, keys);
  if (outcome.isDone && replayed.open.length === 0) {
    return outcome.error === undefined
      ? end(engine, one, 'Completed', outcome.output ?? null, fresh, keys)
      : end(engine, one, 'Failed', outcome.error, fresh, keys);
  }
  const scheduling: readonly number[] = [EVENT.taskScheduled, EVENT.subCreated, EVENT.timerCreated];
  const known = new Set([...one.history, ...fresh].filter((event) => scheduling.includes(event.EventType)).map((event) => event.EventId));
  const scheduled = replayed.started.filter((started) => !known.has(started.id)).map((started) => scheduledEvent(instance, started, now));
  const events = [...fresh, ...scheduled, { EventType: EVENT.orchestratorCompleted, EventId: -1, Timestamp: now, IsPlayed: false }];
  Object.assign(instance, { status: 'Running', lastUpdatedTime: now, episodes: instance.episodes + 1 });
  await engine.store.commit(instance, events, keys);
  one.history.push(...events);
  dispatch(engine, one, replayed);
}

/** Ends an instance and tells its parent. */
export async function end(
  engine: EngineState,
  one: Live,
  status: 'Completed' | 'Failed' | 'Terminated',
  output: unknown,
  fresh: readonly HistoryEvent[],
  keys: readonly string[],
): Promise<void> {
  const { instance } = one;
  Object.assign(instance, {
    status,
    output,
    lastUpdatedTime: new Date().toISOString(),
    episodes: instance.episodes + (fresh.length > 0 ? 1 : 0),
  });
  stopTimers(one);
  await engine.store.commit(instance, fresh, keys);
  engine.live.delete(instance.instanceId);
  if (status === 'Failed')
    engine.log('warning', `orchestration ${instance.instanceId} (${instance.name}) failed: ${String(output).slice(0, 500)}`);
  await tellParent(engine, instance);
}

/** A child's end is a durable message to its parent: it survives the death of this process. */
export async function tellParent(engine: EngineState, child: Instance): Promise<void> {
  const { parent } = child;
  if (!parent) return;
  const result =
    child.status === 'Completed'
      ? { EventType: EVENT.subCompleted, Result: JSON.stringify(child.output ?? null) }
      : {
          EventType: EVENT.subFailed,
          Reason: `Orchestrator function '${child.name}' failed: ${String(child.output).slice(0, 2_000)}`,
          Details: '',
        };
  const event: HistoryEvent = {
    EventId: -1,
    Timestamp: new Date().toISOString(),
    IsPlayed: false,
    TaskScheduledId: parent.taskId,
    ...result,
  };
  const message: Message = { key: `m.sub.${String(parent.taskId).padStart(8, '0')}.${child.executionId}`, event };
  await engine.store.putMessage(parent.instanceId, message);
  const one = engine.live.get(parent.instanceId);
  if (one?.instance.executionId === parent.executionId && !one.inbox.some(({ key }) => key === message.key))
    deliver(engine, one, event, message.key);
}

/** continueAsNew: a new generation with an empty history; messages that waited are gone, as on the real engine. */
async function renew(engine: EngineState, one: Live, input: unknown, keys: readonly string[]): Promise<void> {
  stopTimers(one);
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
  await engine.store.commit(one.instance, [], keys);
  one.inbox.push({ event: startedEvent(one.instance), key: null });
}
