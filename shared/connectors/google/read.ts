import { createHash } from 'node:crypto';
import type { EntryPart } from '../../model/entry.ts';
import { FailureError } from '../../model/failure.ts';
import type { PullMemory, PullPage } from '../connector.ts';
import { isRefused, statusOf } from './answers.ts';
import { contactId, readContact } from './contactXml.ts';
import type { DirectoryClient } from './directory.ts';
import type { Feed, FeedPage } from './feed.ts';
import { GROUPS_PER_PAGE, type GroupSettings } from './groupSettings.ts';
import { schemasIn } from './ownFields.ts';
import { addressesOf, Domains, Groups, Resources, Users, userPart } from './people.ts';
import { rawValues } from './rawValues.ts';
import { refuseUnknownNames } from './schemas.ts';
import { groupFields, userFields } from './userFields.ts';
import { childrenOf } from './xml.ts';

/** Users come last: they must be readable, so a refused set is always followed by a page that can list the loss. */
const ORDER = ['contacts', 'resources', 'groupSettings', 'groups', 'users'] as const;
type Set_ = (typeof ORDER)[number];
const SETS: readonly Set_[] = ['users', 'groups', 'groupSettings', 'resources', 'contacts'];

/** The sets that are read, in merge order: settings of groups only where they are asked for. */
export function setsOf(deps: Pick<ReadDependencies, 'groupSettings'>): readonly string[] {
  return SETS.filter((set) => set !== 'groupSettings' || deps.groupSettings);
}

function setAfter(deps: ReadDependencies, set: Set_): Set_ | undefined {
  const order = ORDER.filter((one) => one !== 'groupSettings' || deps.groupSettings);
  return order[order.indexOf(set) + 1];
}

const RESOURCE_FIELDS = 'resourceId,resourceEmail,resourceName,generatedResourceName,buildingId,floorName';
const FEED_PAGE = 1000;
const SMALLEST_PAGE = 50;
/** Page tokens that are remembered: paging in a circle of up to so many pages is found. */
const REMEMBERED = 64;
/** A page may be empty and still have a next one, but not so many in a row. */
const EMPTY_PAGES = 20;

export interface ReadDependencies {
  readonly id: string;
  readonly customer: string;
  readonly directory: DirectoryClient;
  readonly feed: Feed;
  /** Null: not asked for. */
  readonly groupSettings: GroupSettings | null;
  readonly calls: () => number;
  /** Attributes by our names, and the directory's own by path. */
  readonly attributes: readonly string[];
  readonly raw: readonly string[];
}

interface Position {
  readonly set: Set_;
  readonly token: string | null;
  readonly size: number;
  readonly total: number | null;
  /** Marks of the page tokens so far, newest first. */
  readonly seen: readonly string[];
  /** Objects of this set so far, and pages without any at the end. */
  readonly read: number;
  readonly empty: number;
}

interface SetPage {
  readonly parts: readonly EntryPart[];
  readonly next: string | null;
  readonly total: number | null;
}

/** One page of a pull. Google has no delta: every set is a sweep. */
export async function readPage(deps: ReadDependencies, cursor: string | null, memory: PullMemory): Promise<PullPage> {
  const before = deps.calls();
  if (cursor === null) await refuseUnknownNames(deps);
  const losses: string[] = [];
  const domains = cursor === null ? await domainsOf(deps, memory.domainsRead ?? false) : undefined;
  if (domains === null) losses.push('domains');
  let position: Position = cursor === null ? begin(ORDER[0]) : (JSON.parse(cursor) as Position);
  for (;;) {
    try {
      const page = await setPage(deps, position);
      const extra = { ...(domains ? { domains } : {}), ...(losses.length > 0 ? { losses } : {}) };
      return { ...turn(deps, position, page), ...extra, calls: deps.calls() - before };
    } catch (error) {
      const smaller = smallerPage(error, position);
      if (smaller) position = smaller;
      else {
        const next = setAfter(deps, position.set);
        if (!next || !neverGranted(error, position, memory)) throw error;
        losses.push(position.set);
        position = begin(next);
      }
    }
  }
}

