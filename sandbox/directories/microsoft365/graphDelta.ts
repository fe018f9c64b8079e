import type { Faults } from '../faults.ts';
import { type Call, json, type Reply } from '../server.ts';
import { error, type GraphOptions, userValues } from './graph.ts';
import { chosen, isReply, selectionOf } from './graphQuery.ts';
import { deltaRows, type Row } from './managers.ts';
import type { TenantObject } from './model.ts';

/** The service chooses the size of its pages. */
const PAGE = 120;
const LIFE_MS = 7 * 86_400_000;
const NEVER_HERE = { id: '00000000-0000-4000-8000-0000000000de', '@removed': { reason: 'deleted' } };

/** What a link remembers: the property list too, since a link takes no query of its own. */
interface Token {
  readonly start: number;
  readonly since: number;
  readonly upTo: number;
  readonly issued: number;
  readonly select: string | null;
  /** An empty page comes before the one at `start`. */
  readonly empty?: boolean;
}

interface Round {
  readonly token: Token;
  /** Made when their page is answered: a round of a large tenant has hundreds. */
  readonly rows: readonly Row[];
}

/** Users by delta: pages chosen by the service, replays, tombstones, empty pages, expiry. learn.microsoft.com/graph/delta-query-overview */
export function usersDelta(options: GraphOptions, call: Call, faults: Faults): Reply {
  const token = tokenOf(options, call);
  const refused = refusal(options, call, faults, token);
  if (refused) return refused;
  if (faults.lie === 'emptyPage') return json(200, { value: [], '@odata.deltaLink': deltaLink(options, { ...token, upTo: now(options) }) });
  const rows = rowsOf(options, token, faults);
  return isReply(rows) ? rows : page(options, faults, { token, rows });
}

function tokenOf(options: GraphOptions, call: Call): Token {
  const query = call.url.searchParams;
  const text = query.get('$skiptoken') ?? query.get('$deltatoken');
  const upTo = now(options);
  const known = text && text !== 'latest' ? (JSON.parse(Buffer.from(text, 'base64url').toString()) as Token) : null;
  if (!known) return { start: 0, since: text === 'latest' ? upTo : 0, upTo, issued: Date.now(), select: query.get('$select') };
  return query.has('$skiptoken') ? known : { ...known, start: 0, since: known.upTo, upTo };
}

function now(options: GraphOptions): number {
  return options.objects.sequence();
}

const NOT_IN_DELTA = ['$top', '$expand', '$orderby', '$search', '$count'];

function refusal(options: GraphOptions, call: Call, faults: Faults, token: Token): Reply | null {
  const query = call.url.searchParams;
  const wrong = NOT_IN_DELTA.find((name) => query.has(name));
  if (wrong) return error(400, 'Request_UnsupportedQuery', `The query parameter '${wrong}' is not supported with delta queries.`);
  if (query.has('$filter') && !/^id eq '[^']+'( or id eq '[^']+'){0,49}$/.test(query.get('$filter') ?? ''))
    return error(400, 'Request_UnsupportedQuery', 'A delta query can be filtered by id only.');
  const followed = query.has('$deltatoken') || (query.has('$skiptoken') && token.start > 0);
  const ends = followed ? faults.delta?.ends : undefined;
  if (ends) delete faults.delta!.ends;
  if (ends === 410 || (followed && faults.lie === 'gone410')) {
    if (ends !== 410) delete faults.lie;
    return error(410, 'resyncRequired', 'Resync required.', { location: `${options.base()}/v1.0/users/delta?$deltatoken=` });
  }
  if (ends === 400 || (query.get('$deltatoken') && Date.now() - token.issued > LIFE_MS))
    return error(400, 'syncStateNotFound', 'The sync state generation is not found; resynchronise.');
  return null;
}

