import { z } from 'zod';
import type { MembersPage } from '../connector.ts';
import { statusOf } from './answers.ts';
import type { DirectoryClient } from './directory.ts';

const Text = z.string().nullish();
const Members = z.looseObject({ members: z.array(z.looseObject({ id: Text, type: Text })).nullish(), nextPageToken: Text });
const Counted = z.looseObject({ directMembersCount: z.union([z.string(), z.number()]).nullish() });

const PAGE = 200;

/**
 * One page of a group's direct members (developers.google.com/workspace/admin/directory/reference/rest/v1/members/list). Member groups are
 * followed by who asks: `includeDerivedMembership` would read them once for every group above them. People of other directories
 * (EXTERNAL) have ids that are nobody's here; CUSTOMER is everybody of the organisation.
 */
export async function membersPage(directory: DirectoryClient, group: string, cursor: string | null): Promise<MembersPage | null> {
  let answer: z.infer<typeof Members>;
  try {
    answer = await directory.page('members', `the members of group ${group}`, Members, (api, options) =>
      api.members.list(
        {
          groupKey: group,
          maxResults: PAGE,
          fields: 'nextPageToken,members(id,type)',
          ...(cursor === null ? {} : { pageToken: cursor }),
        },
        options as never,
      ),
    );
  } catch (error) {
    const status = statusOf(error) ?? 0;
    // 400: a key that is neither an id nor an address.
    if (cursor === null && (status === 404 || status === 400)) return null;
    if (status === 404 || status === 400 || status === 410)
      return { members: [], everyUser: false, next: null, lacking: `Google does not continue its list (${status}).` };
    throw error;
  }
  const members = answer.members ?? [];
  const next = answer.nextPageToken || null;
  const empty = cursor === null && next === null && members.length === 0;
  return {
    members: members.flatMap(({ id, type }) => (id && type !== 'CUSTOMER' ? [{ id, group: type === 'GROUP' }] : [])),
    everyUser: members.some((member) => member.type === 'CUSTOMER'),
    next,
    lacking: empty ? await emptyAgainstCount(directory, group) : null,
  };
}

/** A list that reads empty is compared with the group's own count (`directMembersCount`, a text). */
async function emptyAgainstCount(directory: DirectoryClient, group: string): Promise<string | null> {
  const { directMembersCount } = await directory.page('groups', `the group ${group}`, Counted, (api, options) =>
    api.groups.get({ groupKey: group, fields: 'id,directMembersCount' }, options as never),
  );
  const count = Number(directMembersCount ?? 0);
  return count > 0 ? `It reads empty although Google counts ${count} direct members.` : null;
}
