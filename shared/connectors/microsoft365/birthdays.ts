import type { EntryPart } from '../../model/entry.ts';
import { FailureError, ThrottledError } from '../../model/failure.ts';
import { BATCH_SIZE, type GraphBatch } from './batch.ts';
import { PERMISSIONS } from './permissions.ts';

/** Without a word from the service. */
const WAIT_MS = 10_000;

/**
 * Puts birthdays into the parts of one page of people. They lie in the profile, which neither a list nor delta returns: one request a person,
 * 20 in a call; so only where one is mapped, and only for people of the directory itself. A birthday that changes is seen when something
 * else of the person does, or at the next full read. learn.microsoft.com/graph/api/user-get
 * Throws `ThrottledError`, and `FailureError` if profiles cannot be read: a birthday that nobody could look at is not gone, and nothing may be
 * emptied because of it.
 */
export async function withBirthdays(
  batch: GraphBatch,
  parts: readonly EntryPart[],
  host: string,
  now: () => number,
): Promise<readonly EntryPart[]> {
  const people = parts.filter((part) => part.fields.external !== true && part.fields.enabled !== false && part.fields.addresses?.length);
  const found = new Map<string, string>();
  for (let n = 0; n < people.length; n += BATCH_SIZE) {
    const some = people.slice(n, n + BATCH_SIZE);
    const replies = await batch(
      some.map(({ id }) => ({ method: 'GET', url: `/users/${encodeURIComponent(id)}?$select=id,birthday` })),
      PERMISSIONS.birthdays.permission,
    );
    for (const [at, { status, headers, body }] of replies.entries()) {
      const { id } = some[at]!;
      if (status === 429 || status === 503) throw new ThrottledError(host, now() + waitOf(headers['retry-after']));
      if (status === 200) {
        const day = dayOf((body as { birthday?: unknown } | null)?.birthday);
        if (day) found.set(id, day);
      } else if (status !== 404) throw unread(id, status);
    }
  }
  const birthday = (part: EntryPart): EntryPart => {
    const day = found.get(part.id);
    return day ? { ...part, fields: { ...part.fields, attributes: { ...part.fields.attributes, birthday: day } } } : part;
  };
  return parts.map(birthday);
}

function waitOf(retryAfter: string | undefined): number {
  const seconds = Number(retryAfter);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : WAIT_MS;
}

/** `yyyy-mm-dd`; year 1 stands for none. */
function dayOf(value: unknown): string | null {
  const day = typeof value === 'string' ? /^\d{4}-\d{2}-\d{2}/.exec(value)?.[0] : undefined;
  return day && !day.startsWith('0001') ? day : null;
}

function unread(id: string, status: number): FailureError {
  return new FailureError({
    code: status === 401 || status === 403 ? 'permission' : 'incompleteRead',
    message: `Microsoft Graph could not read the profile of user ${id} (HTTP ${status}), which holds the birthday.`,
    nextStep: `Nothing was changed because of it. It needs ${PERMISSIONS.birthdays.permission}; take "birthday" out of the configuration if it stays.`,
  });
}
