import type { HttpAnswer } from '../../http/http.ts';
import { type CauseCode, FailureError } from '../../model/failure.ts';

/** Reasons in Google's 403 that mean "too fast", in JSON and in the feed's plain texts (Admin SDK limits; reference google.md §2.7, §4). */
const QUOTA = /userRateLimitExceeded|quotaExceeded|rateLimitExceeded|Request rate higher than configured|Quota exceeded/i;

export function isQuota(answer: HttpAnswer): boolean {
  return (answer.status === 403 || answer.status === 503) && QUOTA.test(answer.text);
}

/** A 403 that no scope and no role would mend (Admin SDK, limits and error codes; the feed's own texts). */
const NO_RIGHT_LACKS: readonly { readonly says: RegExp; readonly code: CauseCode; readonly nextStep: string }[] = [
  {
    says: /dailyLimitExceeded|Daily Limit Exceeded/i,
    code: 'throttled',
    nextStep:
      "The day's quota of the Google Cloud project is used up: it begins anew at midnight Pacific time; raise it in the Cloud console.",
  },
  {
    says: /accessNotConfigured|SERVICE_DISABLED|has not been used in project/i,
    code: 'permission',
    nextStep: "Enable this API in the service account's Google Cloud project (APIs & Services → Library); it takes a few minutes.",
  },
  {
    says: /Cannot request contacts belonging to another domain/i,
    code: 'permission',
    nextStep: 'Correct `domain`: the primary domain of the Workspace that the subject belongs to.',
  },
];

/** The status of the answer that a failure of this room came from; null for any other error. */
export function statusOf(error: unknown): number | null {
  const { status } = (error instanceof FailureError ? error : {}) as { status?: unknown };
  return typeof status === 'number' ? status : null;
}

/** Not granted, or not there at all (an API that this service does not have): never an outage or an answer that cannot be read. */
export function isRefused(error: unknown): boolean {
  return error instanceof FailureError && (error.failure.code === 'permission' || [404, 405, 410, 501].includes(statusOf(error) ?? 0));
}

/** What a refusal means, by reason and body text, not by status alone. `scope`: what to grant. It carries the answer's `status`. */
export function refusalOf(connector: string, what: string, scope: string, answer: HttpAnswer): FailureError {
  return Object.assign(meaningOf(connector, what, scope, answer), { status: answer.status });
}

function meaningOf(connector: string, what: string, scope: string, answer: HttpAnswer): FailureError {
  const text = shortText(answer.text);
  const known = answer.status === 403 ? NO_RIGHT_LACKS.find(({ says }) => says.test(answer.text)) : undefined;
  if (known)
    return new FailureError({
      code: known.code,
      message: `Connector "${connector}": Google refused ${what} with ${answer.status}: ${text}`,
      nextStep: known.nextStep,
    });
  if (answer.status === 401 || answer.status === 403) {
    return new FailureError({
      code: 'permission',
      message: `Connector "${connector}": Google refused ${what} with ${answer.status}: ${text}`,
      nextStep: `Grant the scope ${scope} to the service account and give its subject an administrator role that may do this.`,
    });
  }
  return new FailureError({
    code: answer.status >= 500 ? 'unreachable' : 'badAnswer',
    message: `Connector "${connector}": ${what} answered ${answer.status}: ${text}`,
    nextStep: 'Nothing was changed. The next job tries again.',
  });
}

export function badAnswer(connector: string, what: string, detail: string): FailureError {
  return new FailureError({
    code: 'badAnswer',
    message: `Connector "${connector}": ${what} answered 200 with ${detail}.`,
    nextStep: 'Nothing was changed. The next job reads again; look at proxies between if it stays.',
  });
}

export function shortText(text: string): string {
  return text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 160);
}
