import { CONDITION_ONLY, isAttributeName } from '../model/attributes.ts';
import type { Condition, ConfigurationFault, ConnectorSettings, Filter } from '../model/configuration.ts';
import { KINDS } from '../model/entry.ts';
import { conditionFaults } from '../rules/conditionFaults.ts';
import type { CheckOptions } from './checkConfiguration.ts';
import { isRecord } from './merge.ts';

/** App Service also shows every app setting under `APPSETTING_` + its name. */
const RESERVED = /^(?:APPSETTING_)*(AzureWebJobs|WEBSITE_|IDENTITY_|MSI_|FUNCTIONS_|APPLICATIONINSIGHTS_)/i;
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,126}$/;
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/i;
/**
 * Hosts of the vendors, all clouds (reference: microsoft.md §8, google.md), by endpoint: what takes a secret or the token of the app's
 * identity is no other host of the vendor, and a connector's endpoints are no other vendor's.
 */
const LOGIN = ['login.microsoftonline.com', 'login.microsoftonline.us', 'login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'];
const GRAPH = ['graph.microsoft.com', 'graph.microsoft.us', 'dod-graph.microsoft.us', 'microsoftgraph.chinacloudapi.cn'];
const EXCHANGE = [
  'outlook.office365.com',
  'outlook.office365.us',
  'outlook-dod.office365.us',
  'partner.outlook.cn',
  'outlook.office365.cn',
];
const GOOGLE_API = ['admin.googleapis.com', 'www.googleapis.com', 'www.google.com'];
const VENDORS: Readonly<Record<string, readonly string[]>> = {
  login: LOGIN,
  graph: GRAPH,
  exchange: EXCHANGE,
  token: ['oauth2.googleapis.com', 'accounts.google.com', 'www.googleapis.com'],
  sts: ['sts.googleapis.com'],
  iam: ['iamcredentials.googleapis.com'],
  admin: GOOGLE_API,
  groupsSettings: GOOGLE_API,
  contacts: GOOGLE_API,
};

/** Everything beyond the shape that can be wrong with a connector. */
export function connectorFaults(settings: ConnectorSettings, start: string, options: CheckOptions): readonly ConfigurationFault[] {
  const faults: ConfigurationFault[] = [...secretFaults(settings, start), ...filterFaults(settings.pull, `${start}/pull`)];
  for (const [name, url] of Object.entries(settings.endpoints)) {
    const fault = endpointFault(name, url, options);
    if (fault) faults.push({ path: `${start}/endpoints/${name}`, ...fault });
  }
  for (const [n, rule] of settings.pull.withhold.entries()) {
    for (const [at, name] of rule.attributes.entries())
      if (!isAttributeName(name) && !name.startsWith('raw.'))
        faults.push(unknownAttribute(`${start}/pull/withhold/${n}/attributes/${at}`, name));
    if (rule.where) faults.push(...conditionFaults(rule.where, `${start}/pull/withhold/${n}/where`, knowsAttribute));
  }
  faults.push(...unitFaults(settings.pull, settings.kind, `${start}/pull/orgUnits`));
  return faults;
}

/** Organisational units that the directory cannot have: with one of them nobody would be left, or nobody left out. */
export function unitFaults({ orgUnits }: Filter, kind: ConnectorSettings['kind'], start: string): readonly ConfigurationFault[] {
  const { include, exclude } = orgUnits;
  if (kind === 'microsoft365' && include.length + exclude.length > 0)
    return [{ path: start, message: 'Microsoft 365 has no organisational units.', fix: 'Filter by groups, domains or "where".' }];
  if (kind !== 'googleWorkspace') return [];
  return (['include', 'exclude'] as const).flatMap((list) =>
    orgUnits[list].flatMap((unit, n) =>
      unit.startsWith('/')
        ? []
        : [
            {
              path: `${start}/${list}/${n}`,
              message: `"${unit.slice(0, 80)}" is no organisational unit: Google's begin with "/".`,
              fix: `Write "/${unit.slice(0, 80)}", or "/" for all.`,
            },
          ],
    ),
  );
}

