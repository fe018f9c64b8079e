import type { ConfigurationFault } from '../model/configuration.ts';
import { pointer, unknownKey } from './faults.ts';
import { isRecord } from './merge.ts';

/** A route as it is written, or as a mesh makes it. */
export interface RawRoute {
  readonly raw: unknown;
  /** `/routes/n`, or `/meshes/n` for the routes of a mesh. */
  readonly start: string;
  /** What the routes of a mesh have in common; null for a route that is written out. */
  readonly mesh: Record<string, unknown> | null;
}

interface Mesh {
  readonly members: readonly string[];
  readonly route: Record<string, unknown>;
}

/** Keeps a small document from becoming a huge configuration: a mesh of 100 has 9,900 routes. */
export const MAX_ROUTES = 5_000;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const KEYS = ['id', 'connectors', 'route'];

/**
 * Every ordered pair of each mesh as route `a-to-b`; a route written out with that id wins.
 * @param known ids of the document's connectors, null if they cannot be told.
 */
export function expandMeshes(
  meshes: readonly unknown[],
  written: readonly RawRoute[],
  known: ReadonlySet<string> | null,
  faults: ConfigurationFault[],
): readonly RawRoute[] {
  const ids = new Set(written.map(({ raw }) => (isRecord(raw) ? raw['id'] : null)));
  const meshIds = new Set<string>();
  const routes: RawRoute[] = [];
  for (const [n, raw] of meshes.entries()) {
    const start = `/meshes/${n}`;
    const mesh = readMesh(raw, start, known, meshIds, faults);
    if (!mesh) continue;
    const { members, route } = mesh;
    if (written.length + routes.length + members.length * (members.length - 1) > MAX_ROUTES) {
      const message = `The meshes make more than ${MAX_ROUTES} routes.`;
      faults.push({ path: `${start}/connectors`, message, fix: 'Name fewer connectors, or lead the routes through a hub.' });
      return routes;
    }
    for (const from of members)
      for (const to of members)
        if (from !== to && !ids.has(`${from}-to-${to}`))
          routes.push({ raw: { ...route, id: `${from}-to-${to}`, from, to }, start, mesh: route });
  }
  return routes;
}

function readMesh(
  raw: unknown,
  start: string,
  known: ReadonlySet<string> | null,
  ids: Set<string>,
  faults: ConfigurationFault[],
): Mesh | null {
  const fix = 'Write { "id": "group", "connectors": ["a", "b"], "route": {} }.';
  const fault = (path: string, message: string, how = fix): void => void faults.push({ path: `${start}${path}`, message, fix: how });
  if (!isRecord(raw)) {
    fault('', 'A mesh is an object.');
    return null;
  }
  for (const key of Object.keys(raw)) if (!KEYS.includes(key)) faults.push(unknownKey(pointer(start, [key]), key, KEYS));
  const { id, connectors, route = {} } = raw;
  if (typeof id !== 'string' || !ID.test(id)) fault('/id', 'A mesh needs an id of letters, digits, ".", "_" and "-".');
  else if (ids.has(id.toLowerCase())) fault('/id', `The mesh id "${id}" is taken already.`, 'Give each mesh an id of its own.');
  else ids.add(id.toLowerCase());
  if (!isRecord(route)) fault('/route', '"route" holds what the routes of the mesh have in common.');
  for (const key of ['id', 'from', 'to'])
    if (isRecord(route) && key in route)
      fault(`/route/${key}`, `The mesh gives each of its routes its own "${key}".`, 'Remove it; write a route out to set it.');
  const members = readMembers(connectors, known, fault);
  if (!members) return null;
  const { id: _id, from: _from, to: _to, ...common } = isRecord(route) ? route : {};
  return { members, route: common };
}

function readMembers(
  connectors: unknown,
  known: ReadonlySet<string> | null,
  fault: (path: string, message: string, fix?: string) => void,
): readonly string[] | null {
  if (!Array.isArray(connectors) || connectors.length < 2) {
    fault('/connectors', 'A mesh names two or more connectors.');
    return null;
  }
  const members = new Set<string>();
  for (const [n, member] of connectors.entries()) {
    const path = `/connectors/${n}`;
    if (typeof member !== 'string') fault(path, 'A mesh names connectors by their ids.');
    else if (members.has(member)) fault(path, `A mesh names each connector once; "${member.slice(0, 63)}" stands twice.`, 'Remove one.');
    else if (known && !known.has(member)) fault(path, `There is no connector "${member.slice(0, 63)}".`, 'Add it, or correct the id.');
    else members.add(member);
  }
  return [...members];
}
