import { createSign } from 'node:crypto';
import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import { createTokenCache } from '../../http/tokenCache.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';

const Key = z.object({
  client_email: z.string().min(3),
  private_key: z.string().min(50),
  private_key_id: z.string().optional(),
  token_uri: z.string().optional(),
});
const Answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });

export const SCOPES = {
  users: 'https://www.googleapis.com/auth/admin.directory.user.readonly',
  groups: 'https://www.googleapis.com/auth/admin.directory.group.readonly',
  members: 'https://www.googleapis.com/auth/admin.directory.group.member.readonly',
  groupSettings: 'https://www.googleapis.com/auth/apps.groups.settings',
  resources: 'https://www.googleapis.com/auth/admin.directory.resource.calendar.readonly',
  domains: 'https://www.googleapis.com/auth/admin.directory.domain.readonly',
  contacts: 'https://www.google.com/m8/feeds/',
} as const;
export type Feature = keyof typeof SCOPES;

export interface TokenDependencies {
  readonly http: Http;
  readonly secret: (name: string) => Promise<string>;
  readonly now: () => number;
}

/** Tokens by feature: one missing scope refuses a whole request, so each feature asks for its own (JWT bearer, RFC 7523). */
export function createTokens(
  settings: GoogleWorkspaceSettings,
  deps: TokenDependencies,
): (feature: Feature, fresh: boolean) => Promise<string> {
  const caches = new Map<Feature, (fresh: boolean) => Promise<string>>();
  return (feature, fresh) => {
    const cache = caches.get(feature) ?? createTokenCache(() => requestToken(settings, feature, deps), deps.now);
    caches.set(feature, cache);
    return cache(fresh);
  };
}

async function requestToken(
  settings: GoogleWorkspaceSettings,
  feature: Feature,
  deps: TokenDependencies,
): Promise<{ token: string; lifetimeMs: number }> {
  const { credential } = settings;
  if (credential.kind !== 'serviceAccountKey')
    throw new FailureError({
      code: 'configuration',
      message: `Connector "${settings.id}": the credential "${credential.kind}" is not available yet.`,
      nextStep: 'Use serviceAccountKey.',
    });
  const key = readKey(settings, await deps.secret(credential.key));
  const url = settings.endpoints['token'] || key.token_uri || 'https://oauth2.googleapis.com/token';
  const assertion = signAssertion(settings, key, credential.subject, SCOPES[feature], url, deps.now());
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString();
  const answer = await deps.http({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body,
    idempotent: true,
  });
  const json = parsed(answer.text);
  const good = Answer.safeParse(json);
  if (answer.status === 200 && good.success) return { token: good.data.access_token, lifetimeMs: good.data.expires_in * 1000 };
  throw noToken(settings, feature, credential.subject, answer.status, json);
}

function noToken(settings: GoogleWorkspaceSettings, feature: Feature, subject: string, status: number, json: unknown): FailureError {
  const { error, error_description: description } = (json ?? {}) as { error?: unknown; error_description?: unknown };
  const why = `${String(error ?? status)} ${String(description ?? '')}`.trim().slice(0, 250);
  const message = `Connector "${settings.id}": Google gave no token for ${SCOPES[feature]} as ${subject}: ${why}`;
  // An outage, a proxy's page, an answer without a token: nothing that a grant or a key would mend.
  if (status >= 500) return new FailureError({ code: 'unreachable', message, nextStep: 'The next job tries again.' });
  if (status === 200 || typeof error !== 'string') {
    const nextStep = 'Check the token address (`endpoints.token`, or token_uri of the key) and proxies between.';
    return new FailureError({ code: 'badAnswer', message: `${message} (no answer of a token endpoint)`, nextStep });
  }
  const scope = ['unauthorized_client', 'access_denied', 'invalid_scope'].includes(error);
  return new FailureError({
    code: scope ? 'permission' : 'authentication',
    message,
    nextStep: scope
      ? `Add the scope ${SCOPES[feature]} to the service account's domain-wide delegation (exactly this text; it may take up to 24 h).`
      : 'Check the key, the subject (an active administrator) and the clock.',
  });
}

function readKey(settings: GoogleWorkspaceSettings, text: string): z.infer<typeof Key> {
  const key = Key.safeParse(parsed(text));
  if (key.success) return key.data;
  throw noKey(settings, 'the secret is no service account key (JSON with client_email and private_key)');
}

function noKey(settings: GoogleWorkspaceSettings, what: string): FailureError {
  return new FailureError({
    code: 'authentication',
    message: `Connector "${settings.id}": ${what}.`,
    nextStep: 'Store the JSON key file of the service account, as Google gave it, under that name.',
  });
}

function signAssertion(
  settings: GoogleWorkspaceSettings,
  key: z.infer<typeof Key>,
  subject: string,
  scope: string,
  audience: string,
  now: number,
): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(now / 1000);
  const head = part({ alg: 'RS256', typ: 'JWT', ...(key.private_key_id ? { kid: key.private_key_id } : {}) });
  const claims = part({ iss: key.client_email, sub: subject, scope, aud: audience, iat, exp: iat + 3600 });
  try {
    return `${head}.${claims}.${createSign('RSA-SHA256').update(`${head}.${claims}`).sign(key.private_key).toString('base64url')}`;
  } catch {
    throw noKey(settings, 'the private key in the secret cannot be read');
  }
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