function begin(set: Set_): Position {
  return { set, token: null, size: FEED_PAGE, total: null, seen: [], read: 0, empty: 0 };
}

/** 504 on the feed means "page too big" as often as an outage: smaller pages before giving up. */
function smallerPage(error: unknown, position: Position): Position | null {
  if (position.set !== 'contacts' || statusOf(error) !== 504 || position.size <= SMALLEST_PAGE) return null;
  return { ...position, size: Math.max(SMALLEST_PAGE, Math.floor(position.size / 2)) };
}

/** A refused set that was read before fails the pull (promise 4); one that was never granted is a loss. */
function neverGranted(error: unknown, position: Position, memory: PullMemory): boolean {
  return position.token === null && !memory.readBefore.includes(position.set) && isRefused(error);
}

function turn(deps: ReadDependencies, position: Position, page: SetPage): Omit<PullPage, 'calls'> {
  const total = position.total ?? page.total;
  const base = { set: position.set, mode: 'full' as const, parts: page.parts, removed: [], restarted: false, read: page.parts.length };
  const read = position.read + page.parts.length;
  // The feed gives a next link on an empty last page too: by its own count it is over.
  const over = page.parts.length === 0 && total !== null && read >= total;
  if (page.next !== null && !over) {
    const mark = createHash('sha256').update(page.next).digest('base64url').slice(0, 8);
    const empty = page.parts.length === 0 ? position.empty + 1 : 0;
    if (position.seen.includes(mark) || empty >= EMPTY_PAGES) throw stuck(deps.id, position.set, empty);
    const seen = [mark, ...position.seen].slice(0, REMEMBERED);
    return {
      ...base,
      cursor: JSON.stringify({ ...position, token: page.next, total, seen, read, empty } satisfies Position),
      finished: null,
    };
  }
  const next = setAfter(deps, position.set);
  return { ...base, cursor: next ? JSON.stringify(begin(next)) : null, finished: { token: null, count: total } };
}

function stuck(connector: string, set: string, empty: number): FailureError {
  const how = empty >= EMPTY_PAGES ? `${empty} pages in a row held nothing` : 'Google gave the same page token again';
  return new FailureError({
    code: 'pagingStuck',
    message: `Connector "${connector}": reading "${set}" does not advance; ${how}.`,
    nextStep: 'Nothing was changed. The next job reads again.',
  });
}

function setPage(deps: ReadDependencies, position: Position): Promise<SetPage> {
  if (position.set === 'users') return usersPage(deps, position.token);
  if (position.set === 'groups') return groupsPage(deps, position.token);
  if (position.set === 'groupSettings') return groupSettingsPage(deps, position.token);
  return position.set === 'resources' ? resourcesPage(deps, position.token) : contactsPage(deps, position);
}

async function usersPage(deps: ReadDependencies, token: string | null): Promise<SetPage> {
  const schemas = schemasIn(deps.raw);
  // `full` would bring every custom schema of the organisation: only those that are named are asked for.
  const projection = schemas.length > 0 ? { projection: 'custom', customFieldMask: schemas.join(',') } : { projection: 'basic' };
  const fields = `nextPageToken,users(${userFields(deps).join(',')})`;
  const answer = await deps.directory.page('users', 'the list of users', Users, (directory, options) =>
    directory.users.list(
      { customer: deps.customer, maxResults: 500, ...projection, fields, ...(token ? { pageToken: token } : {}) },
      options as never,
    ),
  );
  return { parts: (answer.users ?? []).map((user) => userPart(user, deps.raw)), next: answer.nextPageToken || null, total: null };
}

