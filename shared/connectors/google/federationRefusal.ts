import type { HttpAnswer } from '../../http/http.ts';
import { claimsOf, jsonIn } from '../../http/jwt.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import { shortText } from './answers.ts';

/** A refusal of Google's security token service (RFC 6749 §5.2 errors). The identity's token is named by its claims, never repeated. */
export function failureOfSts(settings: GoogleWorkspaceSettings, audience: string, answer: HttpAnswer, subjectToken: string): FailureError {
  const { error, error_description: description } = (jsonIn(answer.text) ?? {}) as { error?: unknown; error_description?: unknown };
  const message = `Connector "${settings.id}": Google's security token service did not take the app's identity for ${audience.slice(0, 200)}`;
  if (typeof error !== 'string') return noService(`${message}: ${answer.status} ${pageOf(answer)}`, answer, 'sts');
  const shown = claimsOf(subjectToken) ?? {};
  const [issuer, subject, aud] = [shown['iss'], shown['sub'], shown['aud']].map((one) => String(one ?? 'unknown').slice(0, 120));
  const nextStep = /attribute condition/i.test(String(description))
    ? `The provider's attribute condition refuses this identity: it must accept subject ${subject}.`
    : error === 'invalid_target'
      ? 'Check "audience": //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER, of a pool and provider that exist and are enabled.'
      : `Check the provider of the pool: issuer ${issuer}, allowed audience ${aud}, mapping google.subject=assertion.sub (here ${subject}).`;
  return new FailureError({
    code: answer.status >= 500 ? 'unreachable' : 'authentication',
    message: `${message}: ${error} ${shortText(String(description ?? ''))}`.trim().slice(0, 480),
    nextStep,
  });
}

/** A refusal of signJwt. https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt */
export function failureOfIam(settings: GoogleWorkspaceSettings, account: string, answer: HttpAnswer): FailureError {
  const body = jsonIn(answer.text) as { error?: { message?: unknown; status?: unknown } } | null;
  const told = typeof body?.error?.message === 'string' ? shortText(body.error.message) : null;
  const message = `Connector "${settings.id}": Google did not sign for the service account ${account}`;
  if (told === null) return noService(`${message}: ${answer.status} ${pageOf(answer)}`, answer, 'iam');
  const disabled = /has not been used|is disabled|SERVICE_DISABLED/i.test(told);
  return new FailureError({
    code: answer.status >= 500 ? 'unreachable' : answer.status === 401 || answer.status === 403 ? 'permission' : 'authentication',
    message: `${message}: ${answer.status} ${told}`.slice(0, 480),
    nextStep: disabled
      ? 'Switch on the IAM Service Account Credentials API in the project of the service account.'
      : answer.status === 404
        ? 'Check "serviceAccount": the address of an existing service account.'
        : `Give the pool's principal the role Service Account Token Creator (roles/iam.serviceAccountTokenCreator) on ${account}; a new role takes some minutes.`,
  });
}

function noService(message: string, answer: HttpAnswer, endpoint: 'sts' | 'iam'): FailureError {
  const down = answer.status >= 500;
  return new FailureError({
    code: down ? 'unreachable' : 'badAnswer',
    message: message.slice(0, 480),
    nextStep: down ? 'The next job tries again.' : `Check endpoints.${endpoint} and proxies between: this is no answer of Google's.`,
  });
}

function pageOf(answer: HttpAnswer): string {
  return answer.text.trimStart().startsWith('<') ? `and a page: ${shortText(answer.text)}` : 'without an answer that can be read';
}
