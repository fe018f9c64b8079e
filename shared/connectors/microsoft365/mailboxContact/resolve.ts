import type { Failure } from '../../../model/failure.ts';
import { addressKey } from '../../connector.ts';
import type { ResolvedName } from '../../copies.ts';
import { BATCH_SIZE, type BatchReply, type BatchRequest, type GraphBatch, relativeLink } from '../batch.ts';
import { badAnswer } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';
import { addressFilter, listOf, odata, splitProxies } from '../proxies.ts';
import { bodyOf, waitOf } from './faults.ts';

type Json = Readonly<Record<string, unknown>>;

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const USER = 'id,mail,userPrincipalName,proxyAddresses,userType';
const MEMBER_PAGES = 100;

/** Mailboxes by address or id of a person, room or shared mailbox, or of a group (with its nested groups), as they are now. */
export async function resolveNames(batch: GraphBatch, names: readonly string[]): Promise<readonly ResolvedName[]> {
  const users = await lookUp(batch, names, '/users', USER, PERMISSIONS.users.permission);
  const open = names.filter((name) => !users.get(name));
  const groups = await lookUp(batch, open, '/groups', 'id,mail,proxyAddresses,displayName', PERMISSIONS.mailboxMembers.permission);
  const resolved: ResolvedName[] = [];
  for (const name of names) {
    const user = users.get(name);
    const group = groups.get(name);
    if (user) resolved.push({ name, ok: true, mailboxes: [mailboxOf(user)] });
    else if (group) resolved.push({ name, ok: true, mailboxes: await membersOf(batch, String(group.id)) });
    else resolved.push({ name, ok: false, failure: unknown(name) });
  }
  return resolved;
}

function unknown(name: string): Failure {
  return {
    code: 'notFound',
    message: `push.mailboxes names "${name}", and the directory has neither a mailbox nor a group with this address or id.`,
    nextStep:
      'Correct it or take it out. Dynamic distribution groups cannot be read by applications. Until then no mailbox loses its contacts.',
  };
}

/** Name → the one object that has it. What a server answers is checked: it may not know the filter. */
async function lookUp(
  batch: GraphBatch,
  names: readonly string[],
  set: '/users' | '/groups',
  select: string,
  permission: string,
): Promise<ReadonlyMap<string, Json>> {
  const found = new Map<string, Json>();
  for (let n = 0; n < names.length; n += BATCH_SIZE) {
    const some = names.slice(n, n + BATCH_SIZE);
    const replies = await batch(
      some.map((name) => requestFor(name, set, select)),
      permission,
    );
    for (const [at, reply] of replies.entries()) {
      const object = objectIn(reply, some[at]!, `GET ${set}`);
      if (object) found.set(some[at]!, object);
    }
  }
  return found;
}

function requestFor(name: string, set: string, select: string): BatchRequest {
  if (ID.test(name)) return { method: 'GET', url: `${set}/${name}?$select=${select}` };
  const upn = set === '/users' ? ` or userPrincipalName eq ${odata(name)}` : '';
  const filter = `${addressFilter(name)}${upn}`;
  return { method: 'GET', url: `${set}?$select=${select}&$filter=${encodeURIComponent(filter)}` };
}

function objectIn(reply: BatchReply, name: string, what: string): Json | null {
  if (reply.status === 404 && waitOf(reply) === null) return null;
  const body = bodyOf(reply, name, what);
  const all = (Array.isArray(body.value) ? body.value : [body]) as Json[];
  return all.find((one) => holds(one, name)) ?? null;
}

function holds(object: Json, name: string): boolean {
  if (ID.test(name)) return String(object.id).toLowerCase() === name.toLowerCase();
  const key = addressKey(name);
  const own = [...listOf(object.mail), ...listOf(object.userPrincipalName), ...splitProxies(object.proxyAddresses).smtp];
  return own.some((address) => addressKey(address) === key);
}

function mailboxOf(user: Json): { id: string; address: string } {
  return { id: String(user.id), address: listOf(user.mail)[0] ?? listOf(user.userPrincipalName)[0] ?? '' };
}

/** Members with an address; guests and accounts without one have no mailbox here. Needs no advanced query: the types come along. */
async function membersOf(batch: GraphBatch, group: string): Promise<readonly { id: string; address: string }[]> {
  const members: { id: string; address: string }[] = [];
  let url = `/groups/${encodeURIComponent(group)}/transitiveMembers?$select=id,mail,userType,userPrincipalName&$top=999`;
  const seen = new Set<string>();
  for (let page = 0; page < MEMBER_PAGES && !seen.has(url); page += 1) {
    seen.add(url);
    const [reply] = await batch([{ method: 'GET', url }], PERMISSIONS.mailboxMembers.permission);
    const body = bodyOf(reply!, group, 'the members of a group');
    if (!Array.isArray(body.value)) throw badAnswer(`Microsoft Graph answered the members of group ${group} with no list.`);
    for (const member of body.value as Json[]) {
      const type = listOf(member['@odata.type'])[0];
      if (type !== undefined && !/\.user$/i.test(type)) continue;
      const guest = /^guest$/i.test(listOf(member.userType)[0] ?? '') || /#EXT#@/i.test(listOf(member.userPrincipalName)[0] ?? '');
      if (!guest && listOf(member.mail).length > 0) members.push(mailboxOf(member));
    }
    const next = body['@odata.nextLink'];
    if (typeof next !== 'string') return members;
    url = relativeLink(next);
  }
  throw badAnswer(`Reading the members of group ${group} does not come to an end.`);
}
