import { addressKey } from '../connectors/connector.ts';
import { type FieldChange, type FieldValue, textsOf } from '../model/plan.ts';
import type { DraftChange } from './view.ts';

export interface OrderedChange {
  readonly change: DraftChange;
  /** 0: in no order with others; else ascending. */
  readonly order: number;
  /** The first of two writes that cut a cycle. */
  readonly firstPart: boolean;
}

/**
 * Releases before takes (Kahn's algorithm); a cycle is cut at its lowest source id: that change first gives up what others wait for, and
 * ends last (design §3, Claims). Independent of the order of its input.
 */
export function orderChanges(changes: readonly DraftChange[]): readonly OrderedChange[] {
  const rows = [...changes].sort((a, b) => compareText(changeId(a), changeId(b)));
  const waitsFor = dependencies(rows);
  const involved = new Set<DraftChange>([...waitsFor.keys(), ...[...waitsFor.values()].flatMap((set) => [...set])]);
  const result: OrderedChange[] = rows.filter((row) => !involved.has(row)).map((change) => ({ change, order: 0, firstPart: false }));
  const done = new Set<DraftChange>();
  const late: DraftChange[] = [];
  let open = rows.filter((row) => involved.has(row));
  let order = 1;
  while (open.length > 0) {
    const ready = open.filter((row) => [...(waitsFor.get(row) ?? [])].every((other) => done.has(other)));
    const cut = ready.length > 0 ? null : open.find((row) => onCycle(row, waitsFor, done))!;
    if (cut) {
      result.push({ change: firstPart(cut), order, firstPart: true });
      late.push({ ...cut, releases: [] });
    } else for (const change of ready) result.push({ change, order, firstPart: false });
    for (const row of cut ? [cut] : ready) done.add(row);
    open = open.filter((row) => !done.has(row));
    order += 1;
  }
  for (const change of late) result.push({ change, order, firstPart: false });
  return result;
}

/** Source entry, route and kind of a change: unique within the plans of one target. */
export function changeId(change: DraftChange): string {
  return `${change.sourceId}\0${change.route}\0${change.change}`;
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A taker waits for whoever releases the address, and for the end of a leaving object that holds it. */
function dependencies(rows: readonly DraftChange[]): ReadonlyMap<DraftChange, ReadonlySet<DraftChange>> {
  const releasers = new Map<string, DraftChange[]>();
  const ending = new Map<string, DraftChange>();
  for (const row of rows) {
    for (const key of row.releases) releasers.set(key, [...(releasers.get(key) ?? []), row]);
    if (row.change === 'delete' && row.targetId) ending.set(row.targetId, row);
  }
  const waitsFor = new Map<DraftChange, ReadonlySet<DraftChange>>();
  for (const row of rows) {
    if (row.change === 'skip' || row.change === 'keep') continue;
    const needs = new Set<DraftChange>(row.takes.flatMap((key) => releasers.get(key) ?? []));
    for (const holder of row.holders) {
      const end = ending.get(holder.targetId);
      if (end) needs.add(end);
    }
    needs.delete(row);
    if (needs.size > 0) waitsFor.set(row, needs);
  }
  return waitsFor;
}

/** True if a change waits, through others that are not done, for itself. */
function onCycle(
  start: DraftChange,
  waitsFor: ReadonlyMap<DraftChange, ReadonlySet<DraftChange>>,
  done: ReadonlySet<DraftChange>,
): boolean {
  const seen = new Set<DraftChange>();
  const next = [...(waitsFor.get(start) ?? [])];
  for (let row = next.pop(); row; row = next.pop()) {
    if (row === start) return true;
    if (seen.has(row) || done.has(row)) continue;
    seen.add(row);
    next.push(...(waitsFor.get(row) ?? []));
  }
  return false;
}

/** Frees what a cycle needs: another address of its own, else `<alias>@galsync.invalid`. */
function firstPart(change: DraftChange): DraftChange {
  const addresses = change.fields.find((field) => field.name === 'addresses');
  const delivery = change.fields.find((field) => field.name === 'deliveryAddress');
  const free = (values: FieldValue | undefined, taken: readonly string[]): readonly string[] =>
    textsOf(values ?? null).filter((address) => !taken.includes(addressKey(address)));
  const own = [free(addresses?.after, change.takes), free(addresses?.before, change.releases)].find((some) => some.length > 0);
  const after = own ?? [`${change.alias ?? 'moved'}@galsync.invalid`];
  const fields: FieldChange[] = [{ name: 'addresses', before: addresses?.before ?? null, after }];
  if (delivery && free(delivery.before, change.releases).length < textsOf(delivery.before).length)
    fields.push({ name: 'deliveryAddress', before: delivery.before, after: null });
  // A conversion happens once, at its end: what gives up addresses here is still the old object.
  const { converts, ...plain } = change;
  return { ...plain, as: converts?.from ?? change.as, desired: null, fields, takes: [], reason: 'addressMoves' };
}
