import { namesIn, wantedAttributes } from '../config/wantedAttributes.ts';
import type { Configuration, RouteSettings, Where } from '../model/configuration.ts';
import { listed } from '../rules/explainWords.ts';
import { pushedAttributes } from '../rules/project.ts';
import { placeholders } from '../rules/texts.ts';

/** What a route of a new document needs and no snapshot holds yet: it cannot be judged before the next pull. */
export interface Unread {
  /** Fields of the target whose value cannot be known: neither written nor emptied in the numbers. */
  readonly fields: ReadonlySet<string>;
  /** Attributes to be read, as the document names them (`raw.…` too). */
  readonly attributes: readonly string[];
  /** Conditions that were left as they are now, because they name such attributes. */
  readonly conditions: readonly string[];
  readonly texts: readonly string[];
}

/** Compares what is read for the running configuration with what a new one needs of source and target. */
export function unreadOf(now: Configuration | null, next: Configuration, route: RouteSettings): Unread {
  const source = missing(now, next, route.from);
  const target = missing(now, next, route.to);
  const fields = new Set<string>();
  for (const name of pushedAttributes(route)) {
    const template = route.push.set[name];
    const needs = template === undefined ? [name] : placeholders(template);
    if (target.has(name) || needs.some((one) => source.has(one))) fields.add(name);
  }
  const pull = next.connectors.find((one) => one.id === route.from)?.pull.where ?? null;
  const names = (where: Where): boolean => namesIn(where).some((name) => source.has(name));
  const conditions = [...(names(pull) ? ['pull.where'] : []), ...(names(route.filter.where) ? ['filter.where'] : [])];
  const attributes = [...new Set([...source, ...(fields.size > 0 ? target : [])])].sort();
  const texts = [
    ...(attributes.length > 0 ? [`Not in the snapshots yet, read at the next pull: ${listed(attributes)}.`] : []),
    ...(fields.size > 0 ? [`What becomes of ${listed([...fields])} is not known before that, and is in no number here.`] : []),
    ...conditions.map(
      (one) => `Whom the new condition ${one} lets through is not known before that: these numbers are with the condition of now.`,
    ),
  ];
  return { fields, attributes, conditions, texts };
}

/** Attributes of a connector that a new document needs and the running one does not ask for. */
function missing(now: Configuration | null, next: Configuration, connector: string): ReadonlySet<string> {
  const known = now?.connectors.some((one) => one.id === connector) ? wantedAttributes(now, connector) : null;
  // Never read, or by no configuration: openPlanning says so.
  if (!known) return new Set();
  const wanted = wantedAttributes(next, connector);
  return new Set([
    ...wanted.attributes.filter((name) => !known.attributes.includes(name)),
    ...wanted.raw.filter((name) => !known.raw.includes(name)).map((name) => `raw.${name}`),
  ]);
}

/** The new document with the conditions of now where those of its own cannot be judged. */
export function withJudgeable(now: Configuration | null, next: Configuration, route: RouteSettings, unread: Unread): Configuration {
  if (unread.conditions.length === 0) return next;
  const before = now?.routes.find((one) => one.id === route.id)?.filter.where ?? null;
  const pullBefore = now?.connectors.find((one) => one.id === route.from)?.pull.where ?? null;
  return {
    ...next,
    connectors: next.connectors.map((one) =>
      one.id === route.from && unread.conditions.includes('pull.where') ? { ...one, pull: { ...one.pull, where: pullBefore } } : one,
    ),
    routes: next.routes.map((one) =>
      one.id === route.id && unread.conditions.includes('filter.where') ? { ...one, filter: { ...one.filter, where: before } } : one,
    ),
  };
}
