import { z } from 'zod';
import { ThrottledError } from '../../model/failure.ts';
import type { Absence, Connector } from '../connector.ts';
import { statusOf } from './answers.ts';
import type { DirectoryClient } from './directory.ts';

/** Asked for by id in one call of `confirmGone`, and for how long: the rest waits for the next read. */
const MOST_BY_ID = 500;
const MOST_MS = 20_000;
/** Deleted users that are looked through: 20 days of them, 500 a page. */
const MOST_PAGES = 20;
const AT_ONCE = 4;
/** How long the list of deleted users stands for the ranges of one commit. */
const FRESH_MS = 60_000;

const Deleted = z.looseObject({ users: z.array(z.looseObject({ id: z.string() })).nullish(), nextPageToken: z.string().nullish() });
const Named = z.looseObject({ id: z.string() });

export interface ConfirmDependencies {
  readonly customer: string;
  readonly directory: DirectoryClient;
  readonly now: () => number;
}

/**
 * What became of users and groups that a complete sweep no longer shows (`Connector.confirmGone`): users are looked for among those deleted in the
 * last 20 days (users.list with `showDeleted`, a text, which gives nobody else), everybody else by id, where 404 means gone. Users who were
 * moved elsewhere, or deleted longer ago, are told by their id, too. Whoever could not be asked about is in neither list.
 */
export function createConfirmGone(deps: ConfirmDependencies): NonNullable<Connector['confirmGone']> {
  let known: { readonly at: number; readonly ids: ReadonlySet<string> } | null = null;
  return async (set, ids) => {
    if (set !== 'users' && set !== 'groups') return null;
    // Ranges of a commit ask at the same time: each counts its own.
    let calls = 0;
    const page: DirectoryClient['page'] = (...asked) => {
      calls += 1;
      return deps.directory.page(...asked);
    };
    const counted = { ...deps, directory: { page } };
    const found = new Map<string, Absence>();
    if (set === 'users') {
      if (!known || deps.now() - known.at > FRESH_MS) known = { at: deps.now(), ids: await deletedUsers(counted) };
      for (const id of ids) if (known.ids.has(id)) found.set(id, 'gone');
    }
    await byId(counted, set, ids.filter((id) => !found.has(id)).slice(0, MOST_BY_ID), found);
    return { told: found, calls };
  };
}

/** As far as it can be read: who is not among them is asked for by id. */
async function deletedUsers({ directory, customer }: ConfirmDependencies): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let token: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const pageToken: string | null = token;
    const page: z.infer<typeof Deleted> | null = await directory
      .page('users', 'the list of deleted users', Deleted, (client, options) =>
        client.users.list(
          { customer, maxResults: 500, showDeleted: 'true', fields: 'nextPageToken,users(id)', ...(pageToken ? { pageToken } : {}) },
          options as never,
        ),
      )
      .catch(() => null);
    for (const { id } of page?.users ?? []) ids.add(id);
    token = page?.nextPageToken || null;
    if (token === null) break;
  }
  return ids;
}

async function byId(
  { directory, now }: ConfirmDependencies,
  set: 'users' | 'groups',
  ids: readonly string[],
  found: Map<string, Absence>,
): Promise<void> {
  const until = now() + MOST_MS;
  const rest = ids.values();
  let stop = false;
  const worker = async (): Promise<void> => {
    for (const id of rest) {
      if (stop || now() > until) return;
      try {
        const there = await directory.page(set, `the one of ${set} with the id ${id}`, Named, (client, options) =>
          set === 'users'
            ? client.users.get({ userKey: id, fields: 'id' }, options as never)
            : client.groups.get({ groupKey: id, fields: 'id' }, options as never),
        );
        // By its immutable id only: a new object that has taken an old name is somebody else.
        if (there.id === id) found.set(id, 'there');
      } catch (error) {
        if (statusOf(error) === 404) found.set(id, 'gone');
        // It is busy, or somebody else's: nothing is known of this one.
        else if (error instanceof ThrottledError) stop = true;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
