import type { Capability } from '../connectors/connector.ts';
import { type AttributeName, type AttributeValue, isAttributeName } from '../model/attributes.ts';
import type { PushSettings, PushType, RouteSettings } from '../model/configuration.ts';
import { domainOf, type Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { FieldName, Fields, FieldValue } from '../model/plan.ts';
import { pushTypeOf } from '../model/pushType.ts';
import { compileAddresses } from './addresses.ts';
import { isSameList, sameValue } from './diff.ts';
import { compileField, type FieldProjector, heldAttributes, hiddenOf, sourceReader } from './project.ts';
import { domainMatcher } from './select.ts';
import { NO_MANAGER_THERE } from './superior.ts';
import { isPlain } from './texts.ts';
import type { PlanContext, Sight, TargetView } from './view.ts';

const NO_LOSSES: readonly string[] = [];
const DOTS_FOLDED: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);

/**
 * Most entries of a quiet night: their object was not touched since its link's image was taken, and the image says what the projection
 * would. Such an entry is found by comparing field by field, and needs neither a projection nor a look at what else the target holds.
 * Answers its losses; null where anything is different or in doubt: then it is planned in full. A property test holds both to one result.
 */
export function compileSettled(route: RouteSettings, capabilityOf: (as: PushType) => Capability): PlanContext['settled'] {
  const compiled = new Map<PushType, Holds>();
  return (entry, link, sight, manager) => {
    if (!isAtRest(link, sight)) return null;
    const as = link.adopted ? link.as : pushTypeOf(route.push.as, entry.kind);
    if (link.as !== as) return null;
    const holds = compiled.get(as) ?? compileHolds(route, capabilityOf(as));
    compiled.set(as, holds);
    return holds(entry, link, manager);
  };
}

/** Nothing is under way, nothing was refused, nobody left: only fields decide. */
function isAtRest(link: Link, sight: Sight): boolean {
  return (
    link.state === 'linked' &&
    link.targetId !== null &&
    sight.there &&
    sight.entry === null &&
    link.leaving === null &&
    !link.hidden &&
    !link.converting &&
    !link.open &&
    isEmpty(link.notKept)
  );
}

function isEmpty(values: object): boolean {
  for (const _name in values) return false;
  return true;
}

/** True if the object holds a field as the projection would have it, without a loss. */
type FieldHolds = (entry: Entry, image: Fields) => boolean;
type Holds = (entry: Entry, link: Link, manager: TargetView['manager']) => readonly string[] | null;

function compileHolds(route: RouteSettings, target: Capability): Holds {
  const { held, cannot } = heldAttributes(route, target);
  const reference = target.fields.manager?.reference === true && held.includes('manager');
  const texts = reference ? held.filter((name) => name !== 'manager') : held;
  const attributes = compileAttributesHold(texts, route, target);
  const managers = reference ? compileManagerHolds(route, target) : null;
  const hidden = compileHidden(route, target);
  const signIn = target.fields.signIn ? route.push.mailUser.signIn : null;
  const addresses = compileAddressesHold(route, target);
  const lost = cannot.map((name) => ({ name, isSet: compileIsSet(name, route) }));
  const wroteMore = compileWroteMore(new Set(Object.keys(target.fields).filter((name) => isAttributeName(name) && !held.includes(name))));
  return (entry, { image, written, managerId }, manager) => {
    // What the route pushed before and pushes no longer is emptied: a matter of the plan.
    if (wroteMore(written)) return null;
    if (!attributes(entry, image) || !hidden(entry, image) || (signIn !== null && image.signIn !== signIn)) return null;
    const losses = addresses(entry, image);
    if (losses === null || (target.fit && target.fit(image).fields !== image)) return null;
    let all = losses;
    for (const { name, isSet } of lost) if (isSet(entry)) all = [...all, name];
    const without = managers === null ? NO_LOSSES : managers(entry, image, managerId, manager);
    return without === null ? null : without.length === 0 ? all : [...all, ...without];
  };
}

