import type { Http } from '../../http/http.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { failureOf } from '../../model/failure.ts';
import { looksStamped } from '../../model/stamp.ts';
import { askedFor, type Uses } from '../permission.ts';
import { clockFinding, type Finding, fail, ownsFinding, type Probe, pass, warning } from '../verification.ts';
import type { Asked } from './asked.ts';
import type { Endpoints } from './clouds.ts';
import { credentialFinding } from './credentialFinding.ts';
import type { Exchange } from './exchange.ts';
import { exportedCmdlets } from './exportedCmdlets.ts';
import { type Graph, graphFailure, okPage } from './graph.ts';
import { verifiedDomains } from './graphSets.ts';
import { PERMISSIONS, type PermissionNeed } from './permissions.ts';
import { listOf } from './proxies.ts';
import { covered, excessOf, namesIn, rolesIn } from './roles.ts';
import type { Resource, TokenDependencies, TokenSource } from './token.ts';

export interface VerifyDependencies extends TokenDependencies {
  readonly settings: Microsoft365Settings;
  readonly endpoints: Endpoints;
  readonly asked: Asked;
  readonly http: Http;
  readonly graph: Graph;
  readonly exchange: Exchange;
  readonly tokens: TokenSource;
}

type Asking = { readonly name: string; readonly need: PermissionNeed; readonly must: boolean };

const TOKENS: Readonly<Record<PermissionNeed['api'], { readonly resource: Resource; readonly probe: string }>> = {
  'Microsoft Graph': { resource: 'graph', probe: 'token: Microsoft Graph' },
  'Office 365 Exchange Online': { resource: 'exchange', probe: 'token: Exchange Online' },
};
/** Cmdlets that read and can be asked for one object. */
const HARMLESS = new Set(['Get-Recipient', 'Get-Contact', 'Get-MailContact', 'Get-MailUser', 'Get-User', 'Get-Mailbox']);
const SAMPLES = 5;

/** What `verify` asks of Entra ID and Exchange Online: reads of one object, tokens, and the list of cmdlets. */
export function microsoftProbes(deps: VerifyDependencies, uses: Uses): readonly Probe[] {
  const asking: readonly Asking[] = askedFor<PermissionNeed>(PERMISSIONS, uses);
  const apis = (Object.keys(TOKENS) as PermissionNeed['api'][]).filter((api) => asking.some(({ need }) => need.api === api));
  const roles = new Map<Resource, readonly string[] | null>();
  let cmdlets: Promise<ReadonlySet<string> | null> | null = null;
  const exported = (): Promise<ReadonlySet<string> | null> => {
    cmdlets ??= exportedCmdlets(deps.settings, deps.endpoints, deps.http, deps.tokens);
    return cmdlets;
  };
  const after = (api: PermissionNeed['api']): readonly string[] => [TOKENS[api].probe];
  return [
    { name: 'credential', after: [], run: () => credentialFinding(deps) },
    ...apis.map((api): Probe => ({ name: TOKENS[api].probe, after: ['credential'], run: () => tokenFinding(deps, api, roles) })),
    { name: 'clock', after: ['token: Microsoft Graph'], run: async () => clockFinding(deps.tokens.skewMs(), 'the login service') },
    ...asking.map(
      (one): Probe => ({
        name: `permission: ${one.name}`,
        after: after(one.need.api),
        run: () => needFinding(deps, one, roles.get(TOKENS[one.need.api].resource) ?? null, exported),
      }),
    ),
    ...apis.map(
      (api): Probe => ({
        name: `excess rights: ${api}`,
        advisory: true,
        after: after(api),
        run: async () => excessFinding(api, asking, roles.get(TOKENS[api].resource) ?? null),
      }),
    ),
    { name: 'domains', after: ['token: Microsoft Graph', 'permission: domains'], run: () => domainsFinding(deps) },
    ...(uses.has('target')
      ? [{ name: 'stamp place', advisory: true, after: after('Office 365 Exchange Online'), run: () => stampFinding(deps) }]
      : []),
  ];
}

