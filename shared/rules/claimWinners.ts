import { addressKey } from '../connectors/connector.ts';
import { domainOf } from '../model/entry.ts';
import { changeId, compareText } from './claimOrder.ts';
import type { Claimant, Winner } from './claims.ts';

/** Who wants which keys, and what stands in the way. */
export interface Wishes {
  readonly wants: ReadonlyMap<Claimant, ReadonlySet<string>>;
  /** Keys that a claimant cannot have whoever it is: an object that gives nothing up holds them. */
  readonly blocked: ReadonlyMap<Claimant, ReadonlyMap<string, Winner>>;
}

/** An object that is about to be adopted is not linked yet. */
export function isLinked(row: Claimant): boolean {
  return row.linked && row.change.change !== 'adopt';
}

/** The source alone owns the domain of this address (contract, "Whose entry is it"). */
function owns(row: Claimant, key: string): boolean {
  return row.owns.has(domainOf(key));
}

/** The owner of the address's domain, then a user, room, shared mailbox or group before a contact, then the existing link, the order of routes, the id. */
function byRank(key: (row: Claimant) => string): (a: Claimant, b: Claimant) => number {
  const contact = (row: Claimant): number => (row.change.kind === 'contact' ? 1 : 0);
  return (a, b) =>
    Number(owns(b, key(b))) - Number(owns(a, key(a))) ||
    contact(a) - contact(b) ||
    Number(isLinked(b)) - Number(isLinked(a)) ||
    a.routeOrder - b.routeOrder ||
    compareText(changeId(a.change), changeId(b.change));
}

/** Claimants of one key, the best first; those before `head` are out. */
interface Race {
  readonly rows: readonly Claimant[];
  head: number;
  settled: boolean;
}

/**
 * Who loses which keys to whom. Each address goes to its best claimant; whoever has no object yet and loses one takes none at all, and what
 * it wanted goes to the next. Claimants that stand in each other's way on different addresses are settled by the rank of their primary ones.
 */
export function settleWishes({ wants, blocked }: Wishes): ReadonlyMap<Claimant, ReadonlyMap<string, Winner>> {
  const races = openRaces(wants, blocked);
  const contested = [...wants].filter(([row, keys]) => blocked.has(row) || [...keys].some((key) => races.get(key)!.rows.length > 1));
  const state: State = { wants, blocked, races, out: new Map(), waiting: contested.map(([row]) => row) };
  settleWaiting(state);
  // What is left stands in each other's way: the last in rank steps back, and so on until nobody does.
  for (const [row, keys] of [...contested].sort(([a], [b]) => byRank(primaryOf)(b, a))) {
    if (state.out.has(row) || isLinked(row)) continue;
    const key = [...keys].find((one) => leader(state, one) !== row);
    if (key === undefined) continue;
    drop(state, row, { claimant: leader(state, key)! });
    settleWaiting(state);
  }
  return lossesOf(state, contested);
}

interface State extends Wishes {
  readonly races: ReadonlyMap<string, Race>;
  /** Claimants without an object that take nothing, and because of whom. */
  readonly out: Map<Claimant, Winner>;
  readonly waiting: Claimant[];
}

/** The best claimant of a key that is not out. */
function leader({ races, out }: State, key: string): Claimant | undefined {
  const race = races.get(key)!;
  while (race.head < race.rows.length && out.has(race.rows[race.head]!)) race.head += 1;
  return race.rows[race.head];
}

function drop(state: State, row: Claimant, to: Winner): void {
  if (isLinked(row) || state.out.has(row)) return;
  state.out.set(row, to);
  for (const key of state.wants.get(row)!) {
    const next = state.blocked.get(row)?.has(key) ? undefined : leader(state, key);
    if (next) state.waiting.push(next);
  }
}

/** Whoever gets everything it wants, or keeps what it wins because it has an object, is settled: the others lose those keys. */
function settleWaiting(state: State): void {
  for (let row = state.waiting.pop(); row; row = state.waiting.pop()) {
    if (state.out.has(row)) continue;
    const stays = state.blocked.get(row);
    if (stays && !isLinked(row)) {
      drop(state, row, [...stays.values()][0]!);
      continue;
    }
    const keys = [...state.wants.get(row)!];
    const won = keys.filter((key) => !stays?.has(key) && leader(state, key) === row);
    if (isLinked(row) || won.length === keys.length) for (const key of won) settleKey(state, key, row);
  }
}

function settleKey(state: State, key: string, winner: Claimant): void {
  const race = state.races.get(key)!;
  if (race.settled) return;
  race.settled = true;
  for (const other of race.rows) if (other !== winner) drop(state, other, { claimant: winner });
}

function primaryOf(row: Claimant): string {
  return addressKey(row.change.address);
}

function openRaces(wants: Wishes['wants'], blocked: Wishes['blocked']): ReadonlyMap<string, Race> {
  const rows = new Map<string, Claimant[]>();
  for (const [row, keys] of wants)
    for (const key of keys) {
      const racing = rows.get(key) ?? [];
      if (!blocked.get(row)?.has(key)) racing.push(row);
      rows.set(key, racing);
    }
  return new Map([...rows].map(([key, racing]) => [key, { rows: racing.sort(byRank(() => key)), head: 0, settled: false }]));
}

function lossesOf(
  state: State,
  contested: readonly (readonly [Claimant, ReadonlySet<string>])[],
): ReadonlyMap<Claimant, ReadonlyMap<string, Winner>> {
  const lost = new Map<Claimant, ReadonlyMap<string, Winner>>();
  for (const [row, keys] of contested) {
    const losses = new Map<string, Winner>(state.blocked.get(row) ?? []);
    for (const key of keys) {
      const winner = leader(state, key);
      if (winner && winner !== row && !losses.has(key)) losses.set(key, { claimant: winner });
    }
    const because = state.out.get(row);
    if (losses.size === 0 && because) losses.set(primaryOf(row), because);
    if (losses.size > 0) lost.set(row, losses);
  }
  return lost;
}
