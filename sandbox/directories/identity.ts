import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeJwt } from './jwt.ts';

/** Who issued the identity's tokens and for whom: what federated credentials and pool providers trust. */
export interface Trusted {
  readonly issuer: string;
  readonly subject: string;
  /** PEM. */
  readonly publicKey: string;
}

/** The simulated managed identity of an app: App Service's protocol on a loopback address. */
export interface IdentityServer extends Trusted {
  /** What the platform puts into `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`. */
  readonly endpoint: string;
  readonly header: string;
  readonly clientId: string;
  /** Requests so far. */
  readonly calls: () => number;
  stop(): Promise<void>;
}

const CLIENT_ID = '6f0f0a7e-0000-4000-8000-0000000000c1';

/** @param seconds life of a token; the platform hands out the same one until shortly before its end. */
export async function startIdentity(seconds = 86_400): Promise<IdentityServer> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const header = randomBytes(12).toString('hex');
  const issuer = 'https://login.microsoftonline.com/6f0f0a7e-0000-4000-8000-0000000000a1/v2.0';
  const subject = '6f0f0a7e-0000-4000-8000-0000000000b1';
  const given = new Map<string, { readonly token: string; readonly until: number }>();
  let calls = 0;
  const answer = (url: URL, sent: unknown): { status: number; body: object } => {
    calls += 1;
    const query = url.searchParams;
    if (sent !== header) return { status: 403, body: { statusCode: 403, message: 'The header is missing or wrong.' } };
    if (query.get('api-version') !== '2019-08-01') return { status: 400, body: { statusCode: 400, message: 'Unsupported api-version.' } };
    const audience = query.get('resource') ?? '';
    const clientId = query.get('client_id');
    if (clientId !== null && clientId !== CLIENT_ID)
      return {
        status: 400,
        body: { statusCode: 400, message: 'No User Assigned or Delegated Managed Identity found for specified ClientId.' },
      };
    const now = Math.floor(Date.now() / 1000);
    const known = given.get(audience);
    const until = known && known.until > now + 30 ? known.until : now + seconds;
    const token =
      known?.until === until
        ? known.token
        : makeJwt({ kid: 'sandbox' }, { iss: issuer, sub: subject, aud: audience, iat: now, nbf: now, exp: until }, keys.privateKey);
    given.set(audience, { token, until });
    return {
      status: 200,
      body: { access_token: token, expires_on: String(until), resource: audience, token_type: 'Bearer', client_id: CLIENT_ID },
    };
  };
  const server = createServer((request, response) => {
    const { status, body } = answer(new URL(request.url ?? '/', 'http://127.0.0.1'), request.headers['x-identity-header']);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/msi/token`,
    header,
    issuer,
    subject,
    publicKey: keys.publicKey,
    clientId: CLIENT_ID,
    calls: () => calls,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
