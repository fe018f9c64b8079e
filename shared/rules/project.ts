import { createHash } from 'node:crypto';
import { addressKey, type Capability } from '../connectors/connector.ts';
import {
  type AttributeName,
  DIRECTORY_SET,
  isAttributeName,
  isListAttribute,
  LIST_ATTRIBUTES,
  SINGLE_ATTRIBUTES,
} from '../model/attributes.ts';
import type { PushType, RouteSettings } from '../model/configuration.ts';
import type { Entry } from '../model/entry.ts';
import type { FieldName, Fields, FieldValue } from '../model/plan.ts';
import { compileAddresses } from './addresses.ts';
import { attributeReader, readAttribute } from './readAttribute.ts';
import { comparable, cutText, fillTemplate } from './texts.ts';
import type { PlanContext } from './view.ts';

export interface Projection {
  /** The push type that it is meant for. */
  readonly as: PushType;
  /** Every pushed field; null where the source is empty. `hidden` only if the route decides about it. */
  readonly fields: Fields;
  /** Fields (or what of them) that the target cannot hold. */
  readonly losses: readonly string[];
  /** The address shown (primary). */
  readonly address: string;
  /** Comparable keys of all addresses that the object would hold. */
  readonly addressKeys: readonly string[];
}

/** `compileProjection` for every push type of a route, each compiled at its first use. */
export function compileProjections(route: RouteSettings, capabilityOf: (as: PushType) => Capability): PlanContext['project'] {
  const compiled = new Map<PushType, (entry: Entry) => Projection>();
  return (entry, as) => {
    const project = compiled.get(as) ?? compileProjection(route, capabilityOf(as));
    compiled.set(as, project);
    return project(entry);
  };
}

const NO_LOSSES: readonly string[] = [];

/** Projects entries of a route onto what its target can hold, before anything is compared (promise 12). */
export function compileProjection(route: RouteSettings, target: Capability): (entry: Entry) => Projection {
  const { held, cannot } = heldAttributes(route, target);
  const projectors = held.map((name) => ({ name, project: compileField(name, route, target) }));
  const lost = cannot.map((name) => ({ name, read: sourceReader(name, route) }));
  const blank = blankFields(held, route, target);
  const addressesOf = compileAddresses(route.push.addresses, target);
  return (entry) => {
    const losses: string[] = [];
    const fields: Partial<Record<FieldName, FieldValue>> = { ...blank };
    for (const { name, project } of projectors) {
      const value = project(entry, losses);
      if (value !== null) fields[name] = value;
    }
    for (const { name, read } of lost) if (read(entry).length > 0) losses.push(name);
    const addresses = addressesOf(entry);
    losses.push(...addresses.losses);
    Object.assign(fields, addresses.fields);
    const hidden = hiddenOf(entry, route);
    if (hidden !== null && target.canHide) fields.hidden = hidden;
    if (target.fields.signIn) fields.signIn = route.push.mailUser.signIn;
    fields.displayName ??= cutText(addresses.address, target.fields.displayName?.maxLength ?? 256);
    const fitted = target.fit?.(fields) ?? { fields, lost: [] };
    return {
      as: target.as,
      fields: fitted.fields,
      losses: losses.length + fitted.lost.length === 0 ? NO_LOSSES : [...new Set([...losses, ...fitted.lost])],
      address: addresses.address,
      addressKeys: addresses.keys,
    };
  };
}

/**
 * Every field that a projection holds, empty. Copying an object whose shape is known is several times as fast as filling an empty one name by
 * name; parsing gives it that shape.
 */
function blankFields(held: readonly AttributeName[], route: RouteSettings, target: Capability): Partial<Record<FieldName, FieldValue>> {
  const others = (['deliveryAddress', 'x500', 'sip'] as const).filter((name) => target.fields[name]);
  const hidden = target.canHide && route.push.addressList !== 'leave' ? ['hidden'] : [];
  const names = [...held, 'addresses', ...others, ...hidden];
  return JSON.parse(JSON.stringify(Object.fromEntries(names.map((name) => [name, null])))) as Partial<Record<FieldName, FieldValue>>;
}

export type FieldProjector = (entry: Entry, losses: string[]) => FieldValue;

/** One text of the source as it is, a list, or a filled template. */
export function compileField(name: AttributeName, route: RouteSettings, target: Capability): FieldProjector {
  const text = compileText(name, target);
  if (route.push.set[name] === undefined && !isListAttribute(name))
    return (entry, losses) => {
      const value = entry.attributes[name];
      return typeof value === 'string' ? text(value, losses) : value === undefined ? null : list(name, value, text, target, losses);
    };
  const read = sourceReader(name, route);
  return (entry, losses) => {
    const values = read(entry);
    return values.length === 0 ? null : list(name, values, text, target, losses);
  };
}

