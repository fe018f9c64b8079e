import type { WriteAnswer, WriteRequest } from '../../connector.ts';
import { ExchangeError } from '../exchange.ts';
import { graphFailure } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';
import { listOf } from '../proxies.ts';
import type { Microsoft365PushType, PushTypeDependencies } from '../pushType.ts';
import { done, failed } from '../recipients/answers.ts';
import { createRecipients } from '../recipients/lookUp.ts';
import type { Parameters } from '../recipients/parameters.ts';
import { MAIL_USER } from '../recipients/recipientType.ts';
import { writeRecipient } from '../recipients/write.ts';
import { mailUserCapability } from './capability.ts';
import { restoreOurs } from './deletedUsers.ts';
import { initialDomainOf } from './initialDomain.ts';
import { EXCHANGE_KEY, unknownPassword } from './password.ts';

/** What stands for the tenant's first domain in `push.mailUser.userPrincipalName`. */
const INITIAL_DOMAIN = '<initial domain>';
/** A new account is not known to every server of Graph at once. */
const VISIBLE_AFTER_MS = [1_000, 2_000, 4_000];

/** Mail users: accounts without a mailbox, which a licence turns into one. */
export function mailUserPushType(deps: PushTypeDependencies): Microsoft365PushType {
  const recipients = createRecipients(deps, MAIL_USER);
  const initialDomain = initialDomainOf(deps.graph);
  const key = deps.passwordKey ?? EXCHANGE_KEY;
  const signInName = async ({ fields }: WriteRequest, alias: string): Promise<Parameters> => {
    const template = listOf(fields.userPrincipalName)[0] ?? `${alias}@${INITIAL_DOMAIN}`;
    const name = template.includes(INITIAL_DOMAIN) ? template.replaceAll(INITIAL_DOMAIN, await initialDomain()) : template;
    return { MicrosoftOnlineServicesID: name };
  };
  const newParameters = async (request: WriteRequest): Promise<Parameters> => ({
    ...(await signInName(request, request.alias)),
    Password: unknownPassword(key),
  });
  const write = (request: WriteRequest): Promise<WriteAnswer> =>
    writeRecipient(
      {
        ...deps,
        recipients,
        newParameters,
        renamed: (change) => signInName(change, change.setAlias ?? change.alias),
        bringBack: (create) => restoreOurs(deps.graph, deps.asked, create),
        lastStep: (change, id) => setSignIn(deps, change, id),
      },
      MAIL_USER,
      request,
    );
  return {
    capability: mailUserCapability(deps.settings),
    write: (request) => (request.change === 'release' ? release(deps, request) : write(request)),
    get: (targetId) => recipients.get(targetId),
    find: (query) => recipients.find(query),
  };
}

/** Exchange has no cmdlet for it: the account itself is Graph's. Throws `permission` if that is refused. */
async function setSignIn(deps: PushTypeDependencies, { fields, change }: WriteRequest, id: string): Promise<void> {
  // An account is enabled when it is made.
  if (fields.signIn === undefined || (change === 'create' && fields.signIn !== 'blocked')) return;
  for (let attempt = 0; ; attempt += 1) {
    const body = { accountEnabled: fields.signIn !== 'blocked' };
    const answer = await deps.graph.write({ method: 'PATCH', path: `/users/${encodeURIComponent(id)}`, body, idempotent: true });
    if (answer.status >= 200 && answer.status < 300) return;
    const wait = VISIBLE_AFTER_MS[attempt];
    if (answer.status !== 404 || wait === undefined)
      throw graphFailure(answer, 'PATCH /users/{id} accountEnabled', PERMISSIONS.signIn.permission);
    await deps.sleep(wait);
  }
}

/** Takes our stamp off what a mail user has become: a mailbox, after a licence. Nothing else of it is ours any more (promise 6). */
async function release(deps: PushTypeDependencies, { targetId }: WriteRequest): Promise<WriteAnswer> {
  const parameters = { Identity: targetId, [deps.asked.stampProperty]: null };
  for (const name of ['Set-Mailbox', 'Set-MailUser']) {
    try {
      await deps.exchange({ name, parameters, idempotent: true });
      return done(targetId!, null);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      if (error.fault !== 'notFound') return failed(error.fault === 'permission' ? 'permission' : 'never', error.failure, targetId);
    }
  }
  return done(targetId!, 'alreadyGone');
}
