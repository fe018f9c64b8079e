import type { Failure } from './failure.ts';

/**
 * One mailbox that a route serves with a folder of copies: all that is kept between jobs. The contacts in it are known by their stamps, so
 * this row may be lost: the next job lists the folder and writes what differs.
 */
export interface MailboxCopy {
  readonly route: string;
  /** Immutable id of the account that owns the mailbox. */
  readonly mailbox: string;
  /** Its address when it was last resolved, for people. */
  readonly address: string;
  readonly folder: string | null;
  /** The name that we gave the folder last; people may rename it. */
  readonly folderName: string | null;
  /** Digest of the list that the folder holds completely; null: not known to be in step. */
  readonly digest: string | null;
  /** Where the directory's record of changes to the folder stood when `digest` was true; null: the folder is listed at every job. */
  readonly token: string | null;
  /** When the list of `digest` was read from the link rows (ISO): what was written since then is what differs. */
  readonly asOf: string | null;
  /** When every contact of the folder was compared last (ISO); done again after some days, whatever the token says. */
  readonly listedAt: string | null;
  /** Our contacts in it, as of the last job that finished it. */
  readonly contacts: number;
  /** `leaving`: loses our contacts. A row that says `left` in `last` is history: the next job drops it. */
  readonly state: 'served' | 'leaving';
  /** The job that found it missing in a mass departure: neither served nor emptied until another job finds the same. */
  readonly absent: string | null;
  /** What the last job made of it; a repeated activity finds it and counts nothing twice. */
  readonly last: CopyOutcome | null;
}

export interface CopyOutcome {
  readonly job: string;
  readonly round: number;
  readonly result: 'working' | 'done' | 'left' | 'failed';
  /** Contacts written so far by that job. */
  readonly written: number;
  readonly failure: Failure | null;
  /** The mailbox was new with that job. */
  readonly joined: boolean;
  /** The mailbox asked to wait until then (epoch ms). */
  readonly notBefore: number | null;
}
