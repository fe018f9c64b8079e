/** Both simulated directories as a process: `node main.ts --state DIR|memory --contoso N --fabrikam N`. Prints one JSON line when ready. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startGoogle } from '../directories/google/google.ts';
import { startIdentity } from '../directories/identity.ts';
import { startMicrosoft365 } from '../directories/microsoft365/microsoft365.ts';
import { type SelfSigned, selfSigned } from '../directories/selfSigned.ts';
import { createContoso } from './contoso.ts';
import { createFabrikam, createKeys, FABRIKAM } from './fabrikam.ts';

const { values } = parseArgs({
  options: {
    state: { type: 'string', default: 'memory' },
    contoso: { type: 'string', default: '320' },
    fabrikam: { type: 'string', default: '280' },
    prefix: { type: 'string', default: '' },
  },
});
const state = values.state === 'memory' ? null : values.state;
if (state) mkdirSync(state, { recursive: true });

interface Kept {
  readonly keys: { publicKey: string; privateKey: string };
  readonly certificate?: SelfSigned;
  readonly ports: { microsoft: number; google: number };
}

/** Keys and ports stay the same for a state folder: the configuration that names them stays good. */
const keptFile = state ? join(state, 'sandbox.json') : null;
const kept: Kept | null = keptFile && existsSync(keptFile) ? (JSON.parse(readFileSync(keptFile, 'utf8')) as Kept) : null;
const keys = kept?.keys ?? createKeys();
const YEAR_MS = 365 * 86_400_000;
const certificate =
  kept?.certificate ?? selfSigned('galsync sandbox', new Date(Date.now() - 86_400_000), new Date(Date.now() + 2 * YEAR_MS));
const identity = await startIdentity();
const at = async <T>(port: number, start: (port: number) => Promise<T>): Promise<T> => start(port).catch(() => start(0));
const microsoft = await at(kept?.ports.microsoft ?? 0, (port) =>
  startMicrosoft365(createContoso(Number(values.contoso), { certificate: certificate.certificate, federated: identity }), {
    port,
    state,
    prefix: values.prefix,
  }),
);
const google = await at(kept?.ports.google ?? 0, (port) =>
  startGoogle(
    createFabrikam(Number(values.fabrikam), keys.publicKey, {
      privateKey: keys.privateKey,
      pool: { audience: FABRIKAM.audience, trusted: identity },
    }),
    { port, state, prefix: values.prefix },
  ),
);
if (keptFile)
  writeFileSync(keptFile, JSON.stringify({ keys, certificate, ports: { microsoft: microsoft.port, google: google.port } } satisfies Kept), {
    mode: 0o600,
  });

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  void Promise.all([microsoft.stop(), google.stop(), identity.stop()]).then(() => process.exit(0));
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
process.stdin.on('end', stop).on('error', stop).resume();
const key = JSON.stringify({
  type: 'service_account',
  client_email: FABRIKAM.serviceAccount,
  private_key: keys.privateKey,
  private_key_id: 'sandbox',
  token_uri: `${google.url}/token`,
});
process.stdout.write(
  `${JSON.stringify({
    microsoft: microsoft.url,
    google: google.url,
    microsoftPort: microsoft.port,
    googlePort: google.port,
    key,
    certificate: `${certificate.certificate}${certificate.privateKey}`,
    identity: { endpoint: identity.endpoint, header: identity.header, clientId: identity.clientId },
  })}\n`,
);
