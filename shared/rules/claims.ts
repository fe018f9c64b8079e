import { addressKey } from '../connectors/connector.ts';
import type { FieldChange, Owner } from '../model/plan.ts';
import type { DraftChange } from './view.ts';

/** A planned change with what decides whose an address is (contract, "Whose entry is it"). */
export interface Claimant {
  readonly change: DraftChange;
  /** The source owns the domain of the primary address. */
  readonly ownsDomain: boolean;
  /** The entry's object is linked already. */
  readonly linked: boolean;
  /** Place of the route in the configuration. */
  readonly routeOrder: number;
}

export interface SettledChange {
  readonly change: DraftChange;
  readonly order: number;
  readonly firstPart: boolean;
}

/**
 * Settles who gets which address over all routes of one target, and in which order changes must run: releases before takes, a cycle cut at
 * the lowest source id. Pure and independent of the order of its input. Changes that touch no shared address pass unchanged with order 0.
 */
export function settleClaims(claimants: readonly Claimant[], uniqueAddresses: boolean): readonly SettledChange[] {
  const all = [...claimants].sort((a, b) => compareText(id(a), id(b)));
  const rows = dropRelinkedRemovals(all);
  const byTarget = new Map(rows.filter((row) => row.change.targetId).map((row) => [row.change.targetId!, row]));
  const losers = new Map<Claimant, Claimant | 'holder'>();
  const leaving = new Set<Claimant>();
  for (const [key, takers] of takersByKey(rows)) settleKey(key, takers, byTarget, losers, leaving);
  const settled = rows.map((row) =>
    leaving.has(row)
      ? { ...row, change: deleteNow(row.change) }
      : losers.has(row)
        ? { ...row, change: claimed(row.change, losers.get(row)!) }
        : row,
  );
  return uniqueAddresses ? ordered(settled) : settled.map(({ change }) => ({ change, order: 0, firstPart: false }));
}

