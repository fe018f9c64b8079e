import type { ConnectorSettings, Filter, RouteSettings } from '../model/configuration.ts';
import { domainOf, type Entry, KINDS, type Kind, primaryAddress } from '../model/entry.ts';
import { FailureError } from '../model/failure.ts';
import { SKIP_REASONS, type SkipReason } from '../model/plan.ts';
import { looksStamped } from '../model/stamp.ts';
import { compileWhere } from './condition.ts';
import type { DomainOwners } from './owners.ts';

/** Members of the groups that a filter names; `unknown` while a group could not be read completely. */
export interface Membership {
  inOnly(entry: Entry): boolean | 'unknown';
  inExcept(entry: Entry): boolean | 'unknown';
}

export interface SelectionContext {
  readonly source: ConnectorSettings;
  readonly route: RouteSettings;
  readonly owners: DomainOwners;
  readonly membership: { readonly pull: Membership | null; readonly filter: Membership | null };
  readonly now: Date;
}

export type Selected =
  | { readonly kept: true }
  | { readonly kept: false; readonly reason: SkipReason; readonly why: string; readonly unconfirmed: boolean };

const KEPT: Selected = { kept: true };
const KIND_SWITCH: Readonly<Record<Kind, 'users' | 'groups' | 'rooms' | 'sharedMailboxes' | 'contacts'>> = {
  user: 'users',
  group: 'groups',
  room: 'rooms',
  sharedMailbox: 'sharedMailboxes',
  contact: 'contacts',
};

type Test = (entry: Entry) => { reason: SkipReason; why: string; unconfirmed?: boolean } | null;

/** Which entries leave the source over this route: tests in the contract's order, the first that applies decides. Must pass pull and filter. */
export function compileSelection(context: SelectionContext): (entry: Entry) => Selected {
  const tests = orderedTests(context);
  // Most tests keep nobody of most kinds out: a user is not asked what only groups are.
  const testsOf = (kind: Kind): readonly Test[] => tests.flatMap((one) => (one.test && regards(one, kind) ? one.test : []));
  const byKind = new Map(KINDS.map((kind) => [kind, testsOf(kind)]));
  return (entry) => {
    let doubtful: Selected | null = null;
    for (const test of byKind.get(entry.kind)!) {
      const out = test(entry);
      if (!out) continue;
      const unconfirmed = out.unconfirmed ?? false;
      // Unconfirmed only if nothing but the incomplete group keeps it out; the first reason stays the one that is shown.
      if (!unconfirmed)
        return doubtful ? { ...doubtful, unconfirmed: false } : { kept: false, reason: out.reason, why: out.why, unconfirmed };
      doubtful ??= { kept: false, reason: out.reason, why: out.why, unconfirmed };
    }
    return doubtful ?? KEPT;
  };
}

/** What one test says of one entry. */
export interface SelectVerdict {
  readonly reason: SkipReason;
  /** Where the configuration decides it (`pull.disabledUsers`), or what of the entry does (`stamp`). */
  readonly rule: string;
  readonly passes: boolean;
  readonly why: string | null;
  /** A group of this filter could not be read completely: it keeps out, and nobody leaves because of it. */
  readonly unconfirmed: boolean;
}

/** Every test with its verdict, in the contract's order: the same tests as `compileSelection`, none left out after the first that applies. */
export function compileVerdicts(context: SelectionContext): (entry: Entry) => readonly SelectVerdict[] {
  const tests = orderedTests(context);
  return (entry) =>
    tests.map((one) => {
      const { order, rule, test } = one;
      const out = (regards(one, entry.kind) && test?.(entry)) || null;
      return {
        reason: out?.reason ?? SKIP_REASONS[order]!,
        rule: typeof rule === 'string' ? rule : rule(entry),
        passes: out === null,
        why: out?.why ?? null,
        unconfirmed: out?.unconfirmed ?? false,
      };
    });
}

interface Ordered {
  /** Place of its reason in `SKIP_REASONS`. */
  readonly order: number;
  readonly rule: string | ((entry: Entry) => string);
  /** The kinds that it keeps out; without: it may keep out any. */
  readonly of?: readonly Kind[];
  /** null: as configured it keeps nobody out. */
  readonly test: Test | null;
}

function regards({ of }: Ordered, kind: Kind): boolean {
  return of?.includes(kind) ?? true;
}

function orderedTests(context: SelectionContext): readonly Ordered[] {
  const tests = [
    ...stateTests(context),
    ...scopeTests(context, context.source.pull, 'pull'),
    ...scopeTests(context, context.route.filter, 'filter'),
    ...ownerTests(context),
  ];
  return tests.sort((a, b) => a.order - b.order);
}

