import type { Http } from '../../http/http.ts';
import { FailureError } from '../../model/failure.ts';
import type { PullMemory, PullPage } from '../connector.ts';
import { type Asked, unknownAttribute } from './asked.ts';
import type { GraphBatch } from './batch.ts';
import { withBirthdays } from './birthdays.ts';
import { type Exchange, ExchangeError } from './exchange.ts';
import { contactsPage, detailsPage, recipientsPage } from './exchangeSets.ts';
import type { Graph } from './graph.ts';
import { countOf, groupsPage, type SetPage, usersPage, verifiedDomains } from './graphSets.ts';
import { inOrder, remember } from './order.ts';
import { advance, beginSet, isDetailSet, type Position, positionOf, setAfter } from './position.ts';

export interface ReadDependencies {
  readonly id: string;
  readonly asked: Asked;
  readonly graph: Graph;
  readonly exchange: Exchange;
  readonly batch: GraphBatch;
  /** Host of Graph, for waits. */
  readonly host: string;
  readonly now: () => number;
  readonly http: Http;
}

/** One page of a pull (see `Connector.readPage`). A set that was never granted is passed over: the page of the next one lists it. */
export async function readPage(deps: ReadDependencies, cursor: string | null, memory: PullMemory): Promise<PullPage> {
  if (deps.asked.unknown !== null) throw unknownAttribute(deps.id, deps.asked.unknown);
  const before = deps.http.calls();
  const losses: string[] = [];
  const domains = cursor === null ? await verifiedDomains(deps.graph) : undefined;
  if (domains === null) losses.push('domains');
  let position = positionOf(cursor);
  for (;;) {
    try {
      const page = await setPage(deps, position, memory);
      const turned = await turn(deps, position, page, memory);
      return { ...turned, ...(domains ? { domains } : {}), ...(losses.length > 0 ? { losses } : {}), calls: deps.http.calls() - before };
    } catch (error) {
      const next = setAfter(position.set, deps.asked);
      if (next === null || !neverGranted(error, position, memory)) throw error;
      losses.push(position.set);
      position = beginSet(next);
    }
  }
}

async function setPage(deps: ReadDependencies, position: Position, memory: PullMemory): Promise<SetPage> {
  if (position.set === 'users') {
    const told = await usersPage(deps.graph, deps.asked, position, memory.tokens.users ?? null);
    const page = await inOrder(deps.batch, told, position, deps);
    return deps.asked.birthdays ? { ...page, parts: await withBirthdays(deps.batch, page.parts, deps.host, deps.now) } : page;
  }
  if (position.set === 'groups') return groupsPage(deps.graph, deps.asked, position);
  if (position.set === 'recipients') return recipientsPage(deps.exchange, deps.asked, position);
  if (isDetailSet(position.set)) return detailsPage(deps.exchange, deps.asked, position.set, position);
  return contactsPage(deps.exchange, deps.asked, position);
}

/** A refused set that was read before fails the pull (promise 4); one that was never granted is a loss. */
function neverGranted(error: unknown, position: Position, memory: PullMemory): boolean {
  if (position.link !== null || memory.readBefore.includes(position.set)) return false;
  if (error instanceof ExchangeError) return error.fault === 'permission' || error.fault === 'missingCmdlet';
  return error instanceof FailureError && (error.failure.code === 'permission' || error.failure.code === 'authentication');
}

async function turn(deps: ReadDependencies, position: Position, page: SetPage, memory: PullMemory): Promise<Omit<PullPage, 'calls'>> {
  const { set } = position;
  const start = page.restarted ? { ...beginSet(set), restarts: position.restarts + 1 } : position;
  const here: Position = {
    ...start,
    mode: page.mode,
    listed: page.listed,
    received: start.received + page.received,
    ...(set === 'users' ? remember(start, page) : {}),
  };
  const { mode, parts, removed, leftOut, restarted, received: read } = page;
  const base = { set, mode, parts, removed, restarted, read, ...(leftOut ? { leftOut } : {}) };
  if (page.next !== null) return { ...base, cursor: JSON.stringify(advance(here, page.next)), finished: null };
  const next = setAfter(set, deps.asked);
  const count = await ownCount(deps.graph, here);
  const token = page.token ?? tally(here, memory);
  return { ...base, cursor: next === null ? null : JSON.stringify(beginSet(next)), finished: { token, count } };
}

/** The directory's own count. Asked after a full read of a Graph set only; Exchange has none. */
async function ownCount(graph: Graph, position: Position): Promise<number | null> {
  if (position.mode === 'delta' || (position.set !== 'users' && position.set !== 'groups')) return null;
  return countOf(graph, position.set);
}

const TALLY = 'received:';

/**
 * Exchange has neither delta nor count. What its sets held is remembered in the place of a delta token, because an Exchange that shows
 * nobody any more has lost our rights, not its mailboxes: without its view hidden people would be shown.
 */
function tally(position: Position, memory: PullMemory): string | null {
  if (position.set !== 'recipients' && position.set !== 'contacts') return null;
  const before = Number(memory.tokens[position.set]?.slice(TALLY.length) ?? 0);
  if (position.set === 'recipients' && position.received === 0 && before > 0) {
    throw new FailureError({
      code: 'incompleteRead',
      message: `Exchange Online shows no recipient at all; at the last read there were ${before}.`,
      nextStep: 'Nothing was changed because of it. Check the role of the application in Exchange Online.',
    });
  }
  return `${TALLY}${position.received}`;
}
