import { z } from 'zod';
import type { HttpAnswer } from '../../http/http.ts';
import { jsonIn } from '../../http/jwt.ts';
import { createServerClock, type ServerClock } from '../../http/serverClock.ts';
import { createTokenCache, type FreshToken, type TokenCache } from '../../http/tokenCache.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import { isQuota } from './answers.ts';
import { type AssertionDependencies, createSigner, type Signer } from './assertion.ts';

const Answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });

export const SCOPES = {
  users: 'https://www.googleapis.com/auth/admin.directory.user.readonly',
  groups: 'https://www.googleapis.com/auth/admin.directory.group.readonly',
  members: 'https://www.googleapis.com/auth/admin.directory.group.member.readonly',
  groupSettings: 'https://www.googleapis.com/auth/apps.groups.settings',
  resources: 'https://www.googleapis.com/auth/admin.directory.resource.calendar.readonly',
  domains: 'https://www.googleapis.com/auth/admin.directory.domain.readonly',
  schemas: 'https://www.googleapis.com/auth/admin.directory.userschema.readonly',
  contacts: 'https://www.google.com/m8/feeds/',
} as const;
export type Feature = keyof typeof SCOPES;

export type TokenDependencies = AssertionDependencies;

/** The tokens of one connector: makes the `token` function of one HTTP request. */
export interface GoogleTokens {
  (feature: Feature): (fresh: boolean) => Promise<string>;
  /** Asks now for any scope, whatever is kept, and keeps nothing: what `verify` proves grants with. */
  ask(scope: string): Promise<string>;
  /** The token endpoint's clock minus ours in ms; null before its first answer. */
  skewMs(): number | null;
}

/** Tokens by feature: one missing scope refuses a whole request, so each feature asks for its own (JWT bearer, RFC 7523). */
export function createTokens(settings: GoogleWorkspaceSettings, deps: TokenDependencies): GoogleTokens {
  const signer = createSigner(settings, deps);
  const clock = createServerClock(deps.now);
  const caches = new Map<Feature, TokenCache>();
  const ask = (scope: string): Promise<FreshToken> => requestToken(settings, scope, deps, signer, clock);
  const tokens = (feature: Feature): ((fresh: boolean) => Promise<string>) => {
    const cache = caches.get(feature) ?? createTokenCache(() => ask(SCOPES[feature]), deps.now);
    caches.set(feature, cache);
    return cache.source();
  };
  return Object.assign(tokens, { ask: async (scope: string) => (await ask(scope)).token, skewMs: () => clock.skewMs() });
}

async function requestToken(
  settings: GoogleWorkspaceSettings,
  scope: string,
  deps: TokenDependencies,
  signer: Signer,
  clock: ServerClock,
): Promise<FreshToken> {
  for (;;) {
    const { assertion, url } = await signer.sign(scope, clock.now());
    const answer = await deps.http({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      isThrottle: isQuota,
      body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString(),
      idempotent: true,
    });
    clock.learn(answer);
    const json = jsonIn(answer.text);
    const good = Answer.safeParse(json);
    if (answer.status === 200 && good.success) return { token: good.data.access_token, lifetimeMs: good.data.expires_in * 1000 };
    // What is timed by our clock is tried once more by Google's.
    const late = (json as { error?: unknown } | null)?.error === 'invalid_grant' && clock.adopt();
    if (!late) throw noToken(settings, scope, answer, json, clock);
  }
}

function noToken(settings: GoogleWorkspaceSettings, scope: string, answer: HttpAnswer, json: unknown, clock: ServerClock): FailureError {
  const { status } = answer;
  const { subject } = settings.credential;
  const { error, error_description: description } = (json ?? {}) as { error?: unknown; error_description?: unknown };
  const why = `${String(error ?? status)} ${String(description ?? '')}`.trim().slice(0, 250);
  const message = `Connector "${settings.id}": Google gave no token for ${scope} as ${subject}: ${why}`;
  // An outage, a proxy's page, an answer without a token: nothing that a grant or a key would mend.
  if (status >= 500) return new FailureError({ code: 'unreachable', message, nextStep: 'The next job tries again.' });
  if (status === 200 || typeof error !== 'string') {
    const nextStep = 'Check the token address (`endpoints.token`, or token_uri of the key) and proxies between.';
    return new FailureError({ code: 'badAnswer', message: `${message} (no answer of a token endpoint)`, nextStep });
  }
  const missing = ['unauthorized_client', 'access_denied', 'invalid_scope'].includes(error);
  return new FailureError({
    code: missing ? 'permission' : 'authentication',
    message,
    nextStep: missing ? scopeStep(settings, scope) : credentialStep(settings, String(description ?? ''), clock),
  });
}

function scopeStep(settings: GoogleWorkspaceSettings, scope: string): string {
  const { credential } = settings;
  const who = credential.kind === 'workloadIdentity' ? `the service account ${credential.serviceAccount}` : 'the service account';
  return `Add the scope ${scope} to the domain-wide delegation of ${who} (by its numeric client id, exactly this text; it may take up to 24 h).`;
}

function credentialStep(settings: GoogleWorkspaceSettings, description: string, clock: ServerClock): string {
  const { subject } = settings.credential;
  if (/email or user id/i.test(description)) return `Check "subject": ${subject} must be an active administrator of ${settings.domain}.`;
  const skew = clock.skewMs();
  if (/short-lived|timeframe|iat|exp/i.test(description))
    return `Check the clock of this host${skew === null ? '' : ` (it differs from Google's by ${Math.round(skew / 1000)} s)`}.`;
  if (/signature/i.test(description)) return 'The key is not (or no longer) a key of that service account: make a new one and store it.';
  return 'Check the key, the subject (an active administrator) and the clock.';
}
