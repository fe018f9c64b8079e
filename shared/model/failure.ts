/**
 * Why something did not work, for a person: a stable code, a sentence that names the object, and what to do next.
 * Shown as `<code>: <message>` in `cause`. Codes are documented in docs/causes.md and never change meaning.
 */
export const CAUSE_CODES = [
  'permission',
  'authentication',
  'throttled',
  'incompleteRead',
  'pagingStuck',
  'badAnswer',
  'unreachable',
  'conflict',
  'notFound',
  'refused',
  'notKept',
  'addressInUse',
  'notYetVisible',
  'hostLost',
  'nonDeterministic',
  'cancelled',
  'configuration',
  'secretMissing',
  'lost',
  'internal',
  'staleSource',
  'noSnapshot',
  'quota',
] as const;
export type CauseCode = (typeof CAUSE_CODES)[number];

export interface Failure {
  readonly code: CauseCode;
  /** One sentence: what, which object. Never a secret, never more than 500 characters. */
  readonly message: string;
  readonly nextStep: string;
}

/** The text of `cause` in a job or change. */
export function causeText(failure: Failure): string {
  return `${failure.code}: ${failure.message}`;
}

/** Thrown by connectors, http and store for a failure that is expected in the field. Activities turn it into a value. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(causeText(failure), options);
    this.name = 'FailureError';
    this.failure = failure;
  }
}

/** Thrown by `shared/http` when a wait is too long to spend inside an activity (over 5 s): the service asks for it, or our own ceiling does. */
export class ThrottledError extends Error {
  /** Epoch milliseconds before which nobody may call this host for this tenant. */
  readonly notBefore: number;
  readonly host: string;
  /** The configuration's ceiling makes us wait, not the service: it is no refusal, and counts as none. */
  readonly ours: boolean;
  constructor(host: string, notBefore: number, ours = false) {
    super(`throttled: ${host} ${ours ? 'allows the next call at' : 'asked to wait until'} ${new Date(notBefore).toISOString()}`);
    this.name = 'ThrottledError';
    this.host = host;
    this.notBefore = notBefore;
    this.ours = ours;
  }
}

/** The failure in an error of any kind; unknown ones become `internal` with their message cut to 300 characters. */
export function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof ThrottledError) {
    return { code: 'throttled', message: error.message.replace(/^throttled: /, ''), nextStep: 'Wait; the next job goes on by itself.' };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: 'internal', message: message.slice(0, 300), nextStep: 'Look for this text in the log; report it if it stays.' };
}
