import { checkConfiguration } from '../../shared/config/checkConfiguration.ts';
import type { Capability } from '../../shared/connectors/connector.ts';
import { contactCapability } from '../../shared/connectors/microsoft365/contact/capability.ts';
import type { Configuration, Microsoft365Settings } from '../../shared/model/configuration.ts';
import type { Entry } from '../../shared/model/entry.ts';
import type { Link } from '../../shared/model/link.ts';
import type { FieldName, Fields } from '../../shared/model/plan.ts';
import { formatStamp } from '../../shared/model/stamp.ts';
import { compileCondition } from '../../shared/rules/condition.ts';
import { hashValue } from '../../shared/rules/diff.ts';
import { domainOwners } from '../../shared/rules/owners.ts';
import { compileProjections } from '../../shared/rules/project.ts';
import { compileSelection } from '../../shared/rules/select.ts';
import { compileSettled } from '../../shared/rules/settled.ts';
import type { PlanContext, TargetView } from '../../shared/rules/view.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const CITIES = ['Zürich', 'Montréal', 'Oslo', 'São Paulo', 'Kraków', 'Lyon', 'Reykjavík', 'Boston'];

/** A person of a large organisation: 20 attributes, three addresses; every fifth name has letters beyond ASCII. */
export function person(n: number): Entry {
  const city = CITIES[n % CITIES.length]!;
  const name = n % 5 === 0 ? `Zoë Müller-${n}` : `Person Number ${n}`;
  return {
    id: `6f0f0a7e-0000-4000-8000-${String(n).padStart(12, '0')}`,
    kind: 'user',
    type: 'UserMailbox',
    addresses: [`person.${n}@contoso.example`, `p${n}@contoso.example`, `${n}@corp.contoso.example`],
    userPrincipalName: `person.${n}@contoso.example`,
    enabled: true,
    external: false,
    hidden: false,
    createdAt: '2024-05-01T08:00:00Z',
    x500: [`/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=${n}`],
    attributes: {
      displayName: name,
      givenName: 'Person',
      surname: `Number ${n}`,
      alias: `person.${n}`,
      companyName: 'Contoso Holding',
      department: `Department ${n % 300}`,
      jobTitle: `Engineer of level ${n % 7}`,
      officeLocation: `Building ${n % 40}, floor ${n % 9}`,
      businessPhones: [`+41 44 ${String(n % 1000).padStart(3, '0')} 00 00`],
      mobilePhone: `+41 79 000 ${String(n % 10_000).padStart(4, '0')}`,
      fax: `+41 44 999 ${String(n % 10_000).padStart(4, '0')}`,
      streetAddress: `Long Street ${n % 500}`,
      city,
      state: 'State',
      postalCode: String(8000 + (n % 900)),
      country: 'Switzerland',
    },
  };
}

/** The same person after a promotion. */
export function promoted(entry: Entry): Entry {
  return { ...entry, attributes: { ...entry.attributes, jobTitle: 'Head of Engineering' } };
}

/** A route with a filter that people really write, and everything that planning it needs, without a store. */
export function planContext(): PlanContext {
  const configuration = configured();
  const [route, source] = [configuration.routes[0]!, configuration.connectors[0]!];
  const capability: Capability = contactCapability(configuration.connectors[1] as Microsoft365Settings);
  const owners = domainOwners(configuration.connectors, {
    contoso: ['contoso.example', 'corp.contoso.example'],
    fabrikam: ['fabrikam.example'],
  });
  return {
    route,
    capabilityOf: () => capability,
    select: compileSelection({ source, route, owners, membership: { pull: null, filter: null }, now: NOW }),
    project: compileProjections(route, () => capability),
    settled: compileSettled(route, () => capability),
    existingWhere: compileCondition({ all: [] }, NOW),
    sourceStale: false,
    routes: new Set([route.id]),
    now: NOW,
  };
}

function configured(): Configuration {
  const connector = (id: string): object => ({
    id,
    kind: 'microsoft365',
    tenant: `${id}.example`,
    credential: { kind: 'clientSecret', clientId: 'x', secret: 'A_SECRET' },
  });
  const where = {
    all: [
      { attribute: 'department', operator: 'DoesNotMatchRegex', value: '^(Test|Temp)\\b' },
      { attribute: 'jobTitle', operator: 'DoesNotContain', value: ['intern', 'external'] },
    ],
  };
  const checked = checkConfiguration(
    {
      version: 1,
      connectors: [connector('contoso'), connector('fabrikam')],
      routes: [{ id: 'contoso-to-fabrikam', from: 'contoso', to: 'fabrikam', filter: { where }, push: { as: 'contact' } }],
    },
    { local: true, allowedHosts: [] },
  );
  if (!checked.ok) throw new Error(JSON.stringify(checked.faults));
  return checked.configuration;
}

/** The link of a person whose object is as we wrote it; its image came from a store, so no text is the source's own. */
export function linkOf(context: PlanContext, entry: Entry): Link {
  const { fields, address } = context.project(entry, 'contact');
  const stamp = formatStamp({ route: context.route.id, sourceId: entry.id, adopted: false });
  const held = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const written: Partial<Record<FieldName, string>> = {};
  for (const [name, value] of Object.entries(held)) written[name as FieldName] = hashValue(value ?? null);
  return {
    route: context.route.id,
    sourceId: entry.id,
    state: 'linked',
    kind: entry.kind,
    as: 'contact',
    targetId: `t-${entry.id}`,
    adopted: false,
    intent: null,
    doneChange: 'job.1.contoso-to-fabrikam.0',
    image: JSON.parse(JSON.stringify({ ...held, stamp })) as Fields,
    imageHash: 'read',
    written,
    notKept: {},
    leaving: null,
    hidden: false,
    alias: 'person',
    address,
    displayName: String(fields.displayName),
    x500: [],
    writtenAt: '2026-11-20T00:00:00Z',
    retry: null,
    endedBecause: null,
  };
}

/** A target in which every linked object is as its image says, as a quiet night finds it. */
export const QUIET: TargetView = {
  sight: () => ({ there: true, entry: null, hash: 'read' }),
  hits: () => [],
  linkOf: () => null,
  sourceHas: () => true,
  manager: () => null,
};
