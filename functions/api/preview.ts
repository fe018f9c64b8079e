import { previewConfiguration } from '../../shared/sync/preview.ts';
import { loadedConfiguration, syncContext } from '../wiring.ts';
import { door, json } from './door.ts';

/** Azure ends an HTTP answer after 230 s: what was planned until then must still be summed up and sent. */
const BUDGET_MS = 150_000;

door('previewConfiguration', ['POST'], 'configuration/preview', 'Reader', async (call) =>
  json(await previewConfiguration(syncContext(), await call.text(), { budgetMs: BUDGET_MS, ...loadedConfiguration.options() })),
);