/** True if a link remembers one of these fields. Nearly all links remember the same ones in the same order: that order is remembered. */
function compileWroteMore(fields: ReadonlySet<string>): (written: Link['written']) => boolean {
  const fine: string[] = [];
  return (written) => {
    let n = 0;
    for (const name in written) {
      if (fine[n] !== name) {
        if (fields.has(name)) return true;
        fine[n] = name;
      }
      n += 1;
    }
    return false;
  };
}

/**
 * Where managers are objects: the address is the one that is held and still means the object that is held, or it means none and none is held
 * (a loss).
 */
function compileManagerHolds(
  route: RouteSettings,
  target: Capability,
): (entry: Entry, image: Fields, held: Link['managerId'], manager: TargetView['manager']) => readonly string[] | null {
  const project = compileField('manager', route, target);
  return (entry, { manager: there }, held, manager) => {
    const losses: string[] = [];
    const wanted = project(entry, losses);
    if (losses.length > 0) return null;
    if (typeof wanted !== 'string') return sameValue('manager', wanted, there ?? null) ? NO_LOSSES : null;
    const sight = manager(wanted);
    if (sight === null) return there === undefined || there === null ? [NO_MANAGER_THERE] : null;
    return sight.id !== null && sight.id === held && there === wanted ? NO_LOSSES : null;
  };
}

/** True if the source has something to say, whether the target can hold it or not. */
function compileIsSet(name: AttributeName, route: RouteSettings): (entry: Entry) => boolean {
  const read = sourceReader(name, route);
  if (route.push.set[name] !== undefined) return (entry) => read(entry).length > 0;
  return (entry) => entry.attributes[name] !== undefined && read(entry).length > 0;
}

function compileHidden(route: RouteSettings, target: Capability): FieldHolds {
  if (!target.canHide || route.push.addressList === 'leave') return () => true;
  return (entry, image) => image.hidden === hiddenOf(entry, route);
}

interface HeldField {
  readonly name: AttributeName;
  /** The source's own text or list is what is pushed: no template. */
  readonly own: boolean;
  readonly max: number;
  readonly respelled: boolean;
  /** Compared as an address, not as a text. */
  readonly keyed: boolean;
  readonly normalise: Capability['normalise'];
  readonly inFull: FieldHolds;
}

/** True if every attribute is there: most to the letter, the others as the projection has them. */
function compileAttributesHold(held: readonly AttributeName[], route: RouteSettings, target: Capability): FieldHolds {
  const fields = held.map((name): HeldField => {
    const project = compileField(name, route, target);
    return {
      name,
      own: route.push.set[name] === undefined,
      max: target.fields[name]?.maxLength ?? Number.MAX_SAFE_INTEGER,
      respelled: target.respells.has(name),
      keyed: name === 'manager' || name === 'otherAddresses',
      normalise: target.normalise,
      inFull: (entry, image) => holdsProjected(name, project, entry, ownPart(image[name], target.fields[name])),
    };
  });
  return (entry, image) => {
    for (const field of fields)
      if (!holdsToTheLetter(field, entry.attributes[field.name], image[field.name]) && !field.inFull(entry, image)) return false;
    return true;
  };
}

/** The source's text is what the object holds, and nothing of it would be changed on its way. */
function holdsToTheLetter(field: HeldField, value: AttributeValue | undefined, there: FieldValue | undefined): boolean {
  if (!field.own) return false;
  if (typeof value === 'string') return value === there && stays(field, value);
  // A name that is missing is made of the address.
  if (value === undefined) return (there === undefined || there === null) && field.name !== 'displayName';
  return value.length === 1 && Array.isArray(there) && there.length === 1 && there[0] === value[0] && stays(field, value[0]!);
}

function stays(field: HeldField, text: string): boolean {
  if (field.respelled || field.keyed || !isComposedWithin(text, field.max))
    return text.length <= field.max && isPlain(text) && (!field.respelled || field.normalise(field.name, text) === text);
  return true;
}

/**
 * A text that begins with a letter is not empty when it is made comparable, and then at most three times as long (what composing a text may
 * add): it is not cut, and both sides are made comparable alike. Asked in place of `isPlain`, which looks at every letter.
 */
