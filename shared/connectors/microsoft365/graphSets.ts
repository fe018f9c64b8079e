import type { HttpAnswer } from '../../http/http.ts';
import type { EntryPart } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { Asked } from './asked.ts';
import { badAnswer, type Graph, graphFailure, okPage, parseJson } from './graph.ts';
import { type GraphObject, groupPart, isBare, isPartial, userPart } from './graphParts.ts';
import { deltaQuery, fromDelta, isManagerOnly, lastOfEach, managerPart, userQuery } from './managers.ts';
import { withoutContradictions } from './order.ts';
import { PERMISSIONS } from './permissions.ts';
import type { Position } from './position.ts';

/** One page of a set, before the common paging rules are applied to it. */
export interface SetPage {
  readonly mode: 'full' | 'delta';
  readonly parts: readonly EntryPart[];
  readonly removed: readonly string[];
  /** Ids of whom the page shows and says that they are gone. */
  readonly unsettled?: readonly string[];
  /** See `PullPage.leftOut`. */
  readonly leftOut?: readonly string[];
  readonly received: number;
  readonly restarted: boolean;
  /** The set has no delta. */
  readonly listed: boolean;
  /** Link of the next page, null on the last one. */
  readonly next: string | null;
  /** Delta link, on the last page of a set that has one. */
  readonly token: string | null;
}

const RESTARTS = 1;

/**
 * One page of people. Without a link it begins: from the delta link of the last pull, else with a full round of delta; a directory
 * without delta (external tenants, relays) is listed. https://learn.microsoft.com/graph/delta-query-overview
 */
export async function usersPage(graph: Graph, asked: Asked, position: Position, token: string | null): Promise<SetPage> {
  const { permission } = PERMISSIONS.users;
  let listed = position.listed;
  const begin = async (): Promise<HttpAnswer> => {
    const first = await graph.get({ path: '/users/delta', query: deltaQuery(asked) });
    listed = [404, 405, 501].includes(first.status);
    return listed ? graph.get({ path: '/users', query: { ...userQuery(asked), $top: '999' } }) : first;
  };
  const link = position.link ?? token;
  const { answer, restarted } = await fetchPage(graph, begin, link, position);
  const page = okPage(answer, 'GET /users/delta', permission);
  const mode = position.link === null && token !== null && !restarted ? 'delta' : restarted ? 'full' : position.mode;
  const next = page['@odata.nextLink'] ?? null;
  const deltaLink = page['@odata.deltaLink'] ?? null;
  if (next === null && deltaLink === null && !listed)
    throw badAnswer('Microsoft Graph ended /users/delta without a delta link: the read is not proven complete.');
  const { rows, unsettled } = withoutContradictions(page.value);
  const { live, removed } = lastWords(rows);
  const whole = live.filter((user) => !isManagerOnly(user));
  refuseBareObjects(whole);
  const people = await completed(graph, asked, whole, { mode, listed });
  return {
    mode,
    parts: [...people.parts, ...live.flatMap((user) => (isManagerOnly(user) ? (managerPart(user) ?? []) : []))],
    removed: [...removed, ...people.removed],
    unsettled,
    received: page.value.length,
    restarted,
    listed,
    next,
    token: next === null ? deltaLink : null,
  };
}

/** One page of groups; those that are in no address list are left out here, so that every server can be asked the same way. */
export async function groupsPage(graph: Graph, asked: Asked, position: Position): Promise<SetPage> {
  const begin = (): Promise<HttpAnswer> => graph.get({ path: '/groups', query: { $select: asked.group.join(','), $top: '999' } });
  const { answer, restarted } = await fetchPage(graph, begin, position.link, position);
  const page = okPage(answer, 'GET /groups', PERMISSIONS.groups.permission);
  const { live } = lastWords(page.value);
  const parts = live.flatMap((group) => groupPart(group, asked) ?? []);
  const entries = new Set(parts.map((part) => part.id));
  return {
    mode: 'full',
    parts,
    removed: [],
    leftOut: live.flatMap(({ id }) => (entries.has(String(id)) ? [] : [String(id)])),
    received: page.value.length,
    restarted,
    listed: true,
    next: page['@odata.nextLink'] ?? null,
    token: null,
  };
}

/**
 * Follows a link, or begins. A link that has expired (400 syncStateNotFound after 7 days, 410, 400 on a page link) begins the set again
 * from our own address: the `Location` of a 410 asks for the same, and ours keeps the property list.
 */