/** Attributes that a route pushes: the directory set, or what is named; `set` writes count as named. */
export function pushedAttributes(route: RouteSettings): readonly AttributeName[] {
  const { only, except } = route.push.attributes;
  const all: readonly AttributeName[] = [...SINGLE_ATTRIBUTES, ...LIST_ATTRIBUTES];
  const chosen = only === null ? DIRECTORY_SET : only === '*' ? all : only.filter(isAttributeName);
  const named = new Set<AttributeName>([...chosen, ...Object.keys(route.push.set).filter(isAttributeName)]);
  for (const name of except) if (name !== 'displayName' && isAttributeName(name) && !(name in route.push.set)) named.delete(name);
  named.add('displayName');
  return all.filter((name) => named.has(name));
}

/** Of the attributes that a route pushes, those that the target holds and those that are lost there. */
export function heldAttributes(
  route: RouteSettings,
  target: Capability,
): { readonly held: readonly AttributeName[]; readonly cannot: readonly AttributeName[] } {
  const names = pushedAttributes(route);
  return {
    held: names.filter((name) => target.fields[name]),
    cannot: names.filter((name) => !target.fields[name] && name !== 'alias'),
  };
}

/** What a route pushes as an attribute: the entry's own texts, or its filled template. Empty list: nothing. */
export function sourceReader(name: AttributeName, route: RouteSettings): (entry: Entry) => readonly string[] {
  const template = route.push.set[name];
  if (template === undefined) return attributeReader(name);
  return (entry) => {
    const text = fillTemplate(template, (placeholder) => readAttribute(entry, placeholder)[0] ?? '');
    return text === '' ? [] : [text];
  };
}

function compileText(name: AttributeName, target: Capability): (value: string, losses: string[]) => string | null {
  const max = target.fields[name]?.maxLength ?? Number.MAX_SAFE_INTEGER;
  return (value, losses) => {
    const clean = comparable(value);
    if (clean === '') return null;
    const normal = target.normalise(name, clean);
    if (normal === null) {
      losses.push(`${name} not known`);
      return null;
    }
    const cut = cutText(normal, max);
    if (cut.length < normal.length) losses.push(`${name} cut`);
    return cut === '' ? null : cut;
  };
}

/** The values that the target holds; of a single attribute the first. */
function list(
  name: AttributeName,
  values: readonly string[],
  text: (value: string, losses: string[]) => string | null,
  target: Capability,
  losses: string[],
): FieldValue {
  const kept: string[] = [];
  for (const value of values) {
    const held = text(value, losses);
    if (held !== null && !kept.includes(held)) kept.push(held);
  }
  if (!isListAttribute(name)) return kept[0] ?? null;
  const max = target.fields[name]?.maxValues ?? kept.length;
  if (kept.length > max) losses.push(`${name} beyond ${max}`);
  return kept.length === 0 ? null : kept.length > max ? kept.slice(0, max) : kept;
}

/** What the route says of the address list; null: it leaves it alone. */
export function hiddenOf(entry: Entry, route: RouteSettings): string | null {
  const { addressList } = route.push;
  if (addressList === 'leave') return null;
  if (addressList === 'likeSource') return String(entry.hidden);
  return String(addressList === 'hidden');
}

/**
 * What our object is called where the directory wants an alias: `<ASCII source alias, ≤ 50>.<8 hex of SHA-256(route, source id)>`,
 * fixed at the create (contract, Attributes).
 */
export function aliasFor(route: string, entry: Pick<Entry, 'id' | 'addresses' | 'attributes'>): string {
  const own = typeof entry.attributes.alias === 'string' ? entry.attributes.alias : (entry.addresses[0]?.split('@')[0] ?? '');
  const ascii = own
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]/g, '')
    .replace(/\.{2,}/g, '.')
    .replace(/^\.+|\.+$/g, '')
    .slice(0, 50)
    .replace(/\.+$/, '');
  const hash = createHash('sha256').update(`${route}\0${entry.id}`).digest('hex').slice(0, 8);
  return ascii === '' ? `g.${hash}` : `${ascii}.${hash}`;
}

/** Comparable keys of a projection's addresses. */
export function keysOf(addresses: readonly string[]): readonly string[] {
  return [...new Set(addresses.map(addressKey))];
}