async function tokenFinding(
  deps: VerifyDependencies,
  api: PermissionNeed['api'],
  roles: Map<Resource, readonly string[] | null>,
): Promise<Finding> {
  const { resource } = TOKENS[api];
  // Asked for anew: rights that were given an hour ago are not in a token of two hours ago.
  const found = rolesIn(await deps.tokens.refresh(resource));
  roles.set(resource, found);
  const shown = found === null ? '' : found.length > 0 ? ` with ${[...found].sort().join(', ')}` : ' without any permission';
  return pass(`The login service gives a token of tenant ${deps.settings.tenant} for ${deps.endpoints.cloud[resource]}${shown}.`);
}

async function needFinding(
  deps: VerifyDependencies,
  { need, must }: Asking,
  roles: readonly string[] | null,
  exported: () => Promise<ReadonlySet<string> | null>,
): Promise<Finding> {
  const finding = need.api === 'Microsoft Graph' ? graphFinding(deps, need, roles) : exchangeFinding(deps, need, exported);
  const found = await finding.catch((error: unknown) => {
    if (must) throw error;
    return warning(failureOf(error).message, `Grant ${need.permission}, or do without: it is a listed loss.`);
  });
  if (found.result !== 'fail' || must) return found;
  return { ...found, result: 'warning' };
}

/** A read is proven by making it; a write only by the token's permissions. */
async function graphFinding(deps: VerifyDependencies, need: PermissionNeed, roles: readonly string[] | null): Promise<Finding> {
  const path = /^GET (\/[^\s{},]+)$/.exec(need.call)?.[1];
  if (path) {
    // Delta and single objects take no $top.
    const top = path.endsWith('/delta') || path === '/organization' ? {} : { $top: '1' };
    const asked = { $select: 'id,displayName' };
    let answer = await deps.graph.get({ path, query: { ...asked, ...top } });
    // Where there is no delta, a pull takes the list.
    const list = path.replace(/\/delta$/, '');
    if (list !== path && [400, 404, 501].includes(answer.status))
      answer = await deps.graph.get({ path: list, query: { ...asked, $top: '1' } });
    if (answer.status === 401 || answer.status === 403) throw graphFailure(answer, need.call, need.permission);
    if (answer.status !== 200)
      return warning(
        `${need.call} answers HTTP ${answer.status}: whether ${need.permission} is there cannot be told.`,
        'Run a simulation and look at its losses.',
      );
    const { value } = okPage(answer, need.call, need.permission);
    const live = value.filter((object) => !object['@removed']);
    // Case R53: without the right to read people, Graph answers 200 with ids only.
    const bare = path.startsWith('/users') && live.length > 0 && live.every((object) => typeof object['displayName'] !== 'string');
    if (bare) return fail(`${need.call} answers with ids only: ${need.permission} is missing.`, grant(need));
    return pass(`${need.permission}: ${need.call} answers.`);
  }
  if (roles === null)
    return warning(
      `${need.permission} (${need.call}) cannot be proven without writing: the token does not show its permissions.`,
      grant(need),
    );
  const missing = namesIn(need.permission).filter((name) => !covered(name, roles));
  if (missing.length === 0) return pass(`${need.permission}: the token holds it (${need.call}).`);
  if (need.scoped)
    return warning(
      `${missing.join(', ')} is not in the token; granted for some mailboxes only, it never is (${need.call}).`,
      'Prove it with Test-ServicePrincipalAuthorization for one of the mailboxes; the first job names those that it may not write to.',
    );
  return fail(`${missing.join(', ')} is missing in the token: ${need.call} will be refused. ${need.why}`, grant(need));
}

