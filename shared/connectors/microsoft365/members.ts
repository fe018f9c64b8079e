import type { MembersPage } from '../connector.ts';
import { type Exchange, ExchangeError } from './exchange.ts';
import { recipientId } from './exchangeParts.ts';
import { badAnswer, type Graph, okPage } from './graph.ts';
import { PERMISSIONS } from './permissions.ts';

const PAGE = '999';
const MEMBERS = 'GET /groups/{id}/members';
/** A cursor that is Exchange's, not a link of Graph's. */
const DYNAMIC = 'dynamic:';
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * One page of a group's direct members. Graph knows every group except dynamic distribution groups: those Exchange alone evaluates.
 * https://learn.microsoft.com/graph/api/group-list-members
 */
export async function membersPage(graph: Graph, exchange: Exchange, group: string, cursor: string | null): Promise<MembersPage | null> {
  if (cursor?.startsWith(DYNAMIC)) return dynamicMembers(exchange, group, cursor.slice(DYNAMIC.length));
  const answer =
    cursor === null
      ? await graph.get({ path: `/groups/${encodeURIComponent(group)}/members`, query: { $select: 'id', $top: PAGE } })
      : await graph.follow(cursor);
  // 400: an id that Graph cannot read as one.
  if (cursor === null && (answer.status === 404 || answer.status === 400)) {
    // Exchange would take a name or an alias too, and find some other group.
    return GUID.test(group) ? dynamicMembers(exchange, group, null) : null;
  }
  // A link that has expired, a group that was deleted meanwhile: what was read so far stands, and is known to be a part.
  if (cursor !== null && [400, 404, 410].includes(answer.status)) return part(`Graph does not continue its list (HTTP ${answer.status}).`);
  const page = okPage(answer, MEMBERS, PERMISSIONS.members.permission);
  const members = page.value.map((object) => {
    if (typeof object.id !== 'string' || object.id === '') throw badAnswer('Microsoft Graph gave a member without an id.');
    return { id: object.id, group: String(object['@odata.type'] ?? '').toLowerCase() === '#microsoft.graph.group' };
  });
  const next = page['@odata.nextLink'] ?? null;
  const empty = cursor === null && next === null && members.length === 0;
  return { members, everyUser: false, next, lacking: empty ? await emptyAgainstCount(graph, group) : null };
}

function part(lacking: string): MembersPage {
  return { members: [], everyUser: false, next: null, lacking };
}

/** Without the right to read hidden memberships (Member.Read.Hidden) such a group answers with an empty list. */
async function emptyAgainstCount(graph: Graph, group: string): Promise<string | null> {
  const path = `/groups/${encodeURIComponent(group)}`;
  const headers = { ConsistencyLevel: 'eventual', accept: 'text/plain' };
  const answer = await graph.get({ path: `${path}/members/$count`, headers });
  const count = answer.status === 200 ? Number(/^\uFEFF?\s*(\d+)\s*$/.exec(answer.text)?.[1] ?? 0) : 0;
  if (count > 0) return `It reads empty although the directory counts ${count} members; hidden memberships need Member.Read.Hidden.`;
  const shown = await graph.get({ path, query: { $select: 'id,visibility' } });
  return shown.status === 200 && /"visibility"\s*:\s*"HiddenMembership"/i.test(shown.text)
    ? 'Its membership is hidden and reads empty; Member.Read.Hidden shows it.'
    : null;
}

/** https://learn.microsoft.com/powershell/module/exchange/get-dynamicdistributiongroupmember: the list as Exchange last worked it out. */
async function dynamicMembers(exchange: Exchange, group: string, link: string | null): Promise<MembersPage | null> {
  const parameters = { Identity: group, ResultSize: 'Unlimited' };
  const select = ['Guid', 'ExternalDirectoryObjectId', 'RecipientTypeDetails'];
  try {
    const result = await exchange({ name: 'Get-DynamicDistributionGroupMember', parameters, select, link, idempotent: true });
    const members = result.rows.flatMap((row) => {
      const type = String(row.recipienttypedetails ?? '');
      // Contacts and dynamic groups go by Exchange's Guid here, as our entries do.
      const id = recipientId(row, /contact|^dynamicdistributiongroup$/i.test(type));
      return id === null ? [] : [{ id, group: /group/i.test(type) }];
    });
    return { members, everyUser: false, next: result.nextLink === null ? null : DYNAMIC + result.nextLink, lacking: null };
  } catch (error) {
    if (!(error instanceof ExchangeError) || link !== null) throw error;
    // Not there, or an Exchange that cannot be asked for it: then it is no group that we know.
    if (['notFound', 'missingCmdlet', 'permission'].includes(error.fault)) return null;
    throw error;
  }
}
