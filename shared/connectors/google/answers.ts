import type { HttpAnswer } from '../../http/http.ts';
import { FailureError } from '../../model/failure.ts';

/** Reasons in Google's 403 that mean "too fast", in JSON and in the feed's plain texts (Admin SDK limits; reference google.md §2.7, §4). */
const QUOTA = /userRateLimitExceeded|quotaExceeded|rateLimitExceeded|Request rate higher than configured|Quota exceeded/i;

export function isQuota(answer: HttpAnswer): boolean {
  return (answer.status === 403 || answer.status === 503) && QUOTA.test(answer.text);
}

/** What a refusal means, by reason and body text, not by status alone. `scope`: what to grant. */
export function refusalOf(connector: string, what: string, scope: string, answer: HttpAnswer): FailureError {
  const text = shortText(answer.text);
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
