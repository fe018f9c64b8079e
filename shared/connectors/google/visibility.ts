import { z } from 'zod';
import type { Http } from '../../http/http.ts';
import { jsonIn } from '../../http/jwt.ts';
import type { GoogleWorkspaceSettings } from '../../model/configuration.ts';
import { FailureError } from '../../model/failure.ts';
import { type Finding, fail, pass, warning } from '../verification.ts';
import { isQuota } from './answers.ts';
import type { GoogleTokens } from './token.ts';

/** Only for this check; granted or not, contacts are pushed all the same. */
const SCOPE = 'https://www.googleapis.com/auth/cloud-identity.policies.readonly';
const Policies = z.object({
  policies: z.array(z.object({ setting: z.object({ type: z.string(), value: z.record(z.string(), z.unknown()).catch({}) }) })).optional(),
  nextPageToken: z.string().optional(),
});
const SETTING = 'directory.workspace_resource_type_visibility';
/** Of setting types, a regular expression in a text (Cloud Identity Policy API, policies.list). */
const FILTER = encodeURIComponent("setting.type.matches('^settings/directory\\\\..*$')");
const MOST_PAGES = 50;
const SHARING =
  'Admin console → Directory → Directory settings: contact sharing on, "Show all profiles and domain shared contacts" (not domain profiles only), and "Domain shared contacts" ticked under resource type visibility, for every unit. Changes take up to 24 h.';

/**
 * Whether people will see what is pushed. Google answers 201 either way; one of the two settings can be read (Cloud Identity Policy API,
 * `directory.workspace_resource_type_visibility`), the other only be looked at.
 */
export async function visibilityFinding(settings: GoogleWorkspaceSettings, http: Http, tokens: GoogleTokens): Promise<Finding> {
  const unknown = (why: string): Finding =>
    warning(`Whether people see shared contacts cannot be read (${why}).`, `Look there: ${SHARING}`);
  let token: string;
  try {
    token = await tokens.ask(SCOPE);
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'permission') return unknown(`the scope ${SCOPE} is not delegated`);
    throw error;
  }
  const read = await shownBy(settings.endpoints['admin'] ?? 'https://cloudidentity.googleapis.com', http, token);
  if (typeof read === 'string') return unknown(read);
  const shown = read;
  if (shown.length === 0) return unknown('no policy says so');
  const hidden = shown.filter((value) => !value).length;
  if (hidden === shown.length) return fail('Shared contacts are hidden from everybody by the directory settings.', SHARING);
  if (hidden > 0) return warning(`${hidden} of ${shown.length} settings (units or groups) hide shared contacts.`, SHARING);
  return pass(`Shared contacts are visible by resource type. The sharing settings cannot be read; look once: ${SHARING}`);
}

/** Of each unit or group with such a setting whether it sees shared contacts; a text: why that cannot be read to its end. */
async function shownBy(base: string, http: Http, token: string): Promise<readonly boolean[] | string> {
  const shown: boolean[] = [];
  let page = '';
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const answer = await http({
      method: 'GET',
      url: `${base}/v1/policies?pageSize=100&filter=${FILTER}${page}`,
      headers: { accept: 'application/json' },
      token: async () => token,
      idempotent: true,
      isThrottle: isQuota,
    });
    const parsed = Policies.safeParse(jsonIn(answer.text));
    if (answer.status !== 200 || !parsed.success) return `the Cloud Identity Policy API answers ${answer.status}`;
    const { policies, nextPageToken } = parsed.data;
    for (const { setting } of policies ?? []) {
      const value = setting.type.endsWith(SETTING) ? setting.value['domainSharedContacts'] : undefined;
      if (typeof value === 'boolean') shown.push(value);
    }
    if (!nextPageToken) return shown;
    page = `&pageToken=${encodeURIComponent(nextPageToken)}`;
  }
  return 'the list of policies does not end';
}
