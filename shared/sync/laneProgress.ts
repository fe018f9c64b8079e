import type { JobRecord } from '../model/job.ts';
import { TERMINAL } from '../model/job.ts';
import type { SyncContext } from './context.ts';
import type { LanePosition } from './pushBatch.ts';

/** Shows how far a lane is and whether it waits. Numbers are absolute: an activity that runs again counts nothing twice. */
export async function showLane(context: SyncContext, position: LanePosition, waitUntil: number | null): Promise<void> {
  const now = context.now();
  await context.store.jobs.update(position.job, (record) => {
    if (TERMINAL.has(record.job.state) || record.round !== position.round) return record;
    const lanes = { ...record.lanes, [`${position.target}.${position.lane}`]: position.done };
    const { [position.instance]: _gone, ...others } = record.waits;
    const waits = waitUntil === null ? others : { ...others, [position.instance]: new Date(waitUntil).toISOString() };
    const next = Object.values(waits).sort()[0] ?? null;
    return {
      ...record,
      lanes,
      waits,
      job: { ...record.job, state: next ? 'waiting' : 'running', progress: progressOf(record, lanes, next, now) },
    };
  });
}

function progressOf(
  record: JobRecord,
  lanes: Readonly<Record<string, number>>,
  waitingUntil: string | null,
  now: Date,
): JobRecord['job']['progress'] {
  const done = Object.values(lanes).reduce((a, b) => a + b, 0);
  const began = record.pushStartedAt ? Date.parse(record.pushStartedAt) : now.getTime();
  const minutes = (now.getTime() - began) / 60_000;
  const rate = minutes > 0.01 ? done / minutes : null;
  const left = rate && rate > 0 ? Math.round(((record.job.progress.total - done) / rate) * 60) : null;
  return {
    phase: 'push',
    done,
    total: record.job.progress.total,
    ratePerMinute: rate === null ? null : Math.round(rate),
    secondsLeft: left === null ? null : Math.max(0, left),
    waitingUntil,
  };
}
