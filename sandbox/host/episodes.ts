import { randomUUID } from 'node:crypto';
import { dispatch } from './dispatch.ts';
import { type EngineState, hasEnded, insist, type Live, RETRY_MS, stopTimers } from './engineState.ts';
import type { Instance, Message } from './hubStore.ts';
import { CUSTOM_STATUS_BYTES, inputFault, valueFault } from './limits.ts';
import { type Outcome, runOrchestrator, scheduledEvent, startedEvent } from './orchestratorCall.ts';
import { answerOf, EVENT, type HistoryEvent, nonDeterminism, type Replayed, replay, type Started, scheduledIds } from './replay.ts';

const TERMINATED = 3;
/** A transaction has at most 100 rows: these, the history and the instance. */
const MOST_MESSAGES = 90;
export const INSTANCE_ID = /^[A-Za-z0-9._-]{1,256}$/;

/** What one episode takes from the inbox and adds to the history. */
export interface Turn {
  /** How many messages of the inbox it takes. */
  readonly taken: number;
  readonly keys: readonly string[];
  readonly fresh: readonly HistoryEvent[];
  readonly now: string;
}

/** Gives an instance a message and works on it. */
export function deliver(engine: EngineState, one: Live, event: HistoryEvent, key: string | null): void {
  if (key !== null && one.inbox.some((known) => known.key === key)) return;
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
    if (!engine.stopped) setTimeout(() => void pump(engine, one), RETRY_MS);
    return;
  } finally {
    one.running = false;
  }
  // A message that came while the last episode ended.
  if (one.inbox.length > 0 && !engine.stopped && !hasEnded(one.instance)) void pump(engine, one);
}

async function episode(engine: EngineState, one: Live): Promise<void> {
  const turn = takeTurn(one);
  const terminated = turn.fresh.find((event) => event.EventType === TERMINATED);
  if (terminated) return end(engine, one, 'Terminated', terminated['Reason'], turn);
  const history = [...one.history.map((event) => ({ ...event, IsPlayed: true })), ...turn.fresh];
  const outcome = await runOrchestrator(engine, one.instance, history);
  const judged = judge(engine, one.instance, outcome, history);
  if (judged.fault !== null) await end(engine, one, 'Failed', judged.fault, turn);
  else await settle(engine, one, outcome, judged.replayed, turn);
}

function takeTurn(one: Live): Turn {
  let keyed = 0;
  const rest = one.inbox.findIndex(({ key }) => key !== null && ++keyed > MOST_MESSAGES);
  const taken = rest < 0 ? one.inbox : one.inbox.slice(0, rest);
  const now = new Date().toISOString();
  const begin: HistoryEvent = { EventType: EVENT.orchestratorStarted, EventId: -1, Timestamp: now, IsPlayed: false };
  const answered = new Set(one.history.map(answerOf));
  const fresh = [begin];
  for (const { event } of taken) {
    const answers = answerOf(event);
    // Told twice, or meant for an execution that had this instance's id before: dropped with its row.
    if (answers !== null && answered.has(answers)) continue;
    const execution = event['ParentExecutionId'];
    if (execution !== undefined && execution !== one.instance.executionId) continue;
    answered.add(answers);
    fresh.push({ ...event, IsPlayed: false });
  }
  return { taken: taken.length, keys: taken.flatMap(({ key }) => (key === null ? [] : [key])), fresh, now };
}

/** Writes an episode; only then does the instance change here. */
async function commit(engine: EngineState, one: Live, next: Instance, events: readonly HistoryEvent[], turn: Turn | null): Promise<void> {
  await engine.store.commit(next, events, turn?.keys ?? []);
  one.instance = next;
  one.inbox.splice(0, turn?.taken ?? 0);
}

export type Judged = { readonly fault: string } | { readonly fault: null; readonly replayed: Replayed };

