import { noIdentity } from '../../http/managedIdentity.ts';
import type { Microsoft365Settings } from '../../model/configuration.ts';
import { type Finding, pass, warning } from '../verification.ts';
import { checkValidity, readCertificate } from './certificate.ts';
import type { Endpoints } from './clouds.ts';
import type { TokenDependencies } from './token.ts';
import { shownOf } from './tokenRefusal.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the credential is there and can be used, as far as that shows without the login service. Throws `secretMissing`, `authentication`. */
export async function credentialFinding(
  deps: TokenDependencies & { readonly settings: Microsoft365Settings; readonly endpoints: Endpoints },
): Promise<Finding> {
  const { credential, id } = deps.settings;
  if (credential.kind === 'clientSecret') {
    const secret = await deps.secret(credential.secret);
    if (!GUID.test(secret.trim())) return pass(`The client secret is there, in the setting ${credential.secret}.`);
    return warning(
      `The setting ${credential.secret} holds a GUID: it may be the id of a client secret instead of its value.`,
      "Store the secret's value, which the portal shows once, when it is made.",
    );
  }
  if (credential.kind === 'certificate') {
    const who = `Connector "${id}": the setting ${credential.certificate}`;
    const certificate = readCertificate(await deps.secret(credential.certificate), who);
    checkValidity(certificate, who, deps.now());
    const days = Math.floor((certificate.validTo - deps.now()) / DAY_MS);
    const words = `Certificate ${certificate.subject} with thumbprint ${certificate.shownThumbprint}, good for ${days} days.`;
    if (days >= SOON_DAYS) return pass(words);
    return warning(words, 'Make its successor now: both can be registered with the application at the same time.');
  }
  if (!deps.identity) throw noIdentity();
  const token = await deps.identity.token(deps.endpoints.cloud.federationAudience, credential.managedIdentityClientId);
  return pass(`${shownOf(token)} The federated credential of application ${credential.clientId} must name exactly these.`);
}
