/** The peer: Backstage's reader of Microsoft Graph, photos off. Installed on demand by bench/peers. */
import { createRequire } from 'node:module';
import { report } from './measure.ts';

interface Peer {
  MicrosoftGraphClient: new (url: string, credential: { getToken(): Promise<{ token: string; expiresOnTimestamp: number }> }) => unknown;
  readMicrosoftGraphOrg(client: unknown, tenant: string, options: object): Promise<{ users: unknown[]; groups: unknown[] }>;
}

const { directory, graph, token } = JSON.parse(process.argv[2]!) as {
  directory: string;
  graph: string;
  token: { url: string; body: string };
};
const { MicrosoftGraphClient, readMicrosoftGraphOrg } = createRequire(`${directory}/`)(
  '@backstage/plugin-catalog-backend-module-msgraph',
) as Peer;

await report(async () => {
  let known: string | null = null;
  const getToken = async (): Promise<{ token: string; expiresOnTimestamp: number }> => {
    known ??= (
      (await (await fetch(token.url, { method: 'POST', body: new URLSearchParams(token.body) })).json()) as { access_token: string }
    ).access_token;
    return { token: known, expiresOnTimestamp: Date.now() + 3_000_000 };
  };
  const client = new MicrosoftGraphClient(`${graph}/v1.0`, { getToken });
  const silent = { info() {}, warn() {}, error() {}, debug() {}, child: () => silent };
  const { users, groups } = await readMicrosoftGraphOrg(client, 'tenant', {
    loadUserPhotos: false,
    userSelect: [
      'id',
      'displayName',
      'mail',
      'userPrincipalName',
      'givenName',
      'surname',
      'jobTitle',
      'department',
      'mobilePhone',
      'officeLocation',
      'businessPhones',
      'city',
      'country',
      'proxyAddresses',
    ],
    logger: silent,
  });
  return users.length + groups.length;
});
