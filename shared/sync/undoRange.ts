import type { Entry } from '../model/entry.ts';
import type { Errand } from '../model/job.ts';
import type { Link } from '../model/link.ts';
import type { Change } from '../model/plan.ts';
import { addressesOf } from '../rules/heldAddresses.ts';
import { planUndo } from '../rules/undo.ts';
import type { Made } from '../rules/undoRow.ts';
import type { DraftChange } from '../rules/view.ts';
import type { TargetIndex } from '../store/store.ts';
import { linksOf, rangeOf } from './errandRange.ts';
import type { TargetSide } from './planning.ts';
import type { PlannedRange } from './planRange.ts';
import type { Range } from './ranges.ts';
import { readTargets } from './readTargets.ts';
import { referencedId } from './references.ts';
import { createRowReader } from './rowReader.ts';
import { withTargetManager } from './targetManagers.ts';
import { isNamed, namesOf, type PastChange, pastChanges, wasMade } from './undoneChanges.ts';
import { mayShowLate } from './writtenLately.ts';

interface Undone extends Made {
  readonly link: Link | null;
  readonly failed: boolean;
}

/** The reverse plan of one range of shards (by source id) of an earlier job. Reads its changes, the links and the target; no source. */
export async function undoRange(side: TargetSide, errand: Extract<Errand, { what: 'undo' }>, range: Range): Promise<PlannedRange> {
  const links = await linksOf(side.context, side.route.id, range);
  const index = await side.context.store.snapshots.index(side.route.to, side.targetState.version);
  const all = await madeIn(side, errand, { range, links, index });
  const read = await readTargets(
    side,
    all.flatMap((made) => idsOf(made, index)),
  );
  const entries = await withManagers(side, read, all, index);
  const rows: DraftChange[] = [];
  let unchanged = 0;
  const { route, capabilityOf } = side;
  const routes = new Set(side.configuration.routes.map((one) => one.id));
  for (const made of all) {
    const { link } = made;
    const context = { route, capabilityOf, routes, capability: capabilityOf(made.changes.at(-1)!.as) };
    const row = planUndo(context, made, {
      link,
      entry: (made.targetId && entries.get(made.targetId)) || null,
      lagging: mayShowLate(side, link) && (link?.doneChange?.startsWith(`${made.job}.`) ?? false),
      hits: (key) => index.find(key).flatMap((id) => entries.get(id) ?? []),
    });
    // What failed and left nothing behind needs no word.
    if (row && !(made.failed && row.change === 'keep')) rows.push(row);
    else unchanged += 1;
  }
  const linked = [...links.values()].filter((link) => link.state === 'linked').length;
  return rangeOf(rows, { unchanged, linked, warnings: [warningOf(side)] });
}

/** Objects whose managers are told as the undone changes tell them. */
async function withManagers(
  side: TargetSide,
  read: ReadonlyMap<string, Entry>,
  all: readonly Undone[],
  index: TargetIndex,
): Promise<ReadonlyMap<string, Entry>> {
  const links = new Map(all.flatMap(({ link }) => (link?.targetId ? [[link.targetId, link] as const] : [])));
  const rows = createRowReader(side.context, side.route.to, side.target.sets);
  await rows.learn(
    [...read.values()].flatMap(({ managerRef }) => (managerRef === undefined ? [] : (referencedId(index, managerRef) ?? []))),
  );
  const told = new Map<string, Entry>();
  for (const [id, entry] of read) told.set(id, await withTargetManager(entry, links.get(id) ?? null, index, rows));
  return told;
}

/** What administrators trip over: an undo does not change what the next sync wants. */
function warningOf({ route }: TargetSide): string {
  const until = 'unless the source, the filter or the configuration is changed before';
  return route.enabled
    ? `The next sync of route "${route.id}" makes the same changes again, ${until}: set "enabled": false on the route until then.`
    : `Route "${route.id}" is disabled; once it is enabled, its next sync makes the same changes again, ${until}.`;
}

async function madeIn(
  side: TargetSide,
  errand: Extract<Errand, { what: 'undo' }>,
  { range, links, index }: { readonly range: Range; readonly links: ReadonlyMap<string, Link>; readonly index: TargetIndex },
): Promise<readonly Undone[]> {
  const names = errand.objects ? namesOf(errand.objects) : null;
  const byObject = new Map<string, PastChange[]>();
  const key = { job: errand.job, round: errand.rounds[side.route.id]!, route: side.route.id };
  for await (const past of pastChanges(side.context, key, range)) {
    const { sourceId } = past.change;
    if (names && !isNamed(past, names)) continue;
    if (!wasMade(past, links.get(sourceId) ?? null)) continue;
    byObject.set(sourceId, [...(byObject.get(sourceId) ?? []), past]);
  }
  const wasUndone = undoJobs(side);
  const made: Undone[] = [];
  for (const [sourceId, past] of byObject) {
    const link = links.get(sourceId) ?? null;
    const changes = past.map((one) => one.change).sort(inOrder);
    const known = targetOf(past, link, index);
    const created = changes.at(-1)!.change === 'create';
    // An object that an undo made again stands for the one that was there; what anybody else made is another one.
    const stands = link?.state === 'linked' && link.targetId !== known && (!created || (await wasUndone(link)));
    const failed = past.every((one) => one.outcome?.result === 'failed');
    made.push({ job: errand.job, changes, link, targetId: stands ? link.targetId : known, failed });
  }
  return made;
}

/** Whether an object was last written by an undo. */
function undoJobs(side: TargetSide): (link: Link) => Promise<boolean> {
  const known = new Map<string, Promise<boolean>>();
  return (link) => {
    const job = link.doneChange?.split('.')[0] ?? '';
    const undo = known.get(job) ?? side.context.store.jobs.get(job).then((record) => record?.job.action === 'undo');
    known.set(job, undo);
    return undo;
  };
}

/** The first part of a cut cycle was made first, whichever batch it lies in. */
function inOrder(a: Change, b: Change): number {
  return Number(b.firstPart === true) - Number(a.firstPart === true) || a.order - b.order;
}

function targetOf(past: readonly PastChange[], link: Link | null, index: TargetIndex): string | null {
  for (const { change, outcome } of [...past].reverse()) {
    const known = outcome?.targetId ?? change.targetId;
    if (known) return known;
  }
  const open = link?.state === 'intent' ? past.find(({ change }) => change.id === link.intent?.change) : undefined;
  if (!open) return link?.targetId ?? null;
  // A create whose answer nobody heard: its object is known by its stamp, or by the alias that was announced.
  const byAlias = link?.intent?.alias ? index.find(`alias:${link.intent.alias.toLowerCase()}`)[0] : undefined;
  return index.find(`stamp:${open.change.stamp}`)[0] ?? byAlias ?? null;
}

/** Objects that the reverse of a change must look at: its own, whoever holds what it takes back, and whoever carries its stamp. */
function idsOf(made: Undone, index: TargetIndex): readonly string[] {
  const last = made.changes.at(-1)!;
  const before = Object.fromEntries(made.changes.flatMap((change) => change.fields).map((field) => [field.name, field.before]));
  const keys = [...addressesOf({ image: before }), ...(made.link ? addressesOf(made.link) : []), `stamp:${last.stamp}`];
  return [...(made.targetId ? [made.targetId] : []), ...keys.flatMap((key) => index.find(key))];
}
