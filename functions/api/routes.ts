import { Refusal } from '../../shared/sync/refusal.ts';
import { routeView } from '../../shared/sync/views.ts';
import { loadedConfiguration, syncContext } from '../wiring.ts';
import { door, json, listOf, pagedList } from './door.ts';

door('listRoutes', ['GET'], 'routes', 'Reader', async (call) => {
  const { configuration } = await loadedConfiguration();
  const { items, next } = pagedList(call, configuration.routes);
  return listOf(call, await Promise.all(items.map((route) => routeView(syncContext(), route))), next);
});

door('getRoute', ['GET'], 'routes/{id}', 'Reader', async (call) => {
  const { configuration } = await loadedConfiguration();
  const route = configuration.routes.find((candidate) => candidate.id === call.params['id']);
  if (!route) throw new Refusal('not-found', 404, `There is no route "${call.params['id']}" in the configuration.`);
  return json(await routeView(syncContext(), route));
});
