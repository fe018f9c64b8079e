import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import { jsonIn } from '../../http/jwt.ts';
import { type ManagedIdentity, noIdentity } from '../../http/managedIdentity.ts';
import { createServerClock, type ServerClock } from '../../http/serverClock.ts';
import { createTokenCache, type FreshToken, type TokenCache } from '../../http/tokenCache.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { checkValidity, readCertificate, signAssertion } from './certificate.ts';
import type { Endpoints } from './clouds.ts';
import { refusedToken } from './tokenRefusal.ts';

export type Resource = 'graph' | 'exchange';

/** The tokens of one connector: makes the `token` function of one HTTP request. */
export interface TokenSource {
  (resource: Resource): (fresh: boolean) => Promise<string>;
  /** Asks now, whatever is kept. */
  refresh(resource: Resource): Promise<string>;
  /** The login service's clock minus ours in ms; null before its first answer. */
  skewMs(): number | null;
}

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().catch(300) });
/** https://learn.microsoft.com/entra/identity-platform/certificate-credentials and RFC 7523 §2.2 */
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export interface TokenDependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  readonly now: () => number;
  /** The app's managed identity, for `federated`; absent where there is none. */
  readonly identity?: ManagedIdentity | undefined;
}

/**
 * Client credentials tokens of one tenant, one for each resource, shared by all callers.
 * The scope is the cloud's own resource, also where an endpoint is overridden: a token is for Microsoft's resource, whatever relays it.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function createTokens(settings: Microsoft365Settings, endpoints: Endpoints, deps: TokenDependencies): TokenSource {
  const clock = createServerClock(deps.now);
  const cacheFor = (resource: Resource): TokenCache =>
    createTokenCache(() => requestToken(settings, endpoints, deps, clock, resource), deps.now);
  const caches: Readonly<Record<Resource, TokenCache>> = { graph: cacheFor('graph'), exchange: cacheFor('exchange') };
  return Object.assign((resource: Resource) => caches[resource].source(), {
    refresh: (resource: Resource) => caches[resource].refresh(),
    skewMs: () => clock.skewMs(),
  });
}

async function requestToken(
  settings: Microsoft365Settings,
  endpoints: Endpoints,
  deps: TokenDependencies,
  clock: ServerClock,
  resource: Resource,
): Promise<FreshToken> {
  const url = `${endpoints.login}/${encodeURIComponent(settings.tenant)}/oauth2/v2.0/token`;
  for (;;) {
    const proof = await proofOf(settings, endpoints, deps, url, clock.now());
    const answer = await deps.http({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: settings.credential.clientId,
        scope: `${endpoints.cloud[resource]}/.default`,
        ...proof,
      }).toString(),
      idempotent: true,
    });
    clock.learn(answer);
    const parsed = Answer.safeParse(jsonIn(answer.text));
    if (answer.status === 200 && parsed.success) return { token: parsed.data.access_token, lifetimeMs: parsed.data.expires_in * 1000 };
    // What we time and sign ourselves is tried once more by the service's clock.
    const ours = settings.credential.kind === 'certificate' && answer.status < 500;
    if (!(ours && clock.adopt())) throw refusedToken(settings, answer, endpoints.login, proof['client_assertion'] ?? null);
  }
}

/** The part of the request that proves who asks. `audience`: the token endpoint as called, so that an assertion is worth nothing elsewhere. */
async function proofOf(
  settings: Microsoft365Settings,
  endpoints: Endpoints,
  deps: TokenDependencies,
  audience: string,
  now: number,
): Promise<Readonly<Record<string, string>>> {
  const { credential } = settings;
  if (credential.kind === 'clientSecret') return { client_secret: await deps.secret(credential.secret) };
  if (credential.kind === 'certificate') {
    const who = `Connector "${settings.id}": the setting ${credential.certificate}`;
    const certificate = readCertificate(await deps.secret(credential.certificate), who);
    checkValidity(certificate, who, now);
    return { client_assertion_type: ASSERTION_TYPE, client_assertion: signAssertion(certificate, credential.clientId, audience, now) };
  }
  if (!deps.identity) throw noIdentity();
  const token = await deps.identity.token(endpoints.cloud.federationAudience, credential.managedIdentityClientId);
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: token };
}
