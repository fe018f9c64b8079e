import { type Copies, type CopyAct, type CopyAnswer, MailboxBusy } from '../connectors/copies.ts';
import type { Failure } from '../model/failure.ts';
import { noteNotKept } from '../rules/copies.ts';

/** The time of this activity is over, or the job was cancelled: what is missing is found by the next look. */
export class TimeOver extends Error {}

export interface CopyWriting {
  /** Contacts written so far in this mailbox by this activity. */
  written: number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Throws `TimeOver` when no further call may begin. Asked before each call. */
  readonly check: () => Promise<void>;
}

/** Longest wait for one mailbox that is spent inside an activity. */
const SHORT_WAIT_MS = 5_000;
/** Refusals that regard the whole mailbox: the rest of it is not tried. */
const WHOLE_MAILBOX = new Set<Failure['code']>(['quota', 'permission', 'authentication']);

interface Place {
  readonly mailbox: string;
  readonly folder: string;
}

/**
 * Carries out acts in batches. What a mailbox throttles is sent again after the wait that it asks for, only those; a value that was not
 * kept is noted at the contact. `versions` gets what the directory's record of changes will show of our writes. Answers the failures.
 */
export async function writeActs(
  run: CopyWriting,
  copies: Copies,
  place: Place,
  acts: readonly CopyAct[],
  versions: Map<string, string | null>,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  let open: readonly CopyAct[] = acts;
  while (open.length > 0) {
    await run.check();
    const some = open.slice(0, copies.writesAtOnce);
    const answers = await copies.write(place.mailbox, place.folder, some);
    const again: CopyAct[] = [];
    let wait = 0;
    for (const [n, answer] of answers.entries()) {
      const act = some[n]!;
      if (answer.ok) again.push(...afterWrite(run, act, answer, versions));
      else if (answer.waitMs !== null) {
        again.push(act);
        wait = Math.max(wait, answer.waitMs);
      } else failures.push(answer.failure);
    }
    if (failures.some((failure) => WHOLE_MAILBOX.has(failure.code))) return failures;
    open = [...again, ...open.slice(some.length)];
    if (wait > SHORT_WAIT_MS) throw new MailboxBusy(place.mailbox, wait);
    if (wait > 0) await run.sleep(wait);
  }
  return failures;
}

function afterWrite(
  run: CopyWriting,
  act: CopyAct,
  answer: Extract<CopyAnswer, { ok: true }>,
  versions: Map<string, string | null>,
): readonly CopyAct[] {
  const isNoteOnly = act.act === 'update' && Object.keys(act.fields).length === 0;
  if (!isNoteOnly) run.written += 1;
  if (answer.id !== '') versions.set(answer.id, act.act === 'delete' ? null : (answer.contact?.version ?? ''));
  const note = noteNotKept(act, answer.contact);
  return note ? [note] : [];
}