async function groupsPage(deps: ReadDependencies, token: string | null): Promise<SetPage> {
  const answer = await deps.directory.page('groups', 'the list of groups', Groups, (directory, options) =>
    directory.groups.list(
      {
        customer: deps.customer,
        maxResults: 200,
        fields: `nextPageToken,groups(${groupFields(deps.raw).join(',')})`,
        ...(token ? { pageToken: token } : {}),
      },
      options as never,
    ),
  );
  const parts = (answer.groups ?? []).map(
    (group): EntryPart => ({
      id: group.id,
      primary: true,
      fields: {
        kind: 'group',
        type: 'googleGroup',
        groupType: 'distribution',
        addresses: addressesOf(group.email, group.aliases, group.nonEditableAliases),
        enabled: true,
        external: false,
        hidden: false,
        attributes: {
          displayName: group.name || group.email || group.id,
          ...(group.description ? { notes: group.description } : {}),
          ...(group.email ? { alias: group.email.split('@')[0]! } : {}),
        },
        ...rawValues(group, deps.raw),
      },
    }),
  );
  return { parts, next: answer.nextPageToken || null, total: null };
}

async function groupSettingsPage(deps: ReadDependencies, token: string | null): Promise<SetPage> {
  const answer = await deps.directory.page('groups', 'the list of groups', Groups, (directory, options) =>
    directory.groups.list(
      {
        customer: deps.customer,
        maxResults: GROUPS_PER_PAGE,
        fields: 'nextPageToken,groups(id,email)',
        ...(token ? { pageToken: token } : {}),
      },
      options as never,
    ),
  );
  const groups = (answer.groups ?? []).flatMap(({ id, email }) => (email ? [{ id, email }] : []));
  return { parts: await deps.groupSettings!(groups), next: answer.nextPageToken || null, total: null };
}

async function resourcesPage(deps: ReadDependencies, token: string | null): Promise<SetPage> {
  const answer = await deps.directory.page('resources', 'the list of rooms', Resources, (directory, options) =>
    directory.resources.calendars.list(
      {
        customer: deps.customer,
        maxResults: 500,
        fields: `nextPageToken,items(${RESOURCE_FIELDS})`,
        ...(token ? { pageToken: token } : {}),
      },
      options as never,
    ),
  );
  const parts = (answer.items ?? []).map(
    (room): EntryPart => ({
      id: `room:${room.resourceId}`,
      primary: true,
      fields: {
        kind: 'room',
        type: 'googleResource',
        addresses: addressesOf(room.resourceEmail),
        enabled: true,
        external: false,
        hidden: false,
        attributes: {
          displayName: room.generatedResourceName || room.resourceName || room.resourceId,
          ...(room.floorName || room.buildingId ? { officeLocation: [room.buildingId, room.floorName].filter(Boolean).join(' ') } : {}),
        },
      },
    }),
  );
  return { parts, next: answer.nextPageToken || null, total: null };
}

async function contactsPage(deps: ReadDependencies, position: Position): Promise<SetPage> {
  const page: FeedPage = await deps.feed.page(position.token, position.size);
  const parts = page.entries
    .filter((entry) => childrenOf(entry, 'deleted').length === 0)
    .map((entry): EntryPart => ({ id: contactId(entry), primary: true, fields: readContact(entry) }));
  return { parts, next: page.next, total: page.total };
}

/** Verified domains and their aliases, or null if the subject or the delegation may not see them. `readBefore`: a refusal is thrown (promise 4). */
export async function domainsOf(
  deps: Pick<ReadDependencies, 'customer' | 'directory'>,
  readBefore = false,
): Promise<readonly string[] | null> {
  try {
    const answer = await deps.directory.page('domains', 'the list of domains', Domains, (directory, options) =>
      directory.domains.list({ customer: deps.customer }, options as never),
    );
    return (answer.domains ?? [])
      .filter((domain) => domain.verified !== false)
      .flatMap((domain) => [
        domain.domainName,
        ...(domain.domainAliases ?? []).flatMap((alias) =>
          alias.domainAliasName && alias.verified !== false ? [alias.domainAliasName] : [],
        ),
      ]);
  } catch (error) {
    if (isRefused(error) && !readBefore) return null;
    throw error;
  }
}
