import { type FieldName, type FieldValue, textsOf } from '../../model/plan.ts';
import { addressKey } from '../connector.ts';
import { addressOf, HOME, organizationOf, PARTS, type PhoneField, phonesOf, relOf, STAMP } from './contactXml.ts';
import { childOf, childrenOf, type Element, element, local, textAt } from './xml.ts';

const GD = 'http://schemas.google.com/g/2005';
const ATOM = 'http://www.w3.org/2005/Atom';
const GCONTACT = 'http://schemas.google.com/contact/2008';

const KIND = `${GD}#kind`;

/** What a shared contact shall hold, by our names; null: empty. */
export type ContactValues = Readonly<Partial<Record<FieldName, FieldValue>>>;

/** Elements that leave an entry, and those that come instead. */
interface Exchange {
  readonly out: readonly Element[];
  readonly in: readonly Element[];
}
const NONE: Exchange = { out: [], in: [] };
type Parts = readonly (readonly [FieldName, string])[];

const NAME: Parts = [
  ['namePrefix', 'namePrefix'],
  ['givenName', 'givenName'],
  ['surname', 'familyName'],
  ['nameSuffix', 'nameSuffix'],
  ['displayName', 'fullName'],
];
const ORGANIZATION: Parts = [
  ['companyName', 'orgName'],
  ['department', 'orgDepartment'],
  ['jobTitle', 'orgTitle'],
];
const PHONES: readonly (readonly [PhoneField, string])[] = [
  ['businessPhones', 'work'],
  ['mobilePhone', 'mobile'],
  ['homePhones', 'home'],
  ['fax', 'work_fax'],
  ['otherPhones', 'other'],
];

/**
 * The entry to send. An update replaces the whole entry at Google, so everything that `values` does not name stays as `before` has it:
 * foreign properties, a middle name, the label of an address that stays.
 * @param before the entry as read, null for a new one.
 * @param values only what changes; null clears.
 * @param stamp undefined: as before; `''`: without.
 */
export function writeContact(before: Element | null, values: ContactValues, stamp: string | undefined): Element {
  const old = before ?? element('entry');
  const changes = [
    nameOf(old, values),
    emails(old, values),
    phones(old, values),
    list(old, values, 'instantMessengers', 'im'),
    list(old, values, 'languages', 'language'),
    postal(old, values, false),
    postal(old, values, true),
    organization(old, values),
    single(values, 'birthday', childOf(old, 'birthday'), (when) => element('gContact:birthday', { when })),
    single(values, 'manager', related(old, 'relation', 'manager'), (text) => element('gContact:relation', { rel: 'manager' }, [], text)),
    single(values, 'employeeId', related(old, 'externalId', 'organization'), (value) =>
      element('gContact:externalId', { rel: 'organization', value }),
    ),
    single(values, 'notes', childOf(old, 'content'), (text) => element('content', { type: 'text' }, [], text)),
    mark(old, stamp),
  ];
  const out = new Set(changes.flatMap((one) => one.out));
  // The title is the service's own, made from the full name.
  const kept = old.children.filter((child) => !out.has(child) && local(child.name) !== 'title');
  // What an entry is must be said in every write; entries that were read say it already.
  const isSaid = kept.some((child) => local(child.name) === 'category' && child.attributes['scheme'] === KIND);
  const category = isSaid ? [] : [element('category', { scheme: KIND, term: `${GCONTACT}#contact` })];
  const attributes = { ...old.attributes, xmlns: ATOM, 'xmlns:gd': GD, 'xmlns:gContact': GCONTACT };
  return element('entry', attributes, [...category, ...kept, ...changes.flatMap((one) => one.in)]);
}

function mark(old: Element, stamp: string | undefined): Exchange {
  if (stamp === undefined) return NONE;
  const out = childrenOf(old, 'extendedProperty').filter((one) => one.attributes['name'] === STAMP);
  return { out, in: stamp === '' ? [] : [element('gd:extendedProperty', { name: STAMP, value: stamp })] };
}

function single(values: ContactValues, name: FieldName, old: Element | null, make: (text: string) => Element): Exchange {
  if (!(name in values)) return NONE;
  return { out: old ? [old] : [], in: textsOf(values[name]).slice(0, 1).map(make) };
}

/** Other relations and ids belong to others. */
function related(old: Element, name: string, rel: string): Element | null {
  return childrenOf(old, name).find((one) => one.attributes['rel'] === rel) ?? null;
}

/** The parts of one element: those that change, those that stay, and what others put beside them. */
function parted(values: ContactValues, old: Element | null, parts: Parts): readonly Element[] {
  const mine = parts.flatMap(([name, theirs]) => {
    const there = old ? childOf(old, theirs) : null;
    if (!(name in values)) return there ? [there] : [];
    const [text] = textsOf(values[name]);
    return text ? [element(`gd:${theirs}`, {}, [], text)] : [];
  });
  const ours = new Set(parts.map(([, theirs]) => theirs));
  return [...mine, ...(old?.children ?? []).filter((child) => !ours.has(local(child.name)))];
}

