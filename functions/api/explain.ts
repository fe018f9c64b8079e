import { explainRoute } from '../../shared/sync/explain.ts';
import { syncContext } from '../wiring.ts';
import { door, json } from './door.ts';

door('explainRoute', ['GET'], 'routes/{id}/explain', 'Reader', async (call) =>
  json(
    await explainRoute(syncContext(), {
      route: call.params['id'] ?? '',
      address: call.query.get('address') ?? undefined,
      object: call.query.get('object') ?? undefined,
    }),
  ),
);
