import type { WriteAnswer, WriteRequest } from '../connectors/connector.ts';
import type { Job } from '../model/job.ts';
import type { Change, Outcome } from '../model/plan.ts';
import { type Announced, withdraw } from './announce.ts';
import type { OpenConnector, SyncContext } from './context.ts';
import { showLane } from './laneProgress.ts';
import type { ManagerFinder } from './managerFinder.ts';
import type { LanePosition } from './pushBatch.ts';
import { namesManager, withManagers } from './withManagers.ts';
import { plainRequest, writeChange, writtenBy } from './writeChange.ts';
import { answerOf, undecided, type WriteContext, type Written } from './written.ts';

const REFUSALS_THAT_STOP = 3;
const SHOWN_EVERY_MS = 1_500;

/** One activity's work on a lane. */
export interface Run {
  readonly context: SyncContext;
  position: LanePosition;
  readonly until: number;
  readonly trigger: Job['trigger'];
  /** False in an undo or a retire: no later job repeats what they leave open. */
  readonly retries: boolean;
  readonly connector: WriteContext['connector'];
  readonly findManager: ManagerFinder;
  readonly cancelled: () => Promise<boolean>;
  readonly ready: OpenConnector['ready'];
  lastShown: number;
}

/**
 * Carries out announced changes: together where the target takes them so, the others one after the other; false: time is over or the job was
 * cancelled. What was not begun is withdrawn, so that the next attempt need not ask the target what became of it: only a killed process
 * leaves open questions behind.
 */
export async function writeAnnounced(
  run: Run,
  write: WriteContext,
  announced: readonly Announced[],
  outcomes: Record<string, Outcome>,
  shown: () => number,
): Promise<boolean> {
  const open = new Set(announced);
  const show = async (): Promise<void> => {
    if (run.context.now().getTime() - run.lastShown <= SHOWN_EVERY_MS) return;
    run.lastShown = run.context.now().getTime();
    await showLane(run.context, { ...run.position, done: shown() }, null);
  };
  const mayBegin = async (): Promise<boolean> => {
    if (run.context.now().getTime() > run.until || (await run.cancelled())) return false;
    await run.ready();
    return true;
  };
  try {
    const together = announced.flatMap((one) => inMany(run, one) ?? []);
    if (together.length > 1) {
      if (!(await mayBegin())) return false;
      await writeTogether(run, write, together, open, outcomes);
      await show();
    }
    for (const one of open) {
      if (run.position.stop) return true;
      if (!(await mayBegin())) return false;
      open.delete(one);
      await keep(
        run,
        one.change,
        await writeChange(withManagers(write, run.findManager, one.change), one.change, one.link, one.lookUp),
        outcomes,
      );
      await show();
    }
    return true;
  } finally {
    for (const { change, lookUp } of open) if (lookUp) outcomes[change.id] ??= undecided(write);
    if (open.size > 0) await withdraw(run.context, [...open]);
  }
}

interface Plain {
  readonly one: Announced;
  readonly request: WriteRequest;
}

/** What a change asks of the target, where that is one write and nothing waits for it or before it. */
function inMany(run: Run, one: Announced): Plain | null {
  if (!run.connector.writeMany || one.change.order !== 0) return null;
  const request = plainRequest(one.change, one.link, one.lookUp);
  return request && !namesManager(run.connector, request) ? { one, request } : null;
}

/**
 * Sends changes together. Those that got an answer leave `open`, whatever it is; the others were not made. The waits of some are thrown by the
 * single writes that follow: what is known by then is stored.
 */
async function writeTogether(
  run: Run,
  write: WriteContext,
  plain: readonly Plain[],
  open: Set<Announced>,
  outcomes: Record<string, Outcome>,
): Promise<void> {
  const answers = await answersOf(run, plain);
  const done = plain.flatMap(({ one }, n) => (answers[n] ? [{ one, answer: answers[n] }] : []));
  for (const { one } of done) open.delete(one);
  for (const { one, answer } of done) await keep(run, one.change, writtenBy(write, one.change, one.link, answer), outcomes);
}

/** A fault that nobody foresaw leaves every change of it an open question. Throws `ThrottledError`: nothing was done. */
async function answersOf(run: Run, plain: readonly Plain[]): Promise<readonly (WriteAnswer | null)[]> {
  let answers: readonly (WriteAnswer | null)[] = [];
  const failure = await answerOf(async () => {
    answers = await run.connector.writeMany!(plain.map(({ request }) => request));
    return NOTHING;
  });
  return failure === NOTHING ? answers : plain.map(() => failure);
}

const NOTHING: WriteAnswer = { ok: true, targetId: '', notKept: [], note: null };

/** The link row is stored before the outcome: a kill between the two finds `doneChange` and calls nothing. */
async function keep(run: Run, change: Change, written: Written, outcomes: Record<string, Outcome>): Promise<void> {
  if (written.kind === 'deferred') {
    const until = Math.min(run.position.deferredUntil ?? Number.POSITIVE_INFINITY, written.until);
    run.position = { ...run.position, deferredUntil: until };
    if (written.said) outcomes[change.id] = written.said;
    if (!written.parts) return;
    await run.context.store.links.put(written.parts.link);
    outcomes[change.id] = written.parts.outcome;
    return;
  }
  await run.context.store.links.put(written.link);
  if (change.relinkFrom && written.outcome.result === 'done') await endOldLink(run.context, change);
  outcomes[change.id] = written.outcome;
  const refusals = written.permission ? run.position.refusals + 1 : 0;
  const failure = written.outcome.failure;
  const stop = refusals >= REFUSALS_THAT_STOP && failure ? { ...failure, retryAt: null } : run.position.stop;
  run.position = { ...run.position, refusals, stop };
}

async function endOldLink(context: SyncContext, change: Change): Promise<void> {
  const old = change.relinkFrom ? await context.store.links.get(change.route, change.relinkFrom) : null;
  if (old && old.state !== 'ended') await context.store.links.put({ ...old, state: 'ended', leaving: null, endedBecause: 'relinked' });
}
