import type { HttpAnswer } from '../../../http/http.ts';
import { type Entry, mergeParts } from '../../../model/entry.ts';
import { addressKey, type FindQuery } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Exchange, ExchangeError } from '../exchange.ts';
import { recipientId, recipientPart } from '../exchangeParts.ts';
import { type Graph, graphFailure, okPage, parseJson } from '../graph.ts';
import { type GraphObject, userPart } from '../graphParts.ts';
import { userQuery } from '../managers.ts';
import { PERMISSIONS } from '../permissions.ts';
import { addressFilter, listOf, odata, splitProxies } from '../proxies.ts';

/** Clocks of the directory and of ours may differ by this much, and createdDateTime has whole seconds. */
const CLOCK_SLACK_MS = 2_000;
/** Advanced queries (filters over extension attributes, deleted objects): learn.microsoft.com/graph/aad-advanced-queries. */
const ADVANCED = { ConsistencyLevel: 'eventual' };

/** A user of Graph as far as writing needs it. */
export interface GuestUser {
  readonly id: string;
  readonly entry: Entry;
  readonly mail: string;
  /** The invitation was not redeemed yet. */
  readonly pending: boolean;
}

/** Guests by their immutable id, or looked up after a lost answer. */
export interface Guests {
  /** As Graph shows it now, or null. */
  user(id: string): Promise<GuestUser | null>;
  get(id: string): Promise<Entry | null>;
  find(query: FindQuery): Promise<Entry | null>;
  /** A deleted user that can still be restored: true if this id is one. */
  isDeleted(id: string): Promise<boolean>;
  /** A deleted user that still holds an address, the one with this stamp if there is one, or null; null too where such a question is refused. */
  deletedHolding(address: string, stamp: string): Promise<GuestUser | null>;
}

export function createGuests(graph: Graph, exchange: Exchange, asked: Asked): Guests {
  const whole = userQuery(asked, ['otherMails', 'externalUserState']);
  const search = createSearch(graph, asked, whole.$select);
  const user = async (id: string): Promise<GuestUser | null> => {
    const answer = await graph.get({ path: `/users/${encodeURIComponent(id)}`, query: whole });
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw graphFailure(answer, 'GET /users/{id}', PERMISSIONS.users.permission);
    return guestOf(parseJson(answer, 'GET /users/{id}') as GraphObject, asked);
  };
  const get = async (id: string): Promise<Entry | null> => {
    const found = await user(id);
    if (!found) return null;
    const recipient = await recipientOf(exchange, asked, id);
    return recipient ? mergeParts([{ id, primary: true, fields: found.entry }, recipient]) : found.entry;
  };
  return {
    user,
    get,
    async find(query) {
      const found = (await search.stamped(query.stamp)) ?? (query.address === '' ? null : await search.madeByUs(query));
      return found && get(found.id);
    },
    async isDeleted(id) {
      const answer = await graph.get({ path: `/directory/deletedItems/${encodeURIComponent(id)}` });
      if (answer.status === 404) return false;
      if (answer.status !== 200) throw graphFailure(answer, 'GET /directory/deletedItems/{id}', PERMISSIONS.deleteGuest.permission);
      return true;
    },
    deletedHolding: search.deletedHolding,
  };
}

/** Users looked for by what they hold. */
interface Search extends Pick<Guests, 'deletedHolding'> {
  /** The guest with this stamp, or null; null too where such a question is refused. */
  stamped(stamp: string): Promise<GuestUser | null>;
  /** An unstamped guest with the address, made since the intent: ours, after a lost answer. */
  madeByUs(query: FindQuery): Promise<GuestUser | null>;
}

/** @param $select an advanced query expands nothing (learn.microsoft.com/graph/aad-advanced-queries); who is found is read again by id. */
function createSearch(graph: Graph, asked: Asked, $select: string): Search {
  const listed = (answer: HttpAnswer, what: string): readonly GraphObject[] => okPage(answer, what, PERMISSIONS.users.permission).value;
  return {
    async stamped(stamp) {
      const $filter = `${asked.stampPath.replace('.', '/')} eq ${odata(stamp)}`;
      const answer = await graph.get({ path: '/users', query: { $filter, $count: 'true', $select }, headers: ADVANCED });
      // Where advanced queries are not to be had, the address and the repeated invitation find it.
      if (answer.status !== 200) return null;
      const found = listed(answer, 'GET /users by stamp').map((object) => guestOf(object, asked));
      return found.find(isOurs(stamp)) ?? null;
    },
    async madeByUs({ address, since }) {
      const $filter = `${addressFilter(address)} or otherMails/any(o:o eq ${odata(address)})`;
      const answer = await graph.get({ path: '/users', query: { $filter, $select } });
      for (const object of listed(answer, 'GET /users by address')) {
        const found = guestOf(object, asked);
        if (!found?.entry.external || found.entry.stamp || found.entry.stampPlace) continue;
        if (madeSince(found.entry, since) && holds(object, address)) return found;
      }
      return null;
    },
    async deletedHolding(address, stamp) {
      const query = { $filter: `mail eq ${odata(address)}`, $count: 'true', $select };
      const answer = await graph.get({ path: '/directory/deletedItems/microsoft.graph.user', query, headers: ADVANCED });
      if (answer.status !== 200) return null;
      const found = listed(answer, 'GET /directory/deletedItems').flatMap((object) => guestOf(object, asked) ?? []);
      return found.find(isOurs(stamp)) ?? found[0] ?? null;
    },
  };
}

function guestOf(object: GraphObject, asked: Asked): GuestUser | null {
  const entry = mergeParts([userPart(object, asked)]);
  const mail = listOf(object.mail)[0] ?? '';
  return entry && { id: entry.id, entry, mail, pending: listOf(object.externalUserState)[0] === 'PendingAcceptance' };
}

async function recipientOf(exchange: Exchange, asked: Asked, id: string): Promise<ReturnType<typeof recipientPart>> {
  try {
    const { rows } = await exchange({ name: 'Get-Recipient', parameters: { Identity: id }, select: asked.recipient, idempotent: true });
    // Identity parameters take addresses and aliases too: only the object with this very id is meant (case R35).
    const row = rows.find((one) => recipientId(one, false)?.toLowerCase() === id.toLowerCase());
    const part = row ? recipientPart(row, asked) : null;
    return part && { ...part, id };
  } catch (error) {
    if (error instanceof ExchangeError && error.fault === 'notFound') return null;
    throw error;
  }
}

function isOurs(stamp: string): (found: GuestUser | null) => boolean {
  return (found) => found?.entry.external === true && found.entry.stamp === stamp;
}

/** True if the object was made since we said that we would make it. */
export function madeSince(entry: Entry, since: string | undefined): boolean {
  if (since === undefined || entry.createdAt === undefined) return false;
  return Date.parse(entry.createdAt) >= Date.parse(since) - CLOCK_SLACK_MS;
}

function holds(object: GraphObject, address: string): boolean {
  const all = [...listOf(object.mail), ...listOf(object.otherMails), ...splitProxies(object.proxyAddresses).smtp];
  return all.some((one) => addressKey(one) === addressKey(address));
}
