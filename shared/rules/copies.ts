import { createHash, type Hash } from 'node:crypto';
import type { CopyAct, CopyContact } from '../connectors/copies.ts';
import type { PushSettings } from '../model/configuration.ts';
import type { FieldName, Fields, FieldValue } from '../model/plan.ts';
import { diffFields, hashValue, sameValue } from './diff.ts';

/** What a folder shall hold: stamp → fields, as the folder can hold them. */
export type Wishes = ReadonlyMap<string, Fields>;

export interface CopyRules {
  readonly emptyFields: PushSettings['emptyFields'];
  readonly drift: PushSettings['drift'];
  /** `galsync:<route>:`: only contacts whose stamp begins so are ours to change or remove. */
  readonly prefix: string;
}

/** Compared and planned against one folder. `ours` is what it will hold of ours; `strangers`: contacts in it that are none of ours. */
export interface CopyPlan {
  readonly acts: readonly CopyAct[];
  readonly ours: number;
  readonly strangers: number;
}

/**
 * What must be written so that a folder holds the wishes: by stamp, never by name or address. A second contact with the same stamp (an
 * answer was lost, somebody copied it) is removed; one that is wished no more is removed; all others are left alone.
 */
export function planCopies(wishes: Wishes, contacts: readonly CopyContact[], rules: CopyRules): CopyPlan {
  const acts: CopyAct[] = [];
  const removals: CopyAct[] = [];
  const seen = new Set<string>();
  let strangers = 0;
  for (const contact of contacts) {
    const { stamp } = contact;
    if (!isOurs(stamp, rules.prefix)) {
      strangers += 1;
      continue;
    }
    const wish = wishes.get(stamp);
    if (!wish || seen.has(stamp)) removals.push({ act: 'delete', id: contact.id });
    else {
      const update = updateOf(wish, contact, rules);
      if (update) acts.push(update);
    }
    seen.add(stamp);
  }
  for (const [stamp, fields] of wishes) {
    if (seen.has(stamp)) continue;
    const held = withoutEmpty(fields);
    acts.push({ act: 'create', stamp, note: noteOf(held, {}), fields: held });
  }
  return { acts: [...removals, ...acts], ours: wishes.size, strangers };
}

/** True for a stamp of the route; a text compare as the directory's own search may not regard case. */
export function isOurs(stamp: string | null, prefix: string): stamp is string {
  return stamp?.startsWith(prefix) ?? false;
}

function updateOf(wish: Fields, contact: CopyContact, rules: CopyRules): CopyAct | null {
  const before = readNote(contact.note);
  const written = spellOut(before.written, (name) => contact.fields[name] ?? null);
  const notKept = spellOut(before.notKept, (name) => wish[name] ?? null);
  const changes = diffFields(wish, contact.fields, { emptyFields: rules.emptyFields, drift: rules.drift, written, notKept });
  if (changes.length === 0) return null;
  const changed = new Map(changes.map((change) => [change.name, change.after]));
  const codes: Partial<Record<FieldName, string>> = {};
  for (const name of Object.keys(wish) as FieldName[]) {
    const value = wish[name] ?? null;
    const ours = changed.has(name) || sameValue(name, value, contact.fields[name] ?? null);
    const code = ours ? (value === null ? undefined : codeOf(value)) : before.written[name];
    if (code !== undefined) codes[name] = code;
  }
  const marks = Object.entries(before.notKept).filter(([name, code]) => code === codeOf(wish[name as FieldName] ?? null));
  return {
    act: 'update',
    id: contact.id,
    note: formatNote(codes, Object.fromEntries(marks)),
    fields: Object.fromEntries(changed),
    whole: { ...contact.fields, ...Object.fromEntries(changed) },
  };
}

/**
 * An answer that shows another value than was written: the directory spells it its own way, or drops it. It is noted at the contact, so
 * that it is written no more until we want something else (promise 15). null: everything was kept.
 */