async function exchangeFinding(
  deps: VerifyDependencies,
  need: PermissionNeed,
  exported: () => Promise<ReadonlySet<string> | null>,
): Promise<Finding> {
  const cmdlets = need.call.match(/\b[A-Z][A-Za-z]+-[A-Z]\w+\b/g) ?? [];
  const reads = cmdlets.filter((name) => HARMLESS.has(name));
  for (const name of reads) await deps.exchange({ name, parameters: { ResultSize: 1 }, select: ['Guid'], idempotent: true });
  const rest = cmdlets.filter((name) => !HARMLESS.has(name));
  if (rest.length === 0) return pass(`${need.permission}: ${reads.join(', ')} answers.`);
  const held = await exported();
  if (held === null)
    return warning(
      `Exchange Online does not tell which cmdlets the application may run: ${rest.join(', ')} cannot be proven without writing.`,
      `If writes fail with "permission": ${grant(need)}`,
    );
  const missing = rest.filter((name) => !held.has(name.toLowerCase()));
  if (missing.length === 0) return pass(`The application's Exchange roles hold ${rest.join(', ')}.`);
  return fail(`The application's Exchange roles do not hold ${missing.join(', ')}. ${need.why}`, grant(need));
}

function grant(need: PermissionNeed): string {
  return need.api === 'Microsoft Graph'
    ? `Grant the application permission ${need.permission} with admin consent.`
    : `Grant ${need.permission}; a new role takes up to an hour to work.`;
}

function excessFinding(api: PermissionNeed['api'], asking: readonly Asking[], roles: readonly string[] | null): Finding {
  if (roles === null)
    return warning(
      `The token for ${api} does not show its permissions: whether more is granted than needed cannot be told.`,
      'Compare the permissions of the application in the Entra admin centre with docs/permissions.md.',
    );
  const needed = asking.filter(({ need }) => need.api === api).flatMap(({ need }) => namesIn(need.permission));
  const { spare, wide } = excessOf(roles, needed);
  if (spare.length + wide.length === 0) return pass(`Nothing is granted that the configuration does not need.`);
  const words = [
    ...(spare.length > 0 ? [`granted and not needed: ${spare.join(', ')}`] : []),
    ...(wide.length > 0 ? [`wider than needed: ${wide.join(', ')} (enough: ${[...new Set(needed)].join(', ')})`] : []),
  ];
  return warning(`${api}: ${words.join('; ')}.`, 'Take away what no other use of this application needs.');
}

async function domainsFinding(deps: VerifyDependencies): Promise<Finding> {
  const domains = await verifiedDomains(deps.graph);
  if (domains !== null) return ownsFinding(deps.settings.owns, domains);
  const { permission } = PERMISSIONS.domains;
  return deps.settings.owns === null
    ? fail(
        'The verified domains cannot be read, and `owns` names none: this connector owns nothing.',
        `Grant ${permission}, or name the domains in \`owns\`.`,
      )
    : warning('The verified domains cannot be read: `owns` could not be compared with them.', `Grant ${permission} to have it checked.`);
}

/** Values of somebody else in the place of our stamp: such objects can never be ours, and the attribute is in use. */
async function stampFinding(deps: VerifyDependencies): Promise<Finding> {
  const { stampProperty } = deps.asked;
  const result = await deps.exchange({
    name: 'Get-Recipient',
    parameters: {
      Filter: `${stampProperty} -like '*' -and ${stampProperty} -notlike 'galsync:*' -and ${stampProperty} -notlike 'galsync-adopted:*'`,
      ResultSize: 1000,
    },
    select: ['Guid', 'ExternalDirectoryObjectId', stampProperty],
    idempotent: true,
  });
  const foreign = result.rows.filter((row) => {
    const text = listOf(row[stampProperty.toLowerCase()])[0];
    return text !== undefined && !looksStamped(text);
  });
  if (foreign.length === 0) return pass(`${stampProperty} holds no value but galsync's.`);
  const ids = foreign.slice(0, SAMPLES).map((row) => String(row['externaldirectoryobjectid'] || row['guid']));
  const more = result.nextLink !== null || result.rows.length >= 1000 ? ' or more' : '';
  return fail(
    `${stampProperty} of ${foreign.length}${more} recipients holds values that are not galsync's (ids: ${ids.join(', ')}).`,
    `Choose an attribute that nobody uses: \`"stamp": "customAttribute…"\` of connector "${deps.settings.id}".`,
  );
}
