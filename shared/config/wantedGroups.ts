import type { Configuration, Filter } from '../model/configuration.ts';

/** A group whose members a filter needs, as the document names it: an id or one of its addresses. */
export interface WantedGroup {
  readonly name: string;
  /** A filter wants the members of its member groups too. */
  readonly nested: boolean;
}

/** The groups that this connector's `pull`, or the `filter` of a route from it, names: their members are read with its next pull. */
export function wantedGroups(configuration: Configuration, connectorId: string): readonly WantedGroup[] {
  const filters: Filter[] = [
    ...configuration.connectors.filter((one) => one.id === connectorId).map((one) => one.pull),
    ...configuration.routes.filter((one) => one.from === connectorId).map((one) => one.filter),
  ];
  const nested = new Map<string, boolean>();
  for (const filter of filters) for (const name of groupsIn(filter)) nested.set(name, filter.nestedGroups || (nested.get(name) ?? false));
  return [...nested].map(([name, deep]) => ({ name, nested: deep }));
}

/** Every group that a filter names. */
export function groupsIn(filter: Filter): readonly string[] {
  return [...filter.onlyMembersOf, ...filter.exceptMembersOf];
}
