import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';
import { CONTOSO } from './organisations/contoso.ts';
import { FABRIKAM } from './organisations/fabrikam.ts';
import type { Service } from './services.ts';

/** The sample organisations as a configuration document, their secrets, and where to control them. */
export interface Samples {
  readonly document: unknown;
  readonly secrets: Readonly<Record<string, string>>;
  readonly control: { readonly microsoft: string; readonly google: string };
  /** The simulated managed identity of the app: given to the host only where `federated` or `workloadIdentity` is tried. */
  readonly identity: { readonly endpoint: string; readonly header: string; readonly clientId: string };
}

interface Ready {
  readonly microsoft: string;
  readonly google: string;
  readonly microsoftPort: number;
  readonly googlePort: number;
  readonly key: string;
  readonly certificate: string;
  readonly identity: Samples['identity'];
}

const here = dirname(fileURLToPath(import.meta.url));

/** Starts the simulated directories as a child process. @param people numbers of people, for larger organisations. */
export async function startSampleOrganisations(
  state: string | null,
  services: Service[],
  people: { readonly contoso?: number | undefined; readonly fabrikam?: number | undefined } = {},
): Promise<Samples> {
  const args = [
    '--state',
    state ? join(state, 'organisations') : 'memory',
    '--contoso',
    String(people.contoso ?? 320),
    '--fabrikam',
    String(people.fabrikam ?? 280),
  ];
  const child = await startChild<Ready>(
    'sample organisations',
    join(here, 'organisations/main.ts'),
    args,
    {},
    (line) => void process.stderr.write(`${line}\n`),
  );
  services.push({ name: 'sample organisations', stop: () => child.stop() });
  const { microsoft, google, key, certificate, identity } = child.ready;
  return {
    document: sampleDocument(microsoft, google),
    secrets: { CONTOSO_SECRET: CONTOSO.clientSecret, CONTOSO_CERTIFICATE: certificate, FABRIKAM_KEY: key },
    identity,
    control: { microsoft: `http://127.0.0.1:${child.ready.microsoftPort}`, google: `http://127.0.0.1:${child.ready.googlePort}` },
  };
}

function sampleDocument(microsoft: string, google: string): unknown {
  return {
    version: 1,
    connectors: [
      {
        id: 'contoso',
        name: 'Contoso',
        kind: 'microsoft365',
        tenant: CONTOSO.tenant,
        credential: { kind: 'clientSecret', clientId: CONTOSO.clientId, secret: 'CONTOSO_SECRET' },
        endpoints: { login: `${microsoft}/login`, graph: `${microsoft}/graph`, exchange: `${microsoft}/exchange` },
      },
      {
        id: 'fabrikam',
        name: 'Fabrikam',
        kind: 'googleWorkspace',
        domain: FABRIKAM.domain,
        credential: { kind: 'serviceAccountKey', key: 'FABRIKAM_KEY', subject: FABRIKAM.subject },
        endpoints: { token: `${google}/token`, sts: google, iam: google, admin: google, groupsSettings: google, contacts: google },
      },
    ],
    routes: [
      { id: 'contoso-to-fabrikam', name: 'Contoso to Fabrikam', from: 'contoso', to: 'fabrikam' },
      { id: 'fabrikam-to-contoso', name: 'Fabrikam to Contoso', from: 'fabrikam', to: 'contoso', push: { as: 'contact' } },
    ],
  };
}
