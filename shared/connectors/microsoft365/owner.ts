import type { Owner } from '../../model/plan.ts';
import { looksStamped } from '../../model/stamp.ts';
import { addressKey } from '../connector.ts';
import type { Asked } from './asked.ts';
import { type Exchange, opath, type Row } from './exchange.ts';
import { CONTACT_TYPES, recipientId } from './exchangeParts.ts';
import type { Graph } from './graph.ts';
import { addressFilter, listOf, odata, splitProxies, withoutPrefix } from './proxies.ts';

/** Who holds an address, and whether that object is one of galsync's. */
export interface Holder {
  readonly owner: Owner;
  readonly stamped: boolean;
}

/** Exchange's sentence about a taken address names it in quotes; `fallback` if it does not. */
export function addressInText(text: string, fallback: string): string {
  return /"(?:smtp|x500|sip):([^"]+)"/i.exec(text)?.[1] ?? /"([^"\s]+@[^"\s]+)"/.exec(text)?.[1] ?? fallback;
}

/**
 * Names the object that holds an address: a recipient of any kind, else a user whose sign-in name or second address it is (case R21).
 * Null if nobody shows it: then it was given up a moment ago, or belongs to a deleted object. A refused look-up is no failure of the change.
 */
export async function holderOf(exchange: Exchange, graph: Graph, asked: Asked, address: string): Promise<Holder | null> {
  return (await recipientHolding(exchange, asked, address).catch(() => null)) ?? (await userHolding(graph, address).catch(() => null));
}

async function recipientHolding(exchange: Exchange, asked: Asked, address: string): Promise<Holder | null> {
  const parameters = { Filter: `EmailAddresses -eq ${opath(address)}`, ResultSize: 5 };
  const { rows } = await exchange({ name: 'Get-Recipient', parameters, select: asked.recipient, idempotent: true });
  for (const row of rows) {
    const attribute = attributeHolding(row, address);
    const type = listOf(row.recipienttypedetails)[0] ?? 'recipient';
    const id = recipientId(row, CONTACT_TYPES.includes(type)) ?? recipientId(row, true);
    if (attribute === null || id === null) continue;
    const displayName = listOf(row.displayname)[0];
    const owner: Owner = { id, kind: type, attribute, ...(displayName === undefined ? {} : { displayName }) };
    return { owner, stamped: looksStamped(listOf(row[asked.stampProperty.toLowerCase()])[0]) };
  }
  return null;
}

function attributeHolding(row: Row, address: string): string | null {
  const key = addressKey(address);
  const proxies = splitProxies(row.emailaddresses);
  if ([...proxies.smtp, ...proxies.sip].some((one) => addressKey(one) === key)) return 'EmailAddresses';
  if (proxies.x500.some((one) => one.toLowerCase() === address.toLowerCase())) return 'EmailAddresses';
  if (addressKey(withoutPrefix(row.externalemailaddress)) === key) return 'ExternalEmailAddress';
  return addressKey(withoutPrefix(row.primarysmtpaddress)) === key ? 'PrimarySmtpAddress' : null;
}

async function userHolding(graph: Graph, address: string): Promise<Holder | null> {
  const text = odata(address);
  const $filter = `userPrincipalName eq ${text} or ${addressFilter(address)} or otherMails/any(o:o eq ${text})`;
  const answer = await graph.get({
    path: '/users',
    query: { $filter, $select: 'id,displayName,userPrincipalName,mail,proxyAddresses,otherMails,userType' },
  });
  if (answer.status !== 200) return null;
  const { value } = JSON.parse(answer.text) as { value?: readonly Record<string, unknown>[] };
  const key = addressKey(address);
  for (const user of value ?? []) {
    const attribute = ['userPrincipalName', 'mail', 'proxyAddresses', 'otherMails'].find((name) =>
      listOf(user[name]).some((one) => addressKey(withoutPrefix(one)) === key),
    );
    const id = listOf(user.id)[0];
    if (attribute === undefined || id === undefined) continue;
    const displayName = listOf(user.displayName)[0];
    return { owner: { id, kind: 'user', attribute, ...(displayName === undefined ? {} : { displayName }) }, stamped: false };
  }
  return null;
}
