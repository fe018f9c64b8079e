import { FailureError, ThrottledError } from '../model/failure.ts';
import type { Ceiling } from './ceiling.ts';
import { connectionFault } from './connectionFault.ts';
import type { Http, HttpAnswer, HttpRequest, Waits } from './http.ts';
import { createPace, type Pace } from './pace.ts';
import { retryAfterMs } from './retryAfter.ts';

/** Longest wait that is spent inside an activity; anything longer becomes a durable timer (design, promise 16). */
export const SHORT_WAIT_MS = 5_000;
const ATTEMPTS = 4;
const ROW_FRESH_MS = 3_000;
/** Margin against clocks that differ and timers that fire early: never before the time asked for. */
const MARGIN_MS = 60;

export interface HttpDependencies {
  /** Tenant or domain: limits are per host and tenant. */
  readonly tenant: string;
  readonly connector: string;
  readonly waits: Waits;
  /** Shared by all `Http` of one process. */
  readonly paces: Map<string, Pace>;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
  /** The configuration's, for all hosts of the connector; absent: none. */
  readonly ceiling?: Ceiling | null;
  /** Told of every refusal, for the log. */
  readonly throttled?: (event: { connector: string; host: string; status: number; waitMs: number; notBefore: string }) => void;
}

/** See `Http`. One instance per activity and connector; the paces are shared by the process. */
export function createHttp(deps: HttpDependencies): Http {
  let calls = 0;
  const send = async (request: HttpRequest): Promise<HttpAnswer> => {
    const host = new URL(request.url).host;
    const key = `${host}~${deps.tenant}`;
    const pace = paceOf(deps, key);
    let fresh = false;
    for (let attempt = 1; ; attempt += 1) {
      await takeTurn(deps, pace, key, host);
      calls += 1;
      const result = await attemptOnce(deps, request, fresh);
      if (result instanceof Error) {
        await afterLostAnswer(deps, request, host, result, attempt);
        continue;
      }
      if (result.status === 401 && request.token && !fresh) {
        fresh = true;
        continue;
      }
      if (isRefusal(request, result)) {
        await noteRefusal(deps, pace, key, host, result);
        continue;
      }
      if (isPassingFault(request, result) && request.idempotent && attempt < ATTEMPTS) {
        await deps.sleep(backoff(deps, attempt));
        continue;
      }
      if (request.partlyThrottled?.(result)) await noteRefusal(deps, pace, key, host, result);
      else pace.succeeded();
      return result;
    }
  };
  return Object.assign(send, { calls: () => calls });
}

function paceOf(deps: HttpDependencies, key: string): Pace {
  const known = deps.paces.get(key);
  if (known) return known;
  const pace = createPace();
  deps.paces.set(key, pace);
  return pace;
}

/** The ceiling comes last, so that calls which waited for the service are not sent in one burst; what was refused meanwhile counts. */
async function takeTurn(deps: HttpDependencies, pace: Pace, key: string, host: string): Promise<void> {
  for (;;) {
    await waitForTurn(deps, pace, key, host);
    if (!deps.ceiling) return;
    await deps.ceiling.turn();
    if (pace.notBefore <= deps.now()) return;
  }
}

async function waitForTurn(deps: HttpDependencies, pace: Pace, key: string, host: string): Promise<void> {
  if (deps.now() - pace.rowReadAt > ROW_FRESH_MS) {
    pace.rowReadAt = deps.now();
    pace.notBefore = Math.max(pace.notBefore, await deps.waits.read(key));
  }
  for (;;) {
    const wait = pace.notBefore - deps.now();
    if (wait > SHORT_WAIT_MS) throw new ThrottledError(host, pace.notBefore);
    if (wait > 0) {
      // Jitter, so that lanes that were stopped together do not come back together.
      await deps.sleep(wait + MARGIN_MS + deps.random() * 250);
      continue;
    }
    const turn = pace.reserve(deps.now());
    if (turn <= 0) return;
    await deps.sleep(turn);
    if (pace.notBefore <= deps.now()) return;
  }
}

async function attemptOnce(deps: HttpDependencies, request: HttpRequest, fresh: boolean): Promise<HttpAnswer | Error> {
  const headers: Record<string, string> = { ...request.headers };
  if (request.token) headers['authorization'] = `Bearer ${await request.token(fresh)}`;
  try {
    const response = await deps.fetch(request.url, {
      method: request.method,
      headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: 'manual',
      signal: AbortSignal.timeout(request.timeoutMs ?? 100_000),
    });
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function afterLostAnswer(deps: HttpDependencies, request: HttpRequest, host: string, error: Error, attempt: number): Promise<void> {
  const fault = connectionFault(error);
  const repeatable = (request.idempotent || fault.neverSent) && !fault.lasting;
  if (repeatable && attempt < ATTEMPTS) return deps.sleep(backoff(deps, attempt));
  const failure = new FailureError(
    {
      code: 'unreachable',
      message: `${request.method} ${host}${new URL(request.url).pathname} got no answer (${fault.code}) after ${attempt} attempt(s).`,
      nextStep: fault.nextStep,
    },
    { cause: error },
  );
  throw Object.assign(failure, { answerLost: !fault.neverSent });
}

function isRefusal(request: HttpRequest, answer: HttpAnswer): boolean {
  return (
    answer.status === 429 || (answer.status === 503 && answer.headers['retry-after'] !== undefined) || request.isThrottle?.(answer) === true
  );
}

function isPassingFault(request: HttpRequest, answer: HttpAnswer): boolean {
  return answer.status >= 500 || answer.status === 408 || request.isTransient?.(answer) === true;
}

async function noteRefusal(deps: HttpDependencies, pace: Pace, key: string, host: string, answer: HttpAnswer): Promise<void> {
  const now = deps.now();
  // Without a word from the service: 1, 2, 4 … 64 s with jitter (Google's advice; Graph's for answers without the header).
  const asked = retryAfterMs(answer, now);
  const waitMs = asked ?? Math.min(64_000, 1000 * 2 ** Math.min(6, pace.refusals)) + deps.random() * 1000;
  const notBefore = now + waitMs + MARGIN_MS;
  pace.refused(now, waitMs);
  if (notBefore > pace.notBefore) {
    pace.notBefore = notBefore;
    await deps.waits.raise(key, notBefore);
  }
  deps.throttled?.({
    connector: deps.connector,
    host,
    status: answer.status,
    waitMs: Math.round(waitMs),
    notBefore: new Date(notBefore).toISOString(),
  });
}

function backoff(deps: HttpDependencies, attempt: number): number {
  return 400 * 2 ** (attempt - 1) + deps.random() * 300;
}
