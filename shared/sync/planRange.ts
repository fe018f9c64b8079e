import { addressKey } from '../connectors/connector.ts';
import { domainOf, type Entry, primaryAddress } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { KeptReason, SkipReason } from '../model/plan.ts';
import { pushTypeOf } from '../model/pushType.ts';
import { formatStamp } from '../model/stamp.ts';
import { planLeaver } from '../rules/leavers.ts';
import { planEntry } from '../rules/planEntry.ts';
import type { Projection } from '../rules/project.ts';
import type { Selected } from '../rules/select.ts';
import { namedManager, settleManager } from '../rules/superior.ts';
import { type DraftChange, NOTHING, type Planned, type TargetView } from '../rules/view.ts';
import { compileWithhold } from '../rules/withhold.ts';
import { entryOf } from './commitShards.ts';
import { linksOf } from './errandRange.ts';
import { isVirtual, type Planning } from './planning.ts';
import { planOnProof } from './proveTargets.ts';
import type { Range } from './ranges.ts';
import type { RangeSummary } from './sealed.ts';
import { sourceSuperiors, withManager } from './superiors.ts';
import { openManagers } from './targetManagers.ts';
import { openSights, openTargetView, sightIn } from './targetSight.ts';
import { unlinkedRows } from './unlinked.ts';

/** An entry of the source with what deciding about it needs, before the target is looked at. */
export interface Candidate {
  readonly entry: Entry;
  readonly selected: Selected;
  /** null: it does not leave, or it is settled. */
  readonly projection: Projection | null;
  /** Its losses, if its object is as it would be made: nothing more is asked about it. */
  readonly settled: readonly string[] | null;
  readonly link: Link | null;
}

/** What one range of a route comes to, before claims and breakers. */
export interface PlannedRange {
  readonly changes: readonly DraftChange[];
  readonly links: readonly Link[];
  /** Ids of the entries that are left as they are. */
  readonly unchanged: readonly string[];
  readonly summary: RangeSummary;
}

/** Reads the range, preloads what of the target is needed, then decides entry by entry without I/O. */
export async function planRange(planning: Planning, range: Range): Promise<PlannedRange> {
  const links = await linksOf(planning.context, planning.route.id, range);
  const entries = await entriesOf(planning, range);
  const known = new Set(entries.map((entry) => entry.id));
  const gone = planning.only ? [] : [...links.values()].filter((link) => !known.has(link.sourceId));
  const concerned = [...gone, ...entries.flatMap((entry) => links.get(entry.id) ?? [])];
  const sights = await openSights(planning, concerned);
  const managers = openManagers(planning, sights, concerned);
  await managers.learn(managersNamed(planning, entries));
  const seen = { sight: sightIn(sights), manager: managers.sight };
  const read = entries.map((entry) => candidateOf(planning, entry, links.get(entry.id) ?? null, seen));
  // The objects of a quiet night are not searched for: their rows stay unread.
  const keys = read.flatMap((one) => (one.projection ? neededKeys(planning, one.entry, one.projection) : []));
  await managers.learn(managersOf(planning, read));
  const view = await openTargetView(planning, sights, keys, concerned, managers);
  const candidates = read.map((one) => withSettledManager(planning, one, view));
  const made = await planOnProof(planning, view, (proven) => collect(planning, candidates, gone, links, proven));
  if (planning.only || isVirtual(planning)) return made;
  const rows = await unlinkedRows(planning, range, links, known);
  return { ...made, changes: [...made.changes, ...rows] };
}

/** Managers of those who leave over this route, of nobody else it matters; worked out only where managers are objects. */
function* managersNamed({ plan }: Planning, entries: readonly Entry[]): Generator<string> {
  for (const entry of entries) {
    const { manager } = entry.attributes;
    if (typeof manager === 'string' && plan.select(entry).kept) yield manager;
  }
}

/** The range's entries of the source, or those that the job names. */
async function entriesOf(planning: Planning, range: Range): Promise<readonly Entry[]> {
  const { plan } = planning;
  const only = planning.only ? new Set(planning.only.flatMap((text) => (text.includes('@') ? [text, addressKey(text)] : [text]))) : null;
  // The snapshot holds nothing that was withheld at its pull; a rule that is newer counts at once.
  const withhold = compileWithhold(planning.source.pull.withhold, plan.now);
  const entries: Entry[] = [];
  for (const rows of await planning.context.store.snapshots.readShards(planning.route.from, range.from, range.to)) {
    for (const row of rows) {
      const read = entryOf(row, planning.sourceSets);
      if (read && (!only || isNamed(read, only))) entries.push(read);
    }
  }
  const superiors = entries.some((entry) => entry.managerRef !== undefined) ? await sourceSuperiors(planning) : null;
  return entries.map((read) => withhold(superiors ? withManager(read, superiors) : read));
}

/**
 * An entry (its withheld values taken out), selected and projected.
 * @param seen what is known of its object and its manager; absent: it is planned in full, for people
 */
export function candidateOf(
  { plan, route }: Planning,
  entry: Entry,
  link: Link | null,
  seen?: Pick<TargetView, 'sight' | 'manager'>,
): Candidate {
  const selected = plan.select(entry);
  const settled = seen && selected.kept && link?.targetId ? plan.settled(entry, link, seen.sight(link.targetId), seen.manager) : null;
  if (settled) return { entry, selected, projection: null, settled, link };
  // What we made becomes what the route says by now; what we adopted was there before us and stays what it is.
  const as = link?.state === 'linked' && link.adopted ? link.as : pushTypeOf(route.push.as, entry.kind);
  return { entry, selected, projection: selected.kept ? plan.project(entry, as) : null, settled: null, link };
}

