import type { ChangesPage, Copies, CopyAct, CopyContact, FolderSight } from '../connectors/copies.ts';
import type { RouteSettings } from '../model/configuration.ts';
import { type Failure, FailureError } from '../model/failure.ts';
import type { MailboxCopy } from '../model/mailboxCopy.ts';
import { type CopyPlan, type CopyRules, isOurs, planCopies } from '../rules/copies.ts';
import { shardOf } from '../store/shard.ts';
import type { SyncContext } from './context.ts';
import { folderMark, sameRules, stampPrefix, type WishList } from './copyWishes.ts';
import { type CopyWriting, writeActs } from './copyWriting.ts';

/** What serving one mailbox needs; the wishes are read once for all mailboxes of an activity, and only if one is not in step. */
export interface CopyRun extends CopyWriting {
  readonly context: SyncContext;
  readonly copies: Copies;
  readonly route: RouteSettings;
  /** Name of the folder: the route's, else the source's. */
  readonly folderName: string;
  readonly digest: string;
  /** When the list of that digest was read (ISO). */
  readonly asOf: string;
  readonly now: () => Date;
  readonly list: () => Promise<WishList>;
}

/** How a mailbox stands after a try; `failure`: what of it did not work. */
export interface Served {
  readonly row: MailboxCopy;
  readonly result: 'done' | 'left' | 'failed';
  readonly failure: Failure | null;
}

const TRIES = 3;
const MAX_PAGES = 2_000;
/** A folder that is gone in the middle, a lost answer, somebody's change in the same moment: looked at again at once. */
const LOOK_AGAIN = new Set(['notFound', 'conflict', 'unreachable']);

/**
 * Brings one mailbox in step. It may be called again at any time: contacts are known by their stamps, and only differences are written.
 * A mailbox in step costs one call. Throws `TimeOver`, `MailboxBusy` or `ThrottledError` with what was written so far in `run.written`.
 */
export async function serveMailbox(run: CopyRun, start: MailboxCopy): Promise<Served> {
  let row = start;
  for (let attempt = 1; ; attempt += 1) {
    let looked = false;
    try {
      const leaves = row.state === 'leaving';
      const token = row.digest !== null && !leaves ? row.token : null;
      const sight = await run.copies.look({ mailbox: row.mailbox, mark: folderMark(run.route.id), folder: row.folder, token });
      looked = true;
      for (const other of sight.others) await emptyFolder(run, row.mailbox, other);
      if (leaves) {
        if (sight.folder) await emptyFolder(run, row.mailbox, sight.folder.id);
        return { row: { ...row, folder: null, digest: null, token: null, contacts: 0 }, result: 'left', failure: null };
      }
      return await keepFolder(run, row, sight);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      // An account without a mailbox, or no account any more: nothing of ours is left to be removed.
      if (!looked && row.state === 'leaving' && error.failure.code === 'notFound')
        return { row: { ...row, folder: null, digest: null, token: null, contacts: 0 }, result: 'left', failure: null };
      if (!looked || attempt >= TRIES || !LOOK_AGAIN.has(error.failure.code))
        return { row: looked ? { ...row, digest: null } : row, result: 'failed', failure: error.failure };
      row = { ...row, digest: null };
    }
  }
}

async function keepFolder(run: CopyRun, start: MailboxCopy, sight: FolderSight): Promise<Served> {
  const { copies, folderName } = run;
  const { mailbox } = start;
  const made = sight.folder === null;
  const folder = sight.folder ?? (await copies.makeFolder(mailbox, folderMark(run.route.id), folderName));
  // Only a new name in the configuration renames: what people call their folder is theirs.
  if (!made && start.folderName !== null && start.folderName !== folderName && folder.name !== folderName)
    await copies.renameFolder(mailbox, folder.id, folderName);
  const row: MailboxCopy = { ...start, folder: folder.id, folderName };
  const still = !made && sight.unchanged && folder.id === start.folder && !isDue(run, start);
  if (still && row.digest === run.digest) return { row: { ...row, asOf: run.asOf, token: sight.token }, result: 'done', failure: null };
  const since = sight.unchanged ? sight.token : await recordOf(run, mailbox, folder.id, start.folder === folder.id ? start.token : null);
  const some = still ? await planDifference(run, row, folder.id) : null;
  const plan = some ?? planCopies((await run.list()).wishes, made ? [] : await allContacts(run, mailbox, folder.id), rulesOf(run));
  const versions = new Map<string, string | null>();
  const failures = await writeActs(run, run.copies, { mailbox, folder: folder.id }, plan.acts, versions);
  if (failures.length > 0) {
    const more = failures.length > 1 ? ` And ${failures.length - 1} more in this mailbox.` : '';
    const failure = { ...failures[0]!, message: `${failures[0]!.message}${more}`.slice(0, 500) };
    return { row: { ...row, digest: null, token: null }, result: 'failed', failure };
  }
  const token = since === null ? null : await tokenAfter(run, mailbox, folder.id, since, versions);
  const listedAt = some ? row.listedAt : run.now().toISOString();
  const next = { ...row, digest: run.digest, asOf: run.asOf, token, listedAt, contacts: plan.ours };
  return { row: next, result: 'done', failure: null };
}