/** Source entry and target of a change: what identifies it within a target. */
function id({ change }: Claimant): string {
  return `${change.sourceId}\0${change.route}\0${change.change}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same person under a new id: the re-link wins, the removal of the old link is no removal (promise 9). */
function dropRelinkedRemovals(rows: readonly Claimant[]): readonly Claimant[] {
  const relinked = new Set(rows.filter((row) => row.change.relinkFrom !== null).map((row) => row.change.targetId));
  return rows.filter((row) => !(row.change.orphan && relinked.has(row.change.targetId)));
}

function takersByKey(rows: readonly Claimant[]): ReadonlyMap<string, readonly Claimant[]> {
  const takers = new Map<string, Claimant[]>();
  for (const row of rows) {
    if (row.change.change === 'skip' || row.change.change === 'keep') continue;
    for (const key of row.change.takes) takers.set(key, [...(takers.get(key) ?? []), row]);
  }
  return takers;
}

function settleKey(
  key: string,
  takers: readonly Claimant[],
  byTarget: ReadonlyMap<string, Claimant>,
  losers: Map<Claimant, Claimant | 'holder'>,
  leaving: Set<Claimant>,
): void {
  const [winner, ...rest] = [...takers].sort(byRank);
  for (const loser of rest) losers.set(loser, winner!);
  if (!winner) return;
  for (const holder of winner.change.holders.filter((candidate) => candidate.key === key)) {
    const other = byTarget.get(holder.targetId);
    if (other?.change.releases.includes(key)) continue;
    // An object that is leaving gives its address now, whatever its policy; a living one keeps it.
    if (other?.change.orphan && (other.change.change === 'hide' || other.change.change === 'keep') && other.change.reason !== 'adopted')
      leaving.add(other);
    else losers.set(winner, 'holder');
  }
}

/** The owner of the domain, then a user, room, shared mailbox or group before a contact, then the existing link, the order of routes, the id. */
function byRank(a: Claimant, b: Claimant): number {
  const contact = (row: Claimant): number => (row.change.kind === 'contact' ? 1 : 0);
  return (
    Number(b.ownsDomain) - Number(a.ownsDomain) ||
    contact(a) - contact(b) ||
    Number(b.linked) - Number(a.linked) ||
    a.routeOrder - b.routeOrder ||
    compareText(a.change.sourceId, b.change.sourceId)
  );
}

function claimed(change: DraftChange, winner: Claimant | 'holder'): DraftChange {
  const holder = change.holders[0];
  const owner: Owner =
    winner === 'holder'
      ? { id: holder?.targetId ?? '', kind: 'managed', attribute: holder?.key ?? '' }
      : { id: winner.change.sourceId, kind: winner.change.kind, attribute: winner.change.address, displayName: winner.change.displayName };
  return { ...change, change: 'skip', reason: 'claimed', owner, fields: [], desired: null, takes: [], releases: [], holders: [] };
}

function deleteNow(change: DraftChange): DraftChange {
  return { ...change, change: 'delete', reason: 'addressClaimed', countedBefore: true, releases: change.releases };
}

/** Kahn's algorithm over "releases before takes"; what is left is a cycle, cut at the lowest source id. */
function ordered(rows: readonly Claimant[]): readonly SettledChange[] {
  const releasers = new Map<string, Claimant>();
  for (const row of rows) for (const key of row.change.releases) releasers.set(key, row);
  const heldBy = new Map(
    rows
      .filter((row) => row.change.targetId && (row.change.orphan || row.change.change === 'delete'))
      .map((row) => [row.change.targetId!, row]),
  );
  const waitsFor = new Map<Claimant, Set<Claimant>>();
  for (const row of rows) {
    if (row.change.change === 'skip' || row.change.change === 'keep') continue;
    const needs = new Set<Claimant>();
    for (const key of row.change.takes) {
      const releaser = releasers.get(key);
      if (releaser && releaser !== row) needs.add(releaser);
    }
    for (const holder of row.change.holders) {
      const other = heldBy.get(holder.targetId);
      if (other && other !== row && other.change.change === 'delete') needs.add(other);
    }
    if (needs.size > 0) waitsFor.set(row, needs);
  }
  return layers(rows, waitsFor);
}

function layers(rows: readonly Claimant[], waitsFor: ReadonlyMap<Claimant, ReadonlySet<Claimant>>): readonly SettledChange[] {
  const involved = new Set<Claimant>([...waitsFor.keys(), ...[...waitsFor.values()].flatMap((set) => [...set])]);
  const result: SettledChange[] = rows.filter((row) => !involved.has(row)).map(({ change }) => ({ change, order: 0, firstPart: false }));
  const done = new Set<Claimant>();
  let open = [...involved].sort((a, b) => compareText(id(a), id(b)));
  let order = 1;
  const late: DraftChange[] = [];
  while (open.length > 0) {
    const ready = open.filter((row) => [...(waitsFor.get(row) ?? [])].every((other) => done.has(other)));
    if (ready.length === 0) {
      const cut = open[0]!;
      result.push({ change: firstPart(cut.change), order, firstPart: true });
      late.push(secondPart(cut.change));
      done.add(cut);
      open = open.slice(1);
    } else {
      for (const row of ready) {
        result.push({ change: row.change, order, firstPart: false });
        done.add(row);
      }
      open = open.filter((row) => !done.has(row));
    }
    order += 1;
  }
  for (const change of late) result.push({ change, order, firstPart: false });
  return result;
}

/** Frees what a cycle needs: another address of its own, else `<alias>@galsync.invalid` (design §3, Claims). */
function firstPart(change: DraftChange): DraftChange {
  const addresses = change.fields.find((field) => field.name === 'addresses');
  const after = listOf(addresses?.after ?? null).filter((address) => !change.takes.includes(addressKey(address)));
  const kept = listOf(addresses?.before ?? null).filter((address) => !change.releases.includes(addressKey(address)));
  const free = after.length > 0 ? after : kept.length > 0 ? kept : [`${change.alias ?? 'moved'}@galsync.invalid`];
  const fields: FieldChange[] = [{ name: 'addresses', before: addresses?.before ?? null, after: free }];
  return { ...change, fields, takes: [], reason: 'addressMoves' };
}

function secondPart(change: DraftChange): DraftChange {
  return { ...change, releases: [] };
}

function listOf(value: FieldChange['after']): readonly string[] {
  return value === null ? [] : typeof value === 'string' ? [value] : value;
}
