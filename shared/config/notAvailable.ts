import type { ConfigurationFault, ConnectorSettings, RouteSettings } from '../model/configuration.ts';
import { GROUP_TYPES } from '../model/entry.ts';

interface Line<T> {
  readonly path: string;
  /** True if the value asks for behaviour that is not built yet. */
  readonly asks: (settings: T) => boolean;
}

const allTypes = (types: readonly string[]): boolean => GROUP_TYPES.every((type) => types.includes(type));

/** Values that are right but whose behaviour is not built yet: nothing is ever silently ignored. Each line goes when its part comes. */
const CONNECTOR: readonly Line<ConnectorSettings>[] = [
  { path: '/kind', asks: (c) => c.kind === 'exchangeOnPremises' },
  {
    path: '/credential/kind',
    asks: (c) => c.kind !== 'exchangeOnPremises' && c.credential.kind !== 'clientSecret' && c.credential.kind !== 'serviceAccountKey',
  },
  { path: '/pull/groupTypes', asks: (c) => !allTypes(c.pull.groupTypes) },
  { path: '/pull/internalOnlyGroups', asks: (c) => !c.pull.internalOnlyGroups },
  { path: '/pull/onlyMembersOf', asks: (c) => c.pull.onlyMembersOf.length > 0 },
  { path: '/pull/exceptMembersOf', asks: (c) => c.pull.exceptMembersOf.length > 0 },
  { path: '/pull/nestedGroups', asks: (c) => !c.pull.nestedGroups },
  { path: '/pull/orgUnits', asks: (c) => c.pull.orgUnits.include.length + c.pull.orgUnits.exclude.length > 0 },
  { path: '/pull/withhold', asks: (c) => c.pull.withhold.length > 0 },
];

const ROUTE: readonly Line<RouteSettings>[] = [
  { path: '/push/as', asks: (r) => r.push.as !== 'contact' && r.push.as !== 'sharedContact' },
  { path: '/filter/groupTypes', asks: (r) => !allTypes(r.filter.groupTypes) },
  { path: '/filter/onlyMembersOf', asks: (r) => r.filter.onlyMembersOf.length > 0 },
  { path: '/filter/exceptMembersOf', asks: (r) => r.filter.exceptMembersOf.length > 0 },
  { path: '/filter/nestedGroups', asks: (r) => !r.filter.nestedGroups },
  { path: '/filter/orgUnits', asks: (r) => r.filter.orgUnits.include.length + r.filter.orgUnits.exclude.length > 0 },
  { path: '/push/existing', asks: (r) => r.push.existing !== 'report' },
  { path: '/push/existingWhere', asks: (r) => r.push.existingWhere !== null },
  {
    path: '/push/mailUser',
    asks: (r) => r.push.mailUser.signIn !== 'blocked' || r.push.mailUser.userPrincipalName !== '{alias}@<initial domain>',
  },
  { path: '/push/mailboxes', asks: (r) => r.push.mailboxes.of.length > 0 || r.push.mailboxes.folder !== null },
];

/** Faults `not available yet`, with their paths. */
export function notAvailable(settings: ConnectorSettings | RouteSettings, start: string): readonly ConfigurationFault[] {
  const faults = 'kind' in settings ? CONNECTOR.filter((line) => line.asks(settings)) : ROUTE.filter((line) => line.asks(settings));
  return faults.map(({ path }) => ({
    path: `${start}${path}`,
    message: 'not available yet',
    fix:
      path === '/push/as'
        ? 'Use "contact" (Microsoft 365) or "sharedContact" (Google Workspace) until then.'
        : 'Leave it at its default until then.',
  }));
}
