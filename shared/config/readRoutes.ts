import type { ConfigurationFault, ConnectorSettings, PushType, RouteSettings } from '../model/configuration.ts';
import { expandMeshes, type RawRoute } from './expandMeshes.ts';
import { isRecord, mergeDefaults, placed } from './merge.ts';
import { notAvailable } from './notAvailable.ts';
import { PUSH_TYPES, routeFaults } from './routeFaults.ts';
import { routeInput } from './routeInput.ts';
import { parseAll, unlessAt } from './salvage.ts';

export interface ReadRoute {
  readonly route: RouteSettings;
  /** Where it stands in the document; a mesh's routes stand at their mesh. */
  readonly start: string;
  readonly mesh: boolean;
}

/** What routes are judged against. `ids`: those of the connectors as written, null if there is no list of them. */
export interface Surroundings {
  readonly defaults: unknown;
  readonly connectors: readonly ConnectorSettings[];
  readonly ids: ReadonlySet<string> | null;
}

/** The routes that can be judged, meshes and defaults worked out; their faults go to `faults`. */
export function readRoutes(
  routes: readonly unknown[],
  meshes: readonly unknown[],
  around: Surroundings,
  faults: ConfigurationFault[],
): readonly ReadRoute[] {
  const written: readonly RawRoute[] = routes.map((raw, n) => ({ raw, start: `/routes/${n}`, mesh: null }));
  const all = [...written, ...expandMeshes(meshes, written, around.ids, faults)];
  return all.flatMap((one) => {
    const route = readRoute(one, around, faults);
    return route ? [{ route, start: one.start, mesh: one.mesh !== null }] : [];
  });
}

function readRoute(written: RawRoute, around: Surroundings, faults: ConfigurationFault[]): RouteSettings | null {
  const { raw, mesh } = written;
  const start = mesh ? `${written.start}/route` : written.start;
  if (!isRecord(raw)) {
    faults.push({ path: start, message: 'A route is an object.', fix: 'Write { "id": …, "from": …, "to": … }.' });
    return null;
  }
  const shared = around.defaults;
  const to = raw['to'] ?? (isRecord(shared) ? shared['to'] : undefined);
  const target = around.connectors.find((connector) => connector.id === to);
  const own = pushTypeIn(raw);
  const inherited = [...(mesh ? [own] : []), pushTypeIn(shared)].find(
    (as) => as !== undefined && (!target || PUSH_TYPES[target.kind].includes(as)),
  );
  const as = (mesh ? undefined : own) ?? inherited ?? (target ? PUSH_TYPES[target.kind][0]! : 'contact');
  const schema = routeInput(as !== 'sharedContact' && as !== 'mailboxContact');
  const merged = mergeDefaults(shared, raw, schema);
  const found: ConfigurationFault[] = [];
  const value = parseAll<unknown>(schema, fitting(merged, as, raw, mesh !== null), start, found) as Record<string, unknown> | null;
  const settings =
    value && ({ ...value, name: value['name'] ?? value['id'], push: { ...(value['push'] as object), as } } as unknown as RouteSettings);
  if (settings)
    found.push(...unlessAt(found, [...routeFaults(settings, start, around.connectors, around.ids), ...notAvailable(settings, start)]));
  const layers = [
    { value: mesh ?? raw, at: start },
    { value: shared, at: '/defaults/route' },
  ];
  faults.push(...placed(found, start, layers).map((fault) => (mesh ? atMesh(fault, written.start) : fault)));
  return settings;
}

const ALL_TYPES: ReadonlySet<unknown> = new Set(Object.values(PUSH_TYPES).flat());

function pushTypeIn(part: unknown): PushType | undefined {
  const as = isRecord(part) && isRecord(part['push']) ? part['push']['as'] : undefined;
  return ALL_TYPES.has(as) ? (as as PushType) : undefined;
}

/** A push type from `defaults` or a mesh that the target's kind does not have is left out there, like a key that does not fit. */
function fitting(merged: Record<string, unknown>, as: PushType, raw: Record<string, unknown>, mesh: boolean): Record<string, unknown> {
  const push = merged['push'];
  const written = !mesh && isRecord(raw['push']) && Object.hasOwn(raw['push'], 'as');
  return written || !isRecord(push) || !ALL_TYPES.has(push['as']) ? merged : { ...merged, push: { ...push, as } };
}

/** The ids and ends of a mesh's routes come from its list of connectors. */
function atMesh(fault: ConfigurationFault, start: string): ConfigurationFault {
  return /\/route\/(id|from|to)$/.test(fault.path) ? { ...fault, path: `${start}/connectors` } : fault;
}