function nameOf(old: Element, values: ContactValues): Exchange {
  if (!NAME.some(([name]) => name in values)) return NONE;
  const there = childOf(old, 'name');
  const inner = parted(values, there, NAME);
  return { out: there ? [there] : [], in: inner.length > 0 ? [element('gd:name', {}, inner)] : [] };
}

function organization(old: Element, values: ContactValues): Exchange {
  if (!ORGANIZATION.some(([name]) => name in values) && !('officeLocation' in values)) return NONE;
  const there = organizationOf(old);
  const where = single(values, 'officeLocation', there && childOf(there, 'where'), (valueString) => element('gd:where', { valueString }));
  const inner = [...parted(values, there, ORGANIZATION).filter((one) => !where.out.includes(one)), ...where.in];
  return { out: there ? [there] : [], in: inner.length > 0 ? [element('gd:organization', relation(there, 'work'), inner)] : [] };
}

function postal(old: Element, values: ContactValues, home: boolean): Exchange {
  const parts: Parts = PARTS.map(([ours, theirs]) => [home ? HOME[ours]! : ours, theirs] as const);
  if (!parts.some(([name]) => name in values)) return NONE;
  const there = addressOf(old, home);
  const [street] = parts[0]!;
  const unparted = parts.some(([, theirs]) => textAt(there, theirs)) ? undefined : textAt(there, 'formattedAddress');
  const all = unparted !== undefined && !(street in values) ? { ...values, [street]: unparted } : values;
  // Google's formatted text is made from the parts: an old one must not outlive them.
  const inner = parted(all, there, parts).filter((one) => local(one.name) !== 'formattedAddress');
  const rel = relation(there, home ? 'home' : 'work');
  return { out: there ? [there] : [], in: inner.length > 0 ? [element('gd:structuredPostalAddress', rel, inner)] : [] };
}

/** Exactly one of rel and label: both, or neither, refuses the whole entry (Shared Contacts, elements). */
function relation(there: Element | null, rel: string): Record<string, string> {
  const { rel: its, label, ...others } = there?.attributes ?? {};
  if (its !== undefined) return { ...others, rel: its };
  return label === undefined ? { ...others, rel: `${GD}#${rel}` } : { ...others, label };
}

/** One address is primary, the first; an address that stays keeps its label and what else it has. */
function emails(old: Element, values: ContactValues): Exchange {
  if (!('addresses' in values)) return NONE;
  const there = childrenOf(old, 'email');
  const made = textsOf(values.addresses).map((address, n) => {
    const same = there.find((one) => addressKey(one.attributes['address'] ?? '') === addressKey(address)) ?? null;
    const { primary: _, ...attributes } = relation(same, n === 0 ? 'work' : 'other');
    return element('gd:email', { ...attributes, ...(n === 0 ? { primary: 'true' } : {}), address });
  });
  return { out: there, in: made };
}

function phones(old: Element, values: ContactValues): Exchange {
  if (!PHONES.some(([name]) => name in values)) return NONE;
  const there = phonesOf(old);
  const out: Element[] = [];
  const made: Element[] = [];
  for (const [name, rel] of PHONES) {
    const mine = there.filter((one) => one.field === name).map((one) => one.element);
    const numbers = name in values ? textsOf(values[name]) : mine.map((one) => one.text.trim());
    out.push(...mine);
    for (const number of numbers) {
      const same = mine.find((one) => one.text.trim() === number) ?? null;
      // A second mobile would be read as the first one when that goes.
      const reused = name === 'otherPhones' && same && ['mobile', 'work_mobile'].includes(relOf(same)) ? null : same;
      made.push(element('gd:phoneNumber', relation(reused, rel), [], number));
    }
  }
  const faxes = there.filter((one) => one.field === null && relOf(one.element) === 'work_fax').map((one) => one.element);
  return { out: 'fax' in values ? [...out, ...faxes] : out, in: made };
}

/** Items that are attributes of an element: what stays keeps its element. */
function list(old: Element, values: ContactValues, name: 'instantMessengers' | 'languages', tag: 'im' | 'language'): Exchange {
  if (!(name in values)) return NONE;
  const there = childrenOf(old, tag);
  const text = ({ attributes }: Element): string | undefined =>
    tag === 'im' ? attributes['address'] : (attributes['code'] ?? attributes['label']);
  const make = (value: string): Element =>
    tag === 'im'
      ? element('gd:im', { rel: `${GD}#work`, protocol: `${GD}#JABBER`, address: value })
      : element('gContact:language', /^[A-Za-z]{2,3}(-[A-Za-z0-9]+)*$/.test(value) ? { code: value } : { label: value });
  return { out: there, in: textsOf(values[name]).map((value) => there.find((one) => text(one) === value) ?? make(value)) };
}
