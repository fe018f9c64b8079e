import { door, Problem } from './door.ts';

/** Calls of the contract that answer 501 until they are built; each goes from this list when it comes. */
const NOT_YET = [
  ['previewConfiguration', 'POST', 'configuration/preview', 'Reader'],
  ['verifyConnector', 'POST', 'connectors/{id}/verify', 'Operator'],
  ['explainRoute', 'GET', 'routes/{id}/explain', 'Reader'],
  ['findX500', 'GET', 'x500', 'Reader'],
  ['getOpenApi', 'GET', 'openapi.json', 'Reader'],
] as const;

for (const [name, method, route, role] of NOT_YET) {
  door(name, [method], route, role, async () => {
    throw new Problem('not-implemented', 501, `${method} /api/${route} is not available yet.`);
  });
}
