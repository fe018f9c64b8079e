import { X509Certificate } from 'node:crypto';
import { clockOf, type Faults } from '../faults.ts';
import type { Trusted } from '../identity.ts';
import { type Jwt, readJwt, signedBy } from '../jwt.ts';
import { json, type Reply, type TokenDesk } from '../server.ts';

/** An application as the tenant knows it: its credentials and what it was granted. */
export interface Application {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Registered certificate, PEM. */
  readonly certificate?: string | undefined;
  /** Federated credential: whose tokens stand for the application. */
  readonly federated?: Trusted | undefined;
  /** Granted application permissions by API. */
  readonly roles: { readonly graph: readonly string[]; readonly exchange: readonly string[] };
}

const AUDIENCE = 'api://AzureADTokenExchange';
/** Areas that a control command forbids, by the permission that opens them. */
const AREAS: Readonly<Record<string, string>> = {
  'User.Read.All': 'users',
  'GroupMember.Read.All': 'groups',
  'Organization.Read.All': 'domains',
  'Exchange.ManageAsApp': 'exchange',
};

/** The token endpoint: client credentials with secret, certificate or federated token. @param url its own address: the audience of assertions */
export function signIn(application: Application, tenant: string, url: string, body: string, desk: TokenDesk, faults: Faults): Reply {
  const form = new URLSearchParams(body);
  if (form.get('client_id') !== application.clientId)
    return refused(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${form.get('client_id')}' was not found in the directory.`,
    );
  const assertion = form.get('client_assertion');
  const wrong =
    assertion === null
      ? form.get('client_secret') === application.clientSecret
        ? null
        : refused(401, 'invalid_client', 7000215, 'Invalid client secret provided.')
      : form.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
        ? refused(400, 'invalid_request', 900144, "The request body must contain 'client_assertion_type'.")
        : assertionFault(application, readJwt(assertion), url, faults);
  if (wrong) return wrong;
  const scope = form.get('scope') ?? '';
  const exchange = scope.includes('outlook');
  const granted = exchange ? (faults.exchangeRoles ?? application.roles.exchange) : (faults.graphRoles ?? application.roles.graph);
  const roles = granted.filter((role) => !faults.forbidden?.includes(AREAS[role] ?? ''));
  const seconds = faults.tokenSeconds ?? 3599;
  const claims = { aud: scope.replace('/.default', ''), appid: application.clientId, tid: tenant, ...(roles.length > 0 ? { roles } : {}) };
  return json(200, { token_type: 'Bearer', expires_in: seconds, access_token: desk.issue(scope, seconds, undefined, claims) });
}

function assertionFault(application: Application, jwt: Jwt | null, url: string, faults: Faults): Reply | null {
  if (!jwt) return refused(401, 'invalid_client', 50027, 'Invalid JWT token.');
  const now = clockOf(faults) / 1000;
  const early = Number(jwt.claims['nbf'] ?? 0) > now + 300;
  if (early || Number(jwt.claims['exp'] ?? 0) < now)
    return refused(401, 'invalid_client', 700024, 'Client assertion is not within its valid time range.');
  return jwt.claims['iss'] === application.clientId ? certificateFault(application, jwt, url) : federatedFault(application, jwt);
}

function certificateFault(application: Application, jwt: Jwt, url: string): Reply | null {
  const { certificate } = application;
  const thumbprint =
    certificate && Buffer.from(new X509Certificate(certificate).fingerprint256.replaceAll(':', ''), 'hex').toString('base64url');
  if (!certificate || jwt.header['x5t#S256'] !== thumbprint || !signedBy(jwt, certificate))
    return refused(401, 'invalid_client', 700027, 'The certificate used to sign the client assertion is not registered on application.');
  if (jwt.claims['sub'] !== application.clientId || jwt.claims['aud'] !== url)
    return refused(401, 'invalid_client', 700023, 'Client assertion audience claim does not match Realm issuer.');
  return null;
}

function federatedFault(application: Application, jwt: Jwt): Reply | null {
  const { federated } = application;
  const { iss, sub, aud } = jwt.claims;
  if (!federated || iss !== federated.issuer || !signedBy(jwt, federated.publicKey))
    return refused(
      400,
      'invalid_client',
      700211,
      `No matching federated identity record found for presented assertion issuer '${String(iss)}'.`,
    );
  if (aud !== AUDIENCE)
    return refused(
      400,
      'invalid_client',
      700212,
      `No matching federated identity record found for presented assertion audience '${String(aud)}'.`,
    );
  if (sub !== federated.subject)
    return refused(
      400,
      'invalid_client',
      700213,
      `No matching federated identity record found for presented assertion subject '${String(sub)}'.`,
    );
  return null;
}

export function refused(status: number, error: string, code: number, text: string): Reply {
  return json(status, { error, error_description: `AADSTS${code}: ${text} Trace ID: simulated`, error_codes: [code] });
}