export function noteNotKept(act: CopyAct, contact: CopyContact | null): CopyAct | null {
  if (act.act === 'delete' || !contact) return null;
  const lost = (Object.keys(act.fields) as FieldName[]).filter(
    (name) => !sameValue(name, act.fields[name] ?? null, contact.fields[name] ?? null),
  );
  if (lost.length === 0) return null;
  const { written, notKept } = readNote(act.note);
  const marks = Object.fromEntries(lost.map((name) => [name, codeOf(act.fields[name] ?? null)]));
  // A value that the directory spells its own way stays ours: what it shows is what we wrote.
  const spelt = lost.flatMap((name) => (contact.fields[name] ? [[name, codeOf(contact.fields[name])] as const] : []));
  const note = formatNote({ ...written, ...Object.fromEntries(spelt) }, { ...notKept, ...marks });
  return { act: 'update', id: contact.id, note, fields: {}, whole: contact.fields };
}

/** Digest of a whole list of wishes, fed in a fixed order; `more` is what else decides about a folder's content. */
export function startDigest(more: unknown): Hash {
  return createHash('sha256').update(JSON.stringify(more));
}

export function addToDigest(digest: Hash, stamp: string, fields: Fields): void {
  const sorted = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  digest.update(`\n${stamp}\0${JSON.stringify(sorted)}`);
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));
}

/** Two letters for each field, for ever: they stand in people's mailboxes. A field that is not here has no memory of what was written. */
const CODES: Readonly<Partial<Record<FieldName, string>>> = {
  displayName: 'dn',
  givenName: 'gn',
  surname: 'sn',
  namePrefix: 'np',
  nameSuffix: 'ns',
  companyName: 'co',
  department: 'de',
  jobTitle: 'jt',
  officeLocation: 'of',
  businessPhones: 'bp',
  mobilePhone: 'mp',
  homePhones: 'hp',
  streetAddress: 'st',
  city: 'ci',
  state: 'sp',
  postalCode: 'pc',
  country: 'cr',
  homeStreetAddress: 'hs',
  homeCity: 'hc',
  homeState: 'hr',
  homePostalCode: 'hz',
  homeCountry: 'hn',
  instantMessengers: 'im',
  manager: 'ma',
  birthday: 'bd',
  notes: 'no',
  addresses: 'ad',
};
const NAMES: ReadonlyMap<string, FieldName> = new Map(Object.entries(CODES).map(([name, code]) => [code, name as FieldName]));
const DIGITS = 6;

type CodesOf = Readonly<Partial<Record<FieldName, string>>>;

interface Note {
  readonly written: CodesOf;
  readonly notKept: CodesOf;
}

function codeOf(value: FieldValue): string {
  return hashValue(value).slice(0, DIGITS);
}

function noteOf(fields: Fields, notKept: CodesOf): string {
  return formatNote(Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, codeOf(value ?? null)])), notKept);
}

/** `dn1a2b3cgn4d5e6f!dn1a2b3c`: what was written, and what of it is not kept. At most 255 characters with every field in it. */
function formatNote(written: CodesOf, notKept: CodesOf): string {
  const text = (codes: CodesOf): string =>
    Object.entries(codes)
      .flatMap(([name, code]) => (CODES[name as FieldName] ? [`${CODES[name as FieldName]}${code}`] : []))
      .sort()
      .join('');
  const marks = text(notKept);
  return `${text(written)}${marks === '' ? '' : `!${marks}`}`.slice(0, 255);
}

function readNote(text: string | null): Note {
  const [written = '', notKept = ''] = (text ?? '').split('!');
  return { written: codesIn(written), notKept: codesIn(notKept) };
}

function codesIn(text: string): CodesOf {
  const codes: Partial<Record<FieldName, string>> = {};
  for (const [, letters, code] of text.matchAll(/([a-z]{2})([0-9a-f]{6})/g)) {
    const name = NAMES.get(letters!);
    if (name) codes[name] = code!;
  }
  return codes;
}

/** The note holds the first digits of a hash; the diff compares whole ones. */
function spellOut(codes: CodesOf, look: (name: FieldName) => FieldValue): CodesOf {
  return Object.fromEntries(
    (Object.entries(codes) as [FieldName, string][]).map(([name, code]) => {
      const hash = hashValue(look(name));
      return [name, hash.startsWith(code) ? hash : code];
    }),
  );
}