function rowsOf(options: GraphOptions, { since, upTo, select }: Token, faults: Faults): readonly Row[] | Reply {
  const selection = selectionOf(select, 'user', true);
  if (isReply(selection)) return selection;
  const hard = faults.delta ?? {};
  const { objects } = options;
  const within = (at: number): boolean => at > since && at <= upTo;
  const view = (user: TenantObject): object => {
    if (faults.lie === 'idOnly') return { id: user.id };
    const row = chosen(userValues(user), selection, 'delta');
    return hard.withoutNulls ? Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) : row;
  };
  let changed = objects.all().filter((object) => object.type === 'user' && within(objects.changedAt(object.id)));
  if (faults.shrinkTo !== undefined && since === 0) changed = changed.slice(0, faults.shrinkTo);
  // A first round begins with who is here now; the service may tell of the deleted ones all the same.
  const told = since > 0 || hard.tombstones;
  const gone = told ? objects.removed().filter((one) => one.object.type === 'user' && within(one.at) && !objects.get(one.id)) : [];
  const replayed = changed.filter((_user, n) => hard.replayEvery !== undefined && n % hard.replayEvery === 0);
  const lazily =
    (user: TenantObject): Row =>
    () =>
      view(user);
  const { early, late } = outOfOrder(changed, gone, hard.outOfOrder ?? 0, lazily);
  const managers = selection.names.has('manager') && faults.lie !== 'idOnly';
  const { told: rows, apart } = deltaRows(objects, changed, { from: since, managers }, view);
  return [
    ...early,
    ...rows,
    ...gone.map(
      ({ id, reason }): Row =>
        () => ({ id, '@removed': { reason } }),
    ),
    ...apart,
    ...replayed.map(lazily),
    ...(since === 0 && faults.replays ? [...changed.slice(0, faults.replays).map(lazily), () => NEVER_HERE] : []),
    ...late,
  ];
}

/**
 * What is said too early or too late: of people who were deleted and restored that they are gone, before their row or after it; of people who
 * are gone, their row, before the tombstone or after it.
 */
function outOfOrder(
  here: readonly TenantObject[],
  gone: readonly { readonly id: string; readonly object: TenantObject }[],
  count: number,
  view: (user: TenantObject) => Row,
): { readonly early: readonly Row[]; readonly late: readonly Row[] } {
  const odd = (_one: unknown, n: number): boolean => n % 2 === 1;
  const even = (_one: unknown, n: number): boolean => n % 2 === 0;
  const tombstone =
    ({ id }: { readonly id: string }): Row =>
    () => ({ id, '@removed': { reason: 'changed' } });
  const [living, dead] = [here.slice(0, count), gone.slice(0, count)];
  return {
    early: [...living.filter(even).map(tombstone), ...dead.filter(even).map(({ object }) => view(object))],
    late: [...living.filter(odd).map(tombstone), ...dead.filter(odd).map(({ object }) => view(object))],
  };
}

function page(options: GraphOptions, faults: Faults, { token, rows }: Round): Reply {
  const stuck = faults.lie === 'stuckPaging';
  const size = faults.pageSize ?? PAGE;
  const { start } = token;
  if (faults.delta?.emptyPages && !token.empty)
    return json(200, { value: [], '@odata.nextLink': skipLink(options, { ...token, empty: true, issued: Date.now() }) });
  const next = stuck ? 0 : start + size;
  const value = rows.slice(start, start + size).map((row) => row());
  if (!stuck && next >= rows.length) return json(200, { value, '@odata.deltaLink': deltaLink(options, token) });
  const link = { ...token, start: next, empty: false, issued: stuck ? 1 : Date.now() };
  return json(200, { value, '@odata.nextLink': skipLink(options, link) });
}

function skipLink(options: GraphOptions, token: Token): string {
  return `${options.base()}/v1.0/users/delta?$skiptoken=${encoded(token)}`;
}

function deltaLink(options: GraphOptions, { upTo, select }: Token): string {
  return `${options.base()}/v1.0/users/delta?$deltatoken=${encoded({ start: 0, since: 0, upTo, issued: Date.now(), select })}`;
}

function encoded(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}
