import { door, Problem } from './door.ts';

/** Calls of the contract that answer 501 until they are built; each goes from this list when it comes. */
const NOT_YET = [
  ['undoJob', 'POST', 'jobs/{id}/undo', 'Operator'],
  ['retireRoute', 'POST', 'routes/{id}/retire', 'Operator'],
  ['relinkRoute', 'POST', 'routes/{id}/relink', 'Operator'],
] as const;

for (const [name, method, route, role] of NOT_YET) {
  door(name, [method], route, role, async () => {
    throw new Problem('not-implemented', 501, `${method} /api/${route} is not available yet.`);
  });
}
