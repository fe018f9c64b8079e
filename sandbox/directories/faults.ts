/** Faults that a simulated directory can be told to have, by its control endpoint. Absent: none. */
export interface Faults {
  /** Refuses every n-th call, or calls beyond a rate, as told. */
  throttle?: {
    status?: number;
    everyNth?: number;
    perSecond?: number;
    retryAfter?: number | null;
    reason?: string;
    times?: number;
    match?: string;
  };
  latencyMs?: number;
  lie?: 'emptyPage' | 'truncatedJson' | 'html' | 'stuckPaging' | 'gone410' | 'idOnly';
  /** Regular expression over path and cmdlet: where the lie applies. */
  lieAbout?: string;
  /** Keeps only so many users in every read. */
  shrinkTo?: number;
  /** Google: users and groups (ids) that lists leave out although they are there. */
  unlisted?: readonly string[];
  /**
   * A full read gives so many people (Microsoft 365: users; Google: shared contacts) a second time at its end; Microsoft 365 also a
   * tombstone of somebody who never lived here.
   */
  replays?: number;
  /** Microsoft 365: how `users/delta` tells what it tells, each for itself (learn.microsoft.com/graph/delta-query-overview). */
  delta?: {
    /** Every n-th object comes again on a later page. */
    replayEvery?: number;
    /** So many people are said to be gone before or after their row although they are here, and so many of those who are gone the other way round. */
    outOfOrder?: number;
    /** Before each page comes an empty one. */
    emptyPages?: boolean;
    /** The first round, too, tells of deleted people: restorable ones (`changed`) and those who are gone for good (`deleted`). */
    tombstones?: boolean;
    /** What was cleared is left out, as what was never set is. */
    withoutNulls?: boolean;
    /** Refuses to go on, once: 400 syncStateNotFound, or 410 with a Location. */
    ends?: 400 | 410;
  };
  /** Keeps only so many contacts in every read of the target. */
  shrinkContactsTo?: number;
  /** Areas that are refused with 403: `users`, `usersWrite`, `invitations`, `deletedItems`, `groups`, `members`, `exchange`, `contacts`, `domains`; Google also `groups.settings`. */
  forbidden?: readonly string[];
  /** Groups (ids) whose members are refused with 403, or read as an empty list although they are counted. */
  forbiddenGroups?: readonly string[];
  emptyGroups?: readonly string[];
  /** Does the work, then cuts the connection. */
  loseAnswer?: { match: string; times: number };
  /** Microsoft 365: a new guest is shown by Graph (300), and by Exchange (1,500), so many ms after its invitation. */
  inviteLagMs?: number;
  exchangeLagMs?: number;
  /** Domains whose people this tenant does not invite. */
  notInvitable?: readonly string[];
  /** A freed address is refused for so long. */
  addressHoldMs?: number;
  /** Google: elements dropped from what is written. */
  dropElement?: string;
  /** Answers 409 to an update although it was applied. */
  conflictAfterWrite?: boolean;
  /** Granted application permissions and delegated scopes (by their ends), in place of the organisation's own. */
  graphRoles?: readonly string[];
  exchangeRoles?: readonly string[];
  googleScopes?: readonly string[];
  /** Cmdlets that the application's Exchange role does not hold. */
  withoutCmdlets?: readonly string[];
  /** Life of tokens in seconds. */
  tokenSeconds?: number;
  pageSize?: number;
  /** Google's feed shows a write after so many ms; until then it shows what was there before. */
  lagMs?: number;
  /** The directory's clock is so far ahead: tokens of all kinds end earlier. */
  clockOffsetMs?: number;
  /** Microsoft 365: mailboxes by id or address that cannot be reached, are refused to us, or are full. */
  mailboxes?: Readonly<Record<string, 'notEnabled' | 'denied' | 'full'>>;
  /** Microsoft 365: refuses every n-th request inside a `$batch` (method and path match). */
  throttleInBatch?: { everyNth: number; retryAfter: number; times: number; match?: string };
  /**
   * Google's batches: `status` refuses the whole; `interruptAfter` stops after so many operations, of which it does `unanswered` more without a word;
   * `operations` answers every n-th one (of a type) with that status, `done`: although it was carried out.
   */
  batch?: {
    status?: number;
    reason?: string;
    interruptAfter?: number;
    unanswered?: number;
    operations?: { everyNth: number; times: number; status: number; reason: string; type?: string; done?: boolean };
  };
}

/** The directory's clock. */
export function clockOf(faults: Faults): number {
  return Date.now() + (faults.clockOffsetMs ?? 0);
}

export interface Refusal {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** Counts calls and says which are refused. */
export function createThrottle(): (
  faults: Faults,
  what: string,
  now: number,
) => { retryAfter: number | null; status: number; reason: string } | null {
  let calls = 0;
  let refused = 0;
  let notBefore = 0;
  let recent: number[] = [];
  return (faults, what, now) => {
    const { throttle } = faults;
    if (
      !throttle ||
      (throttle.match && !new RegExp(throttle.match).test(what)) ||
      (throttle.times !== undefined && refused >= throttle.times)
    )
      return null;
    calls += 1;
    recent = recent.filter((at) => at > now - 1000);
    const tooFast = throttle.perSecond !== undefined && recent.length >= throttle.perSecond;
    const nth = throttle.everyNth !== undefined && calls % throttle.everyNth === 0;
    if (!tooFast && !nth && now >= notBefore) {
      recent.push(now);
      return null;
    }
    refused += 1;
    const retryAfter = throttle.retryAfter === undefined ? 1 : throttle.retryAfter;
    if ((tooFast || nth) && retryAfter !== null) notBefore = Math.max(notBefore, now + retryAfter * 1000);
    return {
      retryAfter: retryAfter === null ? null : Math.max(1, Math.ceil((notBefore - now) / 1000)),
      status: throttle.status ?? 429,
      reason: throttle.reason ?? 'Too many requests',
    };
  };
}
