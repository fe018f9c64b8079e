import { isAttributeName } from '../model/attributes.ts';
import { type Configuration, conditionNames, type RouteSettings, type Where } from '../model/configuration.ts';
import { pushTypesOf } from '../model/pushType.ts';
import { isCondition } from '../rules/condition.ts';
import { pushedAttributes } from '../rules/project.ts';
import { placeholders } from '../rules/texts.ts';

/** What must be read from a connector: only what is mapped, filtered or used in `set` is asked for. */
export interface Wanted {
  readonly attributes: readonly string[];
  /** The directory's own names, without `raw.`. */
  readonly raw: readonly string[];
  /** X500 addresses, everybody's own legacyExchangeDN among them: of people and contacts; of groups, where groups leave with them. */
  readonly x500: boolean;
  readonly groupX500: boolean;
}

export function wantedAttributes(configuration: Configuration, connectorId: string): Wanted {
  const names = new Set<string>(['displayName', 'alias']);
  const connector = configuration.connectors.find((candidate) => candidate.id === connectorId);
  if (connector) for (const name of namesIn(connector.pull.where)) names.add(name);
  for (const rule of connector?.pull.withhold ?? []) if (rule.where) for (const name of conditionNames(rule.where)) names.add(name);
  for (const route of configuration.routes) {
    if (route.from !== connectorId && route.to !== connectorId) continue;
    for (const name of pushedAttributes(route)) names.add(name);
    if (route.from === connectorId) {
      for (const name of namesIn(route.filter.where)) names.add(name);
      if (route.push.as === 'mailUser') for (const name of placeholders(route.push.mailUser.userPrincipalName)) names.add(name);
      for (const template of Object.values(route.push.set)) for (const name of placeholders(template)) names.add(name);
    } else if (route.push.existingWhere) for (const name of conditionNames(route.push.existingWhere)) names.add(name);
  }
  const x500Routes = configuration.routes.filter(pushesX500);
  return {
    attributes: [...names].filter(isAttributeName).sort(),
    raw: [...names]
      .filter((name) => name.startsWith('raw.'))
      .map((name) => name.slice(4))
      .sort(),
    x500: x500Routes.some((route) => route.from === connectorId || route.to === connectorId),
    groupX500: (connector?.pull.groups ?? false) && x500Routes.some((route) => route.from === connectorId && pushesGroups(route)),
  };
}

/** True if a route pushes into objects that hold X500 addresses, and may. */
export function pushesX500(route: RouteSettings): boolean {
  return route.push.addresses.x500 && pushTypesOf(route.push.as).some((as) => as === 'contact' || as === 'mailUser');
}

function pushesGroups({ filter, push }: RouteSettings): boolean {
  return filter.groups && push.groups;
}

/** Attributes that the conditions of a filter read. */
export function namesIn(where: Where): readonly string[] {
  if (where === null) return [];
  if (isCondition(where)) return conditionNames(where);
  return Object.values(where).flatMap((condition) => (condition ? conditionNames(condition) : []));
}
