import { addressKey } from '../connectors/connector.ts';
import { textsOf } from '../model/plan.ts';
import { parseStamp } from '../model/stamp.ts';
import { claimedRow, deletedNow, withoutAddresses } from './claimLoss.ts';
import { changeId, compareText, type OrderedChange, orderChanges } from './claimOrder.ts';
import { isLinked, settleWishes } from './claimWinners.ts';
import type { DraftChange, Holder } from './view.ts';

/** A planned change with what decides whose an address is (contract, "Whose entry is it"). */
export interface Claimant {
  readonly change: DraftChange;
  /** Domains (lower case) that the source alone owns. */
  readonly owns: ReadonlySet<string>;
  /** The entry's object is linked already. */
  readonly linked: boolean;
  /** Place of the route in the configuration. */
  readonly routeOrder: number;
  /**
   * Addresses that the entry's object holds now. Needed where the change does not name them: only then can an object of ours give an
   * address up to somebody with a better claim; without it the object keeps what it holds.
   */
  readonly addresses?: readonly string[];
  /** The delivery address of the object, if it is not the primary one and the change does not name it. */
  readonly delivery?: string | null;
  /** An entry whose own plan writes nothing, here because others claim what its object holds (`change`: an update without fields). */
  readonly unchanged?: boolean;
}

export interface SettledChange extends OrderedChange {
  /** The entry was counted as unchanged when its range was planned, and is no more. */
  readonly wasUnchanged?: boolean;
}

/** Why somebody does not get an address: another claimant has the better claim, or an object that gives nothing up holds it. */
export type Winner = { readonly claimant: Claimant } | { readonly holder: Holder; readonly adopted: boolean };

/**
 * Settles who gets which address over all routes of one target, and in which order changes must run. Pure and independent of the order of
 * its input. Changes that touch no shared address pass unchanged with order 0. Claimants of `unchanged` entries come out only if they lose.
 */
export function settleClaims(claimants: readonly Claimant[], uniqueAddresses: boolean): readonly SettledChange[] {
  const rows = dropRelinkedRemovals([...claimants].sort((a, b) => compareText(changeId(a.change), changeId(b.change))));
  const contest = openContest(rows);
  const lost = settleWishes(contest);
  const leaving = leavingNow(contest, lost);
  const settled: DraftChange[] = [];
  const wasUnchanged = new Set<string>();
  for (const row of rows) {
    const losses = lost.get(row);
    if (row.unchanged && !losses) continue;
    const { change } = row;
    settled.push(...(losses ? afterLosses(row, losses) : [leaving.has(row) ? deletedNow(change) : change]));
    if (row.unchanged) wasUnchanged.add(`${change.route}\0${change.sourceId}`);
  }
  const ordered = uniqueAddresses ? orderChanges(settled) : settled.map((change) => ({ change, order: 0, firstPart: false }));
  return ordered.map((one) =>
    !one.change.orphan && wasUnchanged.has(`${one.change.route}\0${one.change.sourceId}`) ? { ...one, wasUnchanged: true } : one,
  );
}

/** The same person under a new id: the re-link wins, the removal of the old link is no removal (promise 9). */
function dropRelinkedRemovals(rows: readonly Claimant[]): readonly Claimant[] {
  const relinked = new Set(rows.filter((row) => row.change.relinkFrom !== null).map((row) => row.change.targetId));
  return rows.filter((row) => !(row.change.orphan && relinked.has(row.change.targetId)));
}

interface Contest {
  /** Claimants that want an address which somebody else wants or holds, with all the keys that they want. */
  readonly wants: ReadonlyMap<Claimant, ReadonlySet<string>>;
  /** Keys that a claimant cannot have whoever it is: an object that gives nothing up holds them. */
  readonly blocked: ReadonlyMap<Claimant, ReadonlyMap<string, Winner>>;
  /** Leavers that hold an address, with whom would take which. */
  readonly leavers: readonly { readonly leaver: Claimant; readonly taker: Claimant; readonly key: string }[];
}

