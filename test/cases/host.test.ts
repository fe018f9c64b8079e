import { describe, expect, it } from 'vitest';
import { EVENT, type HistoryEvent, nonDeterminism, replay } from '../../sandbox/host/replay.ts';

const at = '2026-11-25T09:00:00.000Z';
const event = (EventType: number, more: object = {}, EventId = -1): HistoryEvent => ({
  EventType,
  EventId,
  Timestamp: at,
  IsPlayed: true,
  ...more,
});
const activity = (functionName: string) => ({ actionType: 0, functionName, input: {} });
const retried = (functionName: string) => ({
  actionType: 1,
  functionName,
  input: {},
  retryOptions: { firstRetryIntervalInMilliseconds: 1000, maxNumberOfAttempts: 2 },
});

describe("the host's half of an orchestration", () => {
  it('R49 a step that differs on replay is named at once', () => {
    const history = [
      event(EVENT.orchestratorStarted),
      event(EVENT.executionStarted),
      event(EVENT.taskScheduled, { Name: 'left' }, 0),
      event(EVENT.taskCompleted, { TaskScheduledId: 0 }),
    ];
    const replayed = replay([[activity('right')]], history);
    expect(nonDeterminism(replayed.started, history)).toMatch(/step 0 was activity "left".*is activity "right" now/);
    expect(nonDeterminism(replay([[activity('left')]], history).started, history)).toBeNull();
  });

  it('numbers retries as the library does: a timer after every failure, then the next attempt', () => {
    const failed = event(EVENT.taskFailed, { TaskScheduledId: 0 });
    const waiting = replay(
      [[retried('flaky')]],
      [event(EVENT.orchestratorStarted), event(EVENT.taskScheduled, { Name: 'flaky' }, 0), failed],
    );
    expect(waiting.open).toMatchObject([{ kind: 'timer', id: 1, fireAt: '2026-11-25T09:00:01.000Z' }]);
    const again = replay([[retried('flaky')]], [event(EVENT.orchestratorStarted), failed, event(EVENT.timerFired, { TimerId: 1 })]);
    expect(again.open).toMatchObject([{ kind: 'activity', id: 2, name: 'flaky' }]);
  });

  it('waits for all of a list, goes on at the first of an any, and lets cancelled timers go', () => {
    const all = { actionType: 12, compoundActions: [activity('a'), activity('b')] };
    expect(replay([[all], [activity('next')]], [event(EVENT.taskCompleted, { TaskScheduledId: 0 })]).open.map((one) => one.id)).toEqual([
      1,
    ]);
    const any = {
      actionType: 11,
      compoundActions: [
        { actionType: 6, externalEventName: 'cancel' },
        { actionType: 5, fireAt: at, isCanceled: true },
      ],
    };
    const raised = replay([[any], [activity('next')]], [event(EVENT.eventRaised, { Name: 'cancel' })]);
    expect(raised.open.map((one) => one.kind)).toEqual(['activity']);
  });
});

describe('one inner list of actions', () => {
  it('begins a later step only when the one before is answered, so that a retry before it keeps its numbers', () => {
    const yields = [[retried('flaky'), activity('next')]];
    const history = [
      event(EVENT.orchestratorStarted),
      event(EVENT.taskScheduled, { Name: 'flaky' }, 0),
      event(EVENT.taskFailed, { TaskScheduledId: 0 }),
      event(EVENT.timerCreated, { FireAt: '2026-11-25T09:00:01.000Z' }, 1),
      event(EVENT.timerFired, { TimerId: 1 }),
      event(EVENT.taskScheduled, { Name: 'flaky' }, 2),
      event(EVENT.taskCompleted, { TaskScheduledId: 2 }),
    ];
    const replayed = replay(yields, history);
    expect(nonDeterminism(replayed.started, history)).toBeNull();
    expect(replayed.open).toMatchObject([{ kind: 'activity', id: 3, name: 'next' }]);
  });
});
