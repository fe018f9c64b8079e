import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import { claimsOf } from '../../http/jwt.ts';
import { noIdentity } from '../../http/managedIdentity.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { FailureError, failureOf } from '../../model/failure.ts';
import { askedFor, type Uses } from '../permission.ts';
import { clockFinding, type Finding, fail, ownsFinding, type Probe, pass, warning } from '../verification.ts';
import { IDENTITY_AUDIENCE, readKey } from './assertion.ts';
import type { DirectoryClient } from './directory.ts';
import type { Feed } from './feed.ts';
import { PERMISSIONS, type PermissionNeed } from './permissions.ts';
import { domainsOf } from './read.ts';
import { customSchemas } from './schemas.ts';
import { type Feature, type GoogleTokens, SCOPES, type TokenDependencies } from './token.ts';
import { visibilityFinding } from './visibility.ts';

export interface VerifyDependencies extends TokenDependencies {
  readonly settings: GoogleWorkspaceSettings;
  readonly http: Http;
  readonly directory: DirectoryClient;
  readonly feed: Feed;
  readonly tokens: GoogleTokens;
}

type Asking = { readonly name: string; readonly need: PermissionNeed; readonly must: boolean };

/** What is often delegated without need (guides of other tools ask for these): far beyond an address book. */
const FAR_SCOPES = [
  'https://www.googleapis.com/auth/admin.directory.user',
  'https://www.googleapis.com/auth/admin.directory.group',
  'https://mail.google.com/',
  'https://www.googleapis.com/auth/calendar',
  'https://www.googleapis.com/auth/drive',
] as const;

/** What `verify` asks of Google: a token for each scope by itself, and reads of one object. */
export function googleProbes(deps: VerifyDependencies, uses: Uses): readonly Probe[] {
  const asking: readonly Asking[] = askedFor<PermissionNeed>(PERMISSIONS, uses);
  return [
    { name: 'credential', after: [], run: () => credentialFinding(deps) },
    { name: 'token', after: ['credential'], run: () => tokenFinding(deps, asking) },
    { name: 'clock', after: ['token'], run: async () => clockFinding(deps.tokens.skewMs(), "Google's token service") },
    ...asking.map((one): Probe => ({ name: `permission: ${one.name}`, after: ['token'], run: () => needFinding(deps, one) })),
    { name: 'excess rights', advisory: true, after: ['token'], run: () => excessFinding(deps, asking) },
    { name: 'domains', after: ['token', 'permission: domains'], run: () => domainsFinding(deps, uses) },
    ...(uses.has('sharedContact')
      ? [
          {
            name: 'visibility of contacts',
            advisory: true,
            after: ['token'],
            run: () => visibilityFinding(deps.settings, deps.http, deps.tokens),
          },
        ]
      : []),
  ];
}

async function credentialFinding(deps: VerifyDependencies): Promise<Finding> {
  const { credential, id } = deps.settings;
  if (credential.kind === 'workloadIdentity') {
    if (!deps.identity) throw noIdentity();
    const shown = claimsOf(await deps.identity.token(IDENTITY_AUDIENCE, credential.managedIdentityClientId)) ?? {};
    const [issuer, subject, audience] = [shown['iss'], shown['sub'], shown['aud']].map((one) => String(one ?? 'unknown').slice(0, 120));
    return pass(
      `The app's identity has issuer ${issuer}, subject ${subject}, audience ${audience}: the pool's provider must accept these.`,
    );
  }
  const key = readKey(deps.settings, await deps.secret(credential.key));
  try {
    createPrivateKey(key.private_key);
  } catch {
    return fail(
      `Connector "${id}": the private key in the setting ${credential.key} cannot be read.`,
      'Store the JSON key file of the service account, as Google gave it.',
    );
  }
  return pass(`The key of ${key.client_email} is there, in the setting ${credential.key}.`);
}

