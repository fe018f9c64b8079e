import { createSign } from 'node:crypto';
import { type Samples, startSampleOrganisations } from '../sandbox/sampleOrganisations.ts';
import type { Service } from '../sandbox/services.ts';
import { installedPeers } from './peers/install.ts';
import { measurePull, type PullCost } from './pull/measure.ts';

const PEOPLE = 10_000;
const GROUPS = 100;
const LATENCY_MS = 20;
/** Every seventh call is refused for a second. */
const REFUSALS = { everyNth: 7, retryAfter: 1 };

export interface PullRow extends PullCost {
  /** Against the floor of the same directory. */
  readonly ratio: { readonly seconds: number; readonly calls: number; readonly memory: number } | null;
}

/** Pull of 10,000 people and 100 groups from Microsoft 365, against a bare loop over the same pages and against Backstage's reader. */
export function microsoft365Bench(): Promise<readonly PullRow[]> {
  return withDirectories(async (samples) => {
    const server = samples.control.microsoft;
    await addGroups(server);
    const token = { url: `${server}/login/contoso.onmicrosoft.com/oauth2/v2.0/token`, body: tokenBody(samples) };
    const select =
      '$select=id,displayName,mail,userPrincipalName,proxyAddresses,givenName,surname,jobTitle,department,businessPhones,mobilePhone';
    const floor = { urls: [`${server}/graph/v1.0/users?${select}&$top=999`, `${server}/graph/v1.0/groups?$top=999`], token };
    const ours = { document: samples.document, connector: 'contoso', secret: samples.secrets['CONTOSO_SECRET'] };
    const runs: [string, string, object, object][] = [
      ['floor: bare loop', 'bareLoop.ts', floor, {}],
      ['galsync (Graph and Exchange)', 'galsync.ts', ours, {}],
      ['galsync, Graph only', 'galsync.ts', ours, { forbidden: ['exchange'] }],
      ['galsync, 429 every 7th call', 'galsync.ts', ours, { throttle: REFUSALS }],
    ];
    const peers = installedPeers();
    if (peers) {
      const backstage = { directory: peers, graph: `${server}/graph`, token };
      runs.push(['Backstage msgraph 0.10.6', 'backstage.ts', backstage, {}]);
      runs.push(['Backstage, 429 every 7th call', 'backstage.ts', backstage, { throttle: REFUSALS }]);
    }
    return measured(server, runs);
  });
}

/** Sweep of 10,000 people of Google Workspace, against the 20 pages that hold them, and with a quota refusal every seventh call. */
export function googleBench(): Promise<readonly PullRow[]> {
  return withDirectories(async (samples) => {
    const ours = { document: samples.document, connector: 'fabrikam', secret: samples.secrets['FABRIKAM_KEY'] };
    const urls = [`${samples.control.google}/admin/directory/v1/users?customer=my_customer&maxResults=500`];
    const token = { url: `${samples.control.google}/token`, body: assertion(samples.secrets['FABRIKAM_KEY']!) };
    const quota = { throttle: { ...REFUSALS, status: 403, reason: 'Quota exceeded.' } };
    return measured(samples.control.google, [
      ['floor: 20 pages', 'bareLoop.ts', { urls, token }, {}],
      ['galsync (people, groups, rooms, contacts)', 'galsync.ts', ours, {}],
      ['galsync, quota 403 every 7th', 'galsync.ts', ours, quota],
      // As Google mostly refuses: without a word of how long to wait.
      ['galsync, the same without Retry-After', 'galsync.ts', ours, { throttle: { ...quota.throttle, retryAfter: null } }],
    ]);
  });
}

async function withDirectories(run: (samples: Samples) => Promise<readonly PullRow[]>): Promise<readonly PullRow[]> {
  const services: Service[] = [];
  const samples = await startSampleOrganisations(null, services, { contoso: PEOPLE, fabrikam: PEOPLE });
  try {
    return await run(samples);
  } finally {
    for (const service of services) await service.stop();
  }
}

async function measured(server: string, runs: readonly [string, string, object, object][]): Promise<readonly PullRow[]> {
  const rows: PullRow[] = [];
  for (const [name, file, input, faults] of runs) {
    await control(server, { faults: { latencyMs: LATENCY_MS, ...faults }, clearLog: true });
    const cost = await measurePull(
      name,
      file,
      input,
      async () => ((await (await fetch(`${server}/control/stats`)).json()) as { calls: number }).calls,
    );
    const floor = rows[0] ?? cost;
    const ratio = { seconds: cost.seconds / floor.seconds, calls: cost.calls / floor.calls, memory: cost.peakMiB / floor.peakMiB };
    rows.push({ ...cost, ratio: rows.length === 0 ? null : ratio });
  }
  return rows;
}

async function control(server: string, command: object): Promise<void> {
  const answer = await fetch(`${server}/control`, { method: 'POST', body: JSON.stringify(command) });
  if (answer.status !== 200) throw new Error(await answer.text());
}

async function addGroups(server: string): Promise<void> {
  const put = Array.from({ length: GROUPS }, (_, n) => ({
    id: `bench-group-${n}`,
    guid: `bench-group-guid-${n}`,
    type: 'group',
    displayName: `Bench group ${n}`,
    mail: `bench${n}@contoso.example`,
    proxyAddresses: [`SMTP:bench${n}@contoso.example`],
    alias: `bench${n}`,
    name: `bench${n}`,
    recipientType: 'MailUniversalDistributionGroup',
    hidden: false,
    createdAt: '2021-03-01T08:00:00Z',
    properties: {},
    custom: {},
  }));
  await control(server, { put });
}

function tokenBody(samples: Samples): string {
  const { clientId } = (samples.document as { connectors: { credential: { clientId: string } }[] }).connectors[0]!.credential;
  return new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: samples.secrets['CONTOSO_SECRET']!,
    scope: 'https://graph.microsoft.com/.default',
  }).toString();
}

/** A signed assertion for the floor, which knows no library. */
function assertion(key: string): string {
  const { client_email, private_key, token_uri } = JSON.parse(key) as Record<'client_email' | 'private_key' | 'token_uri', string>;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const scope = 'https://www.googleapis.com/auth/admin.directory.user.readonly';
  const claims = { iss: client_email, sub: 'galsync@fabrikam.example', scope, aud: token_uri, iat: now, exp: now + 3_000 };
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const signature = createSign('RSA-SHA256').update(text).sign(private_key).toString('base64url');
  return new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${text}.${signature}` }).toString();
}
