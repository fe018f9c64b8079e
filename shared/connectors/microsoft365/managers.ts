import type { EntryPart } from '../../model/entry.ts';
import type { Asked } from './asked.ts';
import { listOf } from './proxies.ts';

type GraphObject = Readonly<Record<string, unknown>>;

/**
 * The manager that an object of a delta or of an expanded read names: an id, null for none, undefined where nothing is said. A delta tells
 * who is not the manager any more with `@removed`. learn.microsoft.com/graph/delta-query-overview
 */
export function managerOf(user: GraphObject): string | null | undefined {
  const told = user['manager@delta'];
  if (Array.isArray(told)) {
    const rows = told.filter((one): one is GraphObject => typeof one === 'object' && one !== null);
    const now = rows.findLast((one) => !one['@removed']);
    return now ? listOf(now.id)[0] : rows.length > 0 ? null : undefined;
  }
  return isObject(user.manager) ? listOf(user.manager.id)[0] : undefined;
}

function isObject(value: unknown): value is GraphObject {
  return typeof value === 'object' && value !== null;
}

/** A row of a delta that says nothing of the object but its links. */
export function isLinksOnly(row: GraphObject): boolean {
  return Object.keys(row).every((name) => name === 'id' || name.includes('@'));
}

/** A row of a delta that tells of somebody's manager and of nothing else (observed; the order of rows is the service's). */
export function isManagerOnly(user: GraphObject): boolean {
  return user['manager@delta'] !== undefined && isLinksOnly(user);
}

/** What a row that tells the manager alone says. */
export function managerPart(user: GraphObject): EntryPart | null {
  const manager = managerOf(user);
  if (manager === undefined) return null;
  return { id: String(user.id), primary: true, fields: manager === null ? {} : { managerRef: manager }, manager: 'only' };
}

/** A part from a row of a delta, which leaves the manager out when something else has changed (microsoft-graph-explorer-v4 4018). */
export function fromDelta(part: EntryPart, user: GraphObject, asked: Asked): EntryPart {
  return asked.managers && managerOf(user) === undefined ? { ...part, manager: 'unsaid' } : part;
}

/** The last word about each object, in the order in which it was said: about the object, and about its manager, which may come apart. */
export function lastOfEach(objects: readonly GraphObject[]): readonly GraphObject[] {
  const last = new Map<string, GraphObject>();
  for (const object of objects) {
    const id = String(object.id);
    const before = last.get(id);
    last.set(id, before ? together(before, object) : object);
  }
  return [...last.values()];
}

function together(before: GraphObject, news: GraphObject): GraphObject {
  if (news['@removed']) return news;
  if (before['@removed']) return isManagerOnly(news) ? before : news;
  const whole = isManagerOnly(news) ? before : news;
  const told = [...listed(before), ...listed(news)];
  return told.length > 0 ? { ...whole, 'manager@delta': settled(listed(before), listed(news)) } : whole;
}

function listed(user: GraphObject): readonly unknown[] {
  return Array.isArray(user['manager@delta']) ? user['manager@delta'] : [];
}

/** Whom the later one names; one that only takes somebody else away leaves whom the earlier one named. */
function settled(before: readonly unknown[], news: readonly unknown[]): readonly unknown[] {
  if (news.length === 0) return before;
  const [was, is] = [managerOf({ 'manager@delta': before }), managerOf({ 'manager@delta': news })];
  const gone = news.filter(isObject).flatMap((one) => listOf(one.id));
  return is === null && typeof was === 'string' && !gone.includes(was) ? before : news;
}

/** How one user is asked for, or a list of them: a manager is expanded, and cannot be among the properties. */
export function userQuery(asked: Asked, more: readonly string[] = []): Readonly<Record<string, string>> & { readonly $select: string } {
  const $select = [...new Set([...asked.user, ...more])].join(',');
  return { $select, ...(asked.managers ? { $expand: 'manager($select=id)' } : {}) };
}

/** How a delta is asked: there the manager is among the properties, and nothing can be expanded. */
export function deltaQuery(asked: Asked): Readonly<Record<string, string>> {
  return { $select: [...asked.user, ...(asked.managers ? ['manager'] : [])].join(',') };
}