/** The first scope that is granted proves key, subject and clock; which scopes are missing is said one by one. */
async function tokenFinding(deps: VerifyDependencies, asking: readonly Asking[]): Promise<Finding> {
  const { subject } = deps.settings.credential;
  let refused: unknown = null;
  for (const { need } of asking) {
    try {
      await deps.tokens.ask(need.scope);
      return pass(`Google gives tokens as ${subject}.`);
    } catch (error) {
      if (!isUngranted(error)) throw error;
      refused = error;
    }
  }
  const detail = `Google gives no token as ${subject} for any scope that is needed. ${failureOf(refused).message}`.slice(0, 480);
  return fail(
    detail,
    `Set up domain-wide delegation for the service account's numeric client id with exactly these scopes: ${asking.map(({ need }) => need.scope).join(',')} (it may take up to 24 h).`,
  );
}

function isUngranted(error: unknown): boolean {
  return error instanceof FailureError && error.failure.code === 'permission';
}

async function needFinding(deps: VerifyDependencies, { name, need, must }: Asking): Promise<Finding> {
  try {
    await deps.tokens.ask(need.scope);
    await PROOFS[name as Feature]?.(deps);
  } catch (error) {
    if (must || !isUngranted(error)) throw error;
    return warning(failureOf(error).message, `Grant ${need.scope}, or do without: it is a listed loss.`);
  }
  return pass(`${need.scope}: ${need.call} answers as ${deps.settings.credential.subject} (${need.role}).`);
}

const Anything = z.unknown();
/** The smallest read for each feature: a scope alone proves nothing, the subject needs an administrator's role too. */
const PROOFS: Readonly<Partial<Record<Feature, (deps: VerifyDependencies) => Promise<unknown>>>> = {
  users: ({ directory, settings: { customer } }) =>
    directory.page('users', 'the list of users', Anything, (api, options) =>
      api.users.list({ customer, maxResults: 1, fields: 'users(id)' }, options as never),
    ),
  groups: ({ directory, settings: { customer } }) =>
    directory.page('groups', 'the list of groups', Anything, (api, options) =>
      api.groups.list({ customer, maxResults: 1 }, options as never),
    ),
  resources: ({ directory, settings: { customer } }) =>
    directory.page('resources', 'the list of rooms', Anything, (api, options) =>
      api.resources.calendars.list({ customer, maxResults: 1 }, options as never),
    ),
  domains: ({ directory, settings: { customer } }) =>
    directory.page('domains', 'the list of domains', Anything, (api, options) => api.domains.list({ customer }, options as never)),
  schemas: ({ directory, settings: { customer } }) => customSchemas({ directory, customer }),
  contacts: ({ feed }) => feed.page(null, 1),
};

/** No API lists what a delegation holds: what can be known is whether a scope that is asked for is given. The tokens are dropped at once. */
async function excessFinding(deps: VerifyDependencies, asking: readonly Asking[]): Promise<Finding> {
  const needed = new Set(asking.map(({ need }) => need.scope));
  const candidates = [...new Set<string>([...Object.values(SCOPES), ...FAR_SCOPES])].filter((scope) => !needed.has(scope));
  const granted: string[] = [];
  for (const scope of candidates) {
    try {
      await deps.tokens.ask(scope);
      granted.push(scope);
    } catch (error) {
      if (!isUngranted(error)) throw error;
    }
  }
  const look = 'Google does not list delegated scopes: compare Security → API controls → Domain-wide delegation with docs/permissions.md.';
  if (granted.length > 0) return warning(`Delegated and not needed: ${granted.join(', ')}.`, `Take them out of the delegation. ${look}`);
  return pass(`Not delegated, as it should be: ${candidates.join(', ')}. ${look}`);
}

async function domainsFinding(deps: VerifyDependencies, uses: Uses): Promise<Finding> {
  const { customer, domain, owns, id } = deps.settings;
  const domains = await domainsOf({ customer, directory: deps.directory });
  if (domains === null)
    return warning(
      'The domains cannot be read: neither `owns` nor `domain` could be compared.',
      `Delegate ${SCOPES.domains} to have them checked.`,
    );
  if (uses.has('sharedContact') && !domains.some((one) => one.toLowerCase() === domain.toLowerCase()))
    return fail(
      `The domain ${domain} of connector "${id}" is none of this Workspace's (${domains.slice(0, 20).join(', ')}): its feed will refuse every contact.`,
      'Correct `domain`: the primary domain of the Workspace.',
    );
  return ownsFinding(owns, domains);
}