const GROUPS: readonly Kind[] = ['group'];
const USERS: readonly Kind[] = ['user'];

function stateTests({ source, route }: SelectionContext): readonly Ordered[] {
  const { pull } = source;
  /** A test that the configuration switches off. */
  const unless = (off: boolean, test: Test): Test | null => (off ? null : test);
  const keptOut =
    (reason: SkipReason, why: string): Test =>
    () => ({ reason, why });
  const outIf = (is: (entry: Entry) => boolean | undefined, reason: SkipReason, why: string): Test => {
    const out = { reason, why };
    return (entry) => (is(entry) ? out : null);
  };
  const disabled = outIf(({ enabled }) => !enabled, 'disabled', 'The account is disabled and pull.disabledUsers is off.');
  const guest = outIf(({ external }) => external, 'external', 'It is a guest and pull.externalUsers is off.');
  const hidden = outIf((entry) => entry.hidden, 'hidden', 'It is hidden in its own directory and pull.hiddenEntries is off.');
  const internal = outIf(({ internalOnly }) => internalOnly, 'internalOnly', 'The group refuses mail from outside.');
  return [
    {
      order: 0,
      rule: 'stamp',
      test: ({ stamp }) => (looksStamped(stamp) ? { reason: 'stamped', why: `It carries the galsync stamp ${stamp}.` } : null),
    },
    { order: 1, rule: 'record', test: ({ invalid }) => (invalid ? { reason: 'invalid', why: invalid } : null) },
    { order: 2, rule: 'push.groups', of: GROUPS, test: unless(route.push.groups, keptOut('kind', 'push.groups is off.')) },
    { order: 3, rule: 'pull.disabledUsers', of: USERS, test: unless(pull.disabledUsers, disabled) },
    { order: 4, rule: 'pull.externalUsers', test: unless(pull.externalUsers, guest) },
    { order: 5, rule: 'pull.hiddenEntries', test: unless(pull.hiddenEntries, hidden) },
    { order: 6, rule: 'addresses', test: outIf(({ addresses }) => addresses.length === 0, 'noAddress', 'It has no mail address.') },
    { order: 7, rule: 'pull.internalOnlyGroups', of: GROUPS, test: unless(pull.internalOnlyGroups, internal) },
  ];
}

function scopeTests({ now, source, membership }: SelectionContext, filter: Filter, name: 'pull' | 'filter'): readonly Ordered[] {
  const where = compileWhere(filter.where, now);
  const members = membershipOf(filter, membership[name], name);
  const tests: Ordered[] = [
    {
      order: 2,
      rule: (entry) => `${name}.${KIND_SWITCH[entry.kind]}`,
      of: KINDS.filter((kind) => !filter[KIND_SWITCH[kind]]),
      test: ({ kind }) => ({ reason: 'kind', why: `${name}.${KIND_SWITCH[kind]} is off.` }),
    },
    {
      order: 2,
      rule: `${name}.groupTypes`,
      of: GROUPS,
      test: (entry) =>
        entry.groupType && !filter.groupTypes.includes(entry.groupType)
          ? { reason: 'kind', why: `${name}.groupTypes does not list ${entry.groupType}.` }
          : null,
    },
    { order: 8, rule: `${name}.domains`, test: isBlank(filter.domains) ? null : (entry) => domainTest(entry, filter, name) },
    {
      order: 9,
      rule: `${name}.orgUnits`,
      test: isBlank(filter.orgUnits) ? null : (entry) => orgUnitTest(entry, filter, name, source.kind),
    },
    {
      order: 12,
      rule: `${name}.where`,
      test: filter.where && ((entry) => (where(entry) ? null : { reason: 'where', why: `The condition ${name}.where does not hold.` })),
    },
  ];
  if (members && filter.exceptMembersOf.length > 0)
    tests.push({
      order: 10,
      rule: `${name}.exceptMembersOf`,
      test: (entry) =>
        membershipTest(members.inExcept(entry), true, 'exceptMember', `It is a member of a group in ${name}.exceptMembersOf.`),
    });
  if (members && filter.onlyMembersOf.length > 0)
    tests.push({
      order: 11,
      rule: `${name}.onlyMembersOf`,
      test: (entry) => membershipTest(members.inOnly(entry), false, 'notMember', `It is no member of a group in ${name}.onlyMembersOf.`),
    });
  return tests;
}

