import { type Copies, MailboxBusy, type ResolvedName } from '../connectors/copies.ts';
import type { RouteSettings } from '../model/configuration.ts';
import { causeText, type Failure, FailureError, ThrottledError } from '../model/failure.ts';
import { type CopyCounts, type CopyProblem, type JobRecord, onlyShows } from '../model/job.ts';
import type { MailboxCopy } from '../model/mailboxCopy.ts';
import { connectorSettings, routeSettings, type SyncContext } from './context.ts';
import { setCopies } from './copyCounts.ts';
import { loadWishes, type WishList } from './copyWishes.ts';
import { holdsLease } from './leases.ts';
import type { SealedRoute } from './sealed.ts';
import { showWait } from './waits.ts';

export interface CopiesInput {
  readonly job: string;
  readonly round: number;
  readonly route: string;
  /** Orchestration that waits, for the display. */
  readonly instance: string;
  /** The directory asked to wait too long for the names: they are not asked for again, and the known mailboxes are served. */
  readonly late: boolean;
}

/** What the lanes need; small, because it travels through the orchestration's history. */
export interface CopiesBegun {
  readonly lanes: number;
  readonly digest: string;
  /** When the list of that digest was read (ISO). */
  readonly asOf: string;
  readonly waitUntil: number | null;
}

const NOTHING: CopiesBegun = { lanes: 0, digest: '', asOf: '', waitUntil: null };
/** So many mailboxes at least, and half of all, must go at once to need a second look. */
const MASS = 3;

/**
 * First step of a route's copies: which mailboxes are served now, who came and who leaves. A mailbox leaves only if every name could be
 * resolved; if half of them leave at once, the next job must find the same (an emptied group, a right that was taken away). A simulation
 * counts what would be written and writes nothing.
 */
export async function beginCopies(context: SyncContext, input: CopiesInput): Promise<CopiesBegun> {
  const { configuration } = await context.configuration();
  const record = await context.store.jobs.get(input.job);
  if (!record || record.round !== input.round || record.cancelRequested) return NOTHING;
  const route = routeSettings(configuration, input.route);
  const { connector } = context.open(connectorSettings(configuration, route.to), configuration);
  const simulation = onlyShows(record);
  if (!connector.copies || (configuration.paused && !simulation) || !(await holdsLease(context, route.to, input))) return NOTHING;
  // A route that is retired takes its contacts out of every mailbox, whatever the configuration says.
  const remove = record.errand?.what === 'retire';
  const found = remove ? NOBODY : await namesOf(context, connector.copies, route, input);
  if ('waitUntil' in found) {
    await showWait(context, input.job, input.instance, found.waitUntil);
    return { ...NOTHING, waitUntil: found.waitUntil };
  }
  await showWait(context, input.job, input.instance, null);
  const known = new Map<string, MailboxCopy>();
  for await (const row of context.store.copies.list(route.id)) known.set(row.mailbox, row);
  const asOf = context.now().toISOString();
  const list = await loadWishes(context, route, connector.copies);
  const turn = takeStock(input, known, found, remove);
  if (simulation) {
    await setCopies(context, input, await estimate(context, record, route, turn, list));
    return NOTHING;
  }
  await context.store.copies.putMany(turn.rows.filter((row) => row !== known.get(row.mailbox)));
  for (const mailbox of turn.history) await context.store.copies.remove(route.id, mailbox);
  const { problems } = turn;
  const served = turn.rows.filter((row) => row.state === 'served' && row.absent === null).length;
  await setCopies(context, input, { mailboxes: served, written: 0, failed: problems.length, joined: 0, left: 0, problems });
  for (const { address, cause, nextStep } of problems) {
    const [code = ''] = cause.split(':');
    const message = cause.slice(code.length + 2);
    context.log({ event: 'mailbox.failed', job: input.job, route: route.id, mailbox: address, code, message, nextStep });
  }
  return { lanes: Math.min(connector.copies.lanes, turn.rows.length), digest: list.digest, asOf, waitUntil: null };
}

interface Found {
  readonly names: readonly ResolvedName[];
  readonly problems: readonly CopyProblem[];
}

const NOBODY: Found = { names: [], problems: [] };

async function namesOf(
  context: SyncContext,
  copies: Copies,
  route: RouteSettings,
  input: CopiesInput,
): Promise<Found | { readonly waitUntil: number }> {
  if (input.late) return { names: [], problems: [nameProblem(route.push.mailboxes.of.join(', ').slice(0, 100), TOO_LATE)] };
  return resolve(context, copies, route);
}

const TOO_LATE: Failure = {
  code: 'throttled',
  message: 'The directory asks to wait longer than a job waits before it tells which mailboxes push.mailboxes names.',
  nextStep: 'Nothing: the mailboxes known so far are served, none loses its contacts, and the next job asks again.',
};