async function fetchPage(
  graph: Graph,
  begin: () => Promise<HttpAnswer>,
  link: string | null,
  position: Position,
): Promise<{ answer: HttpAnswer; restarted: boolean }> {
  if (link === null) return { answer: await begin(), restarted: false };
  const answer = await graph.follow(link);
  if (answer.status !== 400 && answer.status !== 410) return { answer, restarted: false };
  if (position.restarts >= RESTARTS) {
    throw new FailureError({
      code: 'incompleteRead',
      message: `Reading "${position.set}" had to begin again more than once: Microsoft Graph does not keep its page links (HTTP ${answer.status}).`,
      nextStep: 'Nothing was changed because of it. The next job reads again.',
    });
  }
  return { answer: await begin(), restarted: true };
}

/** Replays and duplicates within a page: the last word counts, in the order in which it was said. */
function lastWords(objects: readonly GraphObject[]): { live: readonly GraphObject[]; removed: readonly string[] } {
  if (objects.some((object) => typeof object.id !== 'string' || object.id === ''))
    throw badAnswer('Microsoft Graph gave an object without an id.');
  const all = lastOfEach(objects);
  return {
    live: all.filter((object) => !object['@removed']),
    removed: all.filter((object) => object['@removed']).map((object) => String(object.id)),
  };
}

/** Without the right to read a type the service answers 200 with ids and nulls (case R53). */
function refuseBareObjects(users: readonly GraphObject[]): void {
  const bare = users.filter(isBare).length;
  if (bare === 0 || bare * 2 <= users.length) return;
  const { permission } = PERMISSIONS.users;
  throw new FailureError({
    code: 'permission',
    message: `Microsoft Graph gives ${bare} of ${users.length} users with their id only: the application may not read them (it needs User.Read.All).`,
    nextStep: `Grant the application permission ${permission} with admin consent. Nothing was emptied or removed.`,
  });
}

/** Single objects that came in pieces (reported for delta) are fetched once by id; what stays bare changes nothing. */
async function completed(
  graph: Graph,
  asked: Asked,
  users: readonly GraphObject[],
  { mode, listed }: { readonly mode: 'full' | 'delta'; readonly listed: boolean },
): Promise<{ parts: readonly EntryPart[]; removed: readonly string[] }> {
  const parts: EntryPart[] = [];
  const removed: string[] = [];
  for (const user of users) {
    const whole = isPartial(user) ? await fetchUser(graph, asked, String(user.id)) : user;
    if (whole === null) removed.push(String(user.id));
    else if (!isPartial(whole))
      parts.push(listed || whole !== user ? userPart(whole, asked) : fromDelta(userPart(whole, asked), whole, asked));
    else if (mode === 'full')
      parts.push({
        id: String(user.id),
        primary: true,
        fields: { kind: 'user', type: 'user', incomplete: 'It came with its id only.' },
      });
  }
  return { parts, removed };
}

async function fetchUser(graph: Graph, asked: Asked, id: string): Promise<GraphObject | null> {
  const answer = await graph.get({ path: `/users/${encodeURIComponent(id)}`, query: userQuery(asked) });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw graphFailure(answer, 'GET /users/{id}', PERMISSIONS.users.permission);
  return parseJson(answer, 'GET /users/{id}') as GraphObject;
}

/** The directory's own number of users or groups, or null where it does not tell (advanced queries are an optional feature). */
export async function countOf(graph: Graph, set: 'users' | 'groups'): Promise<number | null> {
  const answer = await graph.get({ path: `/${set}/$count`, headers: { ConsistencyLevel: 'eventual', accept: 'text/plain' } });
  const digits = /^\uFEFF?\s*(\d+)\s*$/.exec(answer.text)?.[1];
  return answer.status === 200 && digits !== undefined ? Number(digits) : null;
}

/** Verified domains, or null if the application may not see them. https://learn.microsoft.com/graph/api/organization-get */
export async function verifiedDomains(graph: Graph): Promise<readonly string[] | null> {
  const answer = await graph.get({ path: '/organization', query: { $select: 'id,verifiedDomains' } });
  if (answer.status >= 400 && answer.status < 500) return null;
  const page = okPage(answer, 'GET /organization', PERMISSIONS.domains.permission);
  const domains = page.value.flatMap((organization) => (Array.isArray(organization.verifiedDomains) ? organization.verifiedDomains : []));
  return domains.flatMap((domain: unknown) => {
    const name = (domain as { name?: unknown } | null)?.name;
    return typeof name === 'string' ? [name.toLowerCase()] : [];
  });
}
