import { bindingOf, type EngineOptions } from './engineState.ts';
import type { Instance } from './hubStore.ts';
import { type Action, EVENT, type HistoryEvent, type Started } from './replay.ts';

const SCHEMA = {
  upperSchemaVersion: 2,
  upperSchemaVersionNew: 2,
  longRunningTimerIntervalDuration: '3.00:00:00',
  maximumShortTimerDuration: '6.00:00:00',
  defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
};

export function startedEvent(instance: Instance): HistoryEvent {
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

export function scheduledEvent(instance: Instance, started: Started, now: string): HistoryEvent {
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

export function withTurn(history: readonly HistoryEvent[]): HistoryEvent[] {
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

export interface Outcome {
  readonly isDone: boolean;
  readonly actions: readonly (readonly Action[])[];
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly error: string | undefined;
}

export async function runOrchestrator(options: EngineOptions, instance: Instance, history: readonly HistoryEvent[]): Promise<Outcome> {
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
      error: result.error ?? 'it threw something that is no Error (its text is lost on the real engine, too)',
    };
  }
}

export function resultText(
  answer: { string?: string; json?: string; int?: number; double?: number; bytes?: Uint8Array } | undefined,
): string | null {
  if (!answer) return null;
  if (answer.json !== undefined) return answer.json;
  if (answer.string !== undefined) return JSON.stringify(answer.string);
  if (answer.int !== undefined) return String(answer.int);
  if (answer.double !== undefined) return String(answer.double);
  return answer.bytes ? JSON.stringify(Buffer.from(answer.bytes).toString('base64')) : null;
}