async function resolve(context: SyncContext, copies: Copies, route: RouteSettings): Promise<Found | { readonly waitUntil: number }> {
  const names = [...new Set(route.push.mailboxes.of)];
  try {
    const resolved = names.length > 0 ? await copies.resolve(names) : [];
    const problems = resolved.flatMap((one) => (one.ok ? [] : [nameProblem(one.name, one.failure)]));
    return { names: resolved, problems };
  } catch (error) {
    if (error instanceof ThrottledError) return { waitUntil: error.notBefore };
    if (error instanceof MailboxBusy) return { waitUntil: context.now().getTime() + error.waitMs };
    if (!(error instanceof FailureError)) throw error;
    return { names: [], problems: [nameProblem(names.join(', ').slice(0, 100), error.failure)] };
  }
}

function nameProblem(name: string, failure: Failure): CopyProblem {
  return { mailbox: '', address: name, cause: causeText(failure), nextStep: failure.nextStep };
}

/** The rows of this round, and the mailboxes that left with an earlier job. */
interface Turn {
  readonly rows: readonly MailboxCopy[];
  readonly history: readonly string[];
  readonly problems: readonly CopyProblem[];
}

function takeStock(input: CopiesInput, known: ReadonlyMap<string, MailboxCopy>, { names, problems }: Found, remove: boolean): Turn {
  const wanted = new Map(names.flatMap((one) => (one.ok ? one.mailboxes.map(({ id, address }) => [id, address] as const) : [])));
  const mine = (row: MailboxCopy): boolean => row.last?.job === input.job && row.last.round === input.round;
  const history = [...known.values()].filter((row) => row.last?.result === 'left' && !mine(row) && !wanted.has(row.mailbox));
  const standing = [...known.values()].filter((row) => !history.includes(row));
  const going = standing.filter((row) => !wanted.has(row.mailbox) && row.state === 'served');
  const mass = !remove && going.length >= MASS && going.length * 2 >= standing.length;
  const rows = standing.map((row): MailboxCopy => {
    const address = wanted.get(row.mailbox);
    if (address !== undefined) return sameOr(row, { address, state: 'served', absent: null });
    if (row.state === 'leaving' || problems.length > 0) return row;
    const confirmed = row.absent !== null && row.absent !== input.job;
    return mass && !confirmed ? sameOr(row, { absent: row.absent ?? input.job }) : { ...row, state: 'leaving', absent: null };
  });
  const fresh = [...wanted].filter(([id]) => !known.has(id)).map(([id, address]) => newRow(input.route, id, address));
  const absent = rows.filter((row) => row.absent !== null).length;
  return {
    rows: [...rows, ...fresh],
    history: history.map((row) => row.mailbox),
    problems: absent > 0 ? [...problems, massProblem(absent, standing.length)] : problems,
  };
}

function sameOr(row: MailboxCopy, more: Partial<MailboxCopy>): MailboxCopy {
  const same = Object.entries(more).every(([name, value]) => row[name as keyof MailboxCopy] === value);
  return same ? row : { ...row, ...more };
}

function massProblem(absent: number, all: number): CopyProblem {
  return {
    mailbox: '',
    address: '',
    cause: `incompleteRead: ${absent} of ${all} mailboxes are no longer named by push.mailboxes.`,
    nextStep: 'Nothing was removed from them yet. If the next job finds the same, they lose these contacts; else correct the group.',
  };
}

function newRow(route: string, mailbox: string, address: string): MailboxCopy {
  return {
    route,
    mailbox,
    address,
    folder: null,
    folderName: null,
    digest: null,
    token: null,
    asOf: null,
    listedAt: null,
    contacts: 0,
    state: 'served',
    absent: null,
    last: null,
  };
}

/** What a push would write: the planned changes once for each mailbox, everything for a new one, everything out for one that leaves. */
async function estimate(context: SyncContext, record: JobRecord, route: RouteSettings, turn: Turn, list: WishList): Promise<CopyCounts> {
  const key = { job: record.job.id, round: record.round, route: route.id };
  const sealed = (await context.store.plans.getSealed(key)) as SealedRoute | null;
  let grows = 0;
  for await (const batch of context.store.plans.batches(key))
    for (const change of batch.changes) grows += change.change === 'create' ? 1 : change.change === 'delete' ? -1 : 0;
  const served = turn.rows.filter((row) => row.state === 'served' && row.absent === null);
  const fresh = served.filter((row) => row.folder === null);
  const leaving = turn.rows.filter((row) => row.state === 'leaving');
  const written =
    (served.length - fresh.length) * (sealed?.changes ?? 0) +
    fresh.length * (list.wishes.size + grows) +
    leaving.reduce((n, row) => n + row.contacts, 0);
  const { problems } = turn;
  return { mailboxes: served.length, written, failed: problems.length, joined: fresh.length, left: leaving.length, problems };
}