/** Addresses of managers that must be objects of the target. */
export function managersOf({ plan }: Planning, candidates: readonly Candidate[]): readonly string[] {
  return candidates.flatMap(({ projection }) => (projection && namedManager(plan, projection)) ?? []);
}

/** A manager whom the target cannot hold is dropped before anything is compared. */
export function withSettledManager({ plan }: Planning, candidate: Candidate, view: TargetView): Candidate {
  const { projection } = candidate;
  const settled = projection && settleManager(plan, projection, view);
  return settled === projection ? candidate : { ...candidate, projection: settled };
}

function isNamed(entry: Entry, only: ReadonlySet<string>): boolean {
  return only.has(entry.id) || entry.addresses.some((address) => only.has(addressKey(address)));
}

/** Keys of the target's index that deciding about an entry looks up. */
export function neededKeys(planning: Planning, entry: Entry, projection: Projection): readonly string[] {
  const stamps = [false, true].map((adopted) => `stamp:${formatStamp({ route: planning.route.id, sourceId: entry.id, adopted })}`);
  return [...projection.addressKeys, ...stamps];
}

function collect(
  planning: Planning,
  candidates: readonly Candidate[],
  gone: readonly Link[],
  links: ReadonlyMap<string, Link>,
  view: TargetView,
): PlannedRange {
  const changes: DraftChange[] = [];
  const updates: Link[] = [];
  const skippedBecause: Partial<Record<SkipReason, number>> = {};
  const keptBecause: Partial<Record<KeptReason, number>> = {};
  const losses: Record<string, number> = {};
  const unchanged: string[] = [];
  const domains = new Set<string>();
  const take = (planned: Planned, id: string): void => {
    if (planned.change) changes.push(planned.change);
    if (planned.also) changes.push(planned.also);
    if (planned.link) updates.push(planned.link);
    if (planned.bucket === 'unchanged') unchanged.push(id);
    for (const loss of planned.losses) losses[loss] = (losses[loss] ?? 0) + 1;
  };
  for (const candidate of candidates) {
    const { entry, selected } = candidate;
    if (selected.kept) domains.add(domainOf(primaryAddress(entry)));
    const decided = decideCandidate(planning, candidate, view);
    if (decided.skipped) skippedBecause[decided.skipped] = (skippedBecause[decided.skipped] ?? 0) + 1;
    if (decided.incomplete) unchanged.push(entry.id);
    if (decided.invalid) changes.push(decided.invalid);
    if (decided.planned) take(decided.planned, entry.id);
  }
  for (const link of gone) take(decideGone(planning, link, view), link.sourceId);
  const internalOnly = candidates.filter(({ entry, selected }) => selected.kept && entry.kind === 'group' && entry.internalOnly).length;
  const linked = [...links.values()].filter((link) => link.state === 'linked').length;
  return {
    changes,
    links: updates,
    unchanged,
    summary: {
      pulled: candidates.length,
      unchanged: unchanged.length,
      skippedBecause,
      keptBecause,
      linked,
      internalOnly,
      losses,
      warnings: [...planning.warnings, ...planning.owners.warningsFor(planning.route, domains)],
    },
  };
}

/** What an entry comes to. `planned` is its change, or that of its object if it is out of scope and linked. */
export interface Decided {
  readonly planned: Planned | null;
  readonly skipped: SkipReason | null;
  /** The row of a record that cannot be used. */
  readonly invalid: DraftChange | null;
  readonly incomplete: boolean;
}

/** The decision about one entry: what plans are made of, and what explanations tell. */
export function decideCandidate(planning: Planning, { entry, selected, projection, settled, link }: Candidate, view: TargetView): Decided {
  const nothing: Decided = { planned: null, skipped: null, invalid: null, incomplete: false };
  // An object that could not be read completely empties and removes nothing (promise 4).
  if (entry.incomplete && link?.state === 'linked') return { ...nothing, incomplete: true };
  if (settled) return { ...nothing, planned: { ...NOTHING, bucket: 'unchanged', losses: settled } };
  if (selected.kept) return { ...nothing, planned: projection && planEntry(planning.plan, entry, projection, link, view) };
  // A record that cannot be used leaves its object as it is.
  if (selected.reason === 'invalid') return { ...nothing, invalid: invalidRow(planning, entry, selected.why) };
  const leaver = link && { link, reason: 'outOfScope' as const, detail: selected.reason, unconfirmed: selected.unconfirmed };
  return { ...nothing, skipped: selected.reason, planned: leaver && planLeaver(planning.plan, leaver, view) };
}

/** The decision about a link whose source object is in no complete read any more. */
export function decideGone(planning: Planning, link: Link, view: TargetView): Planned {
  return planLeaver(planning.plan, { link, reason: 'gone', detail: null, unconfirmed: false }, view);
}

function invalidRow(planning: Planning, entry: Entry, why: string): DraftChange {
  const name = entry.attributes.displayName;
  return {
    route: planning.route.id,
    change: 'skip',
    kind: entry.kind,
    as: pushTypeOf(planning.route.push.as, entry.kind),
    sourceId: entry.id,
    targetId: null,
    address: entry.addresses[0] ?? '',
    displayName: typeof name === 'string' ? name : '',
    reason: 'invalid',
    orphan: false,
    fields: [],
    desired: null,
    stamp: '',
    alias: null,
    owner: { id: entry.id, kind: entry.kind, attribute: why },
    countedBefore: false,
    takes: [],
    releases: [],
    relinkFrom: null,
    since: null,
    holders: [],
  };
}
