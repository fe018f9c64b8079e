import type { Faults } from '../faults.ts';
import { type Call, json, type Reply } from '../server.ts';
import { filterOf, isAdvanced, type Values } from './graphFilter.ts';
import { COLLECTIONS, DEFAULTS, type GraphType, LINKS, NAMES, ONE_GROUP_ONLY, PROFILE_NAMES } from './graphProperties.ts';

/** What a call asks for; `many`: a list or delta, which have no profile properties. */
export interface Selection {
  readonly names: ReadonlySet<string>;
  readonly many: boolean;
}

const error = (status: number, code: string, message: string): Reply => json(status, { error: { code, message } });

/** `$select`, or what comes without it; the refusal if it names what the type does not have. */
export function selectionOf(select: string | null, type: GraphType, many: boolean): Selection | Reply {
  if (select === null) return { names: DEFAULTS[type], many };
  const names = new Set(select.split(',').map((name) => name.trim()));
  for (const name of names) {
    if (!NAMES[type].has(name))
      return error(
        400,
        'BadRequest',
        `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type 'microsoft.graph.${type}'.`,
      );
    if (many && PROFILE_NAMES.has(name)) return error(501, 'NotImplemented', `'${name}' is read of one user at a time.`);
  }
  return { names, many };
}

export function isReply(value: object): value is Reply {
  return 'status' in value && 'body' in value;
}

/**
 * The chosen properties of an object and its id. In a list and alone what is not set is null; a delta leaves out what was never set
 * (`null`: set once, cleared since).
 */
export function chosen(values: Values, { names, many }: Selection, how: 'whole' | 'delta' = 'whole'): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...('@odata.type' in values ? { '@odata.type': values['@odata.type'] } : {}), id: values['id'] };
  for (const name of names) {
    if (LINKS.has(name) || (many && ONE_GROUP_ONLY.has(name))) continue;
    const value = values[name];
    if (how === 'delta' && value === undefined) continue;
    shown[name] = value ?? (COLLECTIONS.has(name) ? [] : null);
  }
  return shown;
}

/** `$top` of a list of directory objects, or the refusal. */
function topOf(call: Call): number | Reply {
  const text = call.url.searchParams.get('$top');
  if (text === null) return 100;
  const top = Number(text);
  if (Number.isInteger(top) && top >= 1 && top <= 999) return top;
  return error(400, 'Request_UnsupportedQuery', `Invalid page size specified: '${text}'. Must be between 1 and 999 inclusive.`);
}

export interface ListOf<T> {
  readonly type: GraphType;
  readonly objects: readonly T[];
  /** All that an object has, by Graph's names. */
  readonly values: (object: T) => Values;
  /** What `$expand` adds. */
  readonly links?: (object: T) => object;
  /** Where the service is. */
  readonly base: string;
}

/** One page of a list: `$select`, `$filter`, `$top`, `$count`, and a link whose query is its own. */
export function listPage<T>(call: Call, faults: Faults, { type, objects, values, links, base }: ListOf<T>): Reply {
  const selection = selectionOf(call.url.searchParams.get('$select'), type, true);
  if (isReply(selection)) return selection;
  const accepts = filterOf(call, type);
  if (typeof accepts !== 'function') return accepts;
  const top = topOf(call);
  if (typeof top !== 'number') return top;
  const size = Math.min(top, faults.pageSize ?? 999);
  const start = Number(call.url.searchParams.get('$skiptoken') ?? 0);
  if (isAdvanced(call) && call.url.searchParams.has('$expand'))
    return error(400, 'Request_UnsupportedQuery', 'The query parameter $expand is not supported with advanced queries.');
  const rows = objects.map((object) => ({ object, shown: values(object) })).filter(({ shown }) => accepts(shown));
  const next = new URL(call.url);
  next.searchParams.set('$skiptoken', String(start + size));
  return json(200, {
    ...(isAdvanced(call) && start === 0 ? { '@odata.count': rows.length } : {}),
    value: rows.slice(start, start + size).map(({ object, shown }) => ({ ...chosen(shown, selection), ...links?.(object) })),
    ...(start + size < rows.length ? { '@odata.nextLink': `${base}${call.path}${next.search}` } : {}),
  });
}

/** `/$count` is an advanced query. */
export function countReply(call: Call, count: number): Reply {
  if (String(call.headers['consistencylevel']).toLowerCase() !== 'eventual')
    return error(400, 'Request_BadRequest', '$count is not currently supported.');
  return { status: 200, headers: { 'content-type': 'text/plain' }, body: String(count) };
}
