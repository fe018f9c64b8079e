import { isAttributeName } from '../model/attributes.ts';
import type { Condition, Configuration, Where } from '../model/configuration.ts';
import { pushedAttributes } from '../rules/project.ts';
import { placeholders } from '../rules/texts.ts';

/** What must be read from a connector: only what is mapped, filtered or used in `set` is asked for. */
export interface Wanted {
  readonly attributes: readonly string[];
  /** The directory's own names, without `raw.`. */
  readonly raw: readonly string[];
}

export function wantedAttributes(configuration: Configuration, connectorId: string): Wanted {
  const names = new Set<string>(['displayName', 'alias']);
  const connector = configuration.connectors.find((candidate) => candidate.id === connectorId);
  if (connector) for (const name of namesIn(connector.pull.where)) names.add(name);
  for (const rule of connector?.pull.withhold ?? []) if (rule.where) for (const name of namesOf(rule.where)) names.add(name);
  for (const route of configuration.routes) {
    if (route.from !== connectorId && route.to !== connectorId) continue;
    for (const name of pushedAttributes(route)) names.add(name);
    if (route.from === connectorId) {
      for (const name of namesIn(route.filter.where)) names.add(name);
      for (const template of Object.values(route.push.set)) for (const name of placeholders(template)) names.add(name);
    } else if (route.push.existingWhere) for (const name of namesOf(route.push.existingWhere)) names.add(name);
  }
  return {
    attributes: [...names].filter(isAttributeName).sort(),
    raw: [...names]
      .filter((name) => name.startsWith('raw.'))
      .map((name) => name.slice(4))
      .sort(),
  };
}

/** Attributes that a condition names. */
export function namesIn(where: Where): readonly string[] {
  if (where === null) return [];
  if ('all' in where || 'any' in where || 'not' in where || 'attribute' in where) return namesOf(where as Condition);
  return Object.values(where as Record<string, Condition | null>).flatMap((condition) => (condition ? namesOf(condition) : []));
}

function namesOf(condition: Condition): readonly string[] {
  if ('all' in condition) return condition.all.flatMap(namesOf);
  if ('any' in condition) return condition.any.flatMap(namesOf);
  return 'not' in condition ? namesOf(condition.not) : [condition.attribute];
}
