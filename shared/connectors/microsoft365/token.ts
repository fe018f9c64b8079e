import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import type { Endpoints } from './clouds.ts';

/** Tokens are refreshed this long before they end, but never earlier than after four fifths of their life (case R55). */
const MARGIN_MS = 300_000;
const MARGIN_SHARE = 0.2;
/** A platform that hands out the same ageing token again is not asked more often than this. */
const ASK_AGAIN_MS = 30_000;

export type Resource = 'graph' | 'exchange';

/** Makes the `token` function of one HTTP request; called with `true` it gets a fresh token unless somebody else already did. */
export type TokenSource = (resource: Resource) => (fresh: boolean) => Promise<string>;

interface Kept {
  readonly value: string;
  readonly askedAt: number;
  readonly refreshAt: number;
  readonly endsAt: number;
}

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().catch(300) });
const Refusal = z
  .object({ error: z.string().catch(''), error_description: z.string().catch('') })
  .catch({ error: '', error_description: '' });

export interface TokenDependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  readonly now: () => number;
}

/**
 * Client credentials tokens of one tenant, one for each resource, shared by all callers: concurrent callers wait for one request.
 * The scope is the cloud's own resource, also where an endpoint is overridden: a token is for Microsoft's resource, whatever relays it.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export function createTokens(settings: Microsoft365Settings, endpoints: Endpoints, deps: TokenDependencies): TokenSource {
  const kept = new Map<Resource, Kept>();
  const flights = new Map<Resource, Promise<Kept>>();
  const ask = (resource: Resource): Promise<Kept> => {
    const running = flights.get(resource);
    if (running) return running;
    const flight = requestToken(settings, endpoints, deps, resource)
      .then((token) => {
        kept.set(resource, token);
        return token;
      })
      .finally(() => flights.delete(resource));
    flights.set(resource, flight);
    return flight;
  };
  const current = async (resource: Resource): Promise<Kept> => {
    const known = kept.get(resource);
    const now = deps.now();
    if (known && now < known.refreshAt) return known;
    if (known && now < known.endsAt && now - known.askedAt < ASK_AGAIN_MS) return known;
    return ask(resource);
  };
  return (resource) => {
    let given: string | null = null;
    return async (fresh) => {
      const known = kept.get(resource);
      const token = fresh && (!known || known.value === given) ? await ask(resource) : await current(resource);
      given = token.value;
      return token.value;
    };
  };
}

async function requestToken(
  settings: Microsoft365Settings,
  endpoints: Endpoints,
  deps: TokenDependencies,
  resource: Resource,
): Promise<Kept> {
  const askedAt = deps.now();
  const answer = await deps.http({
    method: 'POST',
    url: `${endpoints.login}/${encodeURIComponent(settings.tenant)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: await form(settings, endpoints, deps, resource),
    idempotent: true,
  });
  const parsed = Answer.safeParse(jsonOf(answer.text));
  if (answer.status !== 200 || !parsed.success) throw refusedToken(settings, answer.status, answer.text);
  const life = parsed.data.expires_in * 1000;
  const refreshAt = askedAt + life - Math.min(MARGIN_MS, life * MARGIN_SHARE);
  return { value: parsed.data.access_token, askedAt, refreshAt, endsAt: askedAt + life };
}

async function form(settings: Microsoft365Settings, endpoints: Endpoints, deps: TokenDependencies, resource: Resource): Promise<string> {
  const { credential } = settings;
  if (credential.kind !== 'clientSecret') {
    throw new FailureError({
      code: 'configuration',
      message: `Connector "${settings.id}": credential kind "${credential.kind}" is not available yet.`,
      nextStep: 'Use "clientSecret".',
    });
  }
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: credential.clientId,
    client_secret: await deps.secret(credential.secret),
    scope: `${endpoints.cloud[resource]}/.default`,
  }).toString();
}

function refusedToken(settings: Microsoft365Settings, status: number, text: string): FailureError {
  const { error, error_description } = Refusal.parse(jsonOf(text));
  const code = /AADSTS\d+/.exec(error_description)?.[0] ?? error;
  const nextStep =
    NEXT_STEPS[code] ?? 'Check tenant, clientId and secret of the connector, and that the application exists in that tenant.';
  return new FailureError({
    code: 'authentication',
    message: `The login service gave no token for tenant ${settings.tenant} and application ${settings.credential.clientId} (HTTP ${status}${code ? `, ${code}` : ''}).`,
    nextStep,
  });
}

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  AADSTS7000215: "The client secret is wrong: put the secret's value (not its id) into the setting that the connector names.",
  AADSTS7000222: 'The client secret has expired: make a new one and put it into the setting that the connector names.',
  AADSTS700016: 'The application is not known in this tenant: check clientId, and give admin consent in the tenant.',
  AADSTS90002: 'The tenant does not exist in this cloud: check tenant and cloud of the connector.',
  AADSTS500011: 'The tenant does not know this resource: check that it has Exchange Online, and the cloud of the connector.',
  AADSTS65001: 'Give admin consent to the application in this tenant.',
};

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