function openContest(rows: readonly Claimant[]): Contest {
  const byTarget = new Map(rows.filter((row) => row.change.targetId).map((row) => [row.change.targetId!, row]));
  const wants = new Map<Claimant, Set<string>>();
  const blocked = new Map<Claimant, Map<string, Winner>>();
  const leavers: { leaver: Claimant; taker: Claimant; key: string }[] = [];
  for (const row of rows) {
    if (row.change.change === 'skip' || row.change.change === 'keep') continue;
    if (row.change.takes.length > 0) add(wants, row, row.change.takes);
    for (const holder of row.change.holders) {
      const other = byTarget.get(holder.targetId);
      const stays = holderStays(holder, other);
      if (stays) blocked.set(row, (blocked.get(row) ?? new Map<string, Winner>()).set(holder.key, stays));
      else if (other?.change.orphan && other.change.change !== 'delete') leavers.push({ leaver: other, taker: row, key: holder.key });
      else if (other && !other.change.orphan && !other.change.releases.includes(holder.key)) add(wants, other, [holder.key]);
    }
  }
  return { wants, blocked, leavers };
}

/** Leavers whose objects go now: somebody really gets an address of theirs. */
function leavingNow({ leavers }: Contest, lost: ReadonlyMap<Claimant, ReadonlyMap<string, Winner>>): ReadonlySet<Claimant> {
  const gets = (taker: Claimant, key: string): boolean => {
    const losses = lost.get(taker);
    return losses === undefined || (isLinked(taker) && !losses.has(key));
  };
  return new Set(leavers.filter(({ taker, key }) => gets(taker, key)).map(({ leaver }) => leaver));
}

function add(wants: Map<Claimant, Set<string>>, row: Claimant, keys: readonly string[]): void {
  const all = wants.get(row) ?? new Set<string>();
  for (const key of keys) all.add(key);
  wants.set(row, all);
}

/** Why an object keeps what it holds, or null if it gives it up: to anybody if it leaves, to a better claim if it is alive. */
function holderStays(holder: Holder, other: Claimant | undefined): Winner | null {
  const adopted = (parseStamp(holder.stamp) ?? parseStamp(other?.change.stamp))?.adopted ?? other?.change.reason === 'released';
  const stays: Winner = { holder, adopted };
  if (!other) return stays;
  const { change, reason, orphan, releases } = other.change;
  if (!orphan && change !== 'update') return stays;
  if (orphan) return change === 'delete' || change === 'hide' || (change === 'keep' && LETS_GO.has(reason)) ? null : stays;
  if (releases.includes(holder.key)) return null;
  // Held by an attribute that we do not write (a user principal name), or nobody knows by which: it stays.
  return adopted || !heldKeys(other).includes(holder.key) ? stays : null;
}

/** Keys of what a living object holds by its addresses and its delivery address, as far as its change or its claimant says. */
function heldKeys({ change, addresses, delivery }: Claimant): readonly string[] {
  const before = (name: string, known: readonly string[]): readonly string[] => {
    const field = change.fields.find((one) => one.name === name);
    return field ? textsOf(field.before) : known;
  };
  return [...before('addresses', addresses ?? []), ...before('deliveryAddress', delivery ? [delivery] : [])].map(addressKey);
}

/** A leaver kept for these reasons is leaving for certain. One that was read too long ago, or not for certain, is no leaver yet. */
const LETS_GO: ReadonlySet<string> = new Set(['policy', 'grace']);

function afterLosses(row: Claimant, losses: ReadonlyMap<string, Winner>): readonly DraftChange[] {
  const winner = [...losses.values()][0]!;
  if (!isLinked(row)) return [claimedRow(row.change, winner)];
  const left = withoutAddresses(row.change, new Set(losses.keys()), row);
  if (left === 'nothing') {
    const skip = claimedRow(row.change, winner);
    // What we adopted was there before us: it is left as it is, and reported.
    if (parseStamp(row.change.stamp)?.adopted) return [{ ...skip, reason: 'collision' }];
    return [skip, endOf(row)];
  }
  return [left === 'same' ? claimedRow(row.change, winner) : left];
}

/** Nothing is left that the object could be called by: it goes now, and the breakers count it. */
function endOf({ change, addresses }: Claimant): DraftChange {
  const field = change.fields.find((one) => one.name === 'addresses');
  const before = Array.isArray(field?.before) ? (field.before as readonly string[]) : (addresses ?? []);
  return {
    ...change,
    change: 'delete',
    reason: 'addressClaimed',
    orphan: true,
    fields: change.fields.flatMap(({ name, before: was }) => (was === null ? [] : [{ name, before: was, after: null }])),
    takes: [],
    holders: [],
    releases: [...new Set([...change.releases, ...before.map(addressKey)])],
    relinkFrom: null,
  };
}
