import { z } from 'zod';
import { FailureError } from '../model/failure.ts';
import type { Http } from './http.ts';
import { jsonIn } from './jwt.ts';
import { createTokenCache, type FreshToken, type TokenCache } from './tokenCache.ts';

/**
 * The managed identity of the app, by the protocol of App Service and Functions (`IDENTITY_ENDPOINT`, `IDENTITY_HEADER`).
 * https://learn.microsoft.com/azure/app-service/overview-managed-identity#connect-to-azure-services-in-app-code
 */
export interface ManagedIdentity {
  /**
   * A token for a resource such as `api://AzureADTokenExchange`, shared by all callers.
   * @param clientId a user-assigned identity; undefined: the one of `AZURE_CLIENT_ID`, else the system-assigned one.
   * Throws `authentication` where this process has no such identity.
   */
  token(resource: string, clientId: string | undefined): Promise<string>;
}

const API_VERSION = '2019-08-01';
const TIMEOUT_MS = 15_000;
const Answer = z.object({
  access_token: z.string().min(1),
  /** Epoch seconds. */
  expires_on: z.coerce.number().positive().optional().catch(undefined),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

/** @param env `IDENTITY_ENDPOINT`, `IDENTITY_HEADER`, `AZURE_CLIENT_ID`: read at each request, the platform may change them. */
export function createManagedIdentity(
  env: Readonly<Record<string, string | undefined>>,
  deps: { readonly http: Http; readonly now: () => number },
): ManagedIdentity {
  const caches = new Map<string, TokenCache>();
  return {
    token(resource, named) {
      const clientId = named ?? (env['AZURE_CLIENT_ID'] || undefined);
      const key = JSON.stringify([resource, clientId]);
      const cache = caches.get(key) ?? createTokenCache(() => request(env, deps, resource, clientId), deps.now);
      caches.set(key, cache);
      return cache.source()(false);
    },
  };
}

async function request(
  env: Readonly<Record<string, string | undefined>>,
  deps: { readonly http: Http; readonly now: () => number },
  resource: string,
  clientId: string | undefined,
): Promise<FreshToken> {
  const [endpoint, header] = [env['IDENTITY_ENDPOINT'], env['IDENTITY_HEADER']];
  if (!endpoint || !header || !URL.canParse(endpoint)) throw noIdentity();
  const url = new URL(endpoint);
  url.searchParams.set('resource', resource);
  url.searchParams.set('api-version', API_VERSION);
  if (clientId) url.searchParams.set('client_id', clientId);
  const answer = await deps.http({
    method: 'GET',
    url: url.href,
    headers: { 'x-identity-header': header, accept: 'application/json' },
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
  });
  const parsed = Answer.safeParse(jsonIn(answer.text));
  if (answer.status !== 200 || !parsed.success) throw refused(answer.status, answer.text, resource, clientId);
  const { access_token: token, expires_on: on, expires_in: seconds } = parsed.data;
  // The end is told by the issuer's clock; one that ends "in the past" by ours is used for a minute rather than asked for at every call.
  const lifetimeMs = on !== undefined ? on * 1000 - deps.now() : (seconds ?? 300) * 1000;
  return { token, lifetimeMs: Math.max(60_000, lifetimeMs) };
}

/** The failure of a process that has no managed identity: a developer's machine, or an app without one. */
export function noIdentity(): FailureError {
  return new FailureError({
    code: 'authentication',
    message:
      'This process has no managed identity (IDENTITY_ENDPOINT is not set): it runs outside Azure, or the app has no identity assigned.',
    nextStep:
      'In Azure: assign the user-assigned identity to the app (infra/main.bicep does). On your own machine use another kind of credential (clientSecret, certificate, serviceAccountKey).',
  });
}

function refused(status: number, text: string, resource: string, clientId: string | undefined): FailureError {
  const answer = jsonIn(text) as { message?: unknown; error_description?: unknown } | null;
  const words = String(answer?.message ?? answer?.error_description ?? '')
    .replace(/\s+/g, ' ')
    .slice(0, 200);
  const who = clientId ? `the identity with client id ${clientId}` : 'the system-assigned identity';
  return new FailureError({
    code: status >= 500 ? 'unreachable' : 'authentication',
    message: `The platform gave no token of ${who} for ${resource} (HTTP ${status}${words ? `: ${words}` : ''}).`,
    nextStep: clientId
      ? 'Check managedIdentityClientId (or AZURE_CLIENT_ID): it is the client id, not the object id, of an identity that is assigned to this app.'
      : 'Name the user-assigned identity (managedIdentityClientId, or the app setting AZURE_CLIENT_ID), or switch on the system-assigned one.',
  });
}
