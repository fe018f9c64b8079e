/**
 * The one way out of the process (design, promise 16): auth, time-out, retry and throttling for every host. Nothing else calls `fetch`.
 */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A bearer token, asked for at every attempt; called with `true` after a 401 to get a fresh one (once). */
  readonly token?: (fresh: boolean) => Promise<string>;
  /** May be repeated when the answer was lost (network fault, time-out, 5xx). Never for creates. */
  readonly idempotent: boolean;
  /** Whole attempt, in ms; default 100,000. */
  readonly timeoutMs?: number;
  /** True if this answer means "too fast" although its status is not 429 (Google's quota 403, Exchange's text). */
  readonly isThrottle?: (answer: HttpAnswer) => boolean;
  /** True if a part of what was asked was refused as too fast: the answer is given all the same, and everybody waits as after a refusal. */
  readonly partlyThrottled?: (answer: HttpAnswer) => boolean;
  /** True if this answer is a passing fault that may be tried again although its status is no 5xx. */
  readonly isTransient?: (answer: HttpAnswer) => boolean;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/**
 * Sends a request. Answers with any status except those it handled by waiting or repeating.
 * Redirects are not followed. Throws `FailureError` (`unreachable`: no answer after the retries; its `answerLost` property is true if the
 * request may have been carried out) and `ThrottledError` (a wait over 5 s, already noted for everybody on that host and tenant).
 */
export interface Http {
  (request: HttpRequest): Promise<HttpAnswer>;
  /** HTTP attempts made so far, refused ones included. */
  readonly calls: () => number;
}

/** Where `notBefore` lives across processes: one row per host and tenant. */
export interface Waits {
  read(key: string): Promise<number>;
  /** Keeps the later of the two times. */
  raise(key: string, notBefore: number): Promise<void>;
  /** Takes the `ms` that follow `from`, or what others took before; answers where they begin. No two callers get the same time. */
  take(key: string, from: number, ms: number): Promise<number>;
}