function isComposedWithin(text: string, max: number): boolean {
  const first = text.charCodeAt(0);
  return first > 0x20 && first < 0x7f && text.length * 3 <= max && text.isWellFormed();
}

function holdsProjected(name: AttributeName, project: FieldProjector, entry: Entry, there: FieldValue): boolean {
  const losses: string[] = [];
  const value = project(entry, losses);
  if (losses.length > 0 || (value === null && name === 'displayName')) return false;
  return sameValue(name, value, there);
}

/** Of a list that the directory adds to, what is ours. */
function ownPart(there: FieldValue | undefined, capability: Capability['fields'][FieldName]): FieldValue {
  return capability?.keepsOthers && Array.isArray(there) ? there.slice(0, capability.maxValues) : (there ?? null);
}

/** Losses if the object holds the addresses of every sort that it would have, else null. */
function compileAddressesHold(route: RouteSettings, target: Capability): (entry: Entry, image: Fields) => readonly string[] | null {
  const settings = route.push.addresses;
  const project = compileAddresses(settings, target);
  const stay = compileStayAsTheyAre(settings, target.fields.addresses?.maxValues ?? 1);
  const x500 = compileOtherHold('x500', settings.x500, target);
  const sip = compileOtherHold('sip', settings.sip, target);
  return (entry, image) => {
    if (stay(entry.addresses, image.addresses ?? null) && (image.deliveryAddress ?? null) === null)
      return x500(entry.x500, image) && sip(entry.sip, image) ? NO_LOSSES : null;
    const projected = project(entry);
    for (const [name, value] of Object.entries(projected.fields) as [FieldName, FieldValue][])
      if (!sameValue(name, value, ownPart(image[name], target.fields[name]))) return null;
    return projected.losses;
  };
}

/** True if the addresses are there to the letter, and the projection would take every one of them as it is. */
function compileStayAsTheyAre(
  settings: PushSettings['addresses'],
  room: number,
): (addresses: readonly string[], there: FieldValue) => boolean {
  if (!settings.secondary || settings.deliverTo.length > 0 || Object.keys(settings.domains).length > 0) return () => false;
  const left = settings.except.map(domainMatcher);
  const stays = (addresses: readonly string[], n: number): boolean => {
    if (!isPlain(addresses[n]!)) return false;
    if (n === 0) return true;
    return !mayFoldDots(addresses[n]!) && (left.length === 0 || !isAny(left, domainOf(addresses[n]!))) && isNew(addresses, n);
  };
  return (addresses, there) => {
    if (addresses.length > room || !isSameList(addresses, there)) return false;
    for (let n = 0; n < addresses.length; n += 1) if (!stays(addresses, n)) return false;
    return true;
  };
}

const AT = 0x40;

/** Two addresses of different length can be one in the two domains that fold dots; told by where the `@` is, for nearly all. */
function mayFoldDots(address: string): boolean {
  const isAt = (domain: string): boolean => address.charCodeAt(address.length - domain.length - 1) === AT;
  return (isAt('gmail.com') || isAt('googlemail.com')) && DOTS_FOLDED.has(domainOf(address));
}

/** None of the addresses before it is the same but for case. */
function isNew(addresses: readonly string[], n: number): boolean {
  const address = addresses[n]!;
  for (let other = 0; other < n; other += 1)
    if (addresses[other]!.length === address.length && addresses[other]!.toLowerCase() === address.toLowerCase()) return false;
  return true;
}

function isAny(matchers: readonly ((domain: string) => boolean)[], domain: string): boolean {
  for (const matches of matchers) if (matches(domain)) return true;
  return false;
}

/** True if the object holds them, or there are none to hold. */
function compileOtherHold(
  name: 'x500' | 'sip',
  pushed: boolean,
  target: Capability,
): (values: readonly string[] | undefined, image: Fields) => boolean {
  const held = target.fields[name] !== undefined;
  return (values, image) => {
    const wanted = pushed && values && values.length > 0 ? values : null;
    return held ? sameValue(name, wanted, image[name] ?? null) : wanted === null;
  };
}