/** Replays the host's half and refuses at once what would hang or corrupt the real engine. */
export function judge(engine: EngineState, instance: Instance, outcome: Outcome, history: readonly HistoryEvent[]): Judged {
  try {
    const replayed = replay(outcome.actions, history);
    const known = scheduledIds(history);
    const begun = replayed.started.filter((started) => !known.has(started.id));
    const fault =
      nonDeterminism(replayed.started, history) ??
      impossibleCall(engine, instance, begun) ??
      inputFault(begun, engine.log) ??
      statusFault(outcome.customStatus) ??
      valueFault('The input of continueAsNew', replayed.continueAsNew?.input);
    return fault === null ? { fault, replayed } : { fault };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

function impossibleCall(engine: EngineState, instance: Instance, started: readonly Started[]): string | null {
  const hangs = 'On the real engine this orchestration would hang for ever.';
  for (const one of started) {
    if (one.kind === 'activity' && !engine.activities.has(one.name)) return `There is no activity "${one.name}". ${hangs}`;
    if (one.kind !== 'sub') continue;
    if (!engine.orchestrators.has(one.name)) return `There is no orchestrator "${one.name}". ${hangs}`;
    if (one.instanceId === instance.instanceId) return `"${one.name}" was started with the id of its own parent. ${hangs}`;
    if (one.instanceId !== null && !INSTANCE_ID.test(one.instanceId))
      return `"${one.name}" was started with the id "${one.instanceId.slice(0, 80)}": ids have letters, digits, ".", "_" and "-" only.`;
  }
  return null;
}

function statusFault(customStatus: unknown): string | null {
  const bytes = customStatus === undefined ? 0 : JSON.stringify(customStatus).length * 2;
  return bytes > CUSTOM_STATUS_BYTES
    ? `The custom status has ${bytes} bytes as UTF-16, more than 16 KB: keep what a reader needs at once, the rest in storage.`
    : null;
}

/** Commits the episode, then starts what it asked for. */
async function settle(engine: EngineState, one: Live, outcome: Outcome, replayed: Replayed, turn: Turn): Promise<void> {
  const { name } = one.instance;
  const customStatus = outcome.customStatus ?? one.instance.customStatus;
  if (outcome.isDone && replayed.continueAsNew) return renew(engine, one, replayed.continueAsNew.input, turn);
  if (outcome.isDone && replayed.open.length === 0) {
    return outcome.error === undefined
      ? end(engine, one, 'Completed', outcome.output ?? null, turn, customStatus)
      : end(engine, one, 'Failed', `Orchestrator function '${name}' failed: ${outcome.error}`, turn, customStatus);
  }
  const known = scheduledIds([...one.history, ...turn.fresh]);
  const scheduled = replayed.started
    .filter((started) => !known.has(started.id))
    .map((started) => scheduledEvent(one.instance, started, turn.now));
  const done: HistoryEvent = { EventType: EVENT.orchestratorCompleted, EventId: -1, Timestamp: turn.now, IsPlayed: false };
  const events = [...turn.fresh, ...scheduled, done];
  const next: Instance = {
    ...one.instance,
    status: 'Running',
    customStatus,
    lastUpdatedTime: turn.now,
    episodes: one.instance.episodes + 1,
  };
  await commit(engine, one, next, events, turn);
  one.history.push(...events);
  dispatch(engine, one, replayed);
}

/** Ends an instance and tells its parent. */
export async function end(
  engine: EngineState,
  one: Live,
  status: 'Completed' | 'Failed' | 'Terminated',
  output: unknown,
  turn: Turn | null,
  customStatus: unknown = one.instance.customStatus,
): Promise<void> {
  const fresh = turn?.fresh ?? [];
  const episodes = one.instance.episodes + (fresh.length > 0 ? 1 : 0);
  const next: Instance = { ...one.instance, status, output, customStatus, lastUpdatedTime: new Date().toISOString(), episodes };
  await commit(engine, one, next, fresh, turn);
  stopTimers(one);
  engine.live.delete(next.instanceId);
  if (status === 'Failed') engine.log('warning', `orchestration ${next.instanceId} (${next.name}) failed: ${String(output).slice(0, 500)}`);
  await insist(engine, `the end of ${next.instanceId} could not be told to its parent`, () => tellParent(engine, next));
}

/** A child's end is a durable message to its parent: it survives the death of this process. */
export async function tellParent(engine: EngineState, child: Instance): Promise<void> {
  const { parent } = child;
  if (!parent) return;
  const waits = engine.live.get(parent.instanceId)?.instance ?? (await engine.store.get(parent.instanceId));
  if (waits?.executionId !== parent.executionId || hasEnded(waits)) return;
  const result =
    child.status === 'Completed'
      ? { EventType: EVENT.subCompleted, Result: JSON.stringify(child.output ?? null) }
      : { EventType: EVENT.subFailed, Reason: String(child.output).slice(0, 2_000), Details: '' };
  const event: HistoryEvent = {
    EventId: -1,
    Timestamp: new Date().toISOString(),
    IsPlayed: false,
    TaskScheduledId: parent.taskId,
    ParentExecutionId: parent.executionId,
    ...result,
  };
  const message: Message = { key: `m.sub.${String(parent.taskId).padStart(8, '0')}.${child.executionId}`, event };
  await engine.store.putMessage(parent.instanceId, message);
  const one = engine.live.get(parent.instanceId);
  if (one?.instance.executionId === parent.executionId) deliver(engine, one, event, message.key);
}

/**
 * continueAsNew: a new execution with an empty history. Events that this execution had received are gone, as on the real engine; those that
 * came since wait for the next. Answers to the old execution's tasks mean nothing to the new one, whose tasks have the same numbers.
 */
async function renew(engine: EngineState, one: Live, input: unknown, turn: Turn): Promise<void> {
  const next: Instance = {
    ...one.instance,
    executionId: randomUUID(),
    generation: one.instance.generation + 1,
    episodes: 0,
    status: 'Running',
    input: JSON.stringify(input ?? null),
    customStatus: null,
    lastUpdatedTime: turn.now,
  };
  await commit(engine, one, next, [], turn);
  stopTimers(one);
  one.underWay.clear();
  one.history = [];
  one.inbox = [{ event: startedEvent(next), key: null }, ...one.inbox.filter(({ key }) => key !== null)];
  await insist(engine, `old history of ${next.instanceId} could not be dropped`, () => engine.store.dropEarlier(next));
}