/** Names usable in conditions and placeholders; `raw.…` is the directory's own. */
export function knowsAttribute(name: string): boolean {
  return isAttributeName(name) || CONDITION_ONLY.includes(name as never) || /^raw\.[A-Za-z0-9_$.@-]{1,200}$/.test(name);
}

export function unknownAttribute(path: string, name: string): ConfigurationFault {
  return {
    path,
    message: `There is no attribute "${name.slice(0, 80)}".`,
    fix: 'Use a name of the reference ("Attributes"), or "raw." with the directory\'s own name.',
  };
}

/** Faults of the tests that `pull` and `filter` share. */
export function filterFaults(filter: Filter, start: string): readonly ConfigurationFault[] {
  const { where } = filter;
  if (where === null) return [];
  const byKind = isRecord(where) && Object.keys(where).every((key) => KINDS.includes(key as never));
  if (!byKind) return conditionFaults(where as Condition, `${start}/where`, knowsAttribute);
  return Object.entries(where as Record<string, Condition | null>).flatMap(([kind, condition]) =>
    condition ? conditionFaults(condition, `${start}/where/${kind}`, knowsAttribute) : [],
  );
}

function secretFaults(settings: ConnectorSettings, start: string): readonly ConfigurationFault[] {
  const fields = settings.kind === 'microsoft365' ? ['secret', 'certificate'] : settings.kind === 'googleWorkspace' ? ['key'] : [];
  return fields.flatMap((field) => {
    const name = (settings.credential as unknown as Record<string, unknown>)[field];
    if (typeof name !== 'string') return [];
    const path = `${start}/credential/${field}`;
    // The value is not repeated: it may be the secret itself.
    if (!NAME.test(name) || looksSecret(name))
      return [
        {
          path,
          message: "This is no setting's name; it looks like the secret itself.",
          fix: 'Store the secret as an app setting or in Key Vault, and give its name here. If it was a real secret, replace it: it was sent.',
        },
      ];
    if (RESERVED.test(name))
      return [
        {
          path,
          message: `The name ${name} is reserved for the platform.`,
          fix: 'Store the secret under a name of its own, such as CONTOSO_SECRET.',
        },
      ];
    return [];
  });
}

/** Generated texts change between cases and digits every few characters; names of settings are made of words. */
function looksSecret(name: string): boolean {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
  return name.length >= 20 && name.length / words.length < 3;
}

function endpointFault(name: string, url: string, options: CheckOptions): { message: string; fix: string } | null {
  const write = 'Write it as https://host or https://host/path, without a final slash.';
  // What the URL parser would quietly repair (blanks, backslashes, a lone "?") would be read differently where it is put together.
  if (!URL.canParse(url) || !/^[a-z]+:\/\/[^\s\\?#]+$/i.test(url)) return { message: `"${url.slice(0, 100)}" is no address.`, fix: write };
  const { protocol, hostname, host, username, password } = new URL(url);
  if (username || password) return { message: 'An endpoint has no user and no password.', fix: write };
  if (url.endsWith('/')) return { message: 'An endpoint has no final slash.', fix: write };
  if (protocol !== 'https:' && protocol !== 'http:') return { message: `The scheme "${protocol}" is not https.`, fix: write };
  if (protocol === 'http:' && !(LOOPBACK.test(hostname) && options.local))
    return { message: "Plain http is accepted for loopback addresses on a developer's machine only.", fix: 'Use https.' };
  const allowed = options.allowedHosts.map((one) => one.toLowerCase());
  if (options.local || VENDORS[name]?.includes(hostname) || allowed.includes(hostname) || allowed.includes(host)) return null;
  return {
    message: `The host ${hostname.slice(0, 100)} is not the vendor's for "${name}" and not allowed here.`,
    fix: "Use the vendor's address, or name the host in the app setting GALSYNC_ENDPOINT_HOSTS.",
  };
}
