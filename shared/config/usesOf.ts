import type { Purpose } from '../connectors/permission.ts';
import type { Configuration, Filter } from '../model/configuration.ts';
import { pushTypesOf } from '../model/pushType.ts';
import { pushesX500, wantedAttributes } from './wantedAttributes.ts';

/** What the configuration uses of a connector; of one that no route names, what its `pull` asks for. Disabled routes count: they will run. */
export function usesOf(configuration: Configuration, connectorId: string): ReadonlySet<Purpose> {
  const uses = new Set<Purpose>(['read']);
  const connector = configuration.connectors.find((candidate) => candidate.id === connectorId);
  if (!connector) return uses;
  const from = configuration.routes.filter((route) => route.from === connectorId);
  const to = configuration.routes.filter((route) => route.to === connectorId);
  const { pull } = connector;
  const filters: readonly Filter[] = [pull, ...from.map((route) => route.filter)];
  const source = from.length > 0 || to.length === 0;
  const names: readonly (readonly [Purpose, boolean])[] = [
    ['source', source],
    ['target', to.length > 0],
    ['groups', source && pull.groups && (from.length === 0 || from.some((route) => route.filter.groups && route.push.groups))],
    ['rooms', source && pull.rooms && (from.length === 0 || from.some((route) => route.filter.rooms))],
    ['sharedMailboxes', source && pull.sharedMailboxes && (from.length === 0 || from.some((route) => route.filter.sharedMailboxes))],
    ['contacts', source && pull.contacts && (from.length === 0 || from.some((route) => route.filter.contacts))],
    ['hiddenEntries', source && !pull.hiddenEntries],
    ['internalOnlyGroups', source && pull.groups && !pull.internalOnlyGroups],
    ['members', filters.some((one) => one.onlyMembersOf.length + one.exceptMembersOf.length > 0)],
    ['orgUnits', filters.some((one) => one.orgUnits.include.length + one.orgUnits.exclude.length > 0)],
    ['customSchemas', wantedAttributes(configuration, connectorId).raw.some((name) => /^customSchemas(\.|$)/.test(name))],
    ['owns', connector.owns === null],
    ['x500', [...from, ...to].some(pushesX500)],
  ];
  for (const [purpose, asked] of names) if (asked) uses.add(purpose);
  for (const route of to) for (const as of pushTypesOf(route.push.as)) uses.add(as);
  return uses;
}
