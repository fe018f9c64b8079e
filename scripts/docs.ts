/** `npm run docs`: writes docs/permissions.md and docs/field-map.md from the rooms' data; a test of the house says when they are stale. */
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Connector } from '../shared/connectors/connector.ts';
import { createGoogleWorkspace } from '../shared/connectors/google/connector.ts';
import { CONTACT_FIELDS } from '../shared/connectors/google/fields.ts';
import { SOURCES } from '../shared/connectors/google/userFields.ts';
import { createMicrosoft365 } from '../shared/connectors/microsoft365/connector.ts';
import { FIELDS } from '../shared/connectors/microsoft365/fields.ts';
import type { CallNeed } from '../shared/connectors/permission.ts';
import type { Http } from '../shared/http/http.ts';
import { DIRECTORY_SET, LIST_ATTRIBUTES, SINGLE_ATTRIBUTES } from '../shared/model/attributes.ts';
import type { GoogleWorkspaceSettings, Microsoft365Settings, PushType } from '../shared/model/configuration.ts';
import { FailureError } from '../shared/model/failure.ts';
import { fieldMapPage, permissionsPage } from './pages.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PUSH_TYPES: readonly PushType[] = ['guest', 'mailUser', 'contact', 'mailboxContact', 'sharedContact'];
const NAMES: Readonly<Record<string, string>> = {
  microsoft365: 'Microsoft 365',
  google: 'Google Workspace',
  exchangeOnPrem: 'Exchange on-premises',
};

/** Path → text of every page that is made from data. */
export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  const rooms = readdirSync(join(root, 'shared/connectors'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('/permissions.ts'))
    .sort((a, b) => order(a) - order(b) || a.localeCompare(b));
  const needs = await Promise.all(
    rooms.map(async (path) => {
      const module = (await import(pathToFileURL(join(root, 'shared/connectors', path)).href)) as { PERMISSIONS: Record<string, CallNeed> };
      const room = path.slice(0, -'/permissions.ts'.length);
      return { title: NAMES[room] ?? room, needs: Object.values(module.PERMISSIONS) };
    }),
  );
  return { 'docs/permissions.md': permissionsPage(needs), 'docs/field-map.md': fieldMapPage(fieldMap()) };
}

function order(path: string): number {
  const at = Object.keys(NAMES).indexOf(path.split('/')[0]!);
  return at < 0 ? Number.MAX_SAFE_INTEGER : at;
}

function fieldMap(): Parameters<typeof fieldMapPage>[0] {
  const connectors = sampleConnectors();
  const capabilities = PUSH_TYPES.flatMap((as) => connectors.flatMap((connector) => capabilityOf(connector, as) ?? []));
  const all = [...DIRECTORY_SET, ...SINGLE_ATTRIBUTES, ...LIST_ATTRIBUTES];
  return {
    attributes: [...new Set(all)].map((name) => {
      const field = FIELDS.find(({ attribute }) => attribute === name);
      return {
        name,
        always: DIRECTORY_SET.includes(name),
        sources: {
          'Entra user': field?.user,
          'Exchange recipient': [field?.recipient, field?.contact].filter(Boolean).join(', '),
          'Google user': SOURCES[name]?.join(', '),
        },
        written: {
          contact: field?.write ? `${field.write.cmdlet} ${field.write.parameter}` : undefined,
          sharedContact: CONTACT_FIELDS[name]?.element,
        },
      };
    }),
    capabilities,
  };
}

function capabilityOf(connector: Connector, as: PushType): ReturnType<Connector['capability']> | null {
  try {
    return connector.capability(as);
  } catch (error) {
    if (error instanceof FailureError) return null;
    throw error;
  }
}

/** Connectors that are never called: only their capabilities are asked for. */
function sampleConnectors(): readonly Connector[] {
  const base = {
    id: 'sample',
    name: 'sample',
    owns: null,
    endpoints: {},
    pull: { internalOnlyGroups: true },
    limits: { lanes: null, requestsPerMinute: null },
  };
  const http: Http = Object.assign(() => Promise.reject(new Error('nothing is called here')), { calls: () => 0 });
  const deps = { http, secret: async () => '', wanted: { attributes: [], raw: [] }, now: () => 0 };
  const microsoft = { ...base, kind: 'microsoft365', tenant: 't.example', cloud: 'global', stamp: 'customAttribute15' };
  const google = { ...base, kind: 'googleWorkspace', domain: 'd.example', customer: 'my_customer' };
  const credentials = {
    microsoft: { kind: 'clientSecret', clientId: 'c', secret: 'S' },
    google: { kind: 'serviceAccountKey', key: 'K', subject: 's' },
  };
  return [
    createMicrosoft365({ ...microsoft, credential: credentials.microsoft } as unknown as Microsoft365Settings, deps),
    createGoogleWorkspace({ ...google, credential: credentials.google } as unknown as GoogleWorkspaceSettings, deps),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(await generatedPages())) {
    writeFileSync(join(root, path), text);
    console.log(path);
  }
}
