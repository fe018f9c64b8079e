import type { HttpAnswer } from '../../../http/http.ts';
import type { WriteRequest } from '../../connector.ts';
import type { Asked } from '../asked.ts';
import { type Graph, graphFailure, okPage, parseJson } from '../graph.ts';
import { PERMISSIONS } from '../permissions.ts';
import { listOf } from '../proxies.ts';

type DeletedUser = Readonly<Record<string, unknown>>;

const SELECT = 'id,mailNickname,onPremisesExtensionAttributes';

/**
 * Brings a deleted mail user of ours back. A removed one stays among Entra's deleted users for 30 days, and its sign-in name and addresses with
 * it: a new one would be refused for as long. Looked up by the id that the person had before, else by our alias (its hash makes it unique);
 * one that carries another stamp is never touched. Answers its id, or null if there is none or we may not look.
 * learn.microsoft.com graph/api/directory-deleteditems-get, -list, -restore
 */
export async function restoreOurs(graph: Graph, asked: Asked, request: WriteRequest): Promise<string | null> {
  const user = (await byId(graph, request)) ?? (await byAlias(graph, request));
  if (!user || !isOurs(user, asked, request)) return null;
  const id = String(user.id);
  const answer = await graph.write({ method: 'POST', path: `/directory/deletedItems/${encodeURIComponent(id)}/restore`, idempotent: true });
  if (answer.status >= 200 && answer.status < 300) return id;
  // Restored by an earlier try whose answer was lost.
  if (answer.status === 404 && (await isThere(graph, id))) return id;
  throw graphFailure(answer, 'POST /directory/deletedItems/{id}/restore', PERMISSIONS.restoreUser.permission);
}

function isOurs(user: DeletedUser, { stampPath }: Asked, { stamp, alias }: WriteRequest): boolean {
  const attributes = user.onPremisesExtensionAttributes as Readonly<Record<string, unknown>> | null | undefined;
  const held = listOf(attributes?.[stampPath.split('.')[1]!])[0];
  return held === stamp || (held === undefined && alias !== '' && listOf(user.mailNickname)[0]?.toLowerCase() === alias.toLowerCase());
}

async function byId(graph: Graph, { former }: WriteRequest): Promise<DeletedUser | null> {
  if (!former) return null;
  const what = 'GET /directory/deletedItems/{id}';
  const answer = await graph.get({ path: `/directory/deletedItems/${encodeURIComponent(former)}`, query: { $select: SELECT } });
  if (isNone(answer)) return null;
  if (answer.status !== 200) throw graphFailure(answer, what, PERMISSIONS.restoreUser.permission);
  return parseJson(answer, what) as DeletedUser;
}

/** Deleted objects can be filtered only by an advanced query. */
async function byAlias(graph: Graph, { alias }: WriteRequest): Promise<DeletedUser | null> {
  if (alias === '') return null;
  const $filter = `mailNickname eq '${alias.replaceAll("'", "''")}'`;
  const query = { $filter, $select: SELECT, $count: 'true' };
  const answer = await graph.get({
    path: '/directory/deletedItems/microsoft.graph.user',
    query,
    headers: { consistencylevel: 'eventual' },
  });
  if (isNone(answer)) return null;
  const { value } = okPage(answer, 'GET /directory/deletedItems', PERMISSIONS.restoreUser.permission);
  return value.find((user) => listOf(user.mailNickname)[0]?.toLowerCase() === alias.toLowerCase()) ?? null;
}

/** Not there, or nothing that we may see: then the refusal of the create stands, and says what may be behind it. */
function isNone(answer: HttpAnswer): boolean {
  return answer.status === 404 || answer.status === 403;
}

async function isThere(graph: Graph, id: string): Promise<boolean> {
  return (await graph.get({ path: `/users/${encodeURIComponent(id)}`, query: { $select: 'id' } })).status === 200;
}
