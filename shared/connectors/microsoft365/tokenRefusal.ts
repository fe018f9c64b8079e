import type { HttpAnswer } from '../../http/http.ts';
import { claimsOf, jsonIn } from '../../http/jwt.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';

/** What to do, by Entra's own code. https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  AADSTS7000215: "The client secret is wrong: put the secret's value (not its id) into the setting that the connector names.",
  AADSTS7000222: 'The client secret has expired: make a new one and put it into the setting that the connector names.',
  AADSTS700016: 'The application is not known in this tenant: check clientId, and give admin consent in the tenant ({consent}).',
  AADSTS7000229: 'The application has no service principal in this tenant: give admin consent there ({consent}).',
  AADSTS7000112: 'The application is switched off in this tenant: enable it under Enterprise applications.',
  AADSTS7000216: 'The application needs a credential that the request did not carry: check the kind of the credential.',
  AADSTS7000218: 'The application needs a credential that the request did not carry: check the kind of the credential.',
  AADSTS90002: 'The tenant does not exist in this cloud: check tenant and cloud of the connector.',
  AADSTS900023: 'This is no tenant: check tenant and cloud of the connector.',
  AADSTS900382: 'A confidential client of one cloud cannot be used in another: register the application in the cloud of the tenant.',
  AADSTS500011: 'The tenant does not know this resource: check that it has Exchange Online, and the cloud of the connector.',
  AADSTS65001: 'Give admin consent to the application in this tenant ({consent}).',
  AADSTS700027:
    'The certificate is not registered with the application, or another one is: upload the certificate whose thumbprint verify shows.',
  AADSTS700024: 'The assertion is not within its time: check the clock of this host.',
  AADSTS700030: 'The certificate is not valid: check its dates and that it is the registered one.',
  AADSTS70021: 'No federated credential of the application fits: issuer, subject and audience must be exactly those named here.',
  AADSTS700211: 'The federated credential has another issuer: it must be exactly the one named here.',
  AADSTS700212: 'The federated credential has another audience: it must be exactly the one named here.',
  AADSTS700213:
    "The federated credential has another subject: it must be the identity's object (principal) id, not its client id — exactly the one named here.",
  AADSTS700214: 'The federated credential fits no issuer, subject or audience: they must be exactly those named here.',
  AADSTS700223: 'The federated credential does not fit: issuer, subject and audience must be exactly those named here.',
  AADSTS700236: 'The identity and the application registration must be in the same tenant, and the identity must be a user-assigned one.',
  AADSTS53003:
    'A Conditional Access policy for workload identities blocks the sign-in: exclude this application, or allow the outgoing addresses of the app.',
};

const FEDERATED = /^AADSTS(70021|700211|700212|700213|700214|700223|700236)$/;

/** Why there is no token, for people: names tenant, application and Entra's code; never a secret, and not Entra's own text, which may hold one. */
export function refusedToken(settings: Microsoft365Settings, answer: HttpAnswer, login: string, assertion: string | null): FailureError {
  const { code, error } = codeOf(answer.text);
  const who = `tenant ${settings.tenant} and application ${settings.credential.clientId}`;
  const words = `HTTP ${answer.status}${code || error ? `, ${code || error}` : ''}`;
  const message = `The login service gave no token for ${who} (${words}).`;
  // An outage, or a page of somebody between: nothing that a credential would mend.
  if (answer.status >= 500) return new FailureError({ code: 'unreachable', message, nextStep: 'The next job tries again.' });
  if (answer.status < 400 || (!code && !error)) {
    const nextStep = `Check endpoints.login (${new URL(login).host}) and proxies between: this is no answer of a login service.`;
    return new FailureError({ code: 'badAnswer', message, nextStep });
  }
  const consent = `${login}/${settings.tenant}/adminconsent?client_id=${settings.credential.clientId}`;
  const known = NEXT_STEPS[code]?.replace('{consent}', consent);
  const shown = assertion !== null && FEDERATED.test(code) ? ` ${shownOf(assertion)}` : '';
  return new FailureError({
    code: 'authentication',
    message: `${message}${shown}`,
    nextStep: known ?? 'Check tenant, cloud, clientId and the credential of the connector, and that the application exists in that tenant.',
  });
}

/** What the identity's token says of itself: exactly what the federated credential must hold. */
export function shownOf(assertion: string): string {
  const claims = claimsOf(assertion) ?? {};
  const [issuer, subject, audience] = [claims['iss'], claims['sub'], claims['aud']].map((one) => String(one ?? 'unknown').slice(0, 120));
  return `The identity's token has issuer ${issuer}, subject ${subject}, audience ${audience}.`;
}

function codeOf(text: string): { readonly code: string; readonly error: string } {
  const answer = (jsonIn(text) ?? {}) as { error?: unknown; error_description?: unknown; error_codes?: unknown };
  const told = /AADSTS\d+/.exec(typeof answer.error_description === 'string' ? answer.error_description : '')?.[0];
  const first = Array.isArray(answer.error_codes) && typeof answer.error_codes[0] === 'number' ? `AADSTS${answer.error_codes[0]}` : '';
  return { code: told ?? first, error: typeof answer.error === 'string' ? answer.error.slice(0, 60) : '' };
}
