import { type Failure, FailureError } from '../../../model/failure.ts';
import { MailboxBusy } from '../../copies.ts';
import type { BatchReply } from '../batch.ts';
import { PERMISSIONS } from '../permissions.ts';

/** Without a word from the service. */
const DEFAULT_WAIT_MS = 2_000;
/** Answers that mean: this account has no mailbox that Graph can reach (learn.microsoft.com/graph/errors; observed codes). */
const NO_MAILBOX =
  /MailboxNotEnabledForRESTAPI|MailboxNotSupportedForRESTAPI|ErrorNonExistentMailbox|ResourceNotFound|ErrorInvalidUser|MailboxInfoStale/i;
const FULL = /ErrorQuotaExceeded|ErrorMailboxFull|ErrorInsufficientQuota|QuotaExceeded/i;

/** How long a reply asks to wait, or null if it asks for none. Each request of a batch is throttled for itself. */
export function waitOf(reply: BatchReply): number | null {
  if (![429, 503, 504].includes(reply.status)) return null;
  const value = reply.headers['retry-after'];
  const seconds = value !== undefined && /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
  return seconds === null ? DEFAULT_WAIT_MS : Math.ceil(seconds * 1000);
}

/** Throws unless the reply is a success; answers its body. */
export function bodyOf(reply: BatchReply, mailbox: string, what: string): Readonly<Record<string, unknown>> {
  if (reply.status >= 200 && reply.status < 300) return (reply.body ?? {}) as Readonly<Record<string, unknown>>;
  const wait = waitOf(reply);
  if (wait !== null) throw new MailboxBusy(mailbox, wait);
  throw new FailureError(failureFor(reply, mailbox, what));
}

/** A refusal as a failure for people. */
export function failureFor(reply: BatchReply, mailbox: string, what: string): Failure {
  const { code, message } = faultIn(reply);
  const words = `HTTP ${reply.status}${code ? ` ${code}` : ''}${message ? `: ${message.slice(0, 160)}` : ''}`;
  const told = (failure: Failure): Failure => ({ ...failure, message: failure.message.slice(0, 500) });
  if (FULL.test(code) || reply.status === 507)
    return told({
      code: 'quota',
      message: `The mailbox ${mailbox} is full (${words}).`,
      nextStep: 'Make room in it or give it a larger quota; the next job goes on.',
    });
  if (reply.status === 401 || reply.status === 403)
    return told({
      code: reply.status === 401 ? 'authentication' : 'permission',
      message: `Microsoft Graph refuses ${what} of the mailbox ${mailbox} (${words}).`,
      nextStep: `Grant ${PERMISSIONS.mailboxContacts.permission}; if an application access policy or a scope of RBAC for Applications limits it, add this mailbox, or take it out of push.mailboxes.`,
    });
  if (reply.status === 404 && NO_MAILBOX.test(code))
    return told({
      code: 'notFound',
      message: `The account ${mailbox} has no mailbox in Exchange Online (${words}).`,
      nextStep: 'Give it a licence with a mailbox, or take it out of push.mailboxes.',
    });
  if (reply.status === 404)
    return told({
      code: 'notFound',
      message: `What was written to in the mailbox ${mailbox} is gone (${words}).`,
      nextStep: 'The next job looks again and makes what is missing.',
    });
  if (reply.status === 409 || reply.status === 412)
    return told({
      code: 'conflict',
      message: `Somebody else changed the mailbox ${mailbox} in the same moment (${words}).`,
      nextStep: 'The next job looks again.',
    });
  if (reply.status >= 500)
    return told({
      code: 'unreachable',
      message: `Microsoft Graph could not do ${what} of the mailbox ${mailbox} (${words}).`,
      nextStep: 'The next job tries again; see the service health of Microsoft 365 if it stays.',
    });
  return told({
    code: 'refused',
    message: `Microsoft Graph refuses ${what} of the mailbox ${mailbox} (${words}).`,
    nextStep: 'Look at the text; leave the attribute out of the route if it is a value.',
  });
}

/** Code and message of a reply. */
export function faultIn(reply: BatchReply): { readonly code: string; readonly message: string } {
  const error = (reply.body as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  return { code: typeof error?.code === 'string' ? error.code : '', message: typeof error?.message === 'string' ? error.message : '' };
}