function rulesOf({ route }: CopyRun): CopyRules {
  const { emptyFields, drift } = route.push;
  return { emptyFields, drift, prefix: stampPrefix(route.id) };
}

const DAY_MS = 86_400_000;
/** Every folder is compared as a whole once in 7 to 13 days, spread over the nights: nothing may rest on tokens and times for ever. */
function isDue(run: CopyRun, row: MailboxCopy): boolean {
  const days = 7 + (shardOf(row.mailbox) % 7);
  return row.listedAt === null || run.now().getTime() - Date.parse(row.listedAt) > days * DAY_MS;
}

/** Clocks of hosts may differ; what is looked at in vain costs one search. */
const CLOCK_SLACK_MS = 60_000;

/**
 * The plan for a folder that nobody touched since it held the list of an earlier job: only entries written since then are looked up, where
 * that is cheaper than listing. null: list the folder (too many changes, a short list, or the numbers do not agree).
 */
async function planDifference(run: CopyRun, row: MailboxCopy, folder: string): Promise<CopyPlan | null> {
  const { wishes, writtenAt } = await run.list();
  if (row.asOf === null || !sameRules(row.digest, run.digest) || wishes.size <= 2 * run.copies.pageSize) return null;
  const from = Date.parse(row.asOf) - CLOCK_SLACK_MS;
  const stamps = [...writtenAt].filter(([, at]) => at >= from).map(([stamp]) => stamp);
  if (stamps.length === 0 || stamps.length > run.copies.writesAtOnce) return null;
  await run.check();
  const found = await run.copies.find(row.mailbox, folder, stamps);
  const wanted = new Map(stamps.flatMap((stamp) => (wishes.has(stamp) ? [[stamp, wishes.get(stamp)!] as const] : [])));
  const held = new Set(found.map((contact) => contact.stamp)).size;
  if (row.contacts - held + wanted.size !== wishes.size) return null;
  return { ...planCopies(wanted, found, rulesOf(run)), ours: wishes.size };
}

async function allContacts(run: CopyRun, mailbox: string, folder: string): Promise<readonly CopyContact[]> {
  const all: CopyContact[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    await run.check();
    const answer = await run.copies.list(mailbox, folder, cursor);
    all.push(...answer.contacts);
    if (answer.cursor === null) return all;
    cursor = answer.cursor;
  }
  throw new FailureError({
    code: 'pagingStuck',
    message: `Reading the contacts of the mailbox ${mailbox} does not come to an end.`,
    nextStep: 'Nothing was changed because of it; the next job reads again.',
  });
}

/** Takes our contacts out of a folder; the folder itself goes only if nobody else put anything into it. */
async function emptyFolder(run: CopyRun, mailbox: string, folder: string): Promise<void> {
  const contacts = await allContacts(run, mailbox, folder);
  const ours = contacts.filter((contact) => isOurs(contact.stamp, stampPrefix(run.route.id)));
  const acts = ours.map(({ id }): CopyAct => ({ act: 'delete', id }));
  const failures = await writeActs(run, run.copies, { mailbox, folder }, acts, new Map());
  if (failures.length > 0) throw new FailureError(failures[0]!);
  if (ours.length === contacts.length) await run.copies.removeFolder(mailbox, folder);
}

/** Where the record of changes stands before we list; null where there is none. */
async function recordOf(run: CopyRun, mailbox: string, folder: string, token: string | null): Promise<string | null> {
  return (
    (await drain(run, mailbox, folder, token))?.token ??
    (token === null ? null : ((await drain(run, mailbox, folder, null))?.token ?? null))
  );
}

/**
 * The token after our own writes, if nothing but them is in the record: then the next job need not list the folder. Anything else in it
 * is somebody's edit: no token, so that the next job looks at every contact.
 */
async function tokenAfter(
  run: CopyRun,
  mailbox: string,
  folder: string,
  since: string,
  versions: ReadonlyMap<string, string | null>,
): Promise<string | null> {
  const record = await drain(run, mailbox, folder, since);
  if (!record) return null;
  const last = new Map(record.changes.map((change) => [change.id, change.version]));
  const onlyOurs = [...last].every(([id, version]) => versions.has(id) && versions.get(id) === version);
  return onlyOurs ? record.token : null;
}

async function drain(
  run: CopyRun,
  mailbox: string,
  folder: string,
  token: string | null,
): Promise<{ readonly changes: ChangesPage['changes']; readonly token: string } | null> {
  const changes: ChangesPage['changes'][number][] = [];
  let from: { readonly token: string | null } | { readonly cursor: string } = { token };
  for (let page = 0; page < MAX_PAGES; page += 1) {
    await run.check();
    const answer: ChangesPage | null = await run.copies.changes(mailbox, folder, from);
    if (!answer) return null;
    changes.push(...answer.changes);
    if (answer.cursor === null) return answer.token === null ? null : { changes, token: answer.token };
    from = { cursor: answer.cursor };
  }
  return null;
}
