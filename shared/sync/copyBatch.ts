import { z } from 'zod';
import { MailboxBusy } from '../connectors/copies.ts';
import { type Failure, ThrottledError } from '../model/failure.ts';
import type { CopyOutcome, MailboxCopy } from '../model/mailboxCopy.ts';
import { shardOf } from '../store/shard.ts';
import { isCancelled } from './cancel.ts';
import { connectorSettings, type OpenConnector, routeSettings, type SyncContext } from './context.ts';
import { showCopies } from './copyCounts.ts';
import { type CopyRun, serveMailbox } from './copyMailbox.ts';
import { loadWishes, type WishList } from './copyWishes.ts';
import { TimeOver } from './copyWriting.ts';
import { holdsLease } from './leases.ts';
import { showWait } from './waits.ts';

/** An activity begins no call after this time (design §3; a call may take 100 s at worst). */
const TIME_MS = 40_000;
/** Mailboxes in a row that refuse us: then it is no matter of single mailboxes. */
const REFUSALS_THAT_STOP = 20;

/** Where a lane of copies is: the rows say which mailboxes are done. */
export const CopyPosition = z.object({
  job: z.string(),
  round: z.number().int(),
  route: z.string(),
  instance: z.string(),
  lane: z.number().int(),
  lanes: z.number().int(),
  digest: z.string(),
  asOf: z.string(),
  refusals: z.number().int(),
  /** Why the rest is not tried any more. */
  stop: z.object({ code: z.string(), message: z.string(), nextStep: z.string() }).nullable(),
});
export type CopyPosition = z.infer<typeof CopyPosition>;

export interface CopyStep {
  readonly position: CopyPosition;
  readonly end: boolean;
  readonly waitUntil: number | null;
  /** It waits for our own ceiling: no refusal, and no limit of waits counts it. */
  readonly ours?: boolean;
}

interface Lane {
  readonly context: SyncContext;
  position: CopyPosition;
  readonly run: CopyRun;
  readonly over: () => Promise<'no' | 'time' | 'cancelled'>;
  readonly ready: OpenConnector['ready'];
}

/** Serves mailboxes of one lane until the time is over, a wait is due or every one of them is done or has failed. */
export async function copyBatch(context: SyncContext, start: CopyPosition): Promise<CopyStep> {
  const lane = await openLane(context, start);
  const step = lane ? await workOff(lane) : { position: start, end: true, waitUntil: null };
  await showWait(context, start.job, start.instance, step.waitUntil);
  await showCopies(context, start);
  return step;
}

async function openLane(context: SyncContext, position: CopyPosition): Promise<Lane | null> {
  const { configuration } = await context.configuration();
  const route = routeSettings(configuration, position.route);
  const { connector, ready } = context.open(connectorSettings(configuration, route.to), configuration);
  const { copies } = connector;
  if (!copies) return null;
  const until = context.now().getTime() + TIME_MS;
  const over = async (): Promise<'no' | 'time' | 'cancelled'> => {
    if ((await isCancelled(context, position.job)) || !(await holdsLease(context, route.to, position))) return 'cancelled';
    return context.now().getTime() > until ? 'time' : 'no';
  };
  let list: Promise<WishList> | null = null;
  const run: CopyRun = {
    context,
    copies,
    route,
    folderName: route.push.mailboxes.folder ?? connectorSettings(configuration, route.from).name,
    digest: position.digest,
    asOf: position.asOf,
    now: context.now,
    list: () => {
      list ??= loadWishes(context, route, copies);
      return list;
    },
    written: 0,
    sleep: context.sleep,
    check: async () => {
      if ((await over()) !== 'no') throw new TimeOver();
    },
  };
  return { context, position, run, over, ready };
}

