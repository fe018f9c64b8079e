import { z } from 'zod';
import type { ConnectorSettings } from '../../shared/model/configuration.ts';
import type { Entry } from '../../shared/model/entry.ts';
import { Refusal } from '../../shared/sync/refusal.ts';
import { verifyConnector } from '../../shared/sync/verify.ts';
import { clearCache, connectorView, entriesOf } from '../../shared/sync/views.ts';
import { loadedConfiguration, syncContext } from '../wiring.ts';
import { type Call, cursorOf, cursorText, door, json, limitOf, listOf, pagedList } from './door.ts';

door('listConnectors', ['GET'], 'connectors', 'Reader', async (call) => {
  const { configuration } = await loadedConfiguration();
  const { items, next } = pagedList(call, configuration.connectors);
  return listOf(call, await Promise.all(items.map((connector) => connectorView(syncContext(), connector))), next);
});

door('getConnector', ['GET'], 'connectors/{id}', 'Reader', async (call) => json(await connectorView(syncContext(), await named(call))));

door('listEntries', ['GET'], 'connectors/{id}/entries', 'Reader', async (call) => {
  const connector = await named(call);
  const limit = limitOf(call.query);
  const items: Entry[] = [];
  const filter = { search: call.query.get('search') || call.query.get('filter'), kind: call.query.get('kind') };
  for await (const entry of entriesOf(syncContext(), connector.id, filter, cursorOf(call.query, z.string()))) {
    if (items.length === limit) return listOf(call, items, cursorText(items.at(-1)!.id));
    items.push(entry);
  }
  return listOf(call, items, null);
});

/** A failed check is a 200 all the same: the answer is the checks. */
door('verifyConnector', ['POST'], 'connectors/{id}/verify', 'Operator', async (call) =>
  json({ checks: await verifyConnector(syncContext(), await named(call)) }),
);

door('clearCache', ['DELETE'], 'connectors/{id}/cache', 'Operator', async (call) => {
  await clearCache(syncContext(), (await named(call)).id);
  return { status: 204 };
});

async function named(call: Call): Promise<ConnectorSettings> {
  const { configuration } = await loadedConfiguration();
  const found = configuration.connectors.find((connector) => connector.id === call.params['id']);
  if (!found) throw new Refusal('not-found', 404, `There is no connector "${call.params['id']}" in the configuration.`);
  return found;
}
