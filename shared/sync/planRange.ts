import { addressKey } from '../connectors/connector.ts';
import type { Entry } from '../model/entry.ts';
import type { Link } from '../model/link.ts';
import type { KeptReason, SkipReason } from '../model/plan.ts';
import { formatStamp } from '../model/stamp.ts';
import { planLeaver } from '../rules/leavers.ts';
import { planEntry } from '../rules/planEntry.ts';
import type { Projection } from '../rules/project.ts';
import type { Selected } from '../rules/select.ts';
import type { DraftChange, Planned, TargetView } from '../rules/view.ts';
import { compileWithhold } from '../rules/withhold.ts';
import { entryOf } from './commitShards.ts';
import { linksOf } from './errandRange.ts';
import type { Planning } from './planning.ts';
import type { Range } from './ranges.ts';
import type { RangeSummary } from './sealed.ts';
import { openTargetView } from './targetSight.ts';
import { unlinkedRows } from './unlinked.ts';

interface Candidate {
  readonly entry: Entry;
  readonly selected: Selected;
  readonly projection: Projection | null;
  readonly link: Link | null;
}

/** What one range of a route comes to, before claims and breakers. */
export interface PlannedRange {
  readonly changes: readonly DraftChange[];
  readonly links: readonly Link[];
  readonly summary: RangeSummary;
}

/** Reads the range, preloads what of the target is needed, then decides entry by entry without I/O. */
export async function planRange(planning: Planning, range: Range): Promise<PlannedRange> {
  const links = await linksOf(planning.context, planning.route.id, range);
  const candidates = await candidatesOf(planning, range, links);
  const known = new Set(candidates.map((one) => one.entry.id));
  const gone = planning.only ? [] : [...links.values()].filter((link) => !known.has(link.sourceId));
  const keys = candidates.flatMap((one) => (one.projection ? neededKeys(planning, one.entry, one.projection) : []));
  const concerned = [...gone, ...candidates.flatMap((one) => (one.link ? [one.link] : []))];
  const view = await openTargetView(planning, keys, concerned);
  const made = collect(planning, candidates, gone, links, view);
  if (planning.only) return made;
  const rows = await unlinkedRows(planning, range, links, known);
  return { ...made, changes: [...made.changes, ...rows] };
}

async function candidatesOf(planning: Planning, range: Range, links: ReadonlyMap<string, Link>): Promise<readonly Candidate[]> {
  const { plan } = planning;
  const only = planning.only ? new Set(planning.only.map((text) => (text.includes('@') ? addressKey(text) : text))) : null;
  const withhold = compileWithhold(planning.source.pull.withhold, plan.now);
  const candidates: Candidate[] = [];
  for (const rows of await planning.context.store.snapshots.readShards(planning.route.from, range.from, range.to)) {
    for (const row of rows) {
      const read = entryOf(row, planning.sourceSets);
      if (!read || (only && !isNamed(read, only))) continue;
      const entry = withhold(read);
      const selected = plan.select(entry);
      candidates.push({ entry, selected, projection: selected.kept ? plan.project(entry) : null, link: links.get(entry.id) ?? null });
    }
  }
  return candidates;
}

function isNamed(entry: Entry, only: ReadonlySet<string>): boolean {
  return only.has(entry.id) || entry.addresses.some((address) => only.has(addressKey(address)));
}

function neededKeys(planning: Planning, entry: Entry, projection: Projection): readonly string[] {
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
  let unchanged = 0;
  const take = (planned: Planned): void => {
    if (planned.change) changes.push(planned.change);
    if (planned.beside) changes.push(planned.beside);
    if (planned.link) updates.push(planned.link);
    if (planned.bucket === 'unchanged') unchanged += 1;
    for (const loss of planned.losses) losses[loss] = (losses[loss] ?? 0) + 1;
  };
  for (const { entry, selected, projection, link } of candidates) {
    // An object that could not be read completely empties and removes nothing (promise 4).
    if (entry.incomplete && link?.state === 'linked') unchanged += 1;
    else if (selected.kept && projection) take(planEntry(planning.plan, entry, projection, link, view));
    else if (!selected.kept) {
      if (selected.reason === 'invalid') changes.push(invalidRow(planning, entry, selected.why));
      else skippedBecause[selected.reason] = (skippedBecause[selected.reason] ?? 0) + 1;
      // A record that cannot be used leaves its object as it is.
      if (link && selected.reason !== 'invalid')
        take(planLeaver(planning.plan, { link, reason: 'outOfScope', detail: selected.reason, unconfirmed: selected.unconfirmed }, view));
    }
  }
  for (const link of gone) take(planLeaver(planning.plan, { link, reason: 'gone', detail: null, unconfirmed: false }, view));
  const linked = [...links.values()].filter((link) => link.state === 'linked').length;
  return {
    changes,
    links: updates,
    summary: { pulled: candidates.length, unchanged, skippedBecause, keptBecause, linked, losses, warnings: [] },
  };
}

function invalidRow(planning: Planning, entry: Entry, why: string): DraftChange {
  const name = entry.attributes.displayName;
  return {
    route: planning.route.id,
    change: 'skip',
    kind: entry.kind,
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
