import { createHash } from 'node:crypto';
import type { Faults } from '../faults.ts';
import { type Call, json, type Reply } from '../server.ts';
import { invalidParameter } from './partial.ts';

/** Parameters that every method of Google's JSON services takes. */
const EVERYWHERE = ['alt', 'fields', 'key', 'prettyPrint', 'quotaUser', '$.xgafv'];

export interface ListOptions {
  /** Name of the list in the answer. */
  readonly name: string;
  readonly kind: string;
  /** Most that `maxResults` may say, and what counts without it. */
  readonly most: number;
  readonly usual: number;
}

/** Why a call's parameters are refused, or null: a name that the method does not have, a value that it does not take. */
export function refusedParameters(call: Call, known: Readonly<Record<string, RegExp>>): Reply | null {
  for (const [name, value] of call.url.searchParams) {
    if (EVERYWHERE.includes(name)) continue;
    if (!Object.hasOwn(known, name))
      return invalidParameter(name, `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter.`);
    if (!known[name]!.test(value)) return invalidParameter(name, `Invalid value '${value}' for ${name}.`);
  }
  return null;
}

/** One page of a list, its objects as `show` gives them. The token of a page goes with the other parameters of the call that gave it. */
export function page<T extends object>(
  call: Call,
  objects: readonly T[],
  { name, kind, most, usual }: ListOptions,
  faults: Faults,
  show: (one: T) => object = (one) => one,
): Reply {
  const query = call.url.searchParams;
  const asked = Number(query.get('maxResults') ?? usual);
  if (!Number.isInteger(asked) || asked < 1 || asked > most)
    return invalidParameter('maxResults', `Invalid value '${query.get('maxResults')}'. Values must be within the range: [1, ${most}]`);
  const others = createHash('sha256')
    .update(call.path)
    .update(
      [...query]
        .filter(([one]) => one !== 'pageToken')
        .map(([one, value]) => `${one}=${value}`)
        .toSorted()
        .join('&'),
    )
    .digest('base64url')
    .slice(0, 12);
  const token = query.get('pageToken');
  const [, start, mark] = /^(\d+)~(.+)$/.exec(Buffer.from(token ?? '', 'base64url').toString()) ?? [];
  if (token !== null && mark !== others) return invalidParameter('pageToken', 'Invalid Input: pageToken');
  const from = Number(start ?? 0);
  const size = Math.min(asked, faults.pageSize ?? most);
  const some = objects.slice(from, from + size).map(show);
  const next = faults.lie === 'stuckPaging' ? 1 : from + size;
  const more = faults.lie === 'stuckPaging' || next < objects.length;
  // An empty page has no list at all, not an empty one.
  return json(200, {
    kind: `admin#directory#${kind}`,
    etag: '"x"',
    ...(some.length > 0 ? { [name]: some } : {}),
    ...(more ? { nextPageToken: Buffer.from(`${next}~${others}`).toString('base64url') } : {}),
  });
}