async function workOff(lane: Lane): Promise<CopyStep> {
  const { context } = lane;
  let waitUntil: number | null = null;
  for await (const row of context.store.copies.list(lane.position.route)) {
    if (!isOpen(lane, row)) continue;
    const over = await lane.over();
    if (over !== 'no') return { position: lane.position, end: over === 'cancelled', waitUntil: null };
    const notBefore = mine(lane, row)?.notBefore ?? null;
    if (!lane.position.stop && notBefore !== null && notBefore > context.now().getTime()) {
      waitUntil = Math.min(waitUntil ?? notBefore, notBefore);
      continue;
    }
    const full = lane.position.stop ? null : await fullUntil(lane);
    if (full !== null) return { position: lane.position, end: false, waitUntil: full, ours: true };
    const result = await workOn(lane, row);
    if (result === 'over') {
      const end = (await lane.over()) === 'cancelled';
      return { position: lane.position, end, waitUntil: null };
    }
    if (typeof result === 'object') {
      if (result.everybody) return { position: lane.position, end: false, waitUntil: result.until };
      waitUntil = Math.min(waitUntil ?? result.until, result.until);
    }
  }
  return { position: lane.position, end: waitUntil === null, waitUntil };
}

/** When our own ceiling lets a mailbox begin; null: now. */
async function fullUntil(lane: Lane): Promise<number | null> {
  try {
    await lane.ready();
    return null;
  } catch (error) {
    if (error instanceof ThrottledError) return error.notBefore;
    throw error;
  }
}

/** Rows of this lane that this round has not finished. */
function isOpen(lane: Lane, row: MailboxCopy): boolean {
  if (shardOf(row.mailbox) % lane.position.lanes !== lane.position.lane || row.absent !== null) return false;
  const last = mine(lane, row);
  if (last) return last.result === 'working';
  return !(row.state === 'leaving' && row.last?.result === 'left');
}

function mine(lane: Lane, row: MailboxCopy): CopyOutcome | null {
  const { last } = row;
  return last?.job === lane.position.job && last.round === lane.position.round ? last : null;
}

type Worked = 'finished' | 'over' | { readonly until: number; readonly everybody: boolean };

async function workOn(lane: Lane, row: MailboxCopy): Promise<Worked> {
  const { context, run } = lane;
  const before = mine(lane, row);
  const joined = before?.joined ?? row.folder === null;
  run.written = 0;
  const put = async (
    next: MailboxCopy,
    result: CopyOutcome['result'],
    failure: Failure | null,
    notBefore: number | null,
  ): Promise<void> => {
    const { job, round } = lane.position;
    const written = (before?.written ?? 0) + run.written;
    await context.store.copies.put({ ...next, last: { job, round, result, written, failure, joined, notBefore } });
  };
  if (lane.position.stop) {
    await put(row, 'failed', lane.position.stop as Failure, null);
    return 'finished';
  }
  try {
    const served = await serveMailbox(run, row);
    await put(served.row, served.result, served.failure, null);
    noteRefusal(lane, served.failure);
    if (served.failure) logFailure(lane, row, served.failure);
    return 'finished';
  } catch (error) {
    const busy = error instanceof MailboxBusy ? context.now().getTime() + error.waitMs : null;
    if (!(error instanceof TimeOver) && !(error instanceof ThrottledError) && busy === null) throw error;
    await put(row, 'working', null, busy);
    if (error instanceof ThrottledError) return { until: error.notBefore, everybody: true };
    return busy === null ? 'over' : { until: busy, everybody: false };
  }
}

function noteRefusal(lane: Lane, failure: Failure | null): void {
  const refused = failure?.code === 'permission' || failure?.code === 'authentication';
  const refusals = refused ? lane.position.refusals + 1 : 0;
  const stop = refusals >= REFUSALS_THAT_STOP ? failure : null;
  lane.position = { ...lane.position, refusals, stop };
}

function logFailure(lane: Lane, row: MailboxCopy, failure: Failure): void {
  const { job, route } = lane.position;
  const { code, message, nextStep } = failure;
  lane.context.log({ event: 'mailbox.failed', job, route, mailbox: row.mailbox, code, message, nextStep });
}