/** A filter by groups whose members are not at hand would let everybody through: it fails the route instead. */
function membershipOf(filter: Filter, membership: Membership | null, name: 'pull' | 'filter'): Membership | null {
  const asked = filter.onlyMembersOf.length + filter.exceptMembersOf.length > 0;
  if (!asked || membership) return membership;
  throw new FailureError({
    code: 'configuration',
    message: `The members of the groups that ${name}.onlyMembersOf and ${name}.exceptMembersOf name are not known.`,
    nextStep: 'Pull the source again; check that the connector may read these groups.',
  });
}

function membershipTest(answer: boolean | 'unknown', outIf: boolean, reason: 'exceptMember' | 'notMember', why: string): ReturnType<Test> {
  // A group that was not read completely proves nothing either way: out (never open), but nobody leaves because of it.
  if (answer === 'unknown') return { reason, why: 'A group of this filter could not be read completely.', unconfirmed: true };
  return answer === outIf ? { reason, why } : null;
}

function isBlank({ include, exclude }: { readonly include: readonly string[]; readonly exclude: readonly string[] }): boolean {
  return include.length === 0 && exclude.length === 0;
}

function domainTest(entry: Entry, filter: Filter, name: string): ReturnType<Test> {
  const { include, exclude, of } = filter.domains;
  const domains = (of === 'any' ? entry.addresses : entry.addresses.slice(0, 1)).map(domainOf);
  if (domains.some((domain) => exclude.some((pattern) => domainMatches(domain, pattern))))
    return { reason: 'domain', why: `Its domain is in ${name}.domains.exclude.` };
  if (include.length > 0 && !domains.some((domain) => include.some((pattern) => domainMatches(domain, pattern))))
    return { reason: 'domain', why: `Its domain is not in ${name}.domains.include.` };
  return null;
}

/** `corp.example` exactly, or `*.corp.example` for its subdomains. */
export function domainMatches(domain: string, pattern: string): boolean {
  return domainMatcher(pattern)(domain);
}

/** The same for one pattern and many domains. */
export function domainMatcher(pattern: string): (domain: string) => boolean {
  const wanted = pattern.toLowerCase();
  const below = wanted.slice(1);
  return wanted.startsWith('*.') ? (domain) => domain.endsWith(below) : (domain) => domain === wanted;
}

function orgUnitTest(entry: Entry, filter: Filter, name: string, kind: ConnectorSettings['kind']): ReturnType<Test> {
  const { include, exclude } = filter.orgUnits;
  // In Google organisational units hold users only.
  if (kind === 'googleWorkspace' && entry.kind !== 'user') return null;
  const below = (top: string): boolean => isBelow(entry.orgUnit ?? '', top, kind);
  if (exclude.some(below)) return { reason: 'orgUnit', why: `Its organisational unit is in ${name}.orgUnits.exclude.` };
  return include.length > 0 && !include.some(below)
    ? { reason: 'orgUnit', why: `Its organisational unit is not in ${name}.orgUnits.include.` }
    : null;
}

/** The unit itself or one under it. Neither Google's paths nor DNs regard case; blanks after a DN's commas mean nothing. */
function isBelow(unit: string, top: string, kind: ConnectorSettings['kind']): boolean {
  if (unit === '') return false;
  if (kind === 'googleWorkspace') {
    const path = (text: string): string => `${text.toLowerCase().replace(/\/+$/, '')}/`;
    return path(unit).startsWith(path(top));
  }
  const dn = (text: string): string => `,${text.trim().toLowerCase().replace(/,\s+/g, ',')}`;
  return dn(unit).endsWith(dn(top));
}

function ownerTests({ owners, route }: SelectionContext): readonly Ordered[] {
  let known: string | null = null;
  let answer: string | null = null;
  // Both tests ask it of one entry after the other, and most of a directory's people have one domain.
  const owner = (entry: Entry): string | null => {
    const address = primaryAddress(entry);
    if (known !== null && address.endsWith(known)) return answer;
    const domain = domainOf(address);
    known = `@${domain}`;
    answer = owners.ownerOf(domain);
    return answer;
  };
  return [
    {
      order: 13,
      rule: 'owns',
      test: (entry) => {
        const id = owner(entry);
        return id !== null && id !== route.from && id !== route.to
          ? { reason: 'ownedElsewhere', why: `Its domain belongs to connector "${id}".` }
          : null;
      },
    },
    {
      order: 14,
      rule: 'owns',
      test: (entry) =>
        // Mailbox contacts may stay in their own directory: there the source is the target.
        route.from !== route.to && owner(entry) === route.to
          ? { reason: 'targetsOwn', why: 'Its domain belongs to the target itself.' }
          : null,
    },
  ];
}
