import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import { jsonIn } from '../../http/jwt.ts';
import type { EntryPart } from '../../model/entry.ts';
import { badAnswer, isQuota, refusalOf } from './answers.ts';
import { SCOPES } from './token.ts';

/** One group per call is all that this API has: so many at a time, so that a page of groups takes seconds. */
const AT_ONCE = 4;
/** Groups per page where their settings are asked for: 50 calls, well below a page's 25 s. */
export const GROUPS_PER_PAGE = 50;

const Settings = z.looseObject({
  whoCanPostMessage: z.string().nullish(),
  includeInGlobalAddressList: z.union([z.string(), z.boolean()]).nullish(),
});

/** The settings of some groups. */
export type GroupSettings = (groups: readonly { readonly id: string; readonly email: string }[]) => Promise<readonly EntryPart[]>;

/**
 * Groups Settings API (developers.google.com/workspace/admin/groups-settings/v1/reference/groups): whether a group takes mail from outside, and
 * whether it is in the address list. Truth values are texts, and without `alt=json` the answer may be Atom.
 */
export function createGroupSettings(
  base: string,
  http: Http,
  token: () => (fresh: boolean) => Promise<string>,
  connector: string,
): GroupSettings {
  const one = async (group: { readonly id: string; readonly email: string }): Promise<EntryPart | null> => {
    const what = `the settings of group ${group.email}`;
    const url = `${base}/groups/v1/groups/${encodeURIComponent(group.email)}?alt=json`;
    const answer = await http({
      method: 'GET',
      url,
      headers: { accept: 'application/json' },
      token: token(),
      idempotent: true,
      isThrottle: isQuota,
    });
    // Deleted a moment ago.
    if (answer.status === 404 && /notFound/i.test(answer.text)) return null;
    if (answer.status !== 200) throw refusalOf(connector, what, SCOPES.groupSettings, answer);
    const settings = Settings.safeParse(jsonIn(answer.text));
    if (!settings.success) throw badAnswer(connector, what, 'something that is no settings of a group');
    const { whoCanPostMessage, includeInGlobalAddressList } = settings.data;
    return {
      id: group.id,
      primary: false,
      fields: {
        ...(whoCanPostMessage ? { internalOnly: whoCanPostMessage !== 'ANYONE_CAN_POST' } : {}),
        ...(includeInGlobalAddressList === undefined || includeInGlobalAddressList === null
          ? {}
          : { hidden: String(includeInGlobalAddressList) === 'false' }),
      },
    };
  };
  return async (groups) => {
    const parts = await fewAtOnce(groups, one);
    return parts.filter((part) => part !== null).sort((a, b) => (a.id < b.id ? -1 : 1));
  };
}

/** In any order; throws the first error after the others in the air have ended. */
async function fewAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const rest = [...items].values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (failed) return;
      try {
        results.push(await work(item));
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  const fault = settled.find((one) => one.status === 'rejected');
  if (fault) throw fault.reason;
  return results;
}
