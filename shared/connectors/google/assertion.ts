import { createSign } from 'node:crypto';
import { z } from 'zod';
import type { Http, HttpAnswer } from '../../http/http.ts';
import { jsonIn, signingInput } from '../../http/jwt.ts';
import { type ManagedIdentity, noIdentity } from '../../http/managedIdentity.ts';
import { createTokenCache, type TokenCache } from '../../http/tokenCache.ts';
import type { GoogleCredential, GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import { failureOfIam, failureOfSts } from './federationRefusal.ts';

/** The life of an assertion: the token endpoint takes at most one hour. */
const LIFE_SECONDS = 3600;
export const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const STS = 'https://sts.googleapis.com';
const IAM = 'https://iamcredentials.googleapis.com';
/** The one audience that a managed identity gets tokens for in every Entra tenant, without a registration of one's own. */
export const IDENTITY_AUDIENCE = 'api://AzureADTokenExchange';

const Key = z.object({
  client_email: z.string().min(3),
  private_key: z.string().min(50),
  private_key_id: z.string().optional(),
  token_uri: z.string().optional(),
});
export type Key = z.infer<typeof Key>;
const StsAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().catch(300) });
const SignAnswer = z.object({ signedJwt: z.string().min(20) });

export interface AssertionDependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  readonly now: () => number;
  /** The app's managed identity, for `workloadIdentity`; absent where there is none. */
  readonly identity?: ManagedIdentity | undefined;
}

/** Makes signed assertions for the token endpoint (RFC 7523), in the name of the subject. */
export interface Signer {
  /** @param now epoch ms */
  sign(scope: string, now: number): Promise<{ readonly assertion: string; readonly url: string }>;
}

type Workload = Extract<GoogleCredential, { kind: 'workloadIdentity' }>;

/** The signer of a connector's credential: with the key itself, or by Google for the identity that the app has. */
export function createSigner(settings: GoogleWorkspaceSettings, deps: AssertionDependencies): Signer {
  const { credential } = settings;
  if (credential.kind === 'workloadIdentity') return federatedSigner(settings, credential, deps);
  return {
    async sign(scope, now) {
      const key = readKey(settings, await deps.secret(credential.key));
      const url = settings.endpoints['token'] || key.token_uri || TOKEN_URL;
      return { assertion: signWithKey(settings, key, claims(key.client_email, credential.subject, scope, url, now)), url };
    },
  };
}

/**
 * Managed identity → Google's security token service → signJwt of the service account: no key anywhere.
 * https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds,
 * https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt
 */
function federatedSigner(settings: GoogleWorkspaceSettings, credential: Workload, deps: AssertionDependencies): Signer {
  const federated = createTokenCache(() => exchange(settings, credential, deps), deps.now);
  return {
    async sign(scope, now) {
      const url = settings.endpoints['token'] || TOKEN_URL;
      const payload = JSON.stringify(claims(credential.serviceAccount, credential.subject, scope, url, now));
      return { assertion: await signJwt(settings, credential, deps, federated, payload), url };
    },
  };
}

async function exchange(
  settings: GoogleWorkspaceSettings,
  credential: Workload,
  deps: AssertionDependencies,
): Promise<{ token: string; lifetimeMs: number }> {
  if (!deps.identity) throw noIdentity();
  const subjectToken = await deps.identity.token(IDENTITY_AUDIENCE, credential.managedIdentityClientId);
  const answer = await deps.http({
    method: 'POST',
    url: `${settings.endpoints['sts'] ?? STS}/v1/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: credential.audience,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      subject_token: subjectToken,
    }).toString(),
    idempotent: true,
  });
  const good = StsAnswer.safeParse(jsonIn(answer.text));
  if (answer.status === 200 && good.success) return { token: good.data.access_token, lifetimeMs: good.data.expires_in * 1000 };
  throw failureOfSts(settings, credential.audience, answer, subjectToken);
}

async function signJwt(
  settings: GoogleWorkspaceSettings,
  credential: Workload,
  deps: AssertionDependencies,
  federated: TokenCache,
  payload: string,
): Promise<string> {
  const answer: HttpAnswer = await deps.http({
    method: 'POST',
    url: `${settings.endpoints['iam'] ?? IAM}/v1/projects/-/serviceAccounts/${encodeURIComponent(credential.serviceAccount)}:signJwt`,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ payload }),
    token: federated.source(),
    idempotent: true,
  });
  const good = SignAnswer.safeParse(jsonIn(answer.text));
  if (answer.status === 200 && good.success) return good.data.signedJwt;
  throw failureOfIam(settings, credential.serviceAccount, answer);
}

function claims(issuer: string, subject: string, scope: string, audience: string, now: number): object {
  const iat = Math.floor(now / 1000);
  return { iss: issuer, sub: subject, scope, aud: audience, iat, exp: iat + LIFE_SECONDS };
}

/** The service account key in a secret. Throws `authentication`, never with a part of it. */
export function readKey(settings: GoogleWorkspaceSettings, text: string): Key {
  const key = Key.safeParse(jsonIn(text));
  if (key.success) return { ...key.data, private_key: key.data.private_key.replaceAll('\\n', '\n') };
  throw noKey(settings, 'the secret is no service account key (JSON with client_email and private_key)');
}

function noKey(settings: GoogleWorkspaceSettings, what: string): FailureError {
  return new FailureError({
    code: 'authentication',
    message: `Connector "${settings.id}": ${what}.`,
    nextStep: 'Store the JSON key file of the service account, as Google gave it, under that name.',
  });
}

function signWithKey(settings: GoogleWorkspaceSettings, key: Key, payload: object): string {
  const input = signingInput({ alg: 'RS256', typ: 'JWT', ...(key.private_key_id ? { kid: key.private_key_id } : {}) }, payload);
  try {
    return `${input}.${createSign('RSA-SHA256').update(input).sign(key.private_key).toString('base64url')}`;
  } catch {
    throw noKey(settings, 'the private key in the secret cannot be read');
  }
}
