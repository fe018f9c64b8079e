import type { ConfigurationFault, ConnectorSettings } from '../model/configuration.ts';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `defaults` under `own`, key by key; lists are replaced; keys of `defaults` that do not fit are left out. */
export function mergeDefaults(defaults: unknown, own: Record<string, unknown>, fits: readonly string[]): Record<string, unknown> {
  if (!isRecord(defaults)) return own;
  const fitting = Object.fromEntries(Object.entries(defaults).filter(([key]) => fits.includes(key)));
  return merge(fitting, own);
}

function merge(under: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    // A credential of another kind, or a condition, is a whole: its keys do not mix.
    const whole =
      key === 'where' ||
      key === 'existingWhere' ||
      (key === 'credential' && isRecord(below) && isRecord(value) && below['kind'] !== value['kind']);
    merged[key] = !whole && isRecord(below) && isRecord(value) ? merge(below, value) : value;
  }
  return merged;
}

export interface RawRoute {
  readonly raw: unknown;
  readonly start: string;
}

/** Every ordered pair of a mesh as route `a-to-b`; a route written out with that id wins. */
export function expandMeshes(
  meshes: readonly unknown[],
  written: readonly RawRoute[],
  connectors: readonly ConnectorSettings[],
  faults: ConfigurationFault[],
): readonly RawRoute[] {
  const ids = new Set(written.map(({ raw }) => (isRecord(raw) ? raw['id'] : null)));
  const routes: RawRoute[] = [];
  for (const [n, mesh] of meshes.entries()) {
    const start = `/meshes/${n}`;
    const fault = meshFault(mesh);
    if (fault) {
      faults.push({
        path: `${start}${fault.path}`,
        message: fault.message,
        fix: 'Write { "id": "group", "connectors": ["a", "b"], "route": {} }.',
      });
      continue;
    }
    const { connectors: members, route = {} } = mesh as { connectors: readonly string[]; route?: Record<string, unknown> };
    for (const [at, member] of members.entries())
      if (!connectors.some((connector) => connector.id === member))
        faults.push({
          path: `${start}/connectors/${at}`,
          message: `There is no connector "${member}".`,
          fix: 'Add it, or correct the id.',
        });
    for (const from of members)
      for (const to of members)
        if (from !== to && !ids.has(`${from}-to-${to}`))
          routes.push({ raw: { ...route, id: `${from}-to-${to}`.slice(0, 63), from, to }, start });
  }
  return routes;
}

function meshFault(mesh: unknown): { path: string; message: string } | null {
  if (!isRecord(mesh)) return { path: '', message: 'A mesh is an object.' };
  const unknown = Object.keys(mesh).find((key) => !['id', 'connectors', 'route'].includes(key));
  if (unknown) return { path: `/${unknown}`, message: `There is no key "${unknown}" in a mesh.` };
  if (typeof mesh['id'] !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(mesh['id']))
    return { path: '/id', message: 'A mesh needs an id.' };
  const members = mesh['connectors'];
  if (!Array.isArray(members) || members.length < 2 || members.length > 100 || members.some((member) => typeof member !== 'string'))
    return { path: '/connectors', message: 'A mesh names two or more connectors.' };
  if (new Set(members).size !== members.length) return { path: '/connectors', message: 'A mesh names each connector once.' };
  if (mesh['route'] !== undefined && !isRecord(mesh['route']))
    return { path: '/route', message: '"route" holds what its routes have in common.' };
  return null;
}
