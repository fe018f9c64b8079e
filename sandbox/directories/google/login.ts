import { clockOf, type Faults } from '../faults.ts';
import type { Trusted } from '../identity.ts';
import { makeJwt, readJwt, signedBy } from '../jwt.ts';
import { type Call, json, type Reply, type TokenDesk } from '../server.ts';

/** A service account with domain-wide delegation, and whom Google trusts to act as it. */
export interface Delegation {
  /** The administrator that it acts for. */
  readonly subject: string;
  readonly serviceAccount: string;
  /** The service account's key pair, PEM; without the private key nobody can have something signed. */
  readonly publicKey: string;
  readonly privateKey?: string | undefined;
  /** A workload identity pool's provider. */
  readonly pool?: { readonly audience: string; readonly trusted: Trusted } | undefined;
}

/** Delegated scopes, by their ends. */
const GRANTED = [
  'auth/admin.directory.user.readonly',
  'auth/admin.directory.group.readonly',
  'auth/admin.directory.group.member.readonly',
  'auth/apps.groups.settings',
  'auth/admin.directory.domain.readonly',
  'auth/admin.directory.resource.calendar.readonly',
  'auth/admin.directory.userschema.readonly',
  'm8/feeds/',
];
const CLOUD = 'https://www.googleapis.com/auth/cloud-platform';

/** Token endpoint, security token service and IAM Credentials; null for any other path. @param url the server's own address */
export function loginAnswer(delegation: Delegation, url: string, call: Call, desk: TokenDesk, faults: Faults): Reply | null {
  if (call.path === '/token') return token(delegation, `${url}/token`, call.body, desk, faults);
  if (call.path === '/v1/token') return exchange(delegation, call.body, desk, faults);
  const account = /^\/v1\/projects\/-\/serviceAccounts\/(.+):signJwt$/.exec(decodeURIComponent(call.path))?.[1];
  return account === undefined ? null : signJwt(delegation, account, call, desk);
}

function token(delegation: Delegation, audience: string, body: string, desk: TokenDesk, faults: Faults): Reply {
  const jwt = readJwt(new URLSearchParams(body).get('assertion') ?? '');
  if (!jwt || !signedBy(jwt, delegation.publicKey)) return invalid('invalid_grant', 'Invalid JWT Signature.');
  const { iss, sub, aud, scope, exp, iat } = jwt.claims as {
    iss: string;
    sub: string;
    aud: string;
    scope: string;
    exp: number;
    iat: number;
  };
  if (aud !== audience) return invalid('invalid_grant', `Invalid JWT: audience ${aud}`);
  const now = clockOf(faults) / 1000;
  if (exp - iat > 3600 || exp < now || iat > now + 300)
    return invalid(
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.',
    );
  if (sub !== delegation.subject) return invalid('invalid_grant', 'Invalid email or User ID');
  const granted = faults.googleScopes ?? GRANTED;
  const denied = scope
    .split(' ')
    .some((one) => !granted.some((end) => one.endsWith(end)) || faults.forbidden?.some((area) => one.includes(area.replace(/s$/, ''))));
  if (iss !== delegation.serviceAccount || denied)
    return invalid(
      'unauthorized_client',
      'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
      401,
    );
  const seconds = faults.tokenSeconds ?? 3599;
  return json(200, { access_token: desk.issue(scope, seconds), token_type: 'Bearer', expires_in: seconds });
}

function exchange(delegation: Delegation, body: string, desk: TokenDesk, faults: Faults): Reply {
  const form = new URLSearchParams(body);
  const { pool } = delegation;
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange')
    return invalid('unsupported_grant_type', 'Invalid grant type.');
  if (!pool || form.get('audience') !== pool.audience)
    return invalid('invalid_target', 'The target service indicated by the "audience" parameters is invalid.');
  const jwt = readJwt(form.get('subject_token') ?? '');
  if (!jwt || jwt.claims['iss'] !== pool.trusted.issuer || !signedBy(jwt, pool.trusted.publicKey))
    return invalid('invalid_grant', 'The issuer in ID Token does not match the expected one.');
  if (Number(jwt.claims['exp']) < clockOf(faults) / 1000) return invalid('invalid_grant', 'ID Token is stale to sign-in.');
  if (jwt.claims['sub'] !== pool.trusted.subject)
    return invalid('unauthorized_client', 'The given credential is rejected by the attribute condition.');
  const seconds = faults.tokenSeconds ?? 3599;
  return json(200, {
    access_token: desk.issue(`${CLOUD} federated`, seconds),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: seconds,
  });
}

function signJwt(delegation: Delegation, account: string, call: Call, desk: TokenDesk): Reply {
  if (!desk.audience(call.headers.authorization)?.startsWith(CLOUD))
    return json(401, { error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' } });
  if (account !== delegation.serviceAccount || !delegation.privateKey)
    return json(403, {
      error: {
        code: 403,
        message: `Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist).`,
        status: 'PERMISSION_DENIED',
      },
    });
  const { payload } = JSON.parse(call.body || '{}') as { payload?: string };
  return json(200, {
    keyId: 'sandbox',
    signedJwt: makeJwt({ kid: 'sandbox' }, JSON.parse(payload ?? '{}') as object, delegation.privateKey),
  });
}

function invalid(error: string, description: string, status = 400): Reply {
  return json(status, { error, error_description: description });
}
